//! The order in which SCAN goes through the keys: by slot, and in a slot the newest first.
//!
//! A cursor names the key that comes next, by its slot and its number. Keeps: a key that is there from the first call to
//! the last is found, and found once; new keys come with greater numbers, so a walk ends. Redis walks through a hash
//! table, so there the order is another and a key may be found twice. Never: outlives the data set that it was given for.

use rcsim_protocol::Slot;

use super::{Bytes, Keyspace};

/// Bits of a cursor for the number of a key; the slot is above them.
const NUMBER_BITS: u32 = 48;
const NUMBERS: u64 = (1 << NUMBER_BITS) - 1;

impl Keyspace {
    /// The keys from a cursor on, each with the cursor that names it; 0 is before the first one.
    pub fn keys_from(&self, cursor: u64) -> impl Iterator<Item = (u64, &Bytes)> {
        let number = if cursor == 0 { NUMBERS } else { cursor & NUMBERS };
        let first = u16::try_from(cursor >> NUMBER_BITS).ok().and_then(Slot::new);
        let slots = first.into_iter().flat_map(|first| self.by_slot.range(first..));
        slots.flat_map(move |(slot, keys)| {
            let begun = Some(*slot) == first;
            let left = if begun { keys.partition_point(|(it, _)| *it <= number) } else { keys.len() };
            let place = u64::from(slot.number()) << NUMBER_BITS;
            keys[..left].iter().rev().map(move |(number, key)| (place | number & NUMBERS, key))
        })
    }

    /// The key at this index, in the order of the walk.
    pub fn nth_key(&self, mut index: usize) -> Option<&Bytes> {
        for keys in self.by_slot.values() {
            match keys.get(index) {
                Some((_, key)) => return Some(key),
                None => index -= keys.len(),
            }
        }
        None
    }
}
