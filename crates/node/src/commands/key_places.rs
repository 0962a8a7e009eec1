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
    /// They may stand elsewhere, behind the option KEYS.
    pub(super) movable: bool,
}

/// No keys.
pub(super) const NONE: KeyPlaces = KeyPlaces { first: 0, last: 0, step: 0, uses: "", movable: false };

/// One, behind the name.
pub(super) const fn one(uses: &'static str) -> KeyPlaces {
    KeyPlaces { first: 1, last: 1, step: 1, uses, movable: false }
}

/// Two, behind the name: something moves from the first to the second.
pub(super) const fn source_and_destination() -> KeyPlaces {
    KeyPlaces { first: 1, last: 2, step: 1, uses: "RW access delete", movable: false }
}

/// The third word, or if that is empty, all words behind the option KEYS: those of MIGRATE.
pub(super) const MOVABLE: KeyPlaces =
    KeyPlaces { first: 3, last: 3, step: 1, uses: "RW access delete", movable: true };

/// All words behind the name.
pub(super) const fn all(uses: &'static str) -> KeyPlaces {
    KeyPlaces { first: 1, last: -1, step: 1, uses, movable: false }
}

/// Every second word, from the first one behind the name.
pub(super) const fn pairs(uses: &'static str) -> KeyPlaces {
    KeyPlaces { first: 1, last: -1, step: 2, uses, movable: false }
}

impl KeyPlaces {
    /// Whether a command can have keys.
    pub(super) const fn any(self) -> bool {
        self.first != 0
    }

    /// The keys of a command, in order.
    pub(super) fn of(self, command: &Command) -> impl Iterator<Item = &[u8]> + Clone {
        let (first, end) = match self.last {
            _ if !self.any() => (0, 0),
            _ if self.movable => movable_places(command),
            -1 => (self.first as usize, command.len()),
            last => (self.first as usize, last as usize + 1),
        };
        let step = (self.step as usize).max(1);
        (first..end.max(first)).step_by(step).filter_map(|index| command.word(index))
    }
}

/// From where to where the keys of MIGRATE stand.
fn movable_places(command: &Command) -> (usize, usize) {
    let (mut index, named) = (6, command.word(3).is_some_and(|word| !word.is_empty()));
    while !named && index < command.len() {
        index += match () {
            () if command.is(index, "keys") => return (index + 1, command.len()),
            () if command.is(index, "auth") => 2,
            () if command.is(index, "auth2") => 3,
            () => 1,
        };
    }
    (3, 4)
}
