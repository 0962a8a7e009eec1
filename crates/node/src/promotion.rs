//! Roles: the winner takes over, a node follows a master, records are attached to masters.
//!
//! Rules: EL-18 … EL-20, PK-14, RM-3 (MIGRATE_TO), RP-25, RP-27, SO-9. Keeps: a node with slots never becomes a replica
//! (IV-6).

use rcsim_observe::Event;
use rcsim_observe::reason::{BindCause, ExitCause, PromotionCause, ReconfigureCause};
use rcsim_protocol::{NodeFlags, NodeIx, Slot};

use crate::node::Node;
use crate::outside::Outside;

impl Node {
    /// I take my master's place (EL-18): table, replication, slots, state, disk, and then everybody is told.
    pub(crate) fn promote(&mut self, cause: PromotionCause, out: &mut Outside<'_>) {
        let Some(old_master) = self.my_master().filter(|_| !self.am_master()) else { return };
        let me = self.me();
        self.set_node_as_master(me);
        self.stop_replication(out);
        let slots: Vec<Slot> = self.view.peer(old_master).slots.iter().collect();
        self.bind(&slots, Some(me), BindCause::Promotion, out);
        let (epoch, count) = (self.config_epoch(), slots.len() as u32);
        out.tell(Event::Promoted { cause, old_master: Some(old_master), epoch, slots: count });
        self.update_state(out);
        self.save_config(true, out);
        self.broadcast_pong(out);
        self.reset_manual_failover(out);
    }

    /// A node is a master now (PK-14); a promoted one may get replicas that migrate (RM-3), but I do not say so of
    /// myself.
    pub(crate) fn set_node_as_master(&mut self, node: NodeIx) {
        if self.is_master(node) {
            return;
        }
        if let Some(master) = self.view.peer(node).master {
            self.detach(node, master);
            if node != self.me() {
                self.view.set_flags(node, NodeFlags::MIGRATE_TO, true);
            }
        }
        self.view.set_flags(node, NodeFlags::SLAVE, false);
        self.view.set_flags(node, NodeFlags::MASTER, true);
        self.deferred.save();
        self.deferred.update_state = true;
    }

    /// Notes that a node replicates a master (RM-3).
    pub(crate) fn attach(&mut self, replica: NodeIx, master: NodeIx) {
        self.view.peer_mut(replica).master = Some(master);
        let replicas = &mut self.view.peer_mut(master).rest_mut().replicas;
        if !replicas.contains(&replica) {
            replicas.push(replica);
        }
        self.view.touch();
        self.view.set_flags(master, NodeFlags::MIGRATE_TO, true);
    }

    /// Notes that a node no longer replicates a master. One that loses its last replica so is no target (RM-3).
    pub(crate) fn detach(&mut self, replica: NodeIx, master: NodeIx) {
        self.view.peer_mut(replica).master = None;
        let Some(record) = self.view.get(master).map(|peer| peer.rest().replicas.len()) else { return };
        self.view.peer_mut(master).rest_mut().replicas.retain(|node| *node != replica);
        self.view.touch();
        if record > 0 && self.view.peer(master).rest().replicas.is_empty() {
            self.view.set_flags(master, NodeFlags::MIGRATE_TO, false);
        }
    }

    /// I follow a master from now on (RP-27).
    pub(crate) fn follow(&mut self, master: NodeIx, cause: ReconfigureCause, out: &mut Outside<'_>) {
        let me = self.me();
        assert!(master != me, "a node does not follow itself");
        if self.slot_count(me) > 0 {
            return self.exit(ExitCause::ReplicaWithSlots, out);
        }
        let was_master = self.am_master();
        if was_master {
            self.view.set_flags(me, NodeFlags::MASTER | NodeFlags::MIGRATE_TO, false);
            self.view.set_flags(me, NodeFlags::SLAVE, true);
            self.slots.close_all();
        } else if let Some(previous) = self.my_master() {
            self.detach(me, previous);
        }
        self.attach(me, master);
        out.tell(Event::Reconfigured { master, was_master, cause });
        self.replicate_from(master, was_master, out);
        self.reset_manual_failover(out);
    }
}
