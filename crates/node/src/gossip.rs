//! The gossip section: built for every heartbeat, folded from every heartbeat.
//!
//! Rules: GS-1 … GS-14. This is the hot path: an entry about a healthy node is made from its card and folded into its
//! pulse; only what is out of the ordinary looks further. Never: marks FAIL itself (that is `failure`).

use rcsim_observe::Event;
use rcsim_observe::reason::{AddressSource, Arrival, LinkDown};
use rcsim_protocol::bus::GossipEntry;
use rcsim_protocol::{NodeFlags, NodeIx};

use crate::node::Node;
use crate::outside::Outside;
use crate::view::Row;

/// How far in the future a gossiped PONG time may lie, in ms (GS-9).
const FUTURE_TOLERANCE_MS: i64 = 500;
/// So many nodes are looked at together, so that their memory is fetched at the same time.
const BATCH: usize = 32;
/// Flags of nodes that are never gossiped (FD-16).
const UNSPEAKABLE: NodeFlags = NodeFlags(NodeFlags::HANDSHAKE.0 | NodeFlags::NOADDR.0);
/// Flags that say that a node does not answer.
const SILENT: NodeFlags = NodeFlags(NodeFlags::PFAIL.0 | NodeFlags::FAIL.0);

impl Node {
    /// What I say of others in a heartbeat: some at random, then all that I flag PFAIL (GS-1 … GS-7).
    pub(crate) fn gossip_section(&mut self, out: &mut Outside<'_>) -> Vec<GossipEntry> {
        self.view.begin_packet();
        let known = self.view.len();
        let mut fresh = known.saturating_sub(2);
        let wanted = (known / 10).max(3).min(fresh);
        let mut section = Vec::with_capacity((wanted + self.pfail_count) as usize);
        let mut draws = 3 * wanted;
        while draws > 0 && fresh > 0 && section.len() < wanted as usize {
            let batch = draws.min(wanted - section.len() as u32).min(BATCH as u32);
            draws -= batch;
            let mut drawn = [0; BATCH];
            let drawn = &mut drawn[..batch as usize];
            self.view.draw_many(drawn, out.chance);
            fresh = self.gossip_about(drawn, fresh, &mut section);
        }
        if self.pfail_count > 0 {
            self.append_pfail(&mut section);
        }
        section
    }

    /// Puts the drawn nodes into the packet that belong there; returns how many candidates are left of `fresh` (GS-2).
    fn gossip_about(&mut self, drawn: &[u32], mut fresh: u32, section: &mut Vec<GossipEntry>) -> u32 {
        for node in drawn.iter().map(|node| NodeIx(*node)) {
            if fresh == 0 {
                break;
            }
            let row = *self.view.row(node);
            if row.is_plain() {
                // One that is in the packet already may be drawn again, and costs nothing.
                if !self.view.mention(node) {
                    section.push(self.gossip_entry(node, &row));
                    fresh -= 1;
                }
            } else if node != self.me() && !row.flags.any(NodeFlags::PFAIL) {
                fresh -= 1;
            }
        }
        fresh
    }

    /// Appends the nodes that I flag PFAIL, as many as the last cron pass counted (GS-4).
    fn append_pfail(&mut self, section: &mut Vec<GossipEntry>) {
        let mut left = self.pfail_count;
        for &node in self.view.order() {
            let flags = self.view.flags(node);
            if left > 0 && flags.any(NodeFlags::PFAIL) && !flags.any(UNSPEAKABLE) {
                section.push(self.gossip_entry(node, self.view.row(node)));
                left -= 1;
            }
        }
    }

    #[inline]
    fn gossip_entry(&self, node: NodeIx, row: &Row) -> GossipEntry {
        let ping_sent = if row.pulse.watched() { self.view.peer(node).ping_sent() } else { 0 };
        GossipEntry {
            node,
            ping_sent: (ping_sent / 1000) as u32,
            pong_received: (row.pulse.pong_received() / 1000) as u32,
            address: row.address,
            flags: row.flags,
        }
    }

    /// Takes in what a heartbeat says of others. `sender` is `None` for a MEET of a stranger (HS-5).
    pub(crate) fn process_gossip(
        &mut self,
        sender: Option<NodeIx>,
        section: &[GossipEntry],
        out: &mut Outside<'_>,
    ) {
        let sender_is_master = sender.filter(|sender| self.is_master(*sender));
        for batch in section.chunks(BATCH) {
            self.view.warm(batch.iter().map(|entry| entry.node));
            self.process_entries(sender, sender_is_master, batch, out);
        }
    }

    fn process_entries(
        &mut self,
        sender: Option<NodeIx>,
        sender_is_master: Option<NodeIx>,
        batch: &[GossipEntry],
        out: &mut Outside<'_>,
    ) {
        let latest = self.clock.cached_ms + FUTURE_TOLERANCE_MS;
        for entry in batch {
            let pong = i64::from(entry.pong_received) * 1000;
            if entry.flags.any(SILENT) || !self.view.adopt_pong(entry.node, pong, latest) {
                self.process_watched_entry(sender, sender_is_master, entry, out);
            }
        }
    }

    /// A PONG that somebody else got is as good as one of mine, to the second (GS-9).
    fn adopt_pong(&mut self, entry: &GossipEntry) {
        let pong = i64::from(entry.pong_received) * 1000;
        if pong > self.view.pong_received(entry.node) && pong <= self.clock.cached_ms + FUTURE_TOLERANCE_MS {
            self.view.set_pong_received(entry.node, pong);
        }
    }

    fn process_watched_entry(
        &mut self,
        sender: Option<NodeIx>,
        reporter: Option<NodeIx>,
        entry: &GossipEntry,
        out: &mut Outside<'_>,
    ) {
        if !self.view.knows(entry.node) {
            if sender.is_some() {
                self.meet_by_gossip(entry, out);
            }
            return;
        }
        let silent = entry.flags.any(SILENT);
        if let Some(reporter) = reporter
            && entry.node != self.me()
        {
            if silent {
                self.report_failure(entry.node, reporter, out);
            } else {
                self.withdraw_report(entry.node, reporter, out);
            }
        }
        // Expired reports do not stand in the way (FD-4).
        if !silent && self.view.peer(entry.node).ping_sent() == 0 && self.live_reports(entry.node) == 0 {
            self.adopt_pong(entry);
        }
        if self.view.flags(entry.node).any(SILENT) && !silent && !entry.flags.any(NodeFlags::NOADDR) {
            self.adopt_address(entry, out);
        }
    }

    /// A node that does not answer me answers others elsewhere (GS-10). Replication is not pointed there (DV-13).
    fn adopt_address(&mut self, entry: &GossipEntry, out: &mut Outside<'_>) {
        let mine = out.registry.address_of(self.view.address(entry.node));
        let theirs = out.registry.address_of(entry.address);
        if mine.same_place(&theirs) {
            return;
        }
        self.free_outbound(entry.node, LinkDown::AddressChanged, out);
        self.view.set_address(entry.node, entry.address);
        self.view.set_flags(entry.node, NodeFlags::NOADDR, false);
        let source = AddressSource::Gossip;
        out.tell(Event::AddressChanged { node: entry.node, address: entry.address, source });
    }

    /// A node that I did not know: taken in under its real id with all its flags, unless it is banned (GS-11 … GS-14).
    fn meet_by_gossip(&mut self, entry: &GossipEntry, out: &mut Outside<'_>) {
        if entry.flags.any(NodeFlags::NOADDR) {
            return;
        }
        if self.is_banned(out.registry.id(entry.node)) {
            out.tell(Event::GossipBanned { node: entry.node });
            return;
        }
        self.view.insert(entry.node, entry.flags, entry.address, out.now_ms);
        out.tell(Event::NodeAdded { node: entry.node, how: Arrival::Gossip });
    }
}
