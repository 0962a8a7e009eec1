//! The network: TCP connections between hosts, as bytes, times and failures.
//!
//! **The model.** A connection is two ordered, reliable streams of messages. Each message travels for a drawn
//! latency and never overtakes another of its direction. Loss is not a lost message but a retransmission
//! delay that everything behind it shares. What travels is a [`Wire`] in the engine's queue; the world hands
//! it back to [`Network::pass`] when it is due and gets a [`Delivery`] if an end of a connection gets to know
//! something. Messages rest in the network only while they are stuck.
//!
//! **Blocked paths.** A rule blocks a path of an ordered pair of hosts (a black hole). Whatever meets it,
//! when it is sent or on arrival, is held in its sender's host in order, everything behind it too, and tried
//! again after 200 ms, 400 ms, ... up to 120 s (`tcp` has the timings); after 15 tries the sender's end times
//! out. Data needs only its own direction open: missing acknowledgements do not hold back a sender here,
//! while a handshake and a reset need the ways they travel.
//!
//! **Ends.** A dead process closes as `close` does: what it had sent arrives, then the end. A host without
//! power answers nothing; after it is up again it answers what reaches old connections with a reset. Until
//! one of these arrives the other end is half-open, and if it only listens it stays so, unless its port has
//! keepalive.
//!
//! **Chance.** Every draw is a function of (sending host, receiving host, end, instant), so a message or a
//! fault more or less shifts no other draw. Messages that leave together travel alike, like bytes of one
//! segment.
//!
//! Not modelled: receive windows (a paused process takes in without limit), routes, reordering inside a
//! stream.

mod connection;
mod ends;
mod handshake;
mod rules;
mod tcp;
mod transit;
mod wire;

use std::collections::{BTreeMap, VecDeque};

use rcsim_engine::{Nanos, Oracle, Schedule, Span, Streams};

pub use self::connection::{ConnId, End, Label};
use self::connection::{Connection, Connections, Phase};
use self::rules::Rules;
pub use self::rules::{Degradation, Ledger, Path, RuleId};
pub use self::wire::{Delivery, Ended, MessageClass, Sent, What, Wire};
use self::wire::{Packet, Signal};
use crate::hosts::HostIx;
use crate::reachability::Reachability;

#[derive(Clone, Debug)]
struct Host {
    up: bool,
    listening: Vec<u16>,
}

/// What is stuck in the sender's host for one direction of one connection.
#[derive(Clone, Debug)]
struct Backlog<P> {
    /// In the order of sending: first what has been on its way in vain, then what was never sent.
    held: VecDeque<(u32, Packet<P>)>,
    /// How many of `held` have been on their way.
    returned: usize,
    bytes: u64,
    /// The sender has forgotten something that was on its way in vain: nothing behind it can be delivered.
    broken: bool,
    /// Retransmissions since something last got through.
    attempts: u8,
    /// A [`Signal::Retransmit`] is under way.
    timer: bool,
    /// With a bandwidth: when the last byte will have left.
    busy_until: Nanos,
}

impl<P> Backlog<P> {
    fn new() -> Self {
        Self {
            held: VecDeque::new(),
            returned: 0,
            bytes: 0,
            broken: false,
            attempts: 0,
            timer: false,
            busy_until: Nanos::ZERO,
        }
    }
}

/// The simulated network; `P` is what a message carries. Messages that can no longer arrive are dropped
/// silently.
#[derive(Clone, Debug)]
pub struct Network<P> {
    hosts: Vec<Host>,
    connections: Connections,
    backlogs: BTreeMap<(u32, End), Backlog<P>>,
    rules: Rules,
    keepalive: BTreeMap<u16, Span>,
    latency: Oracle,
    loss: Oracle,
}

impl<P> Network<P> {
    /// A network of `hosts` hosts, all up, nobody listening, whose paths are all like `path`.
    pub fn new(streams: &Streams, hosts: u32, path: Path) -> Self {
        Self {
            hosts: vec![Host { up: true, listening: Vec::new() }; hosts as usize],
            connections: Connections::default(),
            backlogs: BTreeMap::new(),
            rules: Rules::new(path, hosts),
            keepalive: BTreeMap::new(),
            latency: streams.oracle("network latency", &[]),
            loss: streams.oracle("network loss", &[]),
        }
    }

    /// Adds a host that is up. Rules in force do not concern it.
    pub fn add_host(&mut self) -> HostIx {
        self.hosts.push(Host { up: true, listening: Vec::new() });
        self.rules.set_hosts(self.hosts.len() as u32);
        HostIx(self.hosts.len() as u32 - 1)
    }

    /// How many hosts there are, up or not.
    pub fn host_count(&self) -> u32 {
        self.hosts.len() as u32
    }

    /// Has the host power?
    pub fn is_up(&self, host: HostIx) -> bool {
        self.hosts[host.index()].up
    }

    /// Does the host listen on the port?
    pub fn is_listening(&self, host: HostIx, port: u16) -> bool {
        self.hosts[host.index()].listening.contains(&port)
    }

    /// The host starts or stops listening on the port; connections that exist are not concerned.
    pub fn set_listening(&mut self, host: HostIx, port: u16, listening: bool) {
        let ports = &mut self.hosts[host.index()].listening;
        ports.retain(|known| *known != port);
        ports.extend(listening.then_some(port));
    }

    /// Accepted connections of this port probe a peer that is silent for `interval`, three times, `interval / 3`
    /// apart (LK-8): an end whose opener is gone is found out after twice the interval.
    pub fn set_keepalive(&mut self, port: u16, interval: Span) {
        self.keepalive.insert(port, interval);
    }

    /// Asks for a connection. The opener gets [`What::Connected`] or [`What::ConnectFailed`] for the id, the
    /// acceptor [`What::Accepted`]. Requests that nobody answers are repeated after 1, 2, 4, ... s and given
    /// up after 127 s.
    pub fn connect<E: From<Wire<P>>>(
        &mut self,
        opener: HostIx,
        acceptor: HostIx,
        port: u16,
        schedule: &mut Schedule<E>,
    ) -> ConnId {
        let conn = self.connections.open(opener, acceptor, port, [Phase::Connecting, Phase::Absent]);
        self.send_syn(conn, 0, schedule);
        conn
    }

    /// A connection that exists already: nothing happens, nobody is told.
    pub fn establish(&mut self, opener: HostIx, acceptor: HostIx, port: u16) -> ConnId {
        self.connections.open(opener, acceptor, port, [Phase::Open, Phase::Open])
    }

    /// Says what an end is to its process; nothing if the connection is over.
    pub fn set_label(&mut self, conn: ConnId, end: End, label: Label) {
        if let Some(connection) = self.connections.get_mut(conn) {
            connection.set_label(end, label);
        }
    }

    /// Sends a message of `bytes` bytes from an open end to the other one, which gets [`What::Message`].
    #[inline]
    pub fn send<E: From<Wire<P>>>(
        &mut self,
        conn: ConnId,
        from: End,
        bytes: u32,
        class: MessageClass,
        payload: P,
        schedule: &mut Schedule<E>,
    ) -> Sent {
        let Some(connection) = self.connections.get(conn) else { return Sent::NotOpen };
        if connection.phase(from) != Phase::Open {
            return Sent::NotOpen;
        }
        if self.rules.drops(connection.host(from), connection.host(from.other()), class) {
            return Sent::Dropped;
        }
        self.dispatch(conn, from, bytes, Packet::Data(payload), schedule)
    }

    /// Where something under way is going to arrive, what the end there is to its process, and what it carries; `None` if
    /// it carries nothing or comes too late. For a look ahead: much can still happen to it.
    #[inline]
    pub fn arriving<'a>(&self, wire: &'a Wire<P>) -> Option<(HostIx, Label, &'a P)> {
        let Signal::Packet { conn, from, packet: Packet::Data(payload), .. } = &wire.0 else { return None };
        let (connection, to) = (self.connections.get(*conn)?, from.other());
        Some((connection.host(to), connection.label(to), payload))
    }

    /// Bytes that the sender's host has not got rid of: held by a blocked path or waiting for bandwidth.
    pub fn send_buffer(&self, now: Nanos, conn: ConnId, from: End) -> u64 {
        let Some(connection) = self.connections.get(conn).filter(|it| it.backlogged(from)) else { return 0 };
        let Some(backlog) = self.backlogs.get(&(conn.place(), from)) else { return 0 };
        let path = self.rules.now(connection.host(from), connection.host(from.other()));
        let rate = path.bandwidth.0.unwrap_or(0);
        let waiting = u128::from((backlog.busy_until - now).0) * u128::from(rate) / 1_000_000_000;
        backlog.bytes + u64::try_from(waiting).unwrap_or(u64::MAX)
    }

    /// Closes an end. What it sent still arrives, then the other end gets [`What::Closed`]; this one hears
    /// nothing more. Closing what is not open does nothing.
    pub fn close<E: From<Wire<P>>>(&mut self, conn: ConnId, by: End, schedule: &mut Schedule<E>) {
        let Some(connection) = self.connections.get(conn) else { return };
        match connection.phase(by) {
            Phase::Connecting => self.free(conn),
            Phase::Open => {
                self.set_phase(conn, by, Phase::Closed);
                if self.connections.get(conn).is_some() {
                    self.dispatch(conn, by, 0, Packet::Fin, schedule);
                }
            }
            Phase::Absent | Phase::Closed | Phase::Lost => {}
        }
    }

    /// Is this end open?
    pub fn is_open(&self, conn: ConnId, end: End) -> bool {
        self.connections.get(conn).is_some_and(|connection| connection.phase(end) == Phase::Open)
    }

    /// The host of an end; `None` if the connection is over.
    pub fn host_of(&self, conn: ConnId, end: End) -> Option<HostIx> {
        self.connections.get(conn).map(|connection| connection.host(end))
    }

    /// The port that was asked for; `None` if the connection is over.
    pub fn port_of(&self, conn: ConnId) -> Option<u16> {
        self.connections.get(conn).map(|connection| connection.port)
    }

    /// How many connections there are, half-open ones included.
    pub fn connection_count(&self) -> usize {
        self.connections.len()
    }

    /// The process of a host dies: the kernel closes its ends and its ports. Returns how many ends it had.
    pub fn crash_process<E: From<Wire<P>>>(&mut self, host: HostIx, schedule: &mut Schedule<E>) -> u32 {
        self.hosts[host.index()].listening.clear();
        let ends = self.ends_of(host);
        for (conn, end) in &ends {
            self.close(*conn, *end, schedule);
        }
        ends.len() as u32
    }

    /// The host loses power: from now on it answers nothing and has forgotten everything. Returns how many
    /// ends were open.
    pub fn power_off<E: From<Wire<P>>>(&mut self, host: HostIx, schedule: &mut Schedule<E>) -> u32 {
        self.hosts[host.index()] = Host { up: false, listening: Vec::new() };
        let mine = |connection: &Connection, end| connection.host(end) == host;
        let touched: Vec<ConnId> = (self.connections.iter())
            .filter(|(_, it)| mine(it, End::Opener) || mine(it, End::Acceptor))
            .map(|(conn, _)| conn)
            .collect();
        let mut open = 0;
        for conn in touched {
            for end in [End::Opener, End::Acceptor] {
                open += u32::from(self.lose_end(conn, end, host, schedule));
            }
        }
        open
    }

    /// The host has power again. Its process starts listening by [`Network::set_listening`].
    pub fn power_on(&mut self, host: HostIx) {
        self.hosts[host.index()].up = true;
    }

    /// Something between the hosts resets every connection between one of `one` and one of `other`: both ends
    /// are told after the latency. Returns how many connections it were.
    pub fn reset_between<E: From<Wire<P>>>(
        &mut self,
        one: &[HostIx],
        other: &[HostIx],
        schedule: &mut Schedule<E>,
    ) -> u32 {
        let between = |a, b| one.contains(&a) && other.contains(&b) || one.contains(&b) && other.contains(&a);
        let concerned = |it: &Connection| between(it.host(End::Opener), it.host(End::Acceptor));
        let resets: Vec<ConnId> =
            self.connections.iter().filter(|(_, it)| concerned(it)).map(|(conn, _)| conn).collect();
        for conn in &resets {
            self.send_reset(*conn, End::Opener, schedule);
            self.send_reset(*conn, End::Acceptor, schedule);
        }
        resets.len() as u32
    }

    /// A black hole between the groups, both ways. Hosts that share a group reach each other (so a host in
    /// two groups is a bridge: a partial partition); hosts in no group are not concerned.
    pub fn partition(&mut self, groups: &[Vec<HostIx>]) -> RuleId {
        self.rules.partition(groups)
    }

    /// A one-way black hole: nothing from `from` reaches `to`; the way back is open.
    pub fn cut(&mut self, from: &[HostIx], to: &[HostIx]) -> RuleId {
        self.rules.cut(from, to)
    }

    /// Worse paths between `one` and `other`, both ways.
    pub fn degrade(&mut self, one: &[HostIx], other: &[HostIx], how: Degradation) -> RuleId {
        self.rules.degrade(one, other, true, how)
    }

    /// Worse paths from `from` to `to` only.
    pub fn degrade_one_way(&mut self, from: &[HostIx], to: &[HostIx], how: Degradation) -> RuleId {
        self.rules.degrade(from, to, false, how)
    }

    /// Ends a rule; false if it had ended before. What is held moves on at its next retransmission.
    pub fn lift(&mut self, rule: RuleId) -> bool {
        self.rules.lift(rule)
    }

    /// Ends all partitions and cuts, and says which those were.
    pub fn heal(&mut self) -> Vec<RuleId> {
        self.rules.heal()
    }

    /// What a rule did so far; also after its end.
    ///
    /// # Panics
    /// If this network made no such rule.
    pub fn effect(&self, rule: RuleId) -> Ledger {
        self.rules.effect(rule)
    }

    /// Does something sent now from one host reach the other: path open, and both up?
    pub fn reaches(&self, from: HostIx, to: HostIx) -> bool {
        self.is_up(from) && self.is_up(to) && !self.rules.blocks(from, to)
    }

    /// Who can reach whom right now among these hosts; those without power are left out.
    pub fn reachability(&self, among: &[HostIx]) -> Reachability {
        let up = among.iter().copied().filter(|host| self.is_up(*host)).collect();
        Reachability::new(up, self.rules.block_nothing(), |from, to| !self.rules.blocks(from, to))
    }
}
