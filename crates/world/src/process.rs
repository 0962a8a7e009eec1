//! How a process takes inputs, and what its effects do.
//!
//! Rules: LK-4, LK-7. What holds a process is in `holds`. Keeps: effects are applied in their
//! order; behind an effect that waits for the disk they wait too, and so does every further input.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use rcsim_devices::{ConnId, Delivery, End, Sent, What};
use rcsim_engine::{Schedule, Span};
use rcsim_node::{
    BusInput, ClientInput, ClientOutput, ConnectionId, Effect, Input, LinkId, MasterInput, Outside,
};
use rcsim_observe::{Event, Place};
use rcsim_protocol::bus::{Body, Message};

use crate::agenda::Happening;
use crate::host::RunningProcess;
use crate::payload::Payload;
use crate::sockets::Use;
use crate::world::World;

impl World {
    /// Something arrived for a process: it takes it, or finds it in its inbox later.
    pub(crate) fn arrive(&mut self, delivery: Delivery<Payload>, schedule: &mut Schedule<Happening>) {
        let Delivery { host, conn, end, label, what } = delivery;
        let place = host.0 as usize;
        if let What::Message(payload) = &what {
            let [kind, epochs, shape] = payload.words();
            schedule.fingerprint().mix(&[place as u64, kind, epochs, shape]);
        }
        if self.is_awaited(place, conn, end) {
            return self.go_on_with_exchange(place, what, schedule);
        }
        let host = &mut self.hosts[place];
        if host.is_free() {
            self.take(place, conn, end, Use::of(label), what, schedule);
        } else if let Some(process) = &mut host.process {
            host.inputs_held += u64::from(host.paused);
            process.inbox.push_back((conn, end, what));
        }
    }

    /// Turns what arrived into an input. `meaning` is what the end is to the process now.
    pub(crate) fn take(
        &mut self,
        place: usize,
        conn: ConnId,
        end: End,
        meaning: Option<Use>,
        what: What<Payload>,
        schedule: &mut Schedule<Happening>,
    ) {
        if self.is_left_waiting(place, conn, &what) {
            return self.process_of(place).unaccepted.push_back((conn, end, what));
        }
        if let What::Accepted { port } = what {
            return self.accept(place, conn, end, port, schedule);
        }
        let Some(meaning) = meaning else { return };
        let local = self.hosts[place].ip;
        let input = match (meaning, what) {
            (Use::Link(link), What::Connected) => {
                self.send_buffered(place, link, schedule);
                Input::Bus(link, BusInput::Connected { local })
            }
            (Use::Link(link), What::Message(Payload::Bus(message))) => {
                Input::Bus(link, BusInput::Received(message))
            }
            (Use::Link(link), What::Closed(_) | What::ConnectFailed(_)) => {
                let process = self.process_of(place);
                process.sockets.remove_link(link);
                process.forget_unsent(link);
                Input::Bus(link, BusInput::Closed)
            }
            (Use::Client(client), What::Message(Payload::Command(command))) => {
                Input::Client(client, ClientInput::Command(command))
            }
            (Use::Client(client), What::Closed(_) | What::ConnectFailed(_)) => {
                self.process_of(place).sockets.clients.remove(&client);
                Input::Client(client, ClientInput::Closed)
            }
            (Use::Master, What::Connected) => Input::Master(MasterInput::Connected),
            (Use::Master, What::Message(payload)) => match payload {
                Payload::Reply(reply) => Input::Master(MasterInput::Reply(*reply)),
                Payload::Feed(feed) => Input::Master(MasterInput::Feed(feed)),
                Payload::Bus(_) | Payload::Command(_) => return,
            },
            (Use::Master, What::Closed(_) | What::ConnectFailed(_)) => {
                self.process_of(place).sockets.master = None;
                Input::Master(MasterInput::Closed)
            }
            (Use::Target(target), What::Closed(_) | What::ConnectFailed(_)) => {
                self.process_of(place).sockets.targets.remove(&target);
                return;
            }
            _ => return,
        };
        self.feed(place, input, schedule);
    }

    /// A node that loads its data takes nobody in on the bus: the kernel holds who connects, and what he sends (BT-3).
    fn is_left_waiting(&mut self, place: usize, conn: ConnId, what: &What<Payload>) -> bool {
        let cport = self.hosts[place].address().cport;
        let process = self.process_of(place);
        process.node.lets_nobody_in()
            && (matches!(what, What::Accepted { port } if *port == cport)
                || process.unaccepted.iter().any(|(other, ..)| *other == conn))
    }

    /// The node lets in who waited: before anything that came since.
    pub(crate) fn let_in(&mut self, place: usize, schedule: &mut Schedule<Happening>) {
        let Some(process) = &mut self.hosts[place].process else { return };
        if process.unaccepted.is_empty() || process.node.lets_nobody_in() {
            return;
        }
        let mut waiting = std::mem::take(&mut process.unaccepted);
        waiting.append(&mut process.inbox);
        process.inbox = waiting;
        if self.hosts[place].is_free() {
            self.go_on(place, schedule);
        }
    }

    pub(crate) fn process_of(&mut self, place: usize) -> &mut RunningProcess {
        let process = self.hosts[place].process.as_deref_mut();
        process.expect("only a running process is asked for")
    }

    /// A connection came in on one of the two ports.
    fn accept(
        &mut self,
        place: usize,
        conn: ConnId,
        end: End,
        port: u16,
        schedule: &mut Schedule<Happening>,
    ) {
        let Some(remote) =
            self.network.host_of(conn, end.other()).map(|host| self.ip_of_host(host.0 as usize))
        else {
            return;
        };
        let host = &mut self.hosts[place];
        let (local, now_ms, cport) = (host.ip, host.clock.wall_ms(schedule.now()), host.address().cport);
        let process = self.process_of(place);
        if port == cport {
            let link = process.node.accept_link(remote, local, now_ms);
            process.sockets.set_link(link, conn, end);
            self.network.set_label(conn, end, Use::Link(link).label());
        } else {
            let client = process.sockets.add_client(conn);
            self.network.set_label(conn, end, Use::Client(client).label());
            let remote = SocketAddr::new(remote, ephemeral_port(conn));
            self.feed(place, Input::Client(client, ClientInput::Opened { remote }), schedule);
        }
    }

    /// The IP of any host, of a node or a client.
    pub(crate) fn ip_of_host(&self, host: usize) -> IpAddr {
        match host.checked_sub(self.hosts.len()) {
            None => self.hosts[host].ip,
            Some(client) => self.clients[client].ip,
        }
    }

    /// Hands an input to a process and applies what it wants done: a turn of its loop.
    pub(crate) fn feed(&mut self, place: usize, input: Input, schedule: &mut Schedule<Happening>) {
        if self.hosts[place].process.is_some() {
            self.hand_in(place, input, schedule);
            self.slow_turn(place, schedule);
        }
    }

    /// The same with the answer to something that the process waited for: the turn of its loop goes on, so a slow loop does
    /// not count it.
    pub(crate) fn hand_in(&mut self, place: usize, input: Input, schedule: &mut Schedule<Happening>) {
        let host = &mut self.hosts[place];
        let Some(process) = &mut host.process else { return };
        let mut effects = std::mem::take(&mut self.effects);
        process.node.handle(
            input,
            &mut Outside {
                now_ms: host.clock.wall_ms(schedule.now()),
                registry: &mut self.registry,
                chance: &mut host.chance,
                effects: &mut effects,
            },
        );
        self.warm_sends(place, effects.as_slice());
        self.apply(place, effects.drain(), schedule);
        self.effects = effects;
    }

    /// Applies effects in their order, up to one that ends or holds the process.
    pub(crate) fn apply(
        &mut self,
        place: usize,
        mut effects: impl Iterator<Item = Effect>,
        schedule: &mut Schedule<Happening>,
    ) {
        while let Some(effect) = effects.next() {
            match effect {
                Effect::Event(event) => self.record(Some(Place(place as u32)), event, schedule),
                Effect::Send(link, message) => self.send_on_link(place, link, message, schedule),
                Effect::Connect(link, to) => self.open_link(place, link, to, schedule),
                Effect::Close(link) => self.close_link(place, link, schedule),
                Effect::Client(client, output) => self.answer(place, client, output, schedule),
                Effect::ConnectMaster(to) => self.open_master(place, to, schedule),
                Effect::CloseMaster => self.close_master(place, schedule),
                Effect::SendMaster(command) => {
                    if let Some(conn) = self.process_of(place).sockets.master {
                        self.transmit(conn, End::Opener, Payload::Command(command), schedule);
                    }
                }
                Effect::Disk(request) => {
                    if !self.start_disk_work(place, request, schedule) {
                        let rest: VecDeque<Effect> = effects.collect();
                        return self.put_off(place, rest);
                    }
                }
                Effect::Exchange(exchange) => {
                    let rest: VecDeque<Effect> = effects.collect();
                    return self.start_exchange(place, exchange, rest, schedule);
                }
                Effect::CloseTarget(target) => self.close_target(place, target, schedule),
                Effect::KillChild => self.kill_child(place),
                Effect::Fork { memory } => {
                    let rest: VecDeque<Effect> = effects.collect();
                    return self.fork_child(place, memory, rest, schedule);
                }
                Effect::Sleep { micros } => {
                    let rest: VecDeque<Effect> = effects.collect();
                    return self.stand_still(place, Span::from_micros(micros), rest, schedule);
                }
                Effect::Child { child, work } => self.child_works(place, child, work, schedule),
                Effect::Load { load, work, old_keys } => {
                    self.load_data(place, load, work, old_keys, schedule);
                }
                Effect::Exit(_) => return self.end_process(place, schedule),
            }
        }
    }

    pub(crate) fn transmit(
        &mut self,
        conn: ConnId,
        end: End,
        payload: Payload,
        schedule: &mut Schedule<Happening>,
    ) -> Sent {
        let (bytes, class) = (payload.len(), payload.class());
        self.network.send(conn, end, bytes, class, payload, schedule)
    }

    fn send_on_link(
        &mut self,
        place: usize,
        link: LinkId,
        message: Arc<Message>,
        schedule: &mut Schedule<Happening>,
    ) {
        let message = self.checked(message);
        self.journal.messages += 1;
        let process = self.process_of(place);
        let process_is_connecting = process.connecting.contains(&link);
        let Some((conn, end)) = process.sockets.link(link) else { return };
        if matches!(message.body, Body::AuthAck) {
            let epoch = message.header.current_epoch;
            self.record(Some(Place(place as u32)), Event::VoteSent { epoch }, schedule);
        }
        if self.network.is_open(conn, end) {
            self.transmit(conn, end, Payload::Bus(message), schedule);
        } else if process_is_connecting {
            self.process_of(place).unsent.push((link, Payload::Bus(message)));
        }
    }

    /// With `wire: checked`, what arrives has been encoded and decoded.
    fn checked(&mut self, message: Arc<Message>) -> Arc<Message> {
        if self.scenario.wire == rcsim_scenario::Wire::Fast {
            return message;
        }
        let bytes = rcsim_protocol::bus::codec::encode(&message, &self.registry);
        let decoded = rcsim_protocol::bus::codec::decode(&bytes, &mut self.registry);
        let decoded =
            decoded.unwrap_or_else(|error| panic!("a node sent what nobody can read: {error}: {message:?}"));
        assert_eq!(*message, decoded, "the codec changed a message");
        Arc::new(decoded)
    }

    /// The link is up: what was sent while it was not goes first (LK-4).
    fn send_buffered(&mut self, place: usize, link: LinkId, schedule: &mut Schedule<Happening>) {
        let process = self.process_of(place);
        process.connecting.remove(&link);
        let Some((conn, end)) = process.sockets.link(link) else { return };
        let (mine, others) = std::mem::take(&mut process.unsent).into_iter().partition(|(to, _)| *to == link);
        process.unsent = others;
        let mine: Vec<(LinkId, Payload)> = mine;
        for (_, payload) in mine {
            self.transmit(conn, end, payload, schedule);
        }
    }

    fn open_link(&mut self, place: usize, link: LinkId, to: SocketAddr, schedule: &mut Schedule<Happening>) {
        // Nobody at that address: no answer ever comes, until the node gives the link up (CR-6.2).
        let Some(&target) = self.host_by_ip.get(&to.ip()) else { return };
        let conn = self.network.connect(self.hosts[place].ix, target, to.port(), schedule);
        let process = self.process_of(place);
        process.sockets.set_link(link, conn, End::Opener);
        process.connecting.insert(link);
        self.network.set_label(conn, End::Opener, Use::Link(link).label());
    }

    fn close_link(&mut self, place: usize, link: LinkId, schedule: &mut Schedule<Happening>) {
        let process = self.process_of(place);
        process.forget_unsent(link);
        if let Some((conn, end)) = process.sockets.remove_link(link) {
            self.network.close(conn, end, schedule);
        }
    }

    fn answer(
        &mut self,
        place: usize,
        client: ConnectionId,
        output: ClientOutput,
        schedule: &mut Schedule<Happening>,
    ) {
        if let ClientOutput::Reply(reply) = &output
            && self.take_reply(place, client, reply)
        {
            return;
        }
        let process = self.process_of(place);
        let Some(&conn) = process.sockets.clients.get(&client) else { return };
        let payload = match output {
            ClientOutput::Reply(reply) => Payload::Reply(Box::new(reply)),
            ClientOutput::Feed(feed) => Payload::Feed(feed),
            ClientOutput::TellWhenWritable => return self.ask_socket(place, client, schedule),
            ClientOutput::Close => {
                process.sockets.clients.remove(&client);
                return self.network.close(conn, End::Acceptor, schedule);
            }
        };
        self.transmit(conn, End::Acceptor, payload, schedule);
    }

    fn open_master(&mut self, place: usize, to: SocketAddr, schedule: &mut Schedule<Happening>) {
        let Some(&target) = self.host_by_ip.get(&to.ip()) else { return };
        let conn = self.network.connect(self.hosts[place].ix, target, to.port(), schedule);
        self.process_of(place).sockets.master = Some(conn);
        self.network.set_label(conn, End::Opener, Use::Master.label());
    }

    fn close_master(&mut self, place: usize, schedule: &mut Schedule<Happening>) {
        if let Some(conn) = self.process_of(place).sockets.master.take() {
            self.network.close(conn, End::Opener, schedule);
        }
    }
}

/// The client side of a connection has a port of its own.
fn ephemeral_port(conn: ConnId) -> u16 {
    32_768 + (conn.place() % 28_000) as u16
}
