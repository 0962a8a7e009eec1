//! The records of a run: counted, folded into the fingerprint, and handed on.
//!
//! Owns no history: whoever wants to keep records takes them out between two events.

use std::collections::BTreeMap;

use rcsim_engine::Schedule;
use rcsim_observe::{Event, Operation, Place, Record};

use crate::agenda::Happening;

/// What was recorded and not yet taken out, and the counts of everything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal {
    pub(crate) fresh: Vec<Record>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) coverage: BTreeMap<&'static str, u64>,
    pub(crate) messages: u64,
}

impl Journal {
    /// Notes an event.
    pub(crate) fn record(&mut self, place: Option<Place>, event: Event, schedule: &mut Schedule<Happening>) {
        *self.coverage.entry(event.name()).or_default() += 1;
        let record = Record { at_ns: schedule.now().0, place, event };
        let fingerprint = schedule.fingerprint();
        record.words(&mut |word| fingerprint.mix(&[word]));
        self.fresh.push(record);
    }
}
