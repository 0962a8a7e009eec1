//! The keys that transactions watch: how often each has changed since somebody began to.
//!
//! Whoever watches remembers the number and compares it later, so nobody need be told of a change. Never: knows who
//! watches.

use std::collections::BTreeMap;

use super::Bytes;

/// All watched keys.
#[derive(Clone, Debug, Default)]
pub(super) struct Watched(BTreeMap<Bytes, Changes>);

/// What is known of a watched key.
#[derive(Clone, Copy, Debug, Default)]
struct Changes {
    /// How many watch it.
    watchers: u32,
    /// How often it was changed or deleted since the first of them began.
    count: u64,
}

impl Watched {
    /// One more watches a key; returns its number of changes so far.
    pub(super) fn add(&mut self, key: &Bytes) -> u64 {
        let changes = self.0.entry(Bytes::clone(key)).or_default();
        changes.watchers += 1;
        changes.count
    }

    /// One who watched a key does so no longer.
    pub(super) fn remove(&mut self, key: &[u8]) {
        let Some(changes) = self.0.get_mut(key) else { return };
        changes.watchers -= 1;
        if changes.watchers == 0 {
            self.0.remove(key);
        }
    }

    /// The number of changes of a key that somebody watches.
    pub(super) fn count(&self, key: &[u8]) -> u64 {
        self.0.get(key).map_or(0, |changes| changes.count)
    }

    /// A key was changed or deleted.
    pub(super) fn touch(&mut self, key: &[u8]) {
        if !self.0.is_empty()
            && let Some(changes) = self.0.get_mut(key)
        {
            changes.count += 1;
        }
    }

    /// Keys that `exist` are all going to be deleted.
    pub(super) fn touch_all(&mut self, exist: impl Fn(&Bytes) -> bool) {
        for (key, changes) in &mut self.0 {
            changes.count += u64::from(exist(key));
        }
    }
}
