//! What happens on the way: packets and their order, stalls and retransmissions, resets.
//!
//! Invariant: per direction, packets arrive in the order they were sent, each once. A packet is either in the
//! engine's queue or held; while anything is held, whatever comes later in that direction is held behind it.

use rcsim_engine::{Nanos, Schedule, Span};

use super::connection::{ConnId, End, Phase};
use super::tcp;
use super::wire::{Delivery, Ended, Packet, Sent, Signal, What, Wire};
use super::{Backlog, Network};
use crate::hosts::HostIx;

impl<P> Network<P> {
    /// Lets a [`Wire`] happen that is due now.
    pub fn pass<E: From<Wire<P>>>(
        &mut self,
        wire: Wire<P>,
        schedule: &mut Schedule<E>,
    ) -> Option<Delivery<P>> {
        match wire.0 {
            Signal::Packet { conn, from, bytes, packet } => self.arrive(conn, from, bytes, packet, schedule),
            Signal::Syn { conn, attempt } => self.syn_arrives(conn, attempt, schedule),
            Signal::SynTimer { conn, attempt } => self.syn_timer(conn, attempt, schedule),
            Signal::SynAnswer { conn, attempt, accepted } => {
                self.syn_answer_arrives(conn, attempt, accepted, schedule)
            }
            Signal::Retransmit { conn, from } => self.retransmit(conn, from, schedule),
            Signal::Reset { conn, to } => self.reset_arrives(conn, to, schedule),
            Signal::Keepalive { conn } => self.keepalive_expires(conn),
        }
    }

    /// Puts a packet on its way, or holds it.
    #[inline]
    pub(super) fn dispatch<E: From<Wire<P>>>(
        &mut self,
        conn: ConnId,
        from: End,
        bytes: u32,
        packet: Packet<P>,
        schedule: &mut Schedule<E>,
    ) -> Sent {
        let (source, target) = self.hosts_of(conn, from);
        let cut = self.rules.blocks(source, target);
        if cut {
            self.rules.charge(source, target, |ledger| &mut ledger.cut);
        }
        if cut || self.holds(conn, from) {
            self.hold(conn, from, (bytes, packet), false, schedule);
            return Sent::Held;
        }
        let at = self.travel(conn, from, bytes, schedule.now());
        schedule.at(at, Wire(Signal::Packet { conn, from, bytes, packet }).into());
        Sent::OnItsWay(at)
    }

    /// When a packet that leaves now arrives: bandwidth, then losses, then latency, then order.
    #[inline]
    fn travel(&mut self, conn: ConnId, from: End, bytes: u32, now: Nanos) -> Nanos {
        let (source, target) = self.hosts_of(conn, from);
        let lane = lane(source, target, from);
        let path = self.rules.now(source, target);
        let mut at = now + path.latency.0.sample(self.latency.draw(lane, now.0));
        let (latency_rule, bandwidth, loss) = (path.latency.1, path.bandwidth, path.loss);
        let mut lost = 0;
        if loss.0 > 0 {
            let (delay, count) = tcp::loss_delay(&self.loss, lane, now, bytes, loss.0);
            (at, lost) = (at + delay, count);
        }
        if bandwidth.0.is_some() || self.connection(conn).backlogged(from) {
            at += self.queue_for_bandwidth(conn, from, bytes, now, bandwidth.0) - now;
        }
        if latency_rule.is_some() || bandwidth.1.is_some() || loss.1.is_some() {
            self.rules.enter(latency_rule, bandwidth.1, loss.1, lost);
        }
        self.connections.get_mut(conn).expect("the caller has it").arrives_in_order(from, at)
    }

    /// When the last byte leaves, behind what is still leaving.
    fn queue_for_bandwidth(
        &mut self,
        conn: ConnId,
        from: End,
        bytes: u32,
        now: Nanos,
        bandwidth: Option<u64>,
    ) -> Nanos {
        let backlog = self.backlog(conn, from);
        let start = backlog.busy_until.max(now);
        let took = bandwidth.map_or(0, |rate| u64::from(bytes) * 1_000_000_000 / rate.max(1));
        backlog.busy_until = Nanos(start.0.saturating_add(took));
        backlog.busy_until
    }

    fn arrive<E: From<Wire<P>>>(
        &mut self,
        conn: ConnId,
        from: End,
        bytes: u32,
        packet: Packet<P>,
        schedule: &mut Schedule<E>,
    ) -> Option<Delivery<P>> {
        let connection = self.connections.get(conn)?;
        let (to, source, target) = (from.other(), connection.host(from), connection.host(from.other()));
        let (phase, port, label) = (connection.phase(to), connection.port, connection.label(to));
        let cut = self.rules.blocks(source, target);
        if cut {
            self.rules.charge(source, target, |ledger| &mut ledger.stalled);
        }
        let behind = self.existing_backlog(conn, from).is_some_and(|it| it.returned > 0 || it.broken);
        if cut || behind || !self.is_up(target) {
            self.hold(conn, from, (bytes, packet), true, schedule);
            return None;
        }
        let what = match (phase, packet) {
            (Phase::Open, Packet::Data(payload)) => What::Message(payload),
            (Phase::Open, Packet::Fin) => What::Closed(Ended::Finished),
            (Phase::Absent, Packet::Ack) if self.is_listening(target, port) => What::Accepted { port },
            (_, packet) => {
                self.dead_end(conn, from, bytes, packet, schedule);
                return None;
            }
        };
        match what {
            What::Accepted { .. } => self.set_phase(conn, to, Phase::Open),
            What::Closed(_) => self.set_phase(conn, to, Phase::Closed),
            _ => {}
        }
        self.got_through(conn, from, schedule.now());
        Some(Delivery { host: target, conn, end: to, label, what })
    }

    /// Something reached an end that is no more: the sender keeps it, and is told so.
    fn dead_end<E: From<Wire<P>>>(
        &mut self,
        conn: ConnId,
        from: End,
        bytes: u32,
        packet: Packet<P>,
        schedule: &mut Schedule<E>,
    ) {
        if self.connection(conn).phase(from.other()) == Phase::Absent {
            self.set_phase(conn, from.other(), Phase::Closed);
        }
        if self.connections.get(conn).is_none() {
            return; // over on both sides: nobody to tell
        }
        self.hold(conn, from, (bytes, packet), true, schedule);
        self.send_reset(conn, from, schedule);
    }

    /// A packet was delivered: the next stall starts with a short timeout, and an idle backlog goes.
    fn got_through(&mut self, conn: ConnId, from: End, now: Nanos) {
        if self.connections.get(conn).is_some_and(|it| it.backlogged(from)) {
            let backlog = self.backlog(conn, from);
            backlog.attempts = 0;
            if backlog.held.is_empty() && backlog.busy_until <= now && !backlog.broken {
                self.drop_backlog(conn, from);
            }
        }
    }

    /// Keeps a packet in its sender's host, unless that has forgotten the connection. One that has been on
    /// its way (`returned`) was sent before everything that has not.
    fn hold<E: From<Wire<P>>>(
        &mut self,
        conn: ConnId,
        from: End,
        packet: (u32, Packet<P>),
        returned: bool,
        schedule: &mut Schedule<E>,
    ) {
        if self.connection(conn).phase(from) == Phase::Lost {
            self.backlog(conn, from).broken = true;
            return;
        }
        if matches!(packet.1, Packet::Fin) && from == End::Opener {
            self.watch(conn, schedule);
        }
        let backlog = self.backlog(conn, from);
        backlog.bytes += u64::from(packet.0);
        if returned {
            backlog.held.insert(backlog.returned, packet);
            backlog.returned += 1;
        } else {
            backlog.held.push_back(packet);
        }
        if !backlog.timer {
            backlog.timer = true;
            let timeout = tcp::retransmission_timeout(backlog.attempts);
            schedule.after(timeout, Wire(Signal::Retransmit { conn, from }).into());
        }
    }

    fn retransmit<E: From<Wire<P>>>(
        &mut self,
        conn: ConnId,
        from: End,
        schedule: &mut Schedule<E>,
    ) -> Option<Delivery<P>> {
        let connection = self.connections.get(conn).filter(|it| it.backlogged(from))?;
        let (source, target) = (connection.host(from), connection.host(from.other()));
        let orphaned = connection.phase(from) != Phase::Open;
        let open = self.is_up(target) && !self.rules.blocks(source, target);
        let last_arrival = connection.last_arrival(from);
        let backlog = self.backlog(conn, from);
        if backlog.held.is_empty() {
            return None;
        }
        if open && last_arrival >= schedule.now() {
            // What is still on its way was sent before: nothing may overtake it.
            schedule.at(last_arrival + Span(1), Wire(Signal::Retransmit { conn, from }).into());
            return None;
        }
        backlog.timer = false;
        backlog.attempts += 1;
        let retries = if orphaned { tcp::ORPHAN_RETRIES } else { tcp::DATA_RETRIES };
        if backlog.attempts > retries {
            return self.give_up(conn, from, schedule);
        }
        if !open {
            backlog.timer = true;
            let timeout = tcp::retransmission_timeout(backlog.attempts);
            schedule.after(timeout, Wire(Signal::Retransmit { conn, from }).into());
            return None;
        }
        (backlog.bytes, backlog.returned) = (0, 0);
        let mut held = std::mem::take(&mut backlog.held);
        for (bytes, packet) in held.drain(..) {
            let at = self.travel(conn, from, bytes, schedule.now());
            schedule.at(at, Wire(Signal::Packet { conn, from, bytes, packet }).into());
        }
        self.backlog(conn, from).held = held;
        None
    }

    /// Nobody has acknowledged anything for too long.
    fn give_up<E: From<Wire<P>>>(
        &mut self,
        conn: ConnId,
        from: End,
        schedule: &mut Schedule<E>,
    ) -> Option<Delivery<P>> {
        let connection = self.connections.get(conn)?;
        let (host, label) = (connection.host(from), connection.label(from));
        let was_open = connection.phase(from) == Phase::Open;
        self.forget(conn, from, schedule);
        was_open.then_some(Delivery { host, conn, end: from, label, what: What::Closed(Ended::TimedOut) })
    }

    /// The host across `to` answers that there is no connection.
    pub(super) fn send_reset<E: From<Wire<P>>>(&mut self, conn: ConnId, to: End, schedule: &mut Schedule<E>) {
        let (source, target) = self.hosts_of(conn, to.other());
        self.send_back(source, target, to.other(), Signal::Reset { conn, to }, schedule);
    }

    fn reset_arrives<E: From<Wire<P>>>(
        &mut self,
        conn: ConnId,
        to: End,
        schedule: &mut Schedule<E>,
    ) -> Option<Delivery<P>> {
        let connection = self.connections.get(conn)?;
        let (source, host) = (connection.host(to.other()), connection.host(to));
        let (phase, label) = (connection.phase(to), connection.label(to));
        if self.stalls(source, host) {
            return None;
        }
        if phase == Phase::Connecting {
            self.free(conn);
            return Some(Delivery { host, conn, end: to, label, what: What::ConnectFailed(Ended::Reset) });
        }
        self.forget(conn, to, schedule);
        (phase == Phase::Open).then_some(Delivery {
            host,
            conn,
            end: to,
            label,
            what: What::Closed(Ended::Reset),
        })
    }

    fn keepalive_expires(&mut self, conn: ConnId) -> Option<Delivery<P>> {
        let connection = self.connections.get(conn)?;
        let end = End::Acceptor;
        let (host, label) = (connection.host(end), connection.label(end));
        if connection.phase(end) != Phase::Open || !connection.phase(End::Opener).is_over() {
            return None;
        }
        let opener = connection.host(End::Opener);
        let answered = self.reaches(host, opener) && self.reaches(opener, host);
        let ended = if answered { Ended::Reset } else { Ended::TimedOut };
        self.drop_backlog(conn, end);
        self.set_phase(conn, end, Phase::Lost);
        Some(Delivery { host, conn, end, label, what: What::Closed(ended) })
    }

    /// Sends a signal outside the streams, which nobody repeats. False if it is lost at once.
    pub(super) fn send_back<E: From<Wire<P>>>(
        &mut self,
        source: HostIx,
        target: HostIx,
        from: End,
        signal: Signal<P>,
        schedule: &mut Schedule<E>,
    ) -> bool {
        if self.rules.blocks(source, target) {
            self.rules.charge(source, target, |ledger| &mut ledger.cut);
            return false;
        }
        let (now, lane) = (schedule.now(), lane(source, target, from));
        let path = self.rules.now(source, target);
        let (latency, latency_rule) = (path.latency.0.sample(self.latency.draw(lane, now.0)), path.latency.1);
        let (loss, loss_rule) = path.loss;
        let lost = loss > 0 && tcp::losses(&self.loss, self.loss.draw(lane, now.0), 0, loss) > 0;
        self.rules.enter(latency_rule, None, loss_rule, u64::from(lost));
        if !lost {
            schedule.after(latency, Wire(signal).into());
        }
        !lost
    }

    /// Is a signal lost on arrival? Enters it where a rule did it.
    pub(super) fn stalls(&mut self, source: HostIx, target: HostIx) -> bool {
        let cut = self.rules.blocks(source, target);
        if cut {
            self.rules.charge(source, target, |ledger| &mut ledger.stalled);
        }
        cut || !self.is_up(target)
    }

    fn holds(&self, conn: ConnId, from: End) -> bool {
        self.existing_backlog(conn, from).is_some_and(|backlog| !backlog.held.is_empty())
    }

    fn existing_backlog(&self, conn: ConnId, from: End) -> Option<&Backlog<P>> {
        let backlogged = self.connection(conn).backlogged(from);
        backlogged.then(|| self.backlogs.get(&(conn.place(), from))).flatten()
    }

    /// The backlog of a direction, made if there is none.
    pub(super) fn backlog(&mut self, conn: ConnId, from: End) -> &mut Backlog<P> {
        self.connections.get_mut(conn).expect("the caller has it").set_backlogged(from, true);
        self.backlogs.entry((conn.place(), from)).or_insert_with(Backlog::new)
    }

    fn connection(&self, conn: ConnId) -> &super::Connection {
        self.connections.get(conn).expect("the caller has it")
    }

    pub(super) fn hosts_of(&self, conn: ConnId, from: End) -> (HostIx, HostIx) {
        let connection = self.connection(conn);
        (connection.host(from), connection.host(from.other()))
    }
}

/// The position of a direction's draws: who sends to whom, and from which end.
fn lane(source: HostIx, target: HostIx, from: End) -> u64 {
    (u64::from(source.0) << 32 | u64::from(target.0)) ^ (from as u64) << 63
}
