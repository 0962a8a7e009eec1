//! Every invariant by id: its sentence, the rules it guards, what it costs.

use rcsim_observe::{EventKind, FindingKind};

use crate::{ledger, liveness, safety};

/// How the work of checking an invariant grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cost {
    /// A constant per event of the kinds it listens to.
    PerEvent,
    /// Grows with the number of nodes, at rare events only: elections, deaths, changes of owners.
    PerChange,
    /// Grows with the square of the number of nodes, once per quiet time.
    PerQuietTime,
}

impl Cost {
    /// A sentence for people.
    pub const fn sentence(self) -> &'static str {
        match self {
            Cost::PerEvent => "a constant per event",
            Cost::PerChange => "the number of nodes, at elections, deaths and changes of owners",
            Cost::PerQuietTime => "the square of the number of nodes, once per quiet time",
        }
    }
}

/// What an invariant is about; also what it listens to.
#[derive(Debug, PartialEq, Eq)]
pub struct Description {
    /// Its id, `S1` … `L10`.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Safety or liveness.
    pub kind: FindingKind,
    /// What holds.
    pub sentence: &'static str,
    /// The rules that keep it.
    pub rules: &'static [&'static str],
    /// The known weaknesses of Redis 7.0.15 that a finding may be recognised as.
    pub weaknesses: &'static [&'static str],
    /// What it costs.
    pub cost: Cost,
    /// The events that it is shown.
    pub events: &'static [EventKind],
}

static ALL: [Description; 23] = [
    safety::one_vote::DESCRIPTION,
    safety::durable_vote::DESCRIPTION,
    safety::elected_epoch::DESCRIPTION,
    safety::majority::DESCRIPTION,
    safety::epochs::DESCRIPTION,
    safety::legal_vote::DESCRIPTION,
    safety::coherence::DESCRIPTION,
    safety::downgrade::DESCRIPTION,
    safety::double_service::DESCRIPTION,
    ledger::DESCRIPTION,
    safety::sane_successor::DESCRIPTION,
    safety::equal_data::DESCRIPTION,
    safety::cycles::DESCRIPTION,
    safety::founded_fail::DESCRIPTION,
    liveness::convergence::DESCRIPTION,
    liveness::state_ok::DESCRIPTION,
    liveness::detection::DESCRIPTION,
    liveness::failover::DESCRIPTION,
    liveness::unfail::DESCRIPTION,
    liveness::roles::DESCRIPTION,
    liveness::manual_failover::DESCRIPTION,
    liveness::distinct_epochs::DESCRIPTION,
    liveness::membership::DESCRIPTION,
];

/// All invariants that this version checks, safety first, by number.
pub fn invariants() -> &'static [Description] {
    &ALL
}

/// The invariant with this id, in any case.
pub fn describe(id: &str) -> Option<&'static Description> {
    ALL.iter().find(|description| description.id.eq_ignore_ascii_case(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_every_invariant_listens_to_something() {
        for (index, description) in ALL.iter().enumerate() {
            assert!(!description.events.is_empty() && !description.rules.is_empty(), "{}", description.id);
            let same = ALL.iter().position(|other| other.id == description.id);
            assert_eq!(same, Some(index), "{} stands twice", description.id);
        }
        assert_eq!(describe("s19").map(|found| found.name), Some("founded FAIL"));
    }
}
