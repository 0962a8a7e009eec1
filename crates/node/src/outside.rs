//! What a node is lent for the time of one input: the time, the names, the dice, and a list for its effects.

use rcsim_observe::Event;
use rcsim_protocol::Registry;

use crate::effect::{Effect, Effects};

/// A node's own stream of chance.
pub trait Chance {
    /// A number below `bound`, all equally likely; `bound` is at least 1.
    fn below(&mut self, bound: u32) -> u32;
    /// Fills `numbers` with numbers below `bound`, all equally likely.
    fn fill_below(&mut self, bound: u32, numbers: &mut [u32]) {
        numbers.fill_with(|| self.below(bound));
    }
    /// 64 random bits.
    fn bits(&mut self) -> u64;

    /// 192 random bits, for an id.
    fn id_bits(&mut self) -> [u64; 3] {
        [self.bits(), self.bits(), self.bits()]
    }
}

/// What a node is lent for the time of one input.
pub struct Outside<'a> {
    /// The host's wall clock: Unix time in milliseconds. Must be realistic, for zero means "long ago" (rule CK-6).
    pub now_ms: i64,
    /// The names of nodes and addresses.
    pub registry: &'a mut Registry,
    /// The node's dice.
    pub chance: &'a mut dyn Chance,
    /// Where its effects go.
    pub effects: &'a mut Effects,
}

impl Outside<'_> {
    /// Tells that something was decided or refused.
    pub(crate) fn tell(&mut self, event: Event) {
        self.effects.push(Effect::Event(event));
    }
}
