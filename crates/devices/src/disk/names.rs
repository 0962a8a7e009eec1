//! The names of files: as processes see them, and as they would survive a power loss.

use std::collections::{BTreeMap, BTreeSet};

use rcsim_engine::{Nanos, Span};

/// After this time the journal has committed a change of names by itself.
const COMMIT: Span = Span::from_secs(5);

/// A change that may not survive.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Create(String, u32),
    Rename(String, String),
    Unlink(String),
}

/// Two directories, and the changes that lead from the durable one to the one seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    pub(super) seen: BTreeMap<String, u32>,
    pub(super) durable: BTreeMap<String, u32>,
    changes: Vec<(Nanos, Change)>,
    /// How many changes are durable or lost, since the beginning.
    settled: u64,
}

impl Names {
    /// Makes a change. If the journal works, what is old enough becomes durable.
    pub(super) fn change(&mut self, now: Nanos, change: Change, journal_works: bool) {
        apply(&mut self.seen, &change);
        self.changes.push((now, change));
        self.commit(now, journal_works);
    }

    /// How many changes there were since the beginning.
    pub(super) fn count(&self) -> u64 {
        self.settled + self.changes.len() as u64
    }

    /// How many changes are not durable.
    pub(super) fn pending(&self) -> u64 {
        self.changes.len() as u64
    }

    /// What the journal has committed by now becomes durable.
    pub(super) fn commit(&mut self, now: Nanos, journal_works: bool) {
        if journal_works {
            let old = self.changes.partition_point(|(at, _)| now - *at >= COMMIT);
            self.settle(self.settled + old as u64);
        }
    }

    /// The changes up to this one (counted since the beginning) become durable.
    pub(super) fn settle(&mut self, until: u64) {
        let count = until.saturating_sub(self.settled);
        for (_, change) in self.changes.drain(..count as usize) {
            apply(&mut self.durable, &change);
        }
        self.settled += count;
    }

    /// Power is lost: the first `kept` pending changes took place, the others did not.
    pub(super) fn lose_power(&mut self, kept: u64) {
        self.settle(self.settled + kept);
        self.settled = self.count();
        self.changes.clear();
        self.seen = self.durable.clone();
    }

    /// The files that have a name or may get one.
    pub(super) fn files(&self) -> BTreeSet<u32> {
        let created = |(_, change): &(Nanos, Change)| match change {
            Change::Create(_, file) => Some(*file),
            Change::Rename(..) | Change::Unlink(_) => None,
        };
        let named = self.seen.values().chain(self.durable.values()).copied();
        named.chain(self.changes.iter().filter_map(created)).collect()
    }
}

fn apply(names: &mut BTreeMap<String, u32>, change: &Change) {
    match change {
        Change::Create(name, file) => {
            names.insert(name.clone(), *file);
        }
        Change::Rename(from, to) => {
            if let Some(file) = names.remove(from) {
                names.insert(to.clone(), file);
            }
        }
        Change::Unlink(name) => {
            names.remove(name);
        }
    }
}
