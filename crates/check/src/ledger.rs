//! The ledger of acknowledged writes: what was promised to clients, what of it is gone, and why.
//!
//! Numbers of a register grow and it has one writer, so an acknowledged write is gone if what the owner of its slot holds
//! is older: neither it nor a later one survived. Of a counter the acknowledged counts above the present one are gone,
//! and those that were told twice; of a list the elements that are missing. What had a time to live that is over is not
//! lost, and a cache loses nothing.
//!
//! The owners are looked at where writes get lost: when a node is promoted, when a master is demoted, when a process
//! starts with the data it finds, and at the end. A write that comes back is taken off again. Redis does not promise
//! that nothing is lost (LW-1 … LW-10): losses are explained, not forbidden. S10 speaks of those that nothing explains and
//! of those behind a default CLUSTER FAILOVER.

mod cause;
mod held;
mod past;

use std::collections::BTreeMap;
use std::sync::Arc;

use rcsim_observe::{
    Event, EventKind, Finding, FindingKind, Glimpse, Loss, LossCause, Operation, Place, Process, Record,
};
use rcsim_protocol::{Epoch, Slot, key_slot};

use crate::catalogue::{Cost, Description};
use held::Held;
use past::Past;

pub(crate) const DESCRIPTION: Description = Description {
    id: "S10",
    name: "no loss without a cause",
    kind: FindingKind::Safety,
    sentence: "(a) No acknowledged write is lost unless a fault, a setting or an order of the operator explains it; (b) a \
               default CLUSTER FAILOVER during which neither node stops loses none.",
    rules: &["LW-1", "LW-2", "LW-3", "LW-4", "LW-8", "LW-9", "MF-8"],
    weaknesses: &[],
    cost: Cost::PerChange,
    events: &[EventKind::Promoted, EventKind::Reconfigured, EventKind::Started, EventKind::DataLoaded],
};

/// What was acknowledged, and what of it is gone.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    keys: BTreeMap<Arc<str>, Held>,
    /// So many operations have been taken in.
    taken: usize,
    past: Past,
    lost: u64,
}

impl Ledger {
    /// Takes in a record, and looks at the owners where it says that writes may have been lost; `operations` are all so
    /// far, `glimpse` is the world after the record.
    pub fn observe(&mut self, record: &Record, operations: &[Operation], glimpse: &dyn Glimpse) {
        self.past.note(record, glimpse);
        let may_lose = match record.event {
            Event::Promoted { .. } | Event::Started { .. } | Event::DataLoaded { .. } => true,
            Event::Reconfigured { was_master, .. } => was_master,
            _ => false,
        };
        if may_lose {
            self.count(operations, glimpse);
        }
    }

    /// How many are gone by now.
    pub fn count(&mut self, operations: &[Operation], glimpse: &dyn Glimpse) -> u64 {
        for operation in &operations[self.taken..] {
            operation.acknowledged_writes(&mut |key, kind, outcome| {
                let held = self.keys.entry(Arc::clone(key)).or_insert_with(Held::new);
                held.acknowledge(operation, kind, outcome);
            });
            operation.stray_writes(&mut |key, kind| {
                let held = self.keys.entry(Arc::clone(key)).or_insert_with(Held::new);
                held.expect_late(operation.invoked_ns, kind);
            });
        }
        self.taken = operations.len();
        let now_ns = glimpse.now_ns();
        let mut owners: BTreeMap<Slot, Option<Place>> = BTreeMap::new();
        self.lost = 0;
        for (key, held) in &mut self.keys {
            let slot = key_slot(key.as_bytes());
            // A key whose slot nobody serves cannot be judged now: nothing of it is taken as gone.
            if let Some(owner) = *owners.entry(slot).or_insert_with(|| owner(slot, glimpse)) {
                let past = &self.past;
                held.look(key, owner, now_ns, glimpse, &|ack, is_overwritten| {
                    past.explain(ack, owner, slot, is_overwritten, glimpse)
                });
            }
            self.lost += held.lost_count();
        }
        self.lost
    }

    /// What is gone, in the order in which it was acknowledged.
    pub fn losses(&self) -> Vec<Loss> {
        let mut losses: Vec<Loss> = self.keys.iter().flat_map(|(key, held)| held.losses(key)).collect();
        losses.sort_by_key(|loss| loss.acknowledged_ns);
        losses
    }

    /// S10: losses without any cause, and those behind a default CLUSTER FAILOVER; at most one finding of each kind.
    pub fn findings(&self) -> Vec<Finding> {
        let losses = self.losses();
        let finding = |cause: LossCause, part: &str| {
            let mut found = losses.iter().filter(|loss| loss.cause == cause);
            let first = found.next()?;
            let count = 1 + found.count();
            let places = first.acknowledged_by.into_iter().chain([first.owner]).collect();
            let text = format!(
                "{count} acknowledged writes are lost ({part}): {}; the first is {} {} = {}",
                cause.sentence(),
                first.command,
                first.key,
                first.value
            );
            Some(Finding {
                id: DESCRIPTION.id.to_owned(),
                kind: FindingKind::Safety,
                at_ns: first.noticed_ns,
                places,
                text,
                known_as: None,
                led_by: Vec::new(),
            })
        };
        let unexplained = finding(LossCause::Unknown, "S10a");
        unexplained.into_iter().chain(finding(LossCause::ManualFailover, "S10b")).collect()
    }
}

/// The running node that owns a slot and has its data loaded; of several the one with the greatest config epoch.
fn owner(slot: Slot, glimpse: &dyn Glimpse) -> Option<Place> {
    let serving = |place: &Place| -> Option<Epoch> {
        let node = glimpse.node(*place).filter(|_| glimpse.process(*place) == Process::Running)?;
        (node.owner(slot) == Some(node.me()) && !node.is_loading()).then(|| node.config_epoch())
    };
    let places = (0..glimpse.place_count()).map(Place).filter(|place| serving(place).is_some());
    places.max_by_key(serving)
}

#[cfg(test)]
mod tests;
