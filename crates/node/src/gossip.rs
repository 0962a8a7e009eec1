//! The gossip section: built for every heartbeat, folded from every heartbeat.
//!
//! Rules: GS-1 … GS-14. This is the hot path: an entry about a healthy node is made from its card and its pulse and
//! folded into a pulse; only what is out of the ordinary looks further. Never: marks FAIL itself (that is `failure`).

use rcsim_observe::Event;
use rcsim_observe::reason::{AddressSource, Arrival, LinkDown};
use rcsim_protocol::bus::GossipEntry;
use rcsim_protocol::{Card, NodeFlags, NodeIx, Registry};

use crate::node::Node;
use crate::outside::Outside;

/// How far in the future a gossiped PONG time may lie, in ms (GS-9).
const FUTURE_TOLERANCE_MS: i64 = 500;
/// So many nodes are drawn at once.
const BATCH: usize = 32;
/// Flags of nodes that are never gossiped (FD-16).
const UNSPEAKABLE: NodeFlags = NodeFlags(NodeFlags::HANDSHAKE.0 | NodeFlags::NOADDR.0);
/// Flags that say that a node does not answer.
const SILENT: NodeFlags = NodeFlags(NodeFlags::PFAIL.0 | NodeFlags::FAIL.0);

impl Node {
    /// What I say of others in a heartbeat: some at random, then all that I flag PFAIL (GS-1 … GS-7).
    pub(crate) fn gossip_section(&mut self, out: &mut Outside<'_>) -> Vec<GossipEntry> {
        self.view.warm();
        self.view.begin_packet();
        let known = self.view.len();
        let mut fresh = known.saturating_sub(2);
        let wanted = (known / 10).max(3).min(fresh);
        let mut section = out.effects.section();
        section.reserve_exact((wanted + self.pfail_count) as usize);
        let mut draws = 3 * wanted;
        while draws > 0 && fresh > 0 && section.len() < wanted as usize {
            let batch = draws.min(wanted - section.len() as u32).min(BATCH as u32);
            draws -= batch;
            let mut drawn = [0; BATCH];
            let drawn = &mut drawn[..batch as usize];
            self.view.draw_many(drawn, out.chance);
            fresh = self.gossip_about(drawn, fresh, &mut section, out.registry);
        }
        if self.pfail_count > 0 {
            self.append_pfail(&mut section, out.registry);
        }
        section
    }

    /// Puts the drawn nodes into the packet that belong there; returns how many candidates are left of `fresh` (GS-2).
    fn gossip_about(
        &mut self,
        drawn: &[u32],
        mut fresh: u32,
        section: &mut Vec<GossipEntry>,
        registry: &mut Registry,
    ) -> u32 {
        for node in drawn.iter().map(|node| NodeIx(*node)) {
            if fresh == 0 {
                break;
            }
            if let Some(entry) = self.view.plain_entry(node, registry) {
                // One that is in the packet already may be drawn again, and costs nothing.
                if !self.view.mention(node) {
                    section.push(entry);
                    fresh -= 1;
                }
            } else if node != self.me() && !self.view.flags(node).any(NodeFlags::PFAIL) {
                fresh -= 1;
            }
        }
        fresh
    }

    /// Appends the nodes that I flag PFAIL, as many as the last cron pass counted (GS-4).
    fn append_pfail(&mut self, section: &mut Vec<GossipEntry>, registry: &mut Registry) {
        let mut left = self.pfail_count;
        for &node in self.view.order() {
            let flags = self.view.flags(node);
            if left > 0 && flags.any(NodeFlags::PFAIL) && !flags.any(UNSPEAKABLE) {
                section.push(self.view.entry(node, registry.card(self.view.card(node))));
                left -= 1;
            }
        }
    }

    /// Takes in what a heartbeat says of others. `sender` is `None` for a MEET of a stranger (HS-5).
    pub(crate) fn process_gossip(
        &mut self,
        sender: Option<NodeIx>,
        section: &[GossipEntry],
        out: &mut Outside<'_>,
    ) {
        self.view.warm();
        let reporter = sender.filter(|sender| self.is_master(*sender));
        let latest = self.clock.cached_ms + FUTURE_TOLERANCE_MS;
        for entry in section {
            let card = out.registry.card_of(entry.card);
            let pong_received = i64::from(entry.pong_received) * 1000;
            if card.flags.any(SILENT) || !self.view.adopt_pong(card.node, pong_received, latest) {
                self.process_watched_entry(sender, reporter, card, pong_received, out);
            }
        }
    }

    /// A PONG that somebody else got is as good as one of mine, to the second (GS-9).
    fn adopt_pong(&mut self, node: NodeIx, pong_received: i64) {
        let latest = self.clock.cached_ms + FUTURE_TOLERANCE_MS;
        if pong_received > self.view.pong_received(node) && pong_received <= latest {
            self.view.set_pong_received(node, pong_received);
        }
    }

    fn process_watched_entry(
        &mut self,
        sender: Option<NodeIx>,
        reporter: Option<NodeIx>,
        card: Card,
        pong_received: i64,
        out: &mut Outside<'_>,
    ) {
        let Card { node, flags, .. } = card;
        if !self.view.knows(node) {
            if sender.is_some() {
                self.meet_by_gossip(card, out);
            }
            return;
        }
        let silent = flags.any(SILENT);
        if let Some(reporter) = reporter
            && node != self.me()
        {
            if silent {
                self.report_failure(node, reporter, out);
            } else {
                self.withdraw_report(node, reporter, out);
            }
        }
        // Expired reports do not stand in the way (FD-4).
        if !silent && self.view.peer(node).ping_sent() == 0 && self.live_reports(node) == 0 {
            self.adopt_pong(node, pong_received);
        }
        if self.view.flags(node).any(SILENT) && !silent && !flags.any(NodeFlags::NOADDR) {
            self.adopt_address(card, out);
        }
    }

    /// A node that does not answer me answers others elsewhere (GS-10). Replication is not pointed there (DV-13).
    fn adopt_address(&mut self, card: Card, out: &mut Outside<'_>) {
        let mine = out.registry.address_of(self.view.address(card.node));
        let theirs = out.registry.address_of(card.address);
        if mine.same_place(&theirs) {
            return;
        }
        self.free_outbound(card.node, LinkDown::AddressChanged, out);
        self.view.set_address(card.node, card.address);
        self.view.set_flags(card.node, NodeFlags::NOADDR, false);
        let source = AddressSource::Gossip;
        out.tell(Event::AddressChanged { node: card.node, address: card.address, source });
    }

    /// A node that I did not know: taken in under its real id with all its flags, unless it is banned (GS-11 … GS-14).
    fn meet_by_gossip(&mut self, card: Card, out: &mut Outside<'_>) {
        if card.flags.any(NodeFlags::NOADDR) {
            return;
        }
        if self.is_banned(out.registry.id(card.node)) {
            out.tell(Event::GossipBanned { node: card.node });
            return;
        }
        self.view.insert(card.node, card.flags, card.address, out.now_ms);
        out.tell(Event::NodeAdded { node: card.node, how: Arrival::Gossip });
    }
}
