//! Sets of hash slots: 16384 bits, shared when cloned, compared by identity first.
//!
//! A heartbeat carries its sender's whole set, and nearly always the same one as before. So a set is a
//! reference to immutable bits: a clone costs a reference count, equality of the same bits costs a pointer
//! comparison, and a change copies the bits only if somebody else holds them too.

use std::fmt;
use std::sync::{Arc, LazyLock};

use crate::slot::{SLOT_COUNT, Slot};

const WORDS: usize = SLOT_COUNT as usize / 64;

/// The length of a slot bitmap on the wire, in bytes (rule WR-2).
pub const WIRE_LEN: usize = SLOT_COUNT as usize / 8;

/// The count stands first, beside the reference count: both are touched with every message.
#[derive(Clone, PartialEq, Eq)]
#[repr(C)]
struct Bits {
    count: u16,
    words: [u64; WORDS],
}

/// A set of hash slots.
#[derive(Clone, Eq)]
pub struct SlotSet(Arc<Bits>);

static EMPTY: LazyLock<SlotSet> = LazyLock::new(|| SlotSet(Arc::new(Bits { words: [0; WORDS], count: 0 })));

impl SlotSet {
    /// The set without any slot; all empty sets made here share their bits.
    pub fn empty() -> SlotSet {
        EMPTY.clone()
    }

    /// The slots `first` to `last`, both included; empty if `first > last`.
    pub fn range(first: Slot, last: Slot) -> SlotSet {
        (first.number()..=last.number()).filter_map(Slot::new).collect()
    }

    /// How many slots are in it.
    pub fn len(&self) -> u16 {
        self.0.count
    }

    /// Whether no slot is in it.
    pub fn is_empty(&self) -> bool {
        self.0.count == 0
    }

    /// Whether the slot is in it.
    pub fn contains(&self, slot: Slot) -> bool {
        self.0.words[slot.index() / 64] >> (slot.index() % 64) & 1 == 1
    }

    /// Puts the slot in; says whether it was new.
    pub fn insert(&mut self, slot: Slot) -> bool {
        if self.contains(slot) {
            return false;
        }
        let bits = Arc::make_mut(&mut self.0);
        bits.words[slot.index() / 64] |= 1 << (slot.index() % 64);
        bits.count += 1;
        true
    }

    /// Takes the slot out; says whether it was there.
    pub fn remove(&mut self, slot: Slot) -> bool {
        if !self.contains(slot) {
            return false;
        }
        let bits = Arc::make_mut(&mut self.0);
        bits.words[slot.index() / 64] &= !(1 << (slot.index() % 64));
        bits.count -= 1;
        true
    }

    /// Whether both are the same bits in memory: equal without looking. `false` says nothing.
    pub fn shares_bits_with(&self, other: &SlotSet) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The slots in it, ascending.
    pub fn iter(&self) -> impl Iterator<Item = Slot> + '_ {
        self.0.words.iter().enumerate().flat_map(|(index, &word)| ones(index, word))
    }

    /// The slots that are in exactly one of both, ascending.
    pub fn difference<'a>(&'a self, other: &'a SlotSet) -> impl Iterator<Item = Slot> + 'a {
        let words = self.0.words.iter().zip(&other.0.words).enumerate();
        words.flat_map(|(index, (mine, theirs))| ones(index, mine ^ theirs))
    }

    /// The maximal runs of neighbouring slots, ascending, as `(first, last)`.
    pub fn runs(&self) -> Vec<(Slot, Slot)> {
        let mut runs: Vec<(Slot, Slot)> = Vec::new();
        for slot in self.iter() {
            match runs.last_mut() {
                Some((_, last)) if last.number() + 1 == slot.number() => *last = slot,
                _ => runs.push((slot, slot)),
            }
        }
        runs
    }

    /// The set as it stands in a header: slot s is bit s % 8 of byte s / 8 (rule WR-2).
    pub fn to_wire(&self) -> [u8; WIRE_LEN] {
        let mut bytes = [0; WIRE_LEN];
        for (chunk, word) in bytes.chunks_exact_mut(8).zip(self.0.words) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// The set that stands in a header (rule WR-2).
    pub fn from_wire(bytes: &[u8; WIRE_LEN]) -> SlotSet {
        let mut words = [0; WORDS];
        let mut count = 0;
        for (word, chunk) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*chunk);
            count += word.count_ones() as u16;
        }
        if count == 0 { SlotSet::empty() } else { SlotSet(Arc::new(Bits { words, count })) }
    }
}

/// The slots of one 64-bit word.
fn ones(index: usize, mut word: u64) -> impl Iterator<Item = Slot> {
    std::iter::from_fn(move || {
        if word == 0 {
            return None;
        }
        let bit = word.trailing_zeros() as usize;
        word &= word - 1;
        Slot::new((index * 64 + bit) as u16)
    })
}

impl Default for SlotSet {
    fn default() -> SlotSet {
        SlotSet::empty()
    }
}

impl PartialEq for SlotSet {
    fn eq(&self, other: &SlotSet) -> bool {
        self.shares_bits_with(other) || self.0 == other.0
    }
}

impl FromIterator<Slot> for SlotSet {
    fn from_iter<I: IntoIterator<Item = Slot>>(slots: I) -> SlotSet {
        let mut set = SlotSet::empty();
        for slot in slots {
            set.insert(slot);
        }
        set
    }
}

/// The runs as Redis prints them: `0-99 200`.
impl fmt::Display for SlotSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (first, last)) in self.runs().into_iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            if first == last { write!(f, "{space}{first}")? } else { write!(f, "{space}{first}-{last}")? }
        }
        Ok(())
    }
}

impl fmt::Debug for SlotSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SlotSet({self})")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn slot() -> impl Strategy<Value = Slot> {
        // Neighbours and the edges of words often, any slot sometimes.
        prop_oneof![0_u16..140, 16250_u16..16384, 0_u16..16384].prop_filter_map("a slot", Slot::new)
    }

    fn set() -> impl Strategy<Value = BTreeSet<Slot>> {
        vec(slot(), 0..60).prop_map(|slots| slots.into_iter().collect())
    }

    proptest! {
        #[test]
        fn behaves_like_a_set(steps in vec((slot(), any::<bool>()), 0..200)) {
            let (mut model, mut set) = (BTreeSet::new(), SlotSet::empty());
            for (slot, put_in) in steps {
                let before = set.clone();
                let changed = if put_in { set.insert(slot) } else { set.remove(slot) };
                prop_assert_eq!(changed, if put_in { model.insert(slot) } else { model.remove(&slot) });
                prop_assert_eq!(changed, before != set, "an earlier clone does not change with it");
                prop_assert_eq!(set.contains(slot), put_in);
                prop_assert_eq!(set.len() as usize, model.len());
                prop_assert_eq!(set.is_empty(), model.is_empty());
            }
            prop_assert!(set.iter().eq(model.iter().copied()));
            prop_assert_eq!(set, model.into_iter().collect());
        }

        #[test]
        fn difference_is_the_symmetric_one(mine in set(), theirs in set()) {
            let expected: Vec<Slot> = mine.symmetric_difference(&theirs).copied().collect();
            let (mine, theirs): (SlotSet, SlotSet) =
                (mine.into_iter().collect(), theirs.into_iter().collect());
            prop_assert_eq!(mine.difference(&theirs).collect::<Vec<_>>(), expected);
        }

        #[test]
        fn runs_are_maximal_and_complete(slots in set()) {
            let set: SlotSet = slots.iter().copied().collect();
            let runs = set.runs();
            let again = runs.iter().flat_map(|(first, last)| first.number()..=last.number());
            prop_assert!(again.eq(slots.iter().map(|slot| slot.number())));
            for pair in runs.windows(2) {
                prop_assert!(pair[0].1.number() + 1 < pair[1].0.number(), "a gap between runs");
            }
        }

        /// Rule WR-2: slot s is bit s % 8 of byte s / 8.
        #[test]
        fn wr_2_survives_the_wire(slots in set()) {
            let set: SlotSet = slots.iter().copied().collect();
            let wire = set.to_wire();
            for slot in Slot::all() {
                prop_assert_eq!(wire[slot.index() / 8] >> (slot.index() % 8) & 1 == 1, slots.contains(&slot));
            }
            let again = SlotSet::from_wire(&wire);
            prop_assert_eq!((again.len(), &again), (set.len(), &set));
        }
    }

    #[test]
    fn ranges_are_printed_as_redis_prints_them() {
        let range = |first, last| SlotSet::range(Slot::new(first).unwrap(), Slot::new(last).unwrap());
        let mut set = range(0, 99);
        set.insert(Slot::new(200).unwrap());
        assert_eq!(set.to_string(), "0-99 200");
        assert_eq!((range(0, 16383).len(), range(5, 4).len()), (SLOT_COUNT, 0));
    }

    #[test]
    fn a_clone_shares_its_bits_until_one_changes() {
        let mut set: SlotSet = Slot::new(1).into_iter().collect();
        let clone = set.clone();
        assert!(set.shares_bits_with(&clone));
        assert!(!set.insert(Slot::new(1).unwrap()) && set.shares_bits_with(&clone), "nothing new");
        assert!(set.remove(Slot::new(1).unwrap()) && !set.shares_bits_with(&clone));
        assert_eq!((set.len(), clone.len()), (0, 1));
    }
}
