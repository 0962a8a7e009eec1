//! Clients and their connections: each on a host of its own.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use rcsim_client::{Client, ClientEffect, ClientInput, ClientSetup};
use rcsim_devices::{ConnId, End, HostIx, Label, What};
use rcsim_engine::{Nanos, Schedule, Stream};
use rcsim_observe::Place;
use rcsim_scenario::ClientSpec;

use crate::agenda::Happening;
use crate::host::ip_of;
use crate::payload::Payload;
use crate::sockets::Use;
use crate::world::World;

/// How many redirections a client follows for one operation.
const REDIRECTS: u32 = 16;

/// A host that carries a client.
#[derive(Clone, Debug)]
pub(crate) struct ClientHost {
    pub(crate) name: String,
    pub(crate) ix: HostIx,
    pub(crate) ip: IpAddr,
    client: Client,
    chance: Stream,
    conns: BTreeMap<u32, ConnId>,
    started: bool,
    pub(crate) paused: bool,
    inbox: Vec<ClientInput>,
}

impl World {
    /// Puts the clients of the scenario on their hosts, and lets them begin.
    pub(crate) fn start_clients(&mut self, schedule: &mut Schedule<Happening>) {
        let seeds: Vec<SocketAddr> =
            self.hosts.iter().map(|host| SocketAddr::new(host.ip, host.settings.port)).collect();
        for (index, spec) in self.scenario.clients.clone().iter().enumerate() {
            let ix = self.network.add_host();
            let ip = ip_of(ix.0, 0);
            self.host_by_ip.insert(ip, ix);
            let setup = client_setup(index as u32, spec, seeds.clone());
            self.clients.push(ClientHost {
                name: spec.name.clone(),
                ix,
                ip,
                client: Client::new(setup),
                chance: self.streams.stream("client", &[&spec.name]),
                conns: BTreeMap::new(),
                started: false,
                paused: false,
                inbox: Vec::new(),
            });
            schedule.at(Nanos::ZERO, Happening::Client { client: index as u32 });
        }
    }

    /// A wake-up of a client is due, or its beginning.
    pub(crate) fn wake_client(&mut self, client: usize, schedule: &mut Schedule<Happening>) {
        let begins = !std::mem::replace(&mut self.clients[client].started, true);
        self.feed_client(client, if begins { ClientInput::Start } else { ClientInput::Wake }, schedule);
    }

    /// Stops a client (SIGSTOP), or lets it go on with what came meanwhile.
    pub(crate) fn pause_client(&mut self, client: usize, paused: bool, schedule: &mut Schedule<Happening>) {
        self.clients[client].paused = paused;
        if !paused {
            for input in std::mem::take(&mut self.clients[client].inbox) {
                self.feed_client(client, input, schedule);
            }
            self.feed_client(client, ClientInput::Wake, schedule);
        }
    }

    /// Something arrived on a connection of a client.
    pub(crate) fn arrive_at_client(
        &mut self,
        client: usize,
        label: Label,
        what: What<Payload>,
        schedule: &mut Schedule<Happening>,
    ) {
        let Some(Use::Own(number)) = Use::of(label) else { return };
        let input = match what {
            What::Connected => ClientInput::Connected(number),
            What::Message(Payload::Reply(reply)) => {
                schedule.fingerprint().mix(&[client as u64, Payload::Reply(reply.clone()).words()[1]]);
                ClientInput::Reply(number, *reply)
            }
            What::Closed(_) | What::ConnectFailed(_) => {
                self.clients[client].conns.remove(&number);
                ClientInput::Closed(number)
            }
            What::Message(_) | What::Accepted { .. } => return,
        };
        self.feed_client(client, input, schedule);
    }

    fn feed_client(&mut self, client: usize, input: ClientInput, schedule: &mut Schedule<Happening>) {
        let host = &mut self.clients[client];
        if host.paused {
            return host.inbox.push(input);
        }
        let mut effects = Vec::new();
        let chance = &mut host.chance;
        host.client.handle(schedule.now().0, input, &mut |bound| chance.below(bound), &mut effects);
        for effect in effects {
            self.apply_client_effect(client, effect, schedule);
        }
    }

    fn apply_client_effect(
        &mut self,
        client: usize,
        effect: ClientEffect,
        schedule: &mut Schedule<Happening>,
    ) {
        match effect {
            ClientEffect::Connect { conn: number, address } => {
                // Nobody at that address: the client's own time-out ends the attempt.
                let Some(&target) = self.host_by_ip.get(&address.ip()) else { return };
                let conn = self.network.connect(self.clients[client].ix, target, address.port(), schedule);
                self.clients[client].conns.insert(number, conn);
                self.network.set_label(conn, End::Opener, Use::Own(number).label());
            }
            ClientEffect::Send { conn: number, command } => {
                if let Some(&conn) = self.clients[client].conns.get(&number) {
                    let payload = Payload::Command(command);
                    let (bytes, class) = (payload.len(), payload.class());
                    self.network.send(conn, End::Opener, bytes, class, payload, schedule);
                }
            }
            ClientEffect::Close { conn: number } => {
                if let Some(conn) = self.clients[client].conns.remove(&number) {
                    self.network.close(conn, End::Opener, schedule);
                }
            }
            ClientEffect::Wake { at_ns } => {
                let at = Nanos(at_ns).max(schedule.now());
                schedule.at(at, Happening::Client { client: client as u32 });
            }
            ClientEffect::Done { mut operation, answered_by } => {
                let host = answered_by.and_then(|address| self.host_by_ip.get(&address.ip()));
                operation.answered_by = host.map(|host| Place(host.0));
                self.journal.operations.push(operation);
            }
        }
    }
}

fn client_setup(index: u32, spec: &ClientSpec, mut seeds: Vec<SocketAddr>) -> ClientSetup {
    // Clients do not all begin at the same node.
    let first = index as usize % seeds.len().max(1);
    seeds.rotate_left(first);
    let name: Arc<str> = Arc::from(spec.name.as_str());
    ClientSetup {
        index,
        key_prefix: Arc::clone(&name),
        name,
        seeds,
        keys: spec.keys,
        interval_ns: spec.rate.interval().as_nanos(),
        think_ns: spec.think.as_nanos(),
        read_ratio: (spec.reads.numerator, spec.reads.denominator),
        timeout_ns: spec.timeout.as_nanos(),
        retries: spec.retries,
        redirects: REDIRECTS,
        concurrency: 1,
    }
}
