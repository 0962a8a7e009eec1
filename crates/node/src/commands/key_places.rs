//! Where the keys of a command are, and what becomes of them.
//!
//! Rules: RD-2, RD-3. Never: knows which slot a key is in.

use rcsim_protocol::Command;

/// Where the keys of a command are, as COMMAND INFO tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeyPlaces {
    /// Index of the first key; 0: there is none.
    pub(super) first: i8,
    /// Index of the last one; -1: the last word.
    pub(super) last: i8,
    /// From one to the next.
    pub(super) step: i8,
    /// What the command does with them, in the words of COMMAND INFO.
    pub(super) uses: &'static str,
}

/// No keys.
pub(super) const NONE: KeyPlaces = KeyPlaces { first: 0, last: 0, step: 0, uses: "" };

/// One, behind the name.
pub(super) const fn one(uses: &'static str) -> KeyPlaces {
    KeyPlaces { first: 1, last: 1, step: 1, uses }
}

/// Two, behind the name: something moves from the first to the second.
pub(super) const fn source_and_destination() -> KeyPlaces {
    KeyPlaces { first: 1, last: 2, step: 1, uses: "RW access delete" }
}

/// All words behind the name.
pub(super) const fn all(uses: &'static str) -> KeyPlaces {
    KeyPlaces { first: 1, last: -1, step: 1, uses }
}

/// Every second word, from the first one behind the name.
pub(super) const fn pairs(uses: &'static str) -> KeyPlaces {
    KeyPlaces { first: 1, last: -1, step: 2, uses }
}

impl KeyPlaces {
    /// Whether a command can have keys.
    pub(super) const fn any(self) -> bool {
        self.first != 0
    }

    /// The keys of a command, in order.
    pub(super) fn of(self, command: &Command) -> impl Iterator<Item = &[u8]> + Clone {
        let first = self.first as usize;
        let end = match self.last {
            _ if !self.any() => 0,
            -1 => command.len(),
            last => last as usize + 1,
        };
        let step = (self.step as usize).max(1);
        (first..end.max(first)).step_by(step).filter_map(|index| command.word(index))
    }
}
