//! Acknowledged writes that are gone at the end.
//!
//! A register's values grow with time, and one client writes it, one write after the other. So an acknowledged write
//! is gone if what its register holds at the end is older: neither it nor a later one survived. Redis does not promise
//! that none is (asynchronous replication); it is measured, not asserted.

use std::collections::BTreeMap;

use rcsim_observe::{Glimpse, Operation, OperationKind, Outcome, Place, Process};
use rcsim_protocol::{Epoch, Slot, key_slot};

/// How many acknowledged writes are gone.
pub(crate) fn lost_acknowledged(operations: &[Operation], glimpse: &dyn Glimpse) -> u64 {
    let mut acknowledged: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for operation in operations {
        if let (OperationKind::Set(value), Outcome::Written) = (&operation.kind, &operation.outcome) {
            acknowledged.entry(&operation.key).or_default().push(*value);
        }
    }
    let lost_of = |(key, values): (&str, Vec<u64>)| {
        // A register whose slot nobody serves at the end cannot be judged: nothing of it is counted as gone.
        let Some(owner) = owner(key_slot(key.as_bytes()), glimpse) else { return 0 };
        let survivor = glimpse.value(owner, key.as_bytes());
        let survivor = survivor.and_then(|bytes| String::from_utf8(bytes).ok()?.parse::<u64>().ok());
        values.into_iter().filter(|value| survivor.is_none_or(|survivor| survivor < *value)).count() as u64
    };
    acknowledged.into_iter().map(lost_of).sum()
}

/// The running node that serves a slot; of several the one with the greatest config epoch.
fn owner(slot: Slot, glimpse: &dyn Glimpse) -> Option<Place> {
    let serving = |place: &Place| -> Option<Epoch> {
        let node = glimpse.node(*place).filter(|_| glimpse.process(*place) == Process::Running)?;
        (node.owner(slot) == Some(node.me())).then(|| node.config_epoch())
    };
    let places = (0..glimpse.place_count()).map(Place).filter(|place| serving(place).is_some());
    places.max_by_key(serving)
}
