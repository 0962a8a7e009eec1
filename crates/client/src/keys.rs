//! The keys of one client: their names, their slots, and how often each is taken.

use std::collections::BTreeMap;
use std::sync::Arc;

use rcsim_protocol::{Command, Slot, key_slot};

use crate::setup::{Load, Spread};

/// Up to so many keys have a place each in a table; more are kept by number, because most of them are never used.
const DENSE: u32 = 1 << 16;

/// A key that was used.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) name: Arc<str>,
    pub(crate) slot: Slot,
    /// The greatest number that was written or tried; of a rate limiter: the window that the name stands for.
    pub(crate) last: u64,
    /// A write with a number of its own is under way: there is no second one meanwhile.
    pub(crate) is_written: bool,
    /// The command that reads it.
    pub(crate) get: Command,
}

/// All keys of one client.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    prefix: Arc<str>,
    count: u32,
    group: u32,
    spread: Spread,
    dense: Vec<Option<Key>>,
    sparse: BTreeMap<u32, Key>,
}

impl Keys {
    pub(crate) fn new(load: &Load) -> Keys {
        let count = load.keys.max(1);
        Keys {
            prefix: Arc::clone(&load.prefix),
            count,
            group: load.group,
            spread: load.spread,
            dense: if count <= DENSE { vec![None; count as usize] } else { Vec::new() },
            sparse: BTreeMap::new(),
        }
    }

    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// The key of this number.
    pub(crate) fn key(&mut self, number: u32) -> &mut Key {
        let (prefix, group) = (&self.prefix, self.group);
        let make = || Key::named(name(prefix, number, group));
        match self.dense.get_mut(number as usize) {
            Some(key) => key.get_or_insert_with(make),
            None => self.sparse.entry(number).or_insert_with(make),
        }
    }

    /// Whether a write is under way to this key.
    pub(crate) fn is_written(&self, number: u32) -> bool {
        let key = match self.dense.get(number as usize) {
            Some(key) => key.as_ref(),
            None => self.sparse.get(&number),
        };
        key.is_some_and(|key| key.is_written)
    }

    /// Some key.
    pub(crate) fn draw(&self, draw: &mut dyn FnMut(u32) -> u32) -> u32 {
        match self.spread {
            Spread::Uniform => draw(self.count),
            Spread::Zipf => {
                // Octave k has the keys 2^k - 1 up to 2^(k+1) - 2, and all octaves are taken equally often.
                let octave = draw(self.count.ilog2() + 1);
                let first = (1u32 << octave) - 1;
                first + draw((1u32 << octave).min(self.count - first))
            }
            Spread::Hot if draw(10) == 0 => draw(self.count),
            Spread::Hot => draw((self.count / 100).max(1)),
        }
    }

    /// The numbers of all keys that share the hash tag of this one.
    pub(crate) fn group_of(&self, number: u32) -> std::ops::Range<u32> {
        let size = self.group.max(1);
        let first = number / size * size;
        first..(first + size).min(self.count)
    }
}

impl Key {
    pub(crate) fn named(name: Arc<str>) -> Key {
        Key {
            slot: key_slot(name.as_bytes()),
            get: Command::new(["GET", &name]),
            name,
            last: 0,
            is_written: false,
        }
    }
}

fn name(prefix: &str, number: u32, group: u32) -> Arc<str> {
    match group {
        0 | 1 => format!("{prefix}:{number}").into(),
        size => format!("{{{prefix}:{}}}:{number}", number / size).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::ClientSetup;

    fn keys(change: impl FnOnce(&mut Load)) -> Keys {
        let mut load = ClientSetup::new(0, "c1", Vec::new()).load;
        change(&mut load);
        Keys::new(&load)
    }

    /// So many draws, and how many of them took a key below `below`.
    fn share_below(keys: &Keys, below: u32) -> u32 {
        let mut state = 1u64;
        let mut draw = |bound: u32| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) % u64::from(bound)) as u32
        };
        (0..10_000).filter(|_| keys.draw(&mut draw) < below).count() as u32
    }

    #[test]
    fn spreads_favour_the_first_keys_as_they_say() {
        let uniform = share_below(&keys(|load| load.keys = 1000), 10);
        let hot = share_below(&keys(|load| (load.keys, load.spread) = (1000, Spread::Hot)), 10);
        let zipf = share_below(&keys(|load| (load.keys, load.spread) = (1000, Spread::Zipf)), 15);
        assert!((50..150).contains(&uniform), "{uniform}");
        assert!((8_900..9_200).contains(&hot), "{hot}");
        assert!((3_800..4_200).contains(&zipf), "{zipf}");
    }

    #[test]
    fn every_key_can_be_drawn_and_none_beyond() {
        for count in 1..40 {
            let keys = keys(|load| (load.keys, load.spread) = (count, Spread::Zipf));
            let greatest = keys.draw(&mut |bound| bound - 1);
            assert!(greatest < count, "{greatest} of {count}");
            assert_eq!(greatest, count - 1);
        }
    }

    #[test]
    fn rd_1_keys_of_a_group_share_a_slot() {
        let mut keys = keys(|load| load.group = 3);
        assert_eq!(&*keys.key(4).name, "{c1:1}:4");
        assert_eq!(keys.group_of(4), 3..6);
        assert_eq!(keys.group_of(99), 99..100);
        let [third, fifth, sixth] = [3, 5, 6].map(|number| keys.key(number).slot);
        assert_eq!(third, fifth);
        assert_ne!(third, sixth);
    }
}
