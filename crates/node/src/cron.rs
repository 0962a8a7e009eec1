//! What happens every 100 ms: the cluster cron, and around it the rest of the timer.
//!
//! Rules: LP-7, LP-8, CR-1 … CR-16. Keeps: all comparisons are strict, half of the node timeout is an integer
//! division (CR-7). The pass over all nodes looks at the pulse first; only nodes that need it are looked at further.

use rcsim_observe::Event;
use rcsim_observe::reason::{Departure, LinkDown};
use rcsim_protocol::{NodeFlags, NodeIx};

use crate::node::Node;
use crate::outside::Outside;

/// A ping to a random node, and the replication cron, come on every tenth tick (CR-5, LP-8).
const TICKS_PER_SECOND: u64 = 10;
/// Candidates for the random ping (CR-5).
const PING_CANDIDATES: u32 = 5;
/// Nodes that the cron leaves alone.
const UNTOUCHED: NodeFlags = NodeFlags(NodeFlags::MYSELF.0 | NodeFlags::NOADDR.0 | NodeFlags::HANDSHAKE.0);
const SILENT: NodeFlags = NodeFlags(NodeFlags::PFAIL.0 | NodeFlags::FAIL.0);

impl Node {
    /// The timer of the event loop (LP-7).
    pub(crate) fn server_cron(&mut self, out: &mut Outside<'_>) {
        self.clock.cached_ms = out.now_ms;
        if self.is_loading() {
            return self.check_load_timeout(out);
        }
        if self.shutdown_cron(out) {
            return;
        }
        self.reap_snapshot_child();
        self.persistence_cron(out);
        self.stats.sample(out.now_ms);
        self.close_idle_clients(out);
        self.expire_pause();
        self.delete_expired_keys(out);
        if self.process.cron_iteration.is_multiple_of(TICKS_PER_SECOND) {
            self.replication_cron(out);
            self.close_idle_targets(out);
        }
        self.cluster_cron(out);
        self.start_scheduled_save(out);
    }

    fn cluster_cron(&mut self, out: &mut Outside<'_>) {
        self.process.cron_iteration += 1;
        self.maintain_links(out);
        if self.process.cron_iteration.is_multiple_of(TICKS_PER_SECOND) {
            self.ping_random_node(out);
        }
        let newly_silent = self.check_every_node(out);
        self.start_replication_if_off(out);
        self.expire_manual_failover(out);
        if !self.am_master() {
            let orphans = self.count_orphans();
            self.handle_manual_failover(out);
            self.handle_replica_failover(out);
            let richest = orphans.count > 0 && orphans.most >= 2 && orphans.mine == orphans.most;
            if richest && !self.am_master() && self.settings.cluster_allow_replica_migration {
                self.handle_replica_migration(orphans.most, out);
            }
        }
        if newly_silent || !self.state_ok {
            self.update_state(out);
        }
    }

    /// Counts PFAIL nodes, ends handshakes that got no answer, opens links that are missing (CR-2 … CR-4).
    fn maintain_links(&mut self, out: &mut Outside<'_>) {
        self.pfail_count = 0;
        self.drop_overfull_links(out);
        for node in self.view.unsettled() {
            let flags = self.view.flags(node);
            if flags.any(NodeFlags::MYSELF | NodeFlags::NOADDR) {
                continue;
            }
            self.pfail_count += u32::from(flags.any(NodeFlags::PFAIL));
            let age = out.now_ms - self.view.peer(node).rest().ctime;
            if flags.any(NodeFlags::HANDSHAKE) && age > self.handshake_timeout() {
                self.delete_node(node, Departure::HandshakeTimeout, out);
            } else if self.view.peer(node).link().is_none() {
                self.open_link(node, out);
            }
        }
    }

    /// Drops links that have more to send than allowed (LK-9).
    fn drop_overfull_links(&mut self, out: &mut Outside<'_>) {
        let limit = self.settings.cluster_link_sendbuf_limit;
        if limit == 0 {
            return;
        }
        let over = self
            .links
            .iter()
            .filter(|(_, link)| link.node.is_some() && u64::from(link.unsent) > limit)
            .map(|(id, _)| id);
        for id in over.collect::<Vec<_>>() {
            self.counts.buffer_limit_exceeded += 1;
            self.free_link(id, LinkDown::SendBufferLimit, out);
        }
    }

    /// Pings the one of five random nodes that was silent for longest (CR-5).
    fn ping_random_node(&mut self, out: &mut Outside<'_>) {
        let mut oldest: Option<(i64, NodeIx)> = None;
        for _ in 0..PING_CANDIDATES {
            let node = self.view.draw(out.chance);
            let flags = self.view.flags(node);
            if flags.any(NodeFlags::MYSELF | NodeFlags::HANDSHAKE) || !self.view.has_link(node) {
                continue;
            }
            let pong_received = self.view.pong_received(node);
            if !self.view.pulse(node).pending() && oldest.is_none_or(|(pong, _)| pong_received < pong) {
                oldest = Some((pong_received, node));
            }
        }
        if let Some((_, node)) = oldest {
            self.ping(node, out);
        }
    }

    /// Pings who was silent for half the timeout, suspects who was for all of it (CR-6). Says whether anybody is newly
    /// suspected.
    fn check_every_node(&mut self, out: &mut Outside<'_>) -> bool {
        let stale_before = out.now_ms - self.node_timeout() / 2;
        let mut nodes = self.view.due(stale_before);
        if let Some(replica) = self.manual_failover.replica.filter(|replica| !nodes.contains(replica)) {
            nodes.push(replica);
        }
        self.view.warm_records(&nodes);
        let mut newly_silent = false;
        for node in nodes {
            if self.view.knows(node) && !self.view.flags(node).any(UNTOUCHED) {
                newly_silent |= self.check_node(node, out);
            }
        }
        newly_silent
    }

    fn check_node(&mut self, node: NodeIx, out: &mut Outside<'_>) -> bool {
        self.refresh_link(node, out);
        let (now, timeout) = (out.now_ms, self.node_timeout());
        let peer = self.view.peer(node);
        let (has_link, pending) = (peer.link().is_some(), peer.ping_sent() != 0);
        if has_link && !pending && now - self.view.pong_received(node) > timeout / 2 {
            self.ping(node, out);
            return false;
        }
        let asked_for_my_place = self.am_master() && self.manual_failover.replica == Some(node);
        if has_link && asked_for_my_place && self.manual_failover.in_progress() {
            self.ping(node, out);
            return false;
        }
        let peer = self.view.peer(node);
        let silence = (now - peer.ping_sent()).min(now - peer.data_received);
        if !pending || silence <= timeout || self.view.flags(node).any(SILENT) {
            return false;
        }
        self.view.set_flags(node, NodeFlags::PFAIL, true);
        out.tell(Event::Pfail { subject: node });
        true
    }

    /// A link on which a PING goes unanswered for half the timeout is dropped once, in case only the link is broken
    /// (CR-6.2).
    fn refresh_link(&mut self, node: NodeIx, out: &mut Outside<'_>) {
        let (now, timeout) = (out.now_ms, self.node_timeout());
        let peer = self.view.peer(node);
        let Some(link) = peer.link() else { return };
        let unanswered = peer.ping_sent() != 0 && now - peer.ping_sent() > timeout / 2;
        let silent = now - peer.data_received > timeout / 2;
        if unanswered && silent && self.links.get(link).is_some_and(|link| now - link.ctime > timeout) {
            self.free_link(link, LinkDown::Stale, out);
        }
    }
}
