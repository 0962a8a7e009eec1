//! Slots as plain bits: for comparing many sets at rare moments.

use rcsim_protocol::{SLOT_COUNT, Slot, SlotSet};

const WORDS: usize = SLOT_COUNT as usize / 64;

/// A set of slots that can be united and intersected word by word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bits(Box<[u64; WORDS]>);

impl Default for Bits {
    fn default() -> Bits {
        Bits(Box::new([0; WORDS]))
    }
}

impl From<&SlotSet> for Bits {
    fn from(slots: &SlotSet) -> Bits {
        let mut bits = Bits::default();
        for (word, bytes) in bits.0.iter_mut().zip(slots.to_wire().as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        bits
    }
}

impl Bits {
    /// The first slot that is in both.
    pub(crate) fn first_common(&self, other: &Bits) -> Option<Slot> {
        first(self.0.iter().zip(other.0.iter()).map(|(mine, theirs)| mine & theirs))
    }

    /// The first slot that is in neither.
    pub(crate) fn first_missing(&self) -> Option<Slot> {
        first(self.0.iter().map(|word| !word))
    }

    /// Whether some slot is here and not there.
    pub(crate) fn exceeds(&self, other: &Bits) -> bool {
        self.0.iter().zip(other.0.iter()).any(|(mine, theirs)| mine & !theirs != 0)
    }

    /// Adds all slots of another set.
    pub(crate) fn unite(&mut self, other: &Bits) {
        self.0.iter_mut().zip(other.0.iter()).for_each(|(mine, theirs)| *mine |= theirs);
    }
}

fn first(words: impl Iterator<Item = u64>) -> Option<Slot> {
    let (index, word) = words.enumerate().find(|(_, word)| *word != 0)?;
    Slot::new(index as u16 * 64 + word.trailing_zeros() as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(first: u16, last: u16) -> Bits {
        let slot = |number| Slot::new(number).expect("a slot");
        Bits::from(&SlotSet::range(slot(first), slot(last)))
    }

    #[test]
    fn sets_meet_or_they_do_not() {
        assert_eq!(range(0, 100).first_common(&range(70, 200)).map(Slot::number), Some(70));
        assert_eq!(range(0, 100).first_common(&range(101, 200)), None);
        assert!(range(0, 100).exceeds(&range(0, 99)) && !range(0, 99).exceeds(&range(0, 100)));
        let mut all = range(0, 9000);
        all.unite(&range(9002, 16383));
        assert_eq!(all.first_missing().map(Slot::number), Some(9001));
    }
}
