//! How a connection begins: request, answer, and the opener's acknowledgement (the first packet of its
//! stream).
//!
//! Requests and answers are outside the ordered streams. One that is lost is repeated by the opener's timer;
//! as at most one of them is under way at a time, the timer is set when and where it gets lost.

use rcsim_engine::Schedule;

use super::connection::{ConnId, End, Phase};
use super::wire::{Delivery, Ended, Packet, Signal, What, Wire};
use super::{Network, tcp};

impl<P> Network<P> {
    pub(super) fn send_syn<E: From<Wire<P>>>(
        &mut self,
        conn: ConnId,
        attempt: u8,
        schedule: &mut Schedule<E>,
    ) {
        let (source, target) = self.hosts_of(conn, End::Opener);
        if !self.send_back(source, target, End::Opener, Signal::Syn { conn, attempt }, schedule) {
            self.await_syn_timer(conn, attempt, schedule);
        }
    }

    pub(super) fn syn_arrives<E: From<Wire<P>>>(
        &mut self,
        conn: ConnId,
        attempt: u8,
        schedule: &mut Schedule<E>,
    ) -> Option<Delivery<P>> {
        let port = self.connections.get(conn)?.port;
        let (source, target) = self.hosts_of(conn, End::Opener);
        if self.stalls(source, target) {
            self.await_syn_timer(conn, attempt, schedule);
            return None;
        }
        let accepted = self.is_listening(target, port) && !self.rules.refuses(source, target);
        let answer = Signal::SynAnswer { conn, attempt, accepted };
        if !self.send_back(target, source, End::Acceptor, answer, schedule) {
            self.await_syn_timer(conn, attempt, schedule);
        }
        None
    }

    pub(super) fn syn_answer_arrives<E: From<Wire<P>>>(
        &mut self,
        conn: ConnId,
        attempt: u8,
        accepted: bool,
        schedule: &mut Schedule<E>,
    ) -> Option<Delivery<P>> {
        let connection = self.connections.get(conn)?;
        let (host, label) = (connection.host(End::Opener), connection.label(End::Opener));
        let (source, target) = self.hosts_of(conn, End::Acceptor);
        if self.stalls(source, target) {
            self.await_syn_timer(conn, attempt, schedule);
            return None;
        }
        let what = if accepted {
            self.set_phase(conn, End::Opener, Phase::Open);
            self.dispatch(conn, End::Opener, 0, Packet::Ack, schedule);
            What::Connected
        } else {
            self.free(conn);
            What::ConnectFailed(Ended::Refused)
        };
        Some(Delivery { host, conn, end: End::Opener, label, what })
    }

    fn await_syn_timer<E: From<Wire<P>>>(&self, conn: ConnId, attempt: u8, schedule: &mut Schedule<E>) {
        schedule.after(tcp::syn_timeout(attempt), Wire(Signal::SynTimer { conn, attempt }).into());
    }

    pub(super) fn syn_timer<E: From<Wire<P>>>(
        &mut self,
        conn: ConnId,
        attempt: u8,
        schedule: &mut Schedule<E>,
    ) -> Option<Delivery<P>> {
        let connection = self.connections.get(conn)?;
        let (host, label) = (connection.host(End::Opener), connection.label(End::Opener));
        if attempt < tcp::SYN_RETRIES {
            self.send_syn(conn, attempt + 1, schedule);
            return None;
        }
        self.free(conn);
        Some(Delivery { host, conn, end: End::Opener, label, what: What::ConnectFailed(Ended::TimedOut) })
    }
}
