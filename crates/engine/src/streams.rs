//! Chance, keyed: every use of it has its own stream, named by a purpose and by whom it concerns.
//!
//! A stream is ChaCha8 under a key made from (seed, purpose, names) alone. Nothing depends on the order in
//! which streams are made or on how much others drew, so taking a client or a fault out of a scenario leaves
//! every other draw as it was: that is what makes shrinking and paired comparisons work.
//!
//! **The key** (part of the format): `text` = `"rcsim-stream-1"`, the seed, the purpose, the number of names,
//! the names; integers as 8 bytes little-endian, strings after their length. The first 16 bytes of the key
//! are XXH3-128 of `text` with hash seed 0, the last 16 the same with hash seed 1, both little-endian.
//!
//! An [`Oracle`] answers by position instead of by turn: the draw of (link, message number) is the same
//! whether or not any other was ever asked. It hashes the position under a key drawn from its ChaCha8 stream:
//! 3 ns and no state, where seeking a ChaCha8 generator costs 70 ns, more than the rest of a message.
//!
//! Draws are `u32` and `u64`, never `usize` or floats, and the algorithms are our own: libraries change
//! theirs.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128_with_seed};

/// The root of all chance of a run: its seed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Streams {
    seed: u64,
}

impl Streams {
    /// All the streams of this seed.
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The seed.
    pub const fn seed(self) -> u64 {
        self.seed
    }

    /// The stream for this purpose and these names, at its start.
    pub fn stream(&self, purpose: &str, names: &[&str]) -> Stream {
        Stream { generator: ChaCha8Rng::from_seed(self.key(purpose, names)) }
    }

    /// The oracle for this purpose and these names.
    pub fn oracle(&self, purpose: &str, names: &[&str]) -> Oracle {
        Oracle { key: self.stream(purpose, names).next_u64() }
    }

    fn key(&self, purpose: &str, names: &[&str]) -> [u8; 32] {
        let mut text = b"rcsim-stream-1".to_vec();
        text.extend(self.seed.to_le_bytes());
        add(&mut text, purpose);
        text.extend((names.len() as u64).to_le_bytes());
        names.iter().for_each(|name| add(&mut text, name));
        let mut key = [0; 32];
        key[..16].copy_from_slice(&xxh3_128_with_seed(&text, 0).to_le_bytes());
        key[16..].copy_from_slice(&xxh3_128_with_seed(&text, 1).to_le_bytes());
        key
    }
}

/// A string of a key's text: its length, then itself.
fn add(text: &mut Vec<u8>, name: &str) {
    text.extend((name.len() as u64).to_le_bytes());
    text.extend(name.as_bytes());
}

/// One stream of random numbers, drawn in turn. A clone goes on from the same place.
#[derive(Clone, Debug)]
pub struct Stream {
    generator: ChaCha8Rng,
}

impl Stream {
    /// The next 64 random bits.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        self.generator.next_u64()
    }

    /// A number in `0..bound`, each equally likely (Lemire's multiplication with rejection).
    ///
    /// # Panics
    /// If `bound` is 0: there is no such number.
    #[inline]
    pub fn below(&mut self, bound: u32) -> u32 {
        assert!(bound > 0, "a draw below 0 has no answer");
        loop {
            if let Some(number) = lemire(self.next_u64() as u32, bound) {
                return number;
            }
        }
    }

    /// Fills `numbers` with numbers in `0..bound`, each equally likely: four from each 64 bits while the bound is small,
    /// else one. For those who need many.
    ///
    /// # Panics
    /// If `bound` is 0.
    pub fn fill_below(&mut self, bound: u32, numbers: &mut [u32]) {
        assert!(bound > 0, "a draw below 0 has no answer");
        if bound > SMALL {
            return numbers.fill_with(|| self.below(bound));
        }
        for four in numbers.chunks_mut(4) {
            let mut bits = self.next_u64();
            for number in four {
                *number = lemire_16(bits as u16, bound).unwrap_or_else(|| self.below(bound));
                bits >>= 16;
            }
        }
    }

    /// A number in `0..bound`, each equally likely.
    ///
    /// # Panics
    /// If `bound` is 0.
    pub fn below_u64(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "a draw below 0 has no answer");
        loop {
            let product = u128::from(self.next_u64()) * u128::from(bound);
            let low = product as u64;
            if low >= bound || low >= bound.wrapping_neg() % bound {
                return (product >> 64) as u64;
            }
        }
    }

    /// True in `numerator` of `denominator` cases; always if the numerator is not the smaller one.
    ///
    /// # Panics
    /// If `denominator` is 0.
    pub fn chance(&mut self, numerator: u32, denominator: u32) -> bool {
        self.below(denominator) < numerator
    }

    /// A number from `low` to `high`, both included, each equally likely.
    ///
    /// # Panics
    /// If `low` is above `high`.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        assert!(low <= high, "no number lies between {low} and {high}");
        match (high - low).checked_add(1) {
            Some(count) => low + self.below_u64(count),
            None => self.next_u64(),
        }
    }

    /// Puts the items in random order (Fisher-Yates from the end).
    ///
    /// # Panics
    /// If there are 2^32 items or more.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        let count = u32::try_from(items.len()).expect("a shuffle takes fewer than 2^32 items");
        for last in (1..count).rev() {
            items.swap(last as usize, self.below(last + 1) as usize);
        }
    }

    /// One of the items, each equally likely; `None` if there are none.
    ///
    /// # Panics
    /// If there are 2^32 items or more.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let count = u32::try_from(items.len()).expect("a pick takes fewer than 2^32 items");
        (count > 0).then(|| &items[self.below(count) as usize])
    }
}

/// The number below `bound` that 32 random bits give, or nothing if they fall into the part that would favour some.
#[inline]
fn lemire(bits: u32, bound: u32) -> Option<u32> {
    let product = u64::from(bits) * u64::from(bound);
    let low = product as u32;
    // The threshold is below the bound: nearly always the division is not needed to see that.
    let fair = low >= bound || low >= bound.wrapping_neg() % bound;
    fair.then_some((product >> 32) as u32)
}

/// Up to this bound 16 random bits make a number: a draw is in vain in one of four cases at most.
const SMALL: u32 = 1 << 14;

/// Like [`lemire`], from 16 random bits, for bounds up to [`SMALL`].
#[inline]
fn lemire_16(bits: u16, bound: u32) -> Option<u32> {
    let product = u32::from(bits) * bound;
    let low = product & 0xffff;
    let fair = low >= bound || low >= 0x1_0000 % bound;
    fair.then_some(product >> 16)
}

/// Random numbers by position: a pure function of (key, stream, index).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Oracle {
    key: u64,
}

impl Oracle {
    /// The 64 random bits at position `index` of stream `stream`: XXH3-64 of both, little-endian, under the
    /// key.
    #[inline]
    pub fn draw(&self, stream: u64, index: u64) -> u64 {
        let position = (u128::from(index) << 64) | u128::from(stream);
        xxh3_64_with_seed(&position.to_le_bytes(), self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn first(seed: u64, purpose: &str, names: &[&str]) -> u64 {
        Streams::new(seed).stream(purpose, names).next_u64()
    }

    #[test]
    fn many_draws_at_once_favour_nobody() {
        for bound in [1, 3, 200, SMALL, SMALL + 1] {
            let mut numbers = [0; 1_000];
            Streams::new(7).stream("fill", &[]).fill_below(bound, &mut numbers);
            assert!(numbers.iter().all(|number| *number < bound));
            let sum: u64 = numbers.iter().map(|number| u64::from(*number)).sum();
            let mean = u64::from(bound - 1) * 500;
            assert!(sum.abs_diff(mean) <= mean / 10 + 40, "bound {bound}: sum {sum}, expected about {mean}");
        }
    }

    /// A golden draw: if it changes, every seed of every user means another run.
    #[test]
    fn keys_are_stable() {
        assert_eq!(first(42, "gossip", &["n1"]), 18_331_281_691_377_913_183);
        assert_eq!(Streams::new(42).oracle("latency", &[]).draw(7, 9), 7_590_397_992_668_105_780);
    }

    #[test]
    fn keys_are_unambiguous() {
        let draws = [
            first(1, "a", &["bc"]),
            first(1, "ab", &["c"]),
            first(1, "a", &["b", "c"]),
            first(1, "a", &["bc", ""]),
            first(1, "", &["a", "bc"]),
            first(2, "a", &["bc"]),
        ];
        let distinct: std::collections::BTreeSet<u64> = draws.into();
        assert_eq!(distinct.len(), draws.len());
    }

    #[test]
    fn streams_do_not_feel_each_other() {
        let streams = Streams::new(9);
        let alone = streams.stream("client", &["c1"]).next_u64();
        let mut other = streams.stream("client", &["c2"]);
        (0..100).for_each(|_| assert_ne!(other.next_u64(), alone));
        assert_eq!(streams.stream("client", &["c1"]).next_u64(), alone);
    }

    /// 6 does not divide 2^32 evenly, yet each face comes up within five standard deviations.
    #[test]
    fn small_draws_are_even() {
        let (mut stream, mut faces) = (Streams::new(3).stream("dice", &[]), [0u32; 6]);
        (0..60_000).for_each(|_| faces[stream.below(6) as usize] += 1);
        assert!(faces.iter().all(|count| (9_545..=10_455).contains(count)), "{faces:?}");
        let hits = (0..60_000).filter(|_| stream.chance(1, 3)).count();
        assert!((19_423..=20_577).contains(&hits), "{hits}");
    }

    #[test]
    fn oracle_bits_are_even_over_neighbouring_positions() {
        let oracle = Streams::new(3).oracle("latency", &["x"]);
        let mut ones = [0u32; 64];
        for index in 0..10_000 {
            let bits = oracle.draw(5, index);
            ones.iter_mut().enumerate().for_each(|(bit, count)| *count += (bits >> bit & 1) as u32);
        }
        assert!(ones.iter().all(|count| (4_700..=5_300).contains(count)), "{ones:?}");
    }

    proptest! {
        #[test]
        fn draws_keep_their_bounds(seed: u64, bound in 1u32.., wide in 1u64.., low: u64, more: u64) {
            let mut stream = Streams::new(seed).stream("bounds", &[]);
            let high = low.saturating_add(more);
            for _ in 0..20 {
                prop_assert!(stream.below(bound) < bound);
                prop_assert!(stream.below_u64(wide) < wide);
                prop_assert!((low..=high).contains(&stream.between(low, high)));
                prop_assert!(stream.chance(bound, bound) && !stream.chance(0, bound));
            }
        }

        #[test]
        fn a_shuffle_keeps_every_item(seed: u64, count in 0u32..50) {
            let mut stream = Streams::new(seed).stream("shuffle", &[]);
            let mut items: Vec<u32> = (0..count).collect();
            stream.shuffle(&mut items);
            prop_assert_eq!(stream.pick(&items).is_none(), count == 0);
            items.sort_unstable();
            prop_assert!(items.into_iter().eq(0..count));
        }
    }
}
