//! Clients and their connections: each on a host of its own.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use rcsim_client::{
    Client, ClientEffect, ClientInput, ClientSetup, Load, Pace, Policy, ReadFrom, Spread, Work, profile,
    profiles,
};
use rcsim_devices::{ConnId, End, HostIx, Label, What};
use rcsim_engine::{Nanos, Schedule, Stream};
use rcsim_observe::Place;
use rcsim_scenario::{ClientSpec, Pacing, ReadsFrom, Workload};

use crate::agenda::Happening;
use crate::host::ip_of;
use crate::payload::Payload;
use crate::sockets::Use;
use crate::world::World;

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
    /// Memory for the effects of one input.
    effects: Vec<ClientEffect>,
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
                effects: Vec::new(),
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
                schedule.fingerprint().mix(&[client as u64, u64::from(reply.is_error())]);
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
        let mut effects = std::mem::take(&mut host.effects);
        let chance = &mut host.chance;
        host.client.handle(schedule.now().0, input, &mut |bound| chance.below(bound), &mut effects);
        for effect in effects.drain(..) {
            self.apply_client_effect(client, effect, schedule);
        }
        self.clients[client].effects = effects;
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
    let interval_ns = match spec.pacing {
        Pacing::Closed => 0,
        Pacing::Paced | Pacing::Open => spec.rate.interval().as_nanos(),
    };
    ClientSetup {
        index,
        policy: policy(spec),
        pace: Pace {
            interval_ns,
            think_ns: spec.think.as_nanos(),
            concurrency: spec.concurrency,
            burst: spec.burst,
            open: spec.pacing == Pacing::Open,
        },
        load: Load {
            work: work(spec.workload),
            prefix: spec.prefix.as_deref().map_or_else(|| Arc::clone(&name), Arc::from),
            keys: spec.keys,
            spread: match spec.spread {
                rcsim_scenario::Spread::Uniform => Spread::Uniform,
                rcsim_scenario::Spread::Zipf => Spread::Zipf,
                rcsim_scenario::Spread::Hot => Spread::Hot,
            },
            group: spec.group,
            read_ratio: (spec.reads.numerator, spec.reads.denominator),
            for_ms: spec.life.as_nanos() / 1_000_000,
            load_ns: spec.load.as_nanos(),
            wait: spec.wait.map(|wait| (wait.replicas, wait.timeout.as_nanos() / 1_000_000)),
        },
        name,
        seeds,
    }
}

/// The habits of the profile, with what the scenario wants otherwise.
fn policy(spec: &ClientSpec) -> Policy {
    let known = profile(spec.profile.word()).unwrap_or(&profiles()[0]);
    let mut policy = known.policy.clone();
    policy.timeout_ns = spec.timeout.map_or(policy.timeout_ns, |timeout| timeout.as_nanos());
    policy.retries = spec.retries.unwrap_or(policy.retries);
    policy.redirects = spec.redirects.unwrap_or(policy.redirects);
    policy.read_from = match spec.reads_from {
        None => policy.read_from,
        Some(ReadsFrom::Master) => ReadFrom::Master,
        Some(ReadsFrom::Replica) => ReadFrom::Replica,
        Some(ReadsFrom::Any) => ReadFrom::Any,
    };
    policy
}

fn work(workload: Workload) -> Work {
    match workload {
        Workload::Registers => Work::Registers,
        Workload::Counters => Work::Counters,
        Workload::Lists => Work::Lists,
        Workload::MultiKey => Work::Together,
        Workload::Transactions => Work::Transactions,
        Workload::Sessions => Work::Sessions,
        Workload::RateLimiter => Work::RateLimiter,
        Workload::CacheAside => Work::CacheAside,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_of_the_format_is_known_and_every_known_one_is_in_the_format() {
        let words: Vec<&str> = rcsim_scenario::Profile::ALL.iter().map(|(_, word)| *word).collect();
        let known: Vec<&str> = profiles().iter().map(|profile| profile.name).collect();
        assert_eq!(words, known);
    }

    #[test]
    fn the_scenario_overrules_the_profile() {
        let mut spec = ClientSpec::named("c1");
        spec.profile = rcsim_scenario::Profile::RedisPy;
        assert_eq!((policy(&spec).retries, policy(&spec).read_from), (3, ReadFrom::Master));
        (spec.retries, spec.reads_from) = (Some(0), Some(ReadsFrom::Any));
        assert_eq!((policy(&spec).retries, policy(&spec).read_from), (0, ReadFrom::Any));
    }
}
