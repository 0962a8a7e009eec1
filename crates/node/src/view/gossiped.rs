//! What heartbeats take from the table: whom to mention, and the entry about a node.
//!
//! Rules: GS-2, GS-7, ND-20. Keeps: an entry about a healthy node reads nothing but its pulse.

use rcsim_protocol::bus::GossipEntry;
use rcsim_protocol::{Card, CardIx, NodeIx, Registry};

use super::{PLAIN, Row, View};
use crate::outside::Chance;

impl View {
    /// What gossip says of a node in the table.
    pub(crate) fn card(&self, node: NodeIx) -> Card {
        let Row { address, flags, .. } = self.rows[node.index()];
        Card { node, address, flags }
    }

    /// What a heartbeat says of a node that may be gossiped about without a second look: not myself, not PFAIL, past its
    /// handshake, with an address, and with a link or slots (GS-2). Nothing but the pulse is read while the card is the
    /// node's first and no PING is pending.
    #[inline]
    pub(crate) fn plain_entry(&mut self, node: NodeIx, registry: &mut Registry) -> Option<GossipEntry> {
        let special = self.pulses.get(node).special();
        let card = if special { self.special_card(node, registry) } else { registry.first_card(node) };
        card.map(|card| self.entry(node, card))
    }

    /// What a heartbeat says of a node with this card (GS-7: in whole seconds).
    #[inline]
    pub(crate) fn entry(&self, node: NodeIx, card: CardIx) -> GossipEntry {
        let ping_sent = if self.pulses.get(node).pending() { self.peer(node).ping_sent() } else { 0 };
        let pong_received = (self.pulses.time(node) / 1000) as u32;
        GossipEntry { card, ping_sent: (ping_sent / 1000) as u32, pong_received }
    }

    fn special_card(&mut self, node: NodeIx, registry: &mut Registry) -> Option<CardIx> {
        let row = &self.rows[node.index()];
        if !row.is(PLAIN) {
            return None;
        }
        let card = row.card.unwrap_or_else(|| registry.card(self.card(node)));
        self.rows[node.index()].card = Some(card);
        self.pulses.mark_special(node, registry.first_card(node) != Some(card));
        Some(card)
    }

    /// The card of the node is another one now.
    pub(super) fn forget_card(&mut self, node: NodeIx) {
        self.rows[node.index()].card = None;
        self.pulses.mark_special(node, true);
    }

    /// A node of the table, all equally likely, myself included.
    pub(crate) fn draw(&self, chance: &mut dyn Chance) -> NodeIx {
        let rows = self.pulses.len() as u32;
        if rows > 2 * self.len() {
            return self.order[chance.below(self.len()) as usize];
        }
        // Few ids are strangers: drawing among all ids until one is known touches nothing but its pulse.
        loop {
            let node = NodeIx(chance.below(rows));
            if self.pulses.knows(node) {
                return node;
            }
        }
    }

    /// Fills `nodes` with nodes of the table, each drawn like one of [`View::draw`].
    pub(crate) fn draw_many(&self, nodes: &mut [u32], chance: &mut dyn Chance) {
        let rows = self.pulses.len() as u32;
        if rows > 2 * self.len() {
            return nodes.fill_with(|| self.draw(chance).0);
        }
        chance.fill_below(rows, nodes);
        if rows == self.len() {
            return;
        }
        for node in nodes.iter_mut().filter(|node| !self.pulses.knows(NodeIx(**node))) {
            *node = self.draw(chance).0;
        }
    }

    /// A new packet is under construction: it mentions nobody yet.
    pub(crate) fn begin_packet(&mut self) {
        self.mentioned.resize(self.pulses.len().div_ceil(64), 0);
        self.mentioned.fill(0);
    }

    /// Notes that the packet mentions the node; says whether it did already (ND-20).
    pub(crate) fn mention(&mut self, node: NodeIx) -> bool {
        let (word, bit) = (&mut self.mentioned[node.index() / 64], 1 << (node.index() % 64));
        let before = *word & bit != 0;
        *word |= bit;
        before
    }
}
