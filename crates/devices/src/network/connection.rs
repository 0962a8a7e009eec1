//! Connections in a slab: 48 bytes each, places reused, stale ids found out by their generation.
//!
//! A connection lives as long as one of its two ends does. Each end has its own opinion ([`Phase`]): that is
//! how half-open connections come about.

use rcsim_engine::Nanos;

use crate::hosts::HostIx;

/// A connection: its place in the slab, and the how-manieth user of that place it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ConnId {
    place: u32,
    generation: u32,
}

impl ConnId {
    /// The place in the slab: dense, and unique among the connections alive; fit to index a table beside it.
    pub fn place(self) -> u32 {
        self.place
    }

    /// How many connections had this place before: together with the place never seen twice.
    pub fn generation(self) -> u32 {
        self.generation
    }
}

/// One of the two ends of a connection. Data `from` an end flows to the other one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum End {
    /// The end that asked for the connection.
    Opener,
    /// The end that listened.
    Acceptor,
}

impl End {
    /// The end across.
    #[inline]
    pub const fn other(self) -> Self {
        match self {
            Self::Opener => Self::Acceptor,
            Self::Acceptor => Self::Opener,
        }
    }
}

/// What an end is to the process that has it: that process' own word, which comes back with everything that arrives
/// there. 0 until it is set.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Label(pub u64);

/// What one end thinks of the connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// The acceptor's: the handshake is not complete.
    Absent,
    /// The opener's: it waits for an answer.
    Connecting,
    /// In use.
    Open,
    /// Over; the host's kernel still knows it and may have something left to send.
    Closed,
    /// Over and forgotten: the host lost power, was told by a reset, or gave up. Nothing of it is left there.
    Lost,
}

impl Phase {
    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::Closed | Self::Lost)
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Connection {
    hosts: [HostIx; 2],
    generation: u32,
    pub(super) port: u16,
    /// Both phases and both marks in bits: end 0 in bits 0-3, end 1 in bits 4-7; the highest of four is the
    /// mark.
    ends: u8,
    /// No arrival of a direction may come before the one before it.
    last_arrival: [Nanos; 2],
    labels: [Label; 2],
}

const PHASES: [Phase; 5] = [Phase::Absent, Phase::Connecting, Phase::Open, Phase::Closed, Phase::Lost];
const MARK: u8 = 0b1000;

impl Connection {
    #[inline]
    pub(super) fn host(&self, end: End) -> HostIx {
        self.hosts[end as usize]
    }

    #[inline]
    pub(super) fn phase(&self, end: End) -> Phase {
        PHASES[usize::from(self.ends >> (end as u32 * 4) & 0b111)]
    }

    pub(super) fn set_phase(&mut self, end: End, phase: Phase) {
        let shift = end as u32 * 4;
        self.ends = self.ends & !(0b111 << shift) | (phase as u8) << shift;
    }

    /// Does the direction from this end have a backlog?
    #[inline]
    pub(super) fn backlogged(&self, from: End) -> bool {
        self.ends >> (from as u32 * 4) & MARK != 0
    }

    pub(super) fn set_backlogged(&mut self, from: End, backlogged: bool) {
        let mark = MARK << (from as u32 * 4);
        self.ends = if backlogged { self.ends | mark } else { self.ends & !mark };
    }

    #[inline]
    pub(super) fn label(&self, end: End) -> Label {
        self.labels[end as usize]
    }

    pub(super) fn set_label(&mut self, end: End, label: Label) {
        self.labels[end as usize] = label;
    }

    pub(super) fn is_over(&self) -> bool {
        self.phase(End::Opener).is_over() && self.phase(End::Acceptor).is_over()
    }

    /// When the last packet of this direction arrives or has arrived.
    pub(super) fn last_arrival(&self, from: End) -> Nanos {
        self.last_arrival[from as usize]
    }

    /// The arrival in order: `at`, but not before what was sent earlier in this direction.
    #[inline]
    pub(super) fn arrives_in_order(&mut self, from: End, at: Nanos) -> Nanos {
        let last = &mut self.last_arrival[from as usize];
        *last = at.max(*last);
        *last
    }
}

/// The slab.
#[derive(Clone, Debug, Default)]
pub(super) struct Connections {
    places: Vec<Connection>,
    free: Vec<u32>,
}

impl Connections {
    pub(super) fn open(&mut self, opener: HostIx, acceptor: HostIx, port: u16, phases: [Phase; 2]) -> ConnId {
        let mut connection = Connection {
            hosts: [opener, acceptor],
            generation: 0,
            port,
            ends: 0,
            last_arrival: [Nanos::ZERO; 2],
            labels: [Label::default(); 2],
        };
        connection.set_phase(End::Opener, phases[0]);
        connection.set_phase(End::Acceptor, phases[1]);
        match self.free.pop() {
            Some(place) => {
                let old = &mut self.places[place as usize];
                let generation = old.generation;
                *old = Connection { generation, ..connection };
                ConnId { place, generation }
            }
            None => {
                let place = u32::try_from(self.places.len()).expect("fewer than 2^32 connections at a time");
                self.places.push(connection);
                ConnId { place, generation: 0 }
            }
        }
    }

    #[inline]
    pub(super) fn get(&self, conn: ConnId) -> Option<&Connection> {
        self.places.get(conn.place as usize).filter(|connection| connection.generation == conn.generation)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, conn: ConnId) -> Option<&mut Connection> {
        let connection = self.places.get_mut(conn.place as usize)?;
        (connection.generation == conn.generation).then_some(connection)
    }

    pub(super) fn free(&mut self, conn: ConnId) {
        if let Some(connection) = self.get_mut(conn) {
            connection.generation = connection.generation.wrapping_add(1);
            connection.set_phase(End::Opener, Phase::Closed);
            connection.set_phase(End::Acceptor, Phase::Closed);
            self.free.push(conn.place);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// All connections alive, by place. (A free place has both ends over; a live one never has.)
    pub(super) fn iter(&self) -> impl Iterator<Item = (ConnId, &Connection)> {
        let named = |(place, connection): (usize, _)| {
            let connection: &Connection = connection;
            (ConnId { place: place as u32, generation: connection.generation }, connection)
        };
        self.places.iter().enumerate().map(named).filter(|(_, connection)| !connection.is_over())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A thousand nodes hold a million connections.
    #[test]
    fn a_connection_is_small() {
        assert_eq!(size_of::<Connection>(), 48);
    }

    #[test]
    fn a_reused_place_does_not_answer_to_the_old_id() {
        let mut connections = Connections::default();
        let phases = [Phase::Open, Phase::Absent];
        let old = connections.open(HostIx(1), HostIx(2), 7, phases);
        connections.free(old);
        assert!(connections.get(old).is_none() && connections.len() == 0 && connections.iter().count() == 0);
        let new = connections.open(HostIx(3), HostIx(4), 8, phases);
        assert_eq!((new.place, connections.len()), (old.place, 1));
        assert!(connections.get(old).is_none());
        let connection = connections.get_mut(new).expect("alive");
        connection.set_backlogged(End::Acceptor, true);
        connection.set_phase(End::Acceptor, Phase::Lost);
        assert_eq!(
            (connection.phase(End::Opener), connection.phase(End::Acceptor)),
            (Phase::Open, Phase::Lost)
        );
        assert_eq!((connection.backlogged(End::Opener), connection.backlogged(End::Acceptor)), (false, true));
    }
}
