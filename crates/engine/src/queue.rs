//! The event queue: pops in the exact order of (time, sequence), whatever was pushed when.
//!
//! The sequence number counts pushes, so events of the same instant come out in the order they went in. Order
//! never depends on capacity, addresses or how the buckets lie: the tests hold it against a sorted list.
//!
//! How it is built (the choice and its figures: `docs/decisions/001-event-queue.md`): time is cut into
//! buckets of 2^16 ns (66 us). Three stores, by bucket:
//!
//! ```text
//! front   a binary heap      every event before `open`, the first bucket not yet opened
//! wheel   4096 lists         the next 4096 buckets from `open` on (268 ms), unsorted
//! far     a binary heap      what was beyond the wheel when it was pushed
//! ```
//!
//! Only the front is ever popped. When it runs empty the next bucket that holds anything is opened: its list
//! and the far events of the same bucket move to the front. So the front is empty only if the queue is, and a
//! push or a pop costs about a push to a list and a pop from a heap of a handful. Payloads rest in a slab
//! whose free places are reused last in, first out: nothing is allocated once the queue has seen its peak.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::time::Nanos;

/// A bucket is 2^16 ns = 65.536 us wide: below the latency of a message, above the gap between two.
const BUCKET_BITS: u32 = 16;
/// Buckets on the wheel: 64 words of 64 bits, so that one more word says which of them are not zero.
const BUCKETS: u64 = 64 * 64;
/// The end of a list in the slab.
const NONE: u32 = u32::MAX;

/// What the heaps sort: time, then sequence; the place in the slab decides nothing, as no two sequences are
/// equal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Key {
    at: Nanos,
    sequence: u64,
    place: u32,
}

/// A resting event, or a free place (`event` is `None`); `next` continues its bucket's list or the free list.
#[derive(Clone, Debug)]
struct Rest<E> {
    at: Nanos,
    sequence: u64,
    next: u32,
    event: Option<E>,
}

/// A priority queue of events in the exact order of (time, sequence).
#[derive(Clone, Debug)]
pub struct EventQueue<E> {
    front: BinaryHeap<Reverse<Key>>,
    far: BinaryHeap<Reverse<Key>>,
    wheel: Wheel,
    /// The first bucket that is not yet in the front; the wheel covers `BUCKETS` from here on.
    open: u64,
    /// A bucket was opened since the last call of [`EventQueue::newly_opened`].
    opened: bool,
    slab: Vec<Rest<E>>,
    free: u32,
    pushed: u64,
    len: usize,
}

impl<E> Default for EventQueue<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> EventQueue<E> {
    /// An empty queue; the first event pushed gets sequence 0.
    pub fn new() -> Self {
        Self {
            front: BinaryHeap::new(),
            far: BinaryHeap::new(),
            wheel: Wheel::new(),
            open: 0,
            opened: false,
            slab: Vec::new(),
            free: NONE,
            pushed: 0,
            len: 0,
        }
    }

    /// Adds an event and returns its sequence number. Any time is fine, also one before the last pop.
    ///
    /// # Panics
    /// If 2^32 - 1 events are pending.
    pub fn push(&mut self, at: Nanos, event: E) -> u64 {
        let sequence = self.pushed;
        self.pushed += 1;
        self.len += 1;
        let place = self.rest(at, sequence, event);
        let bucket = bucket_of(at);
        if self.front.is_empty() {
            // The queue was empty, so the wheel is too and may start anywhere.
            self.open = bucket + 1;
        }
        if bucket < self.open {
            self.front.push(Reverse(Key { at, sequence, place }));
        } else if bucket - self.open < BUCKETS {
            self.slab[place as usize].next = self.wheel.replace_head(bucket, place);
        } else {
            self.far.push(Reverse(Key { at, sequence, place }));
        }
        sequence
    }

    /// Takes the first event: its time, its sequence number and itself.
    pub fn pop(&mut self) -> Option<(Nanos, u64, E)> {
        let Reverse(key) = self.front.pop()?;
        self.len -= 1;
        if self.front.is_empty() && self.len > 0 {
            self.open_next_bucket();
        }
        let rest = &mut self.slab[key.place as usize];
        rest.next = std::mem::replace(&mut self.free, key.place);
        let event = rest.event.take().expect("a place named by a key holds an event");
        Some((key.at, key.sequence, event))
    }

    /// When the first event is due.
    pub fn peek_time(&self) -> Option<Nanos> {
        self.front.peek().map(|Reverse(key)| key.at)
    }

    /// After a bucket was opened, once: the events in front, in no particular order.
    pub(crate) fn newly_opened(&mut self) -> Option<impl Iterator<Item = &E>> {
        let slab = &self.slab;
        let events = |Reverse(key): &Reverse<Key>| slab[key.place as usize].event.as_ref();
        std::mem::take(&mut self.opened).then(|| self.front.iter().filter_map(events))
    }

    /// How many events are pending.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True if nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many events were ever pushed: the next sequence number.
    pub fn pushed(&self) -> u64 {
        self.pushed
    }

    /// All pending events with their times, in no particular order (for a look at a snapshot).
    pub fn pending(&self) -> impl Iterator<Item = (Nanos, u64, &E)> {
        self.slab.iter().filter_map(|rest| Some((rest.at, rest.sequence, rest.event.as_ref()?)))
    }

    fn rest(&mut self, at: Nanos, sequence: u64, event: E) -> u32 {
        let rest = Rest { at, sequence, next: NONE, event: Some(event) };
        if self.free == NONE {
            assert!(self.slab.len() < NONE as usize, "the event queue holds 2^32 - 1 events");
            self.slab.push(rest);
            return (self.slab.len() - 1) as u32;
        }
        let place = self.free;
        self.free = std::mem::replace(&mut self.slab[place as usize], rest).next;
        place
    }

    /// Moves the next bucket that holds anything to the front. At least one event is on the wheel or far.
    fn open_next_bucket(&mut self) {
        let near = self.wheel.first_from(self.open);
        let far = self.far.peek().map(|Reverse(key)| bucket_of(key.at));
        let bucket = match (near, far) {
            (Some(near), Some(far)) => near.min(far),
            (near, far) => near.or(far).expect("an event that is pending rests somewhere"),
        };
        if near == Some(bucket) {
            let mut place = self.wheel.take(bucket);
            while place != NONE {
                let Rest { at, sequence, next, .. } = self.slab[place as usize];
                self.front.push(Reverse(Key { at, sequence, place }));
                place = next;
            }
        }
        while self.far.peek().is_some_and(|Reverse(key)| bucket_of(key.at) == bucket) {
            self.front.extend(self.far.pop());
        }
        self.open = bucket + 1;
        self.opened = true;
    }
}

fn bucket_of(at: Nanos) -> u64 {
    at.0 >> BUCKET_BITS
}

/// The heads of the bucket lists, with two levels of bits that say which lists are not empty.
#[derive(Clone, Debug)]
struct Wheel {
    heads: Box<[u32]>,
    words: [u64; 64],
    summary: u64,
}

impl Wheel {
    fn new() -> Self {
        Self { heads: vec![NONE; BUCKETS as usize].into_boxed_slice(), words: [0; 64], summary: 0 }
    }

    /// Puts `place` at the head of the bucket's list and returns the head before.
    fn replace_head(&mut self, bucket: u64, place: u32) -> u32 {
        let slot = (bucket % BUCKETS) as usize;
        self.words[slot / 64] |= 1 << (slot % 64);
        self.summary |= 1 << (slot / 64);
        std::mem::replace(&mut self.heads[slot], place)
    }

    /// Empties the bucket and returns the head of its list.
    fn take(&mut self, bucket: u64) -> u32 {
        let slot = (bucket % BUCKETS) as usize;
        self.words[slot / 64] &= !(1 << (slot % 64));
        if self.words[slot / 64] == 0 {
            self.summary &= !(1 << (slot / 64));
        }
        std::mem::replace(&mut self.heads[slot], NONE)
    }

    /// The first bucket at or after `open` that is not empty; the wheel wraps around once.
    fn first_from(&self, open: u64) -> Option<u64> {
        let start = (open % BUCKETS) as usize;
        let (word, bit) = (start / 64, start % 64);
        let here = self.words[word] >> bit;
        if here != 0 {
            return Some(open + u64::from(here.trailing_zeros()));
        }
        if self.summary == 0 {
            return None;
        }
        // The words after `word`, then around to `word` itself (whose low bits lie a whole turn ahead).
        let turned = self.summary.rotate_right(word as u32 + 1);
        let found = (word + 1 + turned.trailing_zeros() as usize) % 64;
        let slot = found * 64 + self.words[found].trailing_zeros() as usize;
        Some(open + ((slot as u64 + BUCKETS - start as u64) % BUCKETS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// Times of every scale: the same instant, the same bucket, across the wheel, far beyond, the end of
    /// time.
    fn any_time() -> impl Strategy<Value = u64> {
        prop_oneof![
            0..4u64,
            0..200_000u64,
            0..600_000_000u64,
            0..20_000_000_000u64,
            Just(u64::MAX),
            any::<u64>()
        ]
    }

    proptest! {
        /// The queue equals a map sorted by (time, sequence), for every mixture of pushes and pops.
        #[test]
        fn order_is_that_of_a_sorted_list(
            steps in prop::collection::vec(prop::option::weighted(0.6, any_time()), 0..400),
            advancing: bool,
        ) {
            let (mut queue, mut model, mut now) = (EventQueue::new(), BTreeMap::new(), 0u64);
            for (index, step) in steps.iter().enumerate() {
                if let Some(time) = step {
                    let at = if advancing { now.saturating_add(*time) } else { *time };
                    let sequence = queue.push(Nanos(at), index);
                    model.insert((Nanos(at), sequence), index);
                } else {
                    let expected = model.pop_first().map(|((at, sequence), event)| (at, sequence, event));
                    now = expected.map_or(now, |(at, _, _)| at.0);
                    prop_assert_eq!(queue.pop(), expected);
                }
                prop_assert_eq!(queue.len(), model.len());
                prop_assert_eq!(queue.peek_time(), model.first_key_value().map(|((at, _), _)| *at));
            }
            let (rest, drained) = (queue.pending().count(), std::iter::from_fn(|| queue.pop()));
            prop_assert_eq!(rest, model.len());
            prop_assert!(drained.map(|(at, sequence, event)| ((at, sequence), event)).eq(model));
        }
    }

    #[test]
    fn a_clone_pops_the_same_events() {
        let mut queue = EventQueue::new();
        for n in 0..1000u64 {
            queue.push(Nanos(n * 7_919_113 % 900_000_000), n);
        }
        let mut copy = queue.clone();
        while let Some(first) = queue.pop() {
            assert_eq!(copy.pop(), Some(first));
        }
        assert!(copy.is_empty());
    }
}
