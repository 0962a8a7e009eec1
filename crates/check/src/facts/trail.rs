//! Recent records, for telling what led to a finding.

use std::collections::{BTreeMap, VecDeque};

use rcsim_observe::{EventKind, Place, Record};

/// How many records are kept per place.
const KEPT: usize = 12;
/// How many records a finding shows at most.
const SHOWN: usize = 24;

/// The last records of each place, and of the world as a whole.
#[derive(Clone, Default)]
pub(crate) struct Trail {
    recent: BTreeMap<Option<Place>, VecDeque<Record>>,
}

impl Trail {
    pub(crate) fn observe(&mut self, record: &Record) {
        if !tells_a_story(record.event.kind()) {
            return;
        }
        let recent = self.recent.entry(record.place).or_default();
        if recent.len() == KEPT {
            recent.pop_front();
        }
        recent.push_back(record.clone());
    }

    /// The last records of these places and of the world, oldest first.
    pub(crate) fn leading_to(&self, places: &[Place]) -> Vec<Record> {
        let concerned = places.iter().copied().map(Some).chain([None]);
        let mut records: Vec<Record> =
            concerned.filter_map(|place| self.recent.get(&place)).flatten().cloned().collect();
        records.sort_by_key(|record| record.at_ns);
        records.split_off(records.len().saturating_sub(SHOWN))
    }
}

/// Whether an event is worth telling: the daily chatter of a node is not.
fn tells_a_story(kind: EventKind) -> bool {
    !matches!(
        kind,
        EventKind::PacketIgnored
            | EventKind::LinkUp
            | EventKind::LinkDown
            | EventKind::ConfigSaved
            | EventKind::FailQuorumMissing
            | EventKind::GossipBanned
            | EventKind::MigrationDeclined
            | EventKind::StreamMark
    )
}
