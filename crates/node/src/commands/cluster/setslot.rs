//! CLUSTER SETSLOT: slots on their way from one master to another.
//!
//! Rules: MIG-1 … MIG-10, EP-3, EP-4, SO-9. Never: moves keys; that takes MIGRATE, which is not here yet.

use rcsim_observe::reason::{BindCause, ReconfigureCause};
use rcsim_protocol::{Command, NodeIx, Reply, Slot};

use super::assignment::slot_word;
use crate::commands::Answer;
use crate::commands::text::shown_word;
use crate::node::Node;
use crate::outside::Outside;

impl Node {
    pub(super) fn cluster_setslot(&mut self, command: &Command, out: &mut Outside<'_>) -> Answer {
        if !self.am_master() {
            return Err(Reply::err("Please use SETSLOT only with masters."));
        }
        let slot = slot_word(command, 2)?;
        match command.len() {
            5 if command.is(3, "migrating") => self.open_for_migration(slot, command, out)?,
            5 if command.is(3, "importing") => self.open_for_import(slot, command, out)?,
            4 if command.is(3, "stable") => {
                self.slots.migrating.remove(&slot);
                self.slots.importing.remove(&slot);
            }
            5 if command.is(3, "node") => self.give_slot(slot, command, out)?,
            _ => {
                let text = "Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP";
                return Err(Reply::err(text));
            }
        }
        self.save_and_update();
        Ok(Reply::ok())
    }

    /// I move the slot to a master, which may be myself (MIG-2).
    fn open_for_migration(&mut self, slot: Slot, command: &Command, out: &Outside<'_>) -> Result<(), Reply> {
        if self.slots.owner(slot) != Some(self.me()) {
            return Err(Reply::err(format_args!("I'm not the owner of hash slot {slot}")));
        }
        let target = self.other_end(command, out)?;
        self.slots.migrating.insert(slot, target);
        Ok(())
    }

    /// I take the slot over from a master, which need not be its owner (MIG-3).
    fn open_for_import(&mut self, slot: Slot, command: &Command, out: &Outside<'_>) -> Result<(), Reply> {
        if self.slots.owner(slot) == Some(self.me()) {
            return Err(Reply::err(format_args!("I'm already the owner of hash slot {slot}")));
        }
        let source = self.other_end(command, out)?;
        self.slots.importing.insert(slot, source);
        Ok(())
    }

    fn other_end(&self, command: &Command, out: &Outside<'_>) -> Result<NodeIx, Reply> {
        let unknown = || Reply::err(format_args!("I don't know about node {}", shown_word(command, 4)));
        let node = self.named_node(command, 4, out).ok_or_else(unknown)?;
        self.refuse_replica(node)?;
        Ok(node)
    }

    fn refuse_replica(&self, node: NodeIx) -> Result<(), Reply> {
        let is_replica = self.view.flags(node).any(rcsim_protocol::NodeFlags::SLAVE);
        if is_replica { Err(Reply::err("Target node is not a master")) } else { Ok(()) }
    }

    /// The slot belongs to this node from now on, in my view (MIG-5 … MIG-9).
    fn give_slot(&mut self, slot: Slot, command: &Command, out: &mut Outside<'_>) -> Result<(), Reply> {
        let target = self.known_node(command, 4, out)?;
        self.refuse_replica(target)?;
        let me = self.me();
        let was_mine = self.slots.owner(slot) == Some(me);
        let has_keys = self.keyspace.count_in_slot(slot) > 0;
        if was_mine && target != me && has_keys {
            return Err(Reply::err(format_args!(
                "Can't assign hashslot {slot} to a different node while I still hold keys for this hash slot."
            )));
        }
        if !has_keys {
            self.slots.migrating.remove(&slot);
        }
        self.bind(&[slot], Some(target), BindCause::Command, out);
        let lost_last = was_mine && target != me && self.slot_count(me) == 0;
        if lost_last && self.settings.cluster_allow_replica_migration {
            self.follow(target, ReconfigureCause::SlotsTaken, out);
            self.deferred.save_durably();
        }
        if target == me && self.slots.importing.remove(&slot).is_some() {
            self.bump_config_epoch(out);
            self.broadcast_pong(out);
        }
        Ok(())
    }
}
