//! What I believe about the others: the node table.
//!
//! Owns one record per known node, myself included, addressed by its interned id. A record is split by how often it
//! is touched: its pulse (4 bytes, all that a gossip entry about a healthy node needs: `pulses`), the [`Row`] (its address,
//! card and flags) and the [`Peer`] (the rest). What heartbeats take from it is in `gossiped`. Keeps: whatever makes a gossip entry more than a time stamp also marks
//! the pulse, so that the fast path need not look further.
//!
//! Rules: ND-1 … ND-23. The order of the table is this node's own: shuffled at the start, then by arrival (ND-23).
//! Never: decides anything.

mod gossiped;
mod peer;
mod pulses;

use std::sync::Arc;

use rcsim_protocol::{AddressIx, CardIx, NodeFlags, NodeIx, SlotSet};

use crate::link::LinkId;
pub(crate) use peer::Report;
pub use peer::{Peer, Rest};
pub(crate) use pulses::Pulse;
use pulses::Pulses;

/// Where a node is and what it is.
#[derive(Clone, Copy, Debug)]
struct Row {
    /// Where it is (ND-15).
    address: AddressIx,
    /// Its flags (FL-1 …).
    flags: NodeFlags,
    marks: u8,
    /// Its card, if it was looked up since it changed last.
    card: Option<CardIx>,
}

/// The outbound link object exists (ND-17).
const LINK: u8 = 1;
/// It owns slots.
const SLOTS: u8 = 2;
/// It may be gossiped about: not myself, not PFAIL, past its handshake, with an address, and with a link or slots (GS-2).
const PLAIN: u8 = 4;
/// The cron has to care for its link, its handshake or its failure (CR-3).
const UNSETTLED: u8 = 8;

impl Row {
    /// Of a node that is not in the table.
    const UNKNOWN: Row = Row { address: AddressIx::BLANK, flags: NodeFlags::NONE, marks: 0, card: None };

    fn is(&self, mark: u8) -> bool {
        self.marks & mark != 0
    }

    fn mark(&mut self, mark: u8, on: bool) {
        if on { self.marks |= mark } else { self.marks &= !mark }
    }
}

/// The node table.
#[derive(Clone, Debug)]
pub struct View {
    me: NodeIx,
    order: Vec<NodeIx>,
    pulses: Pulses,
    rows: Vec<Row>,
    peers: Vec<Option<Peer>>,
    /// The accepted links that are bound to nodes (ND-18).
    inbound: Vec<Option<LinkId>>,
    topology: u64,
    /// Whether any node ever told a hostname: few clusters use them, and every heartbeat would have to be compared.
    has_hostnames: bool,
    /// Nodes that the packet under construction mentions, one bit each (ND-20).
    mentioned: Vec<u64>,
    /// How many nodes need the cron's care: flagged, or without a link.
    unsettled: u32,
}

impl View {
    /// A table with only myself in it.
    pub(crate) fn new(me: NodeIx, flags: NodeFlags, address: AddressIx, now_ms: i64) -> View {
        let mut view = View {
            me,
            order: Vec::new(),
            pulses: Pulses::new(now_ms),
            rows: Vec::new(),
            peers: Vec::new(),
            inbound: Vec::new(),
            topology: 0,
            has_hostnames: false,
            mentioned: Vec::new(),
            unsettled: 0,
        };
        view.insert(me, flags, address, now_ms);
        view
    }

    /// My own interned id.
    pub fn me(&self) -> NodeIx {
        self.me
    }

    /// How many nodes are in the table, myself included.
    pub fn len(&self) -> u32 {
        self.order.len() as u32
    }

    /// Never: I am in it.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Everybody, in the table's order.
    pub(crate) fn order(&self) -> &[NodeIx] {
        &self.order
    }

    /// The nodes that need the cron's care: flagged, or without a link (CR-3). In the order of ids, beginning behind mine.
    pub(crate) fn unsettled(&self) -> Vec<NodeIx> {
        if self.unsettled == 0 {
            return Vec::new();
        }
        let mine = self.me.index();
        let places = (mine + 1..self.rows.len()).chain(0..mine);
        places.filter(|place| self.rows[*place].is(UNSETTLED)).map(|place| NodeIx(place as u32)).collect()
    }

    /// The nodes that the cron has to look at: watched ones, those with a pending PING, and those whose last PONG is
    /// older than `stale_before` (CR-6). In the order of ids, beginning behind mine.
    pub(crate) fn due(&mut self, stale_before: i64) -> Vec<NodeIx> {
        self.pulses.due(self.me, stale_before)
    }

    /// Everybody but myself, in the table's order. A copy: the table may change while it is walked.
    pub(crate) fn others(&self) -> Vec<NodeIx> {
        self.order.iter().copied().filter(|node| *node != self.me).collect()
    }

    /// Puts the table into an order drawn by `below` (ND-23).
    pub(crate) fn shuffle(&mut self, mut below: impl FnMut(u32) -> u32) {
        for last in (1..self.order.len()).rev() {
            self.order.swap(last, below(last as u32 + 1) as usize);
        }
    }

    /// Grows with every change of flags, roles, replicas or slots: what is derived from them can be kept until then.
    pub(crate) fn topology(&self) -> u64 {
        self.topology
    }

    /// Notes a change of roles, replicas or slots.
    pub(crate) fn touch(&mut self) {
        self.topology += 1;
    }

    /// Whether the node is in the table.
    pub(crate) fn knows(&self, node: NodeIx) -> bool {
        self.get(node).is_some()
    }

    /// The record of a node, if it is in the table.
    pub(crate) fn get(&self, node: NodeIx) -> Option<&Peer> {
        self.peers.get(node.index())?.as_ref()
    }

    /// The record of a node in the table. Panics for a stranger: who asks has just looked.
    pub(crate) fn peer(&self, node: NodeIx) -> &Peer {
        self.get(node).unwrap_or_else(|| panic!("{node:?} is not in the table"))
    }

    /// The record of a node in the table, to change it.
    pub(crate) fn peer_mut(&mut self, node: NodeIx) -> &mut Peer {
        let record = self.peers.get_mut(node.index()).and_then(Option::as_mut);
        record.unwrap_or_else(|| panic!("{node:?} is not in the table"))
    }

    /// The pulse of any node.
    #[inline]
    pub(crate) fn pulse(&self, node: NodeIx) -> Pulse {
        self.pulses.get(node)
    }

    /// Whether a node in the table has its outbound link object (ND-17).
    pub(crate) fn has_link(&self, node: NodeIx) -> bool {
        self.rows[node.index()].is(LINK)
    }

    /// Whether a node in the table owns slots.
    pub(crate) fn has_slots(&self, node: NodeIx) -> bool {
        self.rows[node.index()].is(SLOTS)
    }

    /// Reads all pulses at once, before a heartbeat is built or folded.
    pub(crate) fn warm(&self) {
        self.pulses.warm();
    }

    /// Reads the records of these nodes all at once, so that the memory they wait for is fetched at the same time.
    pub(crate) fn warm_records(&self, nodes: &[NodeIx]) {
        let records = nodes.iter().filter_map(|node| self.get(*node));
        std::hint::black_box(records.fold(0, |sum, peer| sum ^ peer.data_received));
    }

    /// Reads something of all that a message of this node needs.
    #[inline]
    pub(crate) fn glance(&self, node: NodeIx) -> u64 {
        let data_received = self.get(node).map_or(0, |peer| peer.data_received);
        let flags = self.rows.get(node.index()).map_or(0, |row| row.flags.0);
        data_received as u64 ^ u64::from(flags)
    }

    /// The flags of a node in the table.
    pub(crate) fn flags(&self, node: NodeIx) -> NodeFlags {
        self.rows[node.index()].flags
    }

    /// Sets or clears flags.
    pub(crate) fn set_flags(&mut self, node: NodeIx, flags: NodeFlags, on: bool) {
        let row = &mut self.rows[node.index()];
        let before = row.flags;
        row.flags.set(flags, on);
        if row.flags != before {
            self.forget_card(node);
            self.touch();
            self.rewatch(node);
        }
    }

    /// The address of a node in the table.
    pub(crate) fn address(&self, node: NodeIx) -> AddressIx {
        self.rows[node.index()].address
    }

    /// Gives a node another address.
    pub(crate) fn set_address(&mut self, node: NodeIx, address: AddressIx) {
        self.rows[node.index()].address = address;
        self.forget_card(node);
    }

    /// When the last PONG of a node came, in ms.
    pub(crate) fn pong_received(&self, node: NodeIx) -> i64 {
        self.pulses.time(node)
    }

    /// Notes when the last PONG of a node came, in ms.
    pub(crate) fn set_pong_received(&mut self, node: NodeIx, time: i64) {
        self.pulses.set_time(node, time);
    }

    /// A PONG that somebody else got is as good as one of mine, if it is younger and not of the future (GS-9). Says
    /// whether there was nothing more to look at.
    #[inline]
    pub(crate) fn adopt_pong(&mut self, node: NodeIx, time: i64, latest: i64) -> bool {
        self.pulses.adopt(node, time, latest)
    }

    /// Notes a pending PING; 0 = none.
    pub(crate) fn set_ping_sent(&mut self, node: NodeIx, time: i64) {
        self.peer_mut(node).ping_sent = time;
        self.rewatch(node);
    }

    /// Gives a node its outbound link, or takes it away.
    pub(crate) fn set_link(&mut self, node: NodeIx, link: Option<LinkId>) {
        self.peer_mut(node).link = link;
        self.rows[node.index()].mark(LINK, link.is_some());
        self.rewatch(node);
    }

    /// The accepted link that is bound to a node (ND-18).
    pub(crate) fn inbound_link(&self, node: NodeIx) -> Option<LinkId> {
        self.inbound[node.index()]
    }

    /// Binds an accepted link to a node, or none.
    pub(crate) fn set_inbound_link(&mut self, node: NodeIx, link: Option<LinkId>) {
        self.inbound[node.index()] = link;
    }

    /// Replaces the slots of a node.
    pub(crate) fn set_slots(&mut self, node: NodeIx, slots: SlotSet) {
        self.rows[node.index()].mark(SLOTS, !slots.is_empty());
        self.peer_mut(node).slots = slots;
        self.touch();
        self.rewatch(node);
    }

    /// Notes the hostname that a node told, or that it told none (PK-18).
    pub(crate) fn set_hostname(&mut self, node: NodeIx, hostname: &Option<Arc<str>>) {
        self.has_hostnames |= hostname.is_some();
        if self.has_hostnames && self.peer(node).rest().hostname != *hostname {
            self.peer_mut(node).rest_mut().hostname.clone_from(hostname);
        }
    }

    /// Lets `change` edit the failure reports about a node.
    pub(crate) fn edit_reports<T>(&mut self, node: NodeIx, change: impl FnOnce(&mut Vec<Report>) -> T) -> T {
        let result = change(&mut self.peer_mut(node).rest_mut().reports);
        self.rewatch(node);
        result
    }

    /// Takes a node in. Panics if it is there already.
    pub(crate) fn insert(&mut self, node: NodeIx, flags: NodeFlags, address: AddressIx, now_ms: i64) {
        assert!(!self.knows(node), "{node:?} is in the table already");
        if self.rows.len() <= node.index() {
            self.rows.resize(node.index() + 1, Row::UNKNOWN);
            self.peers.resize(node.index() + 1, None);
            self.inbound.resize(node.index() + 1, None);
        }
        self.pulses.enter(node);
        self.rows[node.index()] = Row { address, flags, marks: 0, card: None };
        self.peers[node.index()] = Some(Peer::new());
        if flags.any(NodeFlags::HANDSHAKE) {
            self.peer_mut(node).rest_mut().ctime = now_ms;
        }
        self.order.push(node);
        self.touch();
        self.rewatch(node);
    }

    /// Takes a node out and returns its record. The order of the others stays.
    pub(crate) fn remove(&mut self, node: NodeIx) -> Peer {
        let peer = self.peers[node.index()].take().unwrap_or_else(|| panic!("{node:?} is not in the table"));
        self.clear_place(node);
        self.recount();
        self.order.retain(|other| *other != node);
        self.touch();
        peer
    }

    /// Gives a record another id: a handshake found out the real one (HS-6). It keeps its place in the order.
    pub(crate) fn rename(&mut self, from: NodeIx, to: NodeIx) {
        let (pong_received, row) = (self.pong_received(from), self.rows[from.index()]);
        self.insert(to, row.flags, row.address, 0);
        self.order.pop();
        self.peers.swap(from.index(), to.index());
        self.peers[from.index()] = None;
        self.inbound.swap(from.index(), to.index());
        self.pulses.set_time(to, pong_received);
        self.rows[to.index()] = row;
        self.clear_place(from);
        for node in self.order.iter_mut().filter(|node| **node == from) {
            *node = to;
        }
        if self.me == from {
            self.me = to;
        }
        for peer in self.peers.iter_mut().flatten() {
            if peer.master == Some(from) {
                peer.master = Some(to);
            }
            if peer.rest().replicas.contains(&from) {
                let replicas = peer.rest_mut().replicas.iter_mut();
                replicas.filter(|replica| **replica == from).for_each(|replica| *replica = to);
            }
        }
        self.forget_card(to);
        self.recount();
        self.rewatch(to);
    }

    /// Nobody has this place now.
    fn clear_place(&mut self, node: NodeIx) {
        self.pulses.leave(node);
        self.rows[node.index()] = Row::UNKNOWN;
        self.inbound[node.index()] = None;
    }

    /// Brings what is derived of a record up to date: the pulse's marks, the row's, and the count.
    fn rewatch(&mut self, node: NodeIx) {
        let (peer, row) = (self.peer(node), &self.rows[node.index()]);
        let (flags, other, has_link) = (row.flags, node != self.me, row.is(LINK));
        let (pending, reported) = (peer.ping_sent != 0, !peer.reports().is_empty());
        let care = NodeFlags::PFAIL | NodeFlags::HANDSHAKE | NodeFlags::NOADDR;
        let unsettled = other && (flags.any(care) || !has_link);
        let watched = reported || unsettled || flags.any(care | NodeFlags::FAIL);
        let plain = other && !flags.any(care) && (has_link || row.is(SLOTS));
        if row.is(PLAIN) != plain {
            self.forget_card(node);
        }
        self.pulses.mark(node, watched, pending);
        let row = &mut self.rows[node.index()];
        self.unsettled = self.unsettled + u32::from(unsettled) - u32::from(row.is(UNSETTLED));
        row.mark(UNSETTLED, unsettled);
        row.mark(PLAIN, plain);
    }

    /// Counts anew, after a record came to another place.
    fn recount(&mut self) {
        self.unsettled = self.rows.iter().filter(|row| row.is(UNSETTLED)).count() as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_as_small_as_large_clusters_need_it() {
        assert_eq!((size_of::<Row>(), size_of::<Option<Peer>>()), (16, 64));
    }
}
