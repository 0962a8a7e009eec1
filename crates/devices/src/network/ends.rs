//! How an end of a connection ends, and when a connection is forgotten altogether.
//!
//! Invariant: a connection both of whose ends are over is freed at once, with its backlogs.

use rcsim_engine::Schedule;

use super::Network;
use super::connection::{ConnId, Connection, End, Phase};
use super::wire::{Signal, Wire};
use crate::hosts::HostIx;

impl<P> Network<P> {
    pub(super) fn ends_of(&self, host: HostIx) -> Vec<(ConnId, End)> {
        let ends = |(conn, it): (ConnId, &Connection)| {
            let in_use = |end| matches!(it.phase(end), Phase::Open | Phase::Connecting);
            let [opener, acceptor] = [End::Opener, End::Acceptor]
                .map(|end| (it.host(end) == host && in_use(end)).then_some((conn, end)));
            opener.into_iter().chain(acceptor)
        };
        self.connections.iter().flat_map(ends).collect()
    }

    /// The end's host has lost power, if it is `host`. True if the end was open.
    pub(super) fn lose_end<E: From<Wire<P>>>(
        &mut self,
        conn: ConnId,
        end: End,
        host: HostIx,
        schedule: &mut Schedule<E>,
    ) -> bool {
        let Some(connection) = self.connections.get(conn) else { return false };
        let phase = connection.phase(end);
        if connection.host(end) != host || phase == Phase::Lost {
            return false;
        }
        if phase == Phase::Connecting {
            self.free(conn);
            return false;
        }
        if phase == Phase::Absent && connection.phase(End::Opener) == Phase::Connecting {
            return false; // a repeated request will find the host anew
        }
        self.forget(conn, end, schedule);
        phase == Phase::Open
    }

    /// The host of this end knows nothing of the connection any more. Without its opener a handshake comes to
    /// nothing.
    pub(super) fn forget<E: From<Wire<P>>>(&mut self, conn: ConnId, end: End, schedule: &mut Schedule<E>) {
        let acceptor = self.connections.get(conn).map(|connection| connection.phase(End::Acceptor));
        if end == End::Opener && acceptor == Some(Phase::Absent) {
            self.free(conn);
            return;
        }
        let lost = self.backlogs.get(&(conn.place(), end)).is_some_and(|backlog| backlog.returned > 0);
        self.drop_backlog(conn, end);
        self.set_phase(conn, end, Phase::Lost);
        if lost && self.connections.get(conn).is_some() {
            self.backlog(conn, end).broken = true;
        }
        if end == End::Opener {
            self.watch(conn, schedule);
        }
    }

    /// Changes what an end thinks; a connection that is over for both is forgotten.
    pub(super) fn set_phase(&mut self, conn: ConnId, end: End, phase: Phase) {
        if let Some(connection) = self.connections.get_mut(conn) {
            connection.set_phase(end, phase);
            if connection.is_over() {
                self.free(conn);
            }
        }
    }

    pub(super) fn free(&mut self, conn: ConnId) {
        self.drop_backlog(conn, End::Opener);
        self.drop_backlog(conn, End::Acceptor);
        self.connections.free(conn);
    }

    pub(super) fn drop_backlog(&mut self, conn: ConnId, from: End) {
        if let Some(connection) = self.connections.get_mut(conn).filter(|it| it.backlogged(from)) {
            connection.set_backlogged(from, false);
            self.backlogs.remove(&(conn.place(), from));
        }
    }

    /// The acceptor may not learn that its opener is gone: its keepalive will.
    pub(super) fn watch<E: From<Wire<P>>>(&mut self, conn: ConnId, schedule: &mut Schedule<E>) {
        let interval = self.port_of(conn).and_then(|port| self.keepalive.get(&port));
        if let Some(interval) = interval {
            schedule.after(*interval * 2, Wire(Signal::Keepalive { conn }).into());
        }
    }
}
