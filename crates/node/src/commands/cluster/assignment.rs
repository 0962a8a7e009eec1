//! ADDSLOTS, ADDSLOTSRANGE, DELSLOTS, DELSLOTSRANGE, FLUSHSLOTS.
//!
//! Rules: CM-13 … CM-17, BS-6. Keeps: all or nothing. Never: bumps an epoch (CM-15), or tells anybody
//! (CM-17).

use rcsim_observe::reason::BindCause;
use rcsim_protocol::{Command, Reply, Slot, SlotSet};

use crate::commands::text::integer;
use crate::commands::{Answer, wrong_arity};
use crate::node::Node;
use crate::outside::Outside;

/// What is done to slots.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Add,
    Delete,
}

impl Node {
    pub(super) fn cluster_addslots(&mut self, command: &Command, out: &mut Outside<'_>) -> Answer {
        self.change_slots(Change::Add, &single_slots(command)?, out)
    }

    pub(super) fn cluster_delslots(&mut self, command: &Command, out: &mut Outside<'_>) -> Answer {
        self.change_slots(Change::Delete, &single_slots(command)?, out)
    }

    pub(super) fn cluster_addslotsrange(&mut self, command: &Command, out: &mut Outside<'_>) -> Answer {
        self.change_slot_ranges("addslotsrange", Change::Add, command, out)
    }

    pub(super) fn cluster_delslotsrange(&mut self, command: &Command, out: &mut Outside<'_>) -> Answer {
        self.change_slot_ranges("delslotsrange", Change::Delete, command, out)
    }

    /// Takes all my own slots away from me (CM-16).
    pub(super) fn cluster_flushslots(&mut self, _: &Command, out: &mut Outside<'_>) -> Answer {
        if !self.keyspace.is_empty() {
            return Err(Reply::err("DB must be empty to perform CLUSTER FLUSHSLOTS."));
        }
        self.unassign_all(self.me(), BindCause::Command, out);
        self.save_and_update();
        Ok(Reply::ok())
    }

    /// Each pair of bounds is read and checked before the next one is looked at (CM-14).
    fn change_slot_ranges(
        &mut self,
        name: &str,
        change: Change,
        command: &Command,
        out: &mut Outside<'_>,
    ) -> Answer {
        if !command.len().is_multiple_of(2) {
            return Err(wrong_arity(&format!("cluster|{name}")));
        }
        let (mut slots, mut seen) = (Vec::new(), SlotSet::empty());
        for index in (2..command.len()).step_by(2) {
            let (first, last) = (slot_word(command, index)?, slot_word(command, index + 1)?);
            if first > last {
                return Err(Reply::err(format_args!(
                    "start slot number {first} is greater than end slot number {last}"
                )));
            }
            let range = SlotSet::range(first, last);
            range.iter().try_for_each(|slot| self.check_change(change, slot, &mut seen))?;
            slots.extend(range.iter());
        }
        self.apply_change(change, &slots, out)
    }

    fn change_slots(&mut self, change: Change, slots: &[Slot], out: &mut Outside<'_>) -> Answer {
        let mut seen = SlotSet::empty();
        slots.iter().try_for_each(|slot| self.check_change(change, *slot, &mut seen))?;
        self.apply_change(change, slots, out)
    }

    fn check_change(&self, change: Change, slot: Slot, seen: &mut SlotSet) -> Result<(), Reply> {
        let wrong = match (change, self.slots.owner(slot)) {
            (Change::Add, Some(_)) => "is already busy",
            (Change::Delete, None) => "is already unassigned",
            _ if !seen.insert(slot) => "specified multiple times",
            _ => return Ok(()),
        };
        Err(Reply::err(format_args!("Slot {slot} {wrong}")))
    }

    /// Touched slots are no longer imported (CM-13).
    fn apply_change(&mut self, change: Change, slots: &[Slot], out: &mut Outside<'_>) -> Answer {
        for slot in slots {
            self.slots.importing.remove(slot);
        }
        let owner = (change == Change::Add).then_some(self.me());
        self.bind(slots, owner, BindCause::Command, out);
        self.save_and_update();
        Ok(Reply::ok())
    }
}

fn single_slots(command: &Command) -> Result<Vec<Slot>, Reply> {
    (2..command.len()).map(|index| slot_word(command, index)).collect()
}

/// The slot at this index.
pub(super) fn slot_word(command: &Command, index: usize) -> Result<Slot, Reply> {
    let slot = integer(command, index).and_then(|number| u16::try_from(number).ok()).and_then(Slot::new);
    slot.ok_or_else(|| Reply::err("Invalid or out of range slot"))
}
