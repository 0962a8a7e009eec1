//! An event with its time and place.

use std::fmt;
use std::hash::{Hash, Hasher};

use crate::event::Event;

/// A host of the world that carries a node: `n1` is place 0. A place stays when its process dies and even when
/// the node that is restarted there has a new id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(pub u32);

impl Place {
    /// As an index into tables by place.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.0 + 1)
    }
}

/// Something that happened, when and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Virtual time in nanoseconds since the start of the run.
    pub at_ns: u64,
    /// The node it happened at; `None` for what concerns the whole world.
    pub place: Option<Place>,
    /// What happened.
    pub event: Event,
}

impl Record {
    /// Hands the record to `sink` as 64-bit words, the same on every platform: this is what fingerprints fold.
    pub fn words(&self, sink: &mut impl FnMut(u64)) {
        sink(self.at_ns);
        sink(self.place.map_or(u64::MAX, |place| u64::from(place.0)));
        self.event.hash(&mut Words(sink));
    }
}

/// Turns `#[derive(Hash)]` into a stream of 64-bit words whose width does not depend on the platform: variants and
/// lengths are `isize`/`usize` to the derive, and 64 bits here.
struct Words<'a, F: FnMut(u64)>(&'a mut F);

impl<F: FnMut(u64)> Hasher for Words<'_, F> {
    fn finish(&self) -> u64 {
        0
    }
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            (self.0)(u64::from_le_bytes(word));
        }
    }
    fn write_u8(&mut self, value: u8) {
        (self.0)(u64::from(value));
    }
    fn write_u16(&mut self, value: u16) {
        (self.0)(u64::from(value));
    }
    fn write_u32(&mut self, value: u32) {
        (self.0)(u64::from(value));
    }
    fn write_u64(&mut self, value: u64) {
        (self.0)(value);
    }
    fn write_usize(&mut self, value: usize) {
        (self.0)(value as u64);
    }
    fn write_isize(&mut self, value: isize) {
        (self.0)(value as i64 as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(event: Event) -> Vec<u64> {
        let mut words = Vec::new();
        Record { at_ns: 7, place: Some(Place(2)), event }.words(&mut |word| words.push(word));
        words
    }

    #[test]
    fn different_events_give_different_words() {
        assert_ne!(words(Event::StateOk), words(Event::Crashed));
        assert_eq!(words(Event::StateOk)[..2], [7, 2]);
    }
}
