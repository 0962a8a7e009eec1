//! Acknowledged writes that are gone.
//!
//! A register's values grow with time, and one client writes it, one write after the other. So an acknowledged write
//! is gone if what the owner of its slot holds is older: neither it nor a later one survived. That is looked at where
//! writes get lost: when a node is promoted, when a master is demoted, when a process starts with the data it finds,
//! and at the end. A write that was acknowledged by a master about to be replaced, and written over before the next
//! of these moments, is not noticed. Redis does not promise that none is lost (asynchronous replication); it is
//! measured, not asserted.

use std::collections::BTreeMap;
use std::sync::Arc;

use rcsim_observe::{Event, Glimpse, Operation, OperationKind, Outcome, Place, Process, Record};
use rcsim_protocol::{Epoch, Slot, key_slot};

/// What was acknowledged, and how much of it is gone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Losses {
    /// By register: the acknowledged values that are not known to be gone.
    acknowledged: BTreeMap<Arc<str>, Vec<u64>>,
    /// So many operations have been taken in.
    taken: usize,
    lost: u64,
}

impl Losses {
    /// Looks where a record says that writes may have been lost; `operations` are all so far.
    pub(crate) fn observe(&mut self, record: &Record, operations: &[Operation], glimpse: &dyn Glimpse) {
        let may_lose = match record.event {
            Event::Promoted { .. } | Event::Started { .. } => true,
            Event::Reconfigured { was_master, .. } => was_master,
            _ => false,
        };
        if may_lose {
            self.count(operations, glimpse);
        }
    }

    /// How many are gone by now.
    pub(crate) fn count(&mut self, operations: &[Operation], glimpse: &dyn Glimpse) -> u64 {
        for operation in &operations[self.taken..] {
            if let (OperationKind::Set(value), Outcome::Written) = (&operation.kind, &operation.outcome) {
                self.acknowledged.entry(Arc::clone(&operation.key)).or_default().push(*value);
            }
        }
        self.taken = operations.len();
        let mut owners = BTreeMap::new();
        for (key, values) in &mut self.acknowledged {
            let slot = key_slot(key.as_bytes());
            // A register whose slot nobody serves cannot be judged now: nothing of it is counted as gone.
            let Some(owner) = *owners.entry(slot).or_insert_with(|| owner(slot, glimpse)) else { continue };
            let survivor = glimpse.value(owner, key.as_bytes());
            let survivor = survivor.and_then(|bytes| String::from_utf8(bytes).ok()?.parse::<u64>().ok());
            let before = values.len();
            values.retain(|value| survivor.is_some_and(|survivor| survivor >= *value));
            self.lost += (before - values.len()) as u64;
        }
        self.lost
    }
}

/// The running node that owns a slot; of several the one with the greatest config epoch.
fn owner(slot: Slot, glimpse: &dyn Glimpse) -> Option<Place> {
    let serving = |place: &Place| -> Option<Epoch> {
        let node = glimpse.node(*place).filter(|_| glimpse.process(*place) == Process::Running)?;
        (node.owner(slot) == Some(node.me())).then(|| node.config_epoch())
    };
    let places = (0..glimpse.place_count()).map(Place).filter(|place| serving(place).is_some());
    places.max_by_key(serving)
}
