//! The data: registers, by key and by slot.
//!
//! Owns keys and values; a value is a string of bytes. Rules: KS-1, KS-2. Never: decides who serves a key (that is
//! `redirect`), or tells replicas (that is `replication`).

mod value;

use std::collections::BTreeMap;
use std::sync::Arc;

use rcsim_protocol::{Slot, key_slot};

pub use self::value::{Bytes, Value};

/// The keys of a node and their values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keyspace {
    values: BTreeMap<Arc<[u8]>, Arc<[u8]>>,
    /// The keys of each slot, newest last.
    by_slot: BTreeMap<Slot, Vec<Arc<[u8]>>>,
}

impl Keyspace {
    /// The value of a key.
    pub fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.values.get(key).map(AsRef::as_ref)
    }

    /// Gives a key a value.
    pub fn set(&mut self, key: &[u8], value: &[u8]) {
        if let Some(old) = self.values.get_mut(key) {
            *old = Arc::from(value);
            return;
        }
        let key: Arc<[u8]> = Arc::from(key);
        self.by_slot.entry(key_slot(&key)).or_default().push(Arc::clone(&key));
        self.values.insert(key, Arc::from(value));
    }

    /// Deletes a key; says whether it was there.
    pub fn delete(&mut self, key: &[u8]) -> bool {
        let slot = key_slot(key);
        if self.values.remove(key).is_none() {
            return false;
        }
        if let Some(keys) = self.by_slot.get_mut(&slot) {
            keys.retain(|other| other.as_ref() != key);
            if keys.is_empty() {
                self.by_slot.remove(&slot);
            }
        }
        true
    }

    /// Deletes everything.
    pub fn clear(&mut self) {
        *self = Keyspace::default();
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// How many keys a slot has.
    pub fn count_in_slot(&self, slot: Slot) -> usize {
        self.by_slot.get(&slot).map_or(0, Vec::len)
    }

    /// The keys of a slot, newest first (KS-2).
    pub fn keys_in_slot(&self, slot: Slot) -> impl Iterator<Item = &[u8]> {
        self.by_slot.get(&slot).into_iter().flatten().rev().map(AsRef::as_ref)
    }

    /// Deletes the keys of a slot (SO-11).
    pub fn delete_slot(&mut self, slot: Slot) {
        for key in self.by_slot.remove(&slot).unwrap_or_default() {
            self.values.remove(&key);
        }
    }

    /// What a snapshot of it takes on the wire, in bytes, roughly: keys, values, and a few bytes each for their lengths.
    pub fn snapshot_len(&self) -> u64 {
        self.values.iter().map(|(key, value)| (key.len() + value.len() + 4) as u64).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ks_2_keys_of_a_slot_come_newest_first() {
        let mut keyspace = Keyspace::default();
        for key in ["{t}a", "{t}b", "{t}c"] {
            keyspace.set(key.as_bytes(), b"1");
        }
        assert!(keyspace.delete(b"{t}b"));
        let slot = key_slot(b"{t}");
        assert_eq!(keyspace.keys_in_slot(slot).collect::<Vec<_>>(), [b"{t}c", b"{t}a"]);
        keyspace.delete_slot(slot);
        assert_eq!((keyspace.count_in_slot(slot), keyspace.len()), (0, 0));
    }
}
