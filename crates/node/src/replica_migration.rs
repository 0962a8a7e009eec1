//! Replica migration: a replica moves to a master that lost its own.
//!
//! Rules: RM-1 … RM-8, CR-6.1. Keeps: only one candidate moves, the one with the smallest id (RM-5).

use rcsim_observe::Event;
use rcsim_observe::reason::{NoMigration, ReconfigureCause};
use rcsim_protocol::{NodeFlags, NodeIx};

use crate::node::Node;
use crate::outside::Outside;

/// A master must have been without replicas for so long, in ms (RM-6).
const ORPHANED_FOR_MS: i64 = 5000;
/// Nodes that the cron does not count as orphans (CR-6).
const PASSED_OVER: NodeFlags = NodeFlags(NodeFlags::FAIL.0 | NodeFlags::NOADDR.0 | NodeFlags::HANDSHAKE.0);
const SILENT: NodeFlags = NodeFlags(NodeFlags::PFAIL.0 | NodeFlags::FAIL.0);

/// What the cron counts of masters and their replicas (CR-6.1), kept until the topology changes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Orphans {
    counted_at: u64,
    /// Masters with slots that should have replicas and have none that works.
    pub(crate) count: u32,
    /// The most working replicas that a master has.
    pub(crate) most: u32,
    /// Those of my own master.
    pub(crate) mine: u32,
}

impl Node {
    /// Counts orphaned masters and the richest ones (CR-6.1).
    pub(crate) fn count_orphans(&mut self) -> Orphans {
        let topology = self.view.topology();
        if self.process.orphans.counted_at != topology {
            let mut orphans = Orphans { counted_at: topology, ..Orphans::default() };
            for &node in self.view.order().iter().filter(|node| **node != self.me()) {
                let flags = self.view.flags(node);
                if !flags.any(NodeFlags::MASTER) || flags.any(PASSED_OVER) {
                    continue;
                }
                let working = self.replicas_without_fail(node);
                let orphan = working == 0 && self.view.has_slots(node) && flags.any(NodeFlags::MIGRATE_TO);
                orphans.count += u32::from(orphan);
                orphans.most = orphans.most.max(working);
                if self.my_master() == Some(node) {
                    orphans.mine = working;
                }
            }
            self.process.orphans = orphans;
        }
        self.process.orphans
    }

    fn replicas_without_fail(&self, master: NodeIx) -> u32 {
        let replicas = &self.view.peer(master).rest().replicas;
        replicas.iter().filter(|replica| !self.has_failed(**replica)).count() as u32
    }

    /// Moves to an orphaned master, if I am the one to do so (RM-2 … RM-7).
    pub(crate) fn handle_replica_migration(&mut self, richest: u32, out: &mut Outside<'_>) {
        if !self.state_ok {
            return self.decline_migration(None, NoMigration::ClusterDown, out);
        }
        let Some(master) = self.my_master() else { return };
        let barrier = self.settings.cluster_migration_barrier;
        let healthy = |node: &&NodeIx| !self.view.flags(**node).any(SILENT);
        let working = self.view.peer(master).rest().replicas.iter().filter(healthy).count() as u32;
        if i64::from(working) <= i64::from(barrier) {
            return self.decline_migration(None, NoMigration::Barrier { working, barrier }, out);
        }
        let (target, candidate) = self.target_and_candidate(richest, out);
        let Some(target) = target else { return };
        if candidate != self.me() {
            self.decline_migration(Some(target), NoMigration::NotTheCandidate, out);
        } else if out.now_ms - self.view.peer(target).rest().orphaned_time <= ORPHANED_FOR_MS {
            self.decline_migration(Some(target), NoMigration::TooEarly, out);
        } else {
            self.process.told_no_migration = None;
            self.follow(target, ReconfigureCause::Migration, out);
        }
    }

    /// The first orphan in the table, and the smallest id among the replicas of the richest masters (RM-4, RM-5).
    /// Keeps the time since when each orphan is one.
    fn target_and_candidate(&mut self, richest: u32, out: &mut Outside<'_>) -> (Option<NodeIx>, NodeIx) {
        let mut target = None;
        let mut candidate = self.me();
        for node in self.view.order().to_vec() {
            let flags = self.view.flags(node);
            let is_master = flags.any(NodeFlags::MASTER);
            let working = self.replicas_without_fail(node);
            let deserted = flags.any(NodeFlags::MIGRATE_TO) && working == 0;
            let orphan = is_master && !flags.any(NodeFlags::FAIL) && deserted;
            let peer = self.view.peer_mut(node);
            if !orphan && peer.rest().orphaned_time != 0 {
                peer.rest_mut().orphaned_time = 0;
            } else if orphan && peer.rest().orphaned_time == 0 {
                peer.rest_mut().orphaned_time = out.now_ms;
            }
            if orphan && target.is_none() && self.slot_count(node) > 0 {
                target = Some(node);
            }
            if is_master && working == richest {
                let replicas = self.view.peer(node).rest().replicas.iter().copied();
                candidate = replicas
                    .chain([candidate])
                    .min_by_key(|replica| out.registry.id(*replica))
                    .unwrap_or(candidate);
            }
        }
        (target, candidate)
    }

    fn decline_migration(&mut self, orphan: Option<NodeIx>, why: NoMigration, out: &mut Outside<'_>) {
        let kind = Some(std::mem::discriminant(&why));
        if self.process.told_no_migration != kind {
            self.process.told_no_migration = kind;
            out.tell(Event::MigrationDeclined { orphan, why });
        }
    }
}
