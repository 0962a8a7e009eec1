//! A broken promise of the cluster, as a value.

use crate::record::{Place, Record};

/// What kind of promise is broken; decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingKind {
    /// Something that must never be was.
    Safety,
    /// Something that must come about after the last fault did not, in the time the settings allow.
    Liveness,
    /// Something that the scenario expects did not hold.
    Expectation,
}

impl FindingKind {
    /// The word in reports.
    pub const fn name(self) -> &'static str {
        match self {
            FindingKind::Safety => "safety",
            FindingKind::Liveness => "liveness",
            FindingKind::Expectation => "expectation",
        }
    }
}

/// A promise, when and where it was broken, and the events that led there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The invariant's id, `S1` … `L12`, or `expect-3` for the scenario's third expectation.
    pub id: String,
    /// What kind of promise it is.
    pub kind: FindingKind,
    /// When it was noticed, in virtual ns.
    pub at_ns: u64,
    /// The nodes concerned.
    pub places: Vec<Place>,
    /// One or two sentences for people: what was expected, what is.
    pub text: String,
    /// The known weakness of Redis 7.0.15 that explains it, by its entry in `docs/known-weaknesses.md` (`EL-05`).
    pub known_as: Option<&'static str>,
    /// The events that led there, oldest first.
    pub led_by: Vec<Record>,
}
