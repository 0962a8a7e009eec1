//! Which event queue? `cargo bench -p rcsim-engine` compares the library's queue with the usual alternatives.
//!
//! - `hold`: pop one, push one at a random distance (1 ns to 2 ms), with N events pending all the time;
//! - `ticks`: what a cluster of N nodes does: each node ticks every 100 ms and sends three messages per tick,
//!   which take 0.5 to 1.5 ms; one tick in eight leaves a timer 5 s ahead.
//!
//! One item is one event popped and its successors pushed. Every contender must pop the same events in the
//! same order: the sum of (time x sequence) is compared once at the start. The verdict is in
//! `docs/decisions/001-event-queue.md`.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use divan::counter::ItemsCount;
use rcsim_engine::{EventQueue, Nanos, Stream, Streams};

/// As large as an event of the real world: a small enum with a few ids.
type Payload = [u64; 4];

/// What a contender must do.
trait Queue {
    fn new() -> Self;
    fn push(&mut self, at: u64, event: Payload);
    fn pop(&mut self) -> Option<(u64, u64, Payload)>;
}

/// The library's: front heap, wheel of lists, far heap.
struct Wheel(EventQueue<Payload>);

impl Queue for Wheel {
    fn new() -> Self {
        Self(EventQueue::new())
    }
    fn push(&mut self, at: u64, event: Payload) {
        self.0.push(Nanos(at), event);
    }
    fn pop(&mut self) -> Option<(u64, u64, Payload)> {
        self.0.pop().map(|(at, sequence, event)| (at.0, sequence, event))
    }
}

/// The standard heap with the payload inside.
struct StdHeap(BinaryHeap<Reverse<(u64, u64, Payload)>>, u64);

impl Queue for StdHeap {
    fn new() -> Self {
        Self(BinaryHeap::new(), 0)
    }
    fn push(&mut self, at: u64, event: Payload) {
        self.0.push(Reverse((at, self.1, event)));
        self.1 += 1;
    }
    fn pop(&mut self) -> Option<(u64, u64, Payload)> {
        self.0.pop().map(|Reverse(entry)| entry)
    }
}

/// Payloads apart from the keys that a heap moves about; free places are reused last in, first out.
#[derive(Default)]
struct Slab {
    events: Vec<Payload>,
    free: Vec<u32>,
}

impl Slab {
    fn put(&mut self, event: Payload) -> u32 {
        match self.free.pop() {
            Some(place) => {
                self.events[place as usize] = event;
                place
            }
            None => {
                self.events.push(event);
                self.events.len() as u32 - 1
            }
        }
    }
    fn take(&mut self, place: u32) -> Payload {
        self.free.push(place);
        self.events[place as usize]
    }
}

/// The standard heap over keys, payloads in a slab.
struct StdHeapSlab(BinaryHeap<Reverse<(u64, u64, u32)>>, u64, Slab);

impl Queue for StdHeapSlab {
    fn new() -> Self {
        Self(BinaryHeap::new(), 0, Slab::default())
    }
    fn push(&mut self, at: u64, event: Payload) {
        let place = self.2.put(event);
        self.0.push(Reverse((at, self.1, place)));
        self.1 += 1;
    }
    fn pop(&mut self) -> Option<(u64, u64, Payload)> {
        self.0.pop().map(|Reverse((at, sequence, place))| (at, sequence, self.2.take(place)))
    }
}

/// A heap with four children per parent over keys (time above sequence in one integer), payloads in a slab.
struct QuaternaryHeap(Vec<(u128, u32)>, u64, Slab);

impl QuaternaryHeap {
    fn sift_up(&mut self, mut at: usize) {
        let entry = self.0[at];
        while at > 0 && entry.0 < self.0[(at - 1) / 4].0 {
            self.0[at] = self.0[(at - 1) / 4];
            at = (at - 1) / 4;
        }
        self.0[at] = entry;
    }
    fn sift_down(&mut self, entry: (u128, u32)) {
        let (heap, mut at) = (self.0.as_mut_slice(), 0);
        while at * 4 + 1 < heap.len() {
            let mut least = at * 4 + 1;
            for child in least + 1..(at * 4 + 5).min(heap.len()) {
                least = if heap[child].0 < heap[least].0 { child } else { least };
            }
            if entry.0 < heap[least].0 {
                break;
            }
            heap[at] = heap[least];
            at = least;
        }
        heap[at] = entry;
    }
}

impl Queue for QuaternaryHeap {
    fn new() -> Self {
        Self(Vec::new(), 0, Slab::default())
    }
    fn push(&mut self, at: u64, event: Payload) {
        let place = self.2.put(event);
        self.0.push((u128::from(at) << 64 | u128::from(self.1), place));
        self.1 += 1;
        self.sift_up(self.0.len() - 1);
    }
    fn pop(&mut self) -> Option<(u64, u64, Payload)> {
        let last = self.0.pop()?;
        let (key, place) = self.0.first().copied().unwrap_or(last);
        if !self.0.is_empty() {
            self.sift_down(last);
        }
        Some(((key >> 64) as u64, key as u64, self.2.take(place)))
    }
}

/// A radix heap: keys by the highest bit in which their time differs from the last popped one. Needs pushes
/// never before the last pop, and sorts the lowest bucket to keep equal times in order.
struct RadixHeap {
    buckets: Vec<Vec<(u64, u64, u32)>>,
    last: u64,
    pushed: u64,
    slab: Slab,
}

impl RadixHeap {
    fn place(&mut self, key: (u64, u64, u32)) {
        let bucket = (64 - (key.0 ^ self.last).leading_zeros()) as usize;
        self.buckets[bucket].push(key);
    }
}

impl Queue for RadixHeap {
    fn new() -> Self {
        Self { buckets: vec![Vec::new(); 65], last: 0, pushed: 0, slab: Slab::default() }
    }
    fn push(&mut self, at: u64, event: Payload) {
        let place = self.slab.put(event);
        self.place((at, self.pushed, place));
        self.pushed += 1;
    }
    fn pop(&mut self) -> Option<(u64, u64, Payload)> {
        if self.buckets[0].is_empty() {
            let lowest = self.buckets.iter().position(|bucket| !bucket.is_empty())?;
            let mut keys = std::mem::take(&mut self.buckets[lowest]);
            self.last = keys.iter().map(|key| key.0).min().expect("not empty");
            keys.drain(..).for_each(|key| self.place(key));
            self.buckets[lowest] = keys;
        }
        // All of one time: the oldest sequence first.
        let first = (0..self.buckets[0].len()).min_by_key(|index| self.buckets[0][*index].1)?;
        let (at, sequence, place) = self.buckets[0].swap_remove(first);
        Some((at, sequence, self.slab.take(place)))
    }
}

const PENDING: [u64; 3] = [100, 10_000, 1_000_000];
const HOLD: u64 = 2_000_000;

fn draws() -> Stream {
    Streams::new(1).stream("bench", &[])
}

fn filled<Q: Queue>(pending: u64, draws: &mut Stream) -> Q {
    let mut queue = Q::new();
    for n in 0..pending {
        queue.push(draws.next_u64() % HOLD, [n; 4]);
    }
    queue
}

/// Pops and pushes once.
#[inline]
fn hold_once<Q: Queue>(queue: &mut Q, bits: u64) -> u64 {
    let (at, sequence, event) = queue.pop().expect("the hold model never runs dry");
    queue.push(at + 1 + bits % HOLD, event);
    at.wrapping_mul(sequence | 1)
}

/// One event of the cluster-like mix: payload 0 is a tick, 1 a message, 2 a long timer.
#[inline]
fn tick_once<Q: Queue>(queue: &mut Q, bits: u64) -> u64 {
    let (at, sequence, event) = queue.pop().expect("ticks never end");
    if event[0] == 0 {
        queue.push(at + 100_000_000, event);
        for part in 0..3 {
            queue.push(at + 500_000 + (bits >> (part * 20)) % 1_000_000, [1; 4]);
        }
        if bits >> 61 == 0 {
            queue.push(at + 5_000_000_000, [2; 4]);
        }
    }
    at.wrapping_mul(sequence | 1)
}

fn ticking<Q: Queue>(nodes: u64, draws: &mut Stream) -> Q {
    let mut queue = Q::new();
    for _ in 0..nodes {
        queue.push(draws.next_u64() % 100_000_000, [0; 4]);
    }
    queue
}

#[divan::bench(types = [Wheel, StdHeap, StdHeapSlab, QuaternaryHeap, RadixHeap], args = PENDING)]
fn hold<Q: Queue>(bencher: divan::Bencher<'_, '_>, pending: u64) {
    let mut draws = draws();
    let mut queue: Q = filled(pending, &mut draws);
    let batch = 10_000u64;
    for _ in 0..pending * 2 {
        hold_once(&mut queue, draws.next_u64());
    }
    bencher.counter(ItemsCount::new(batch)).bench_local(|| {
        (0..batch).fold(0u64, |sum, _| sum.wrapping_add(hold_once(&mut queue, draws.next_u64())))
    });
}

#[divan::bench(types = [Wheel, StdHeap, StdHeapSlab, QuaternaryHeap, RadixHeap], args = [6, 200, 1000])]
fn ticks<Q: Queue>(bencher: divan::Bencher<'_, '_>, nodes: u64) {
    let mut draws = draws();
    let mut queue: Q = ticking(nodes, &mut draws);
    let batch = 10_000u64;
    for _ in 0..nodes * 400 {
        tick_once(&mut queue, draws.next_u64());
    }
    bencher.counter(ItemsCount::new(batch)).bench_local(|| {
        (0..batch).fold(0u64, |sum, _| sum.wrapping_add(tick_once(&mut queue, draws.next_u64())))
    });
}

/// The checksum of 20,000 events of both models.
fn checksum<Q: Queue>() -> u64 {
    let mut draws = draws();
    let (mut hold, mut ticks): (Q, Q) = (filled(500, &mut draws), ticking(50, &mut draws));
    (0..20_000).fold(0, |sum: u64, _| {
        let bits = draws.next_u64();
        sum.rotate_left(1) ^ hold_once(&mut hold, bits) ^ tick_once(&mut ticks, bits)
    })
}

fn main() {
    let sums = [
        checksum::<Wheel>(),
        checksum::<StdHeap>(),
        checksum::<StdHeapSlab>(),
        checksum::<QuaternaryHeap>(),
        checksum::<RadixHeap>(),
    ];
    assert!(sums.iter().all(|sum| *sum == sums[0]), "the queues disagree about the order: {sums:?}");
    divan::main();
}
