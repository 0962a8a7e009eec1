//! The data: keys, their values and when they expire; by name, by slot, and by the time of their end.
//!
//! Rules: KS-1, KS-2, RP-32. Keeps: every index and the digest agree with the entries after each call, for nothing
//! hands out an entry to change. Never: decides who serves a key (that is `redirect`), whether an expired key is to be
//! hidden or deleted (`commands`), or tells replicas (`replication`).

mod digest;
mod hash;
mod value;
mod walk;
mod watch;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use indexmap::IndexMap;
use rcsim_protocol::{Slot, key_slot};

pub use self::value::{Bytes, Entry, Value};

/// An end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The head.
    Left,
    /// The tail.
    Right,
}

/// The keys of a node and what they hold.
#[derive(Clone, Debug, Default)]
pub struct Keyspace {
    /// In no order that means anything.
    entries: IndexMap<Bytes, Record, hash::KeyHash>,
    /// The keys of each slot with their numbers, newest last.
    by_slot: BTreeMap<Slot, Vec<(u64, Bytes)>>,
    /// The keys that expire, by time.
    expiring: BTreeSet<(i64, Bytes)>,
    /// How many keys there have been; the number of the newest.
    created: u64,
    digest: u64,
    /// Bytes in keys and values.
    bytes: u64,
    watched: watch::Watched,
    /// The time at which keys are used now, in seconds.
    now_s: i64,
}

/// An entry with what is known about it.
#[derive(Clone, Debug)]
struct Record {
    entry: Entry,
    /// The number of the key, in the order in which keys came into being.
    number: u64,
    /// The digest of the value.
    digest: u64,
    /// When it was last used, in seconds.
    used_s: i64,
    /// Its string was changed in place, so Redis keeps it as plain bytes, whatever they are.
    edited: bool,
}

impl Keyspace {
    /// What a key holds, whether it has expired or not.
    pub fn get(&self, key: &[u8]) -> Option<&Entry> {
        self.entries.get(key).map(|record| &record.entry)
    }

    /// The same, and it is used now.
    pub(crate) fn get_to_use(&mut self, key: &[u8]) -> Option<&Entry> {
        let record = self.entries.get_mut(key)?;
        record.used_s = self.now_s;
        Some(&record.entry)
    }

    /// Keys are used at this time from now on, in seconds.
    pub(crate) fn set_time(&mut self, now_s: i64) {
        self.now_s = now_s;
    }

    /// For how many seconds a key has not been used.
    pub(crate) fn idle_s(&self, key: &[u8]) -> Option<i64> {
        self.entries.get(key).map(|record| (self.now_s - record.used_s).max(0))
    }

    /// A key has not been used for so many seconds.
    pub(crate) fn set_idle_s(&mut self, key: &[u8], idle_s: i64) {
        if let Some(record) = self.entries.get_mut(key) {
            record.used_s = self.now_s.saturating_sub(idle_s);
        }
    }

    /// Whether the string at a key was changed in place since it was put there.
    pub(crate) fn is_edited(&self, key: &[u8]) -> bool {
        self.entries.get(key).is_some_and(|record| record.edited)
    }

    /// The string at a key was changed in place.
    pub(crate) fn set_edited(&mut self, key: &[u8]) {
        if let Some(record) = self.entries.get_mut(key) {
            record.edited = true;
        }
    }

    /// Puts an entry in the place of what a key held.
    pub fn insert(&mut self, key: &[u8], entry: Entry) {
        self.watched.touch(key);
        let (name, digest) = (digest::of_bytes(key), digest::of_value(&entry.value));
        self.digest = self.digest.wrapping_add(digest::of_key(name, &entry, digest));
        self.bytes += value_bytes(&entry.value);
        let until = entry.expires_at_ms;
        let Some(record) = self.entries.get_mut(key) else { return self.create(key, entry, digest) };
        let old = std::mem::replace(&mut record.entry, entry);
        let old_digest = std::mem::replace(&mut record.digest, digest);
        (record.used_s, record.edited) = (self.now_s, false);
        self.digest = self.digest.wrapping_sub(digest::of_key(name, &old, old_digest));
        self.bytes -= value_bytes(&old.value);
        self.move_expiry(key, old.expires_at_ms, until);
    }

    fn create(&mut self, key: &[u8], entry: Entry, digest: u64) {
        let key = Bytes::from(key);
        self.created += 1;
        self.bytes += key.len() as u64;
        self.by_slot.entry(key_slot(&key)).or_default().push((self.created, Bytes::clone(&key)));
        if let Some(at) = entry.expires_at_ms {
            self.expiring.insert((at, Bytes::clone(&key)));
        }
        let record = Record { entry, number: self.created, digest, used_s: self.now_s, edited: false };
        self.entries.insert(key, record);
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: &[u8]) -> Option<Entry> {
        let record = self.entries.swap_remove(key)?;
        let slot = key_slot(key);
        if let Some(keys) = self.by_slot.get_mut(&slot) {
            if let Ok(index) = keys.binary_search_by_key(&record.number, |(number, _)| *number) {
                keys.remove(index);
            }
            if keys.is_empty() {
                self.by_slot.remove(&slot);
            }
        }
        self.forget(key, &record);
        Some(record.entry)
    }

    /// A record has left the entries: so do its traces.
    fn forget(&mut self, key: &[u8], record: &Record) {
        self.watched.touch(key);
        let name = digest::of_bytes(key);
        self.digest = self.digest.wrapping_sub(digest::of_key(name, &record.entry, record.digest));
        self.bytes -= key.len() as u64 + value_bytes(&record.entry.value);
        self.move_expiry(key, record.entry.expires_at_ms, None);
    }

    fn move_expiry(&mut self, key: &[u8], from: Option<i64>, to: Option<i64>) {
        if from == to {
            return;
        }
        if let Some(at) = from {
            self.expiring.remove(&(at, Bytes::from(key)));
        }
        if let Some(at) = to {
            self.expiring.insert((at, Bytes::from(key)));
        }
    }

    /// Changes when a key expires; says whether the key is there.
    pub fn set_expiry(&mut self, key: &[u8], expires_at_ms: Option<i64>) -> bool {
        let Some(record) = self.entries.get_mut(key) else { return false };
        self.watched.touch(key);
        let name = digest::of_bytes(key);
        self.digest = self.digest.wrapping_sub(digest::of_key(name, &record.entry, record.digest));
        let before = std::mem::replace(&mut record.entry.expires_at_ms, expires_at_ms);
        self.digest = self.digest.wrapping_add(digest::of_key(name, &record.entry, record.digest));
        self.move_expiry(key, before, expires_at_ms);
        true
    }

    /// Adds an element to a list, which begins with it if the key is not there; returns the new length, or `None` if
    /// the key holds something else.
    pub fn push(&mut self, key: &[u8], side: Side, element: &[u8]) -> Option<usize> {
        let Some(record) = self.entries.get_mut(key) else {
            let list = VecDeque::from([Bytes::from(element)]);
            self.insert(key, Entry::lasting(Value::List(list)));
            return Some(1);
        };
        let name = digest::of_bytes(key);
        let before = digest::of_key(name, &record.entry, record.digest);
        let Value::List(list) = &mut record.entry.value else { return None };
        self.watched.touch(key);
        match side {
            Side::Left => {
                record.digest = digest::push_left(record.digest, element);
                list.push_front(Bytes::from(element));
            }
            Side::Right => {
                record.digest = digest::push_right(record.digest, list.len(), element);
                list.push_back(Bytes::from(element));
            }
        }
        let len = list.len();
        let after = digest::of_key(name, &record.entry, record.digest);
        self.digest = self.digest.wrapping_sub(before).wrapping_add(after);
        self.bytes += element.len() as u64;
        Some(len)
    }

    /// Takes an element from a list; the key goes with the last one. `None` if there is no list there.
    pub fn pop(&mut self, key: &[u8], side: Side) -> Option<Bytes> {
        let record = self.entries.get_mut(key)?;
        let name = digest::of_bytes(key);
        let before = digest::of_key(name, &record.entry, record.digest);
        let Value::List(list) = &mut record.entry.value else { return None };
        let element = match side {
            Side::Left => list.pop_front()?,
            Side::Right => list.pop_back()?,
        };
        record.digest = match side {
            Side::Left => digest::pop_left(record.digest, &element),
            Side::Right => digest::pop_right(record.digest, list.len(), &element),
        };
        let empty = list.is_empty();
        self.watched.touch(key);
        let after = digest::of_key(name, &record.entry, record.digest);
        self.digest = self.digest.wrapping_sub(before).wrapping_add(after);
        self.bytes -= element.len() as u64;
        if empty {
            self.remove(key);
        }
        Some(element)
    }

    /// Deletes everything.
    pub fn clear(&mut self) {
        self.replace_with(Keyspace { created: self.created, ..Keyspace::default() });
    }

    /// Takes other entries in the place of all that are there. Who watches a key goes on.
    pub fn replace_with(&mut self, other: Keyspace) {
        let mut watched = std::mem::take(&mut self.watched);
        watched.touch_all(|key| self.entries.contains_key(key) || other.entries.contains_key(key));
        *self = Keyspace { watched, now_s: self.now_s, ..other };
    }

    /// Somebody watches a key from now on; returns how often it has changed so far.
    pub(crate) fn watch(&mut self, key: &Bytes) -> u64 {
        self.watched.add(key)
    }

    /// Somebody who watched a key does so no longer.
    pub(crate) fn unwatch(&mut self, key: &[u8]) {
        self.watched.remove(key);
    }

    /// How often a key has changed that somebody watches.
    pub(crate) fn changes(&self, key: &[u8]) -> u64 {
        self.watched.count(key)
    }

    /// How many keys there are, expired ones included.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All keys with what they hold, in the order of the keys.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = (&Bytes, &Entry)> + Clone {
        let mut sorted: Vec<(&Bytes, &Record)> = self.entries.iter().collect();
        sorted.sort_unstable_by_key(|(key, _)| *key);
        sorted.into_iter().map(|(key, record)| (key, &record.entry))
    }

    /// How many keys expire.
    pub fn expiring_len(&self) -> usize {
        self.expiring.len()
    }

    /// The key that expires first, and when.
    pub fn next_to_expire(&self) -> Option<(i64, &Bytes)> {
        self.expiring.first().map(|(at, key)| (*at, key))
    }

    /// Sum of the times at which keys expire, for an average.
    pub fn expiry_times(&self) -> impl Iterator<Item = i64> {
        self.expiring.iter().map(|(at, _)| *at)
    }

    /// How many keys a slot has.
    pub fn count_in_slot(&self, slot: Slot) -> usize {
        self.by_slot.get(&slot).map_or(0, Vec::len)
    }

    /// The keys of a slot, newest first (KS-2).
    pub fn keys_in_slot(&self, slot: Slot) -> impl Iterator<Item = &Bytes> {
        self.by_slot.get(&slot).into_iter().flatten().rev().map(|(_, key)| key)
    }

    /// Deletes the keys of a slot (SO-11).
    pub fn delete_slot(&mut self, slot: Slot) {
        for (_, key) in self.by_slot.remove(&slot).unwrap_or_default() {
            if let Some(record) = self.entries.swap_remove(&key) {
                self.forget(&key, &record);
            }
        }
    }

    /// A number that two keyspaces share if they hold the same, in whatever order it came there; else, but for a
    /// chance of 2^-64, they do not.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// Bytes in all keys and values.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// About what a server would need for it, in bytes: keys and values, and what Redis keeps beside each of them. A
    /// rough figure, for `maxmemory` only.
    pub fn memory(&self) -> u64 {
        const EMPTY_SERVER: u64 = 1_500_000;
        const PER_KEY: u64 = 72;
        EMPTY_SERVER + self.bytes + PER_KEY * self.entries.len() as u64
    }

    /// What a snapshot of it takes on the wire, in bytes, roughly: keys, values, and a few bytes each for their lengths.
    pub fn snapshot_len(&self) -> u64 {
        self.bytes + 4 * self.entries.len() as u64
    }
}

/// Two keyspaces are equal if they hold the same; in which order it came there does not matter.
impl PartialEq for Keyspace {
    fn eq(&self, other: &Keyspace) -> bool {
        self.digest == other.digest && self.len() == other.len() && self.entries().eq(other.entries())
    }
}

impl Eq for Keyspace {}

fn value_bytes(value: &Value) -> u64 {
    match value {
        Value::String(bytes) => bytes.len() as u64,
        Value::List(items) => items.iter().map(|item| item.len() as u64).sum(),
    }
}

#[cfg(test)]
mod tests;
