//! Timeline entries: when something is done, and what.

use super::{Action, Span, Target};

/// One entry of the timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name in reports and in `"of"`: given, or made of the action's word and a number (`crash-1`).
    /// Unique.
    pub id: String,
    /// When it acts.
    pub when: When,
    /// What it does.
    pub action: Action,
    /// Whether a run in which it never bit is vacuous.
    pub must_fire: bool,
}

/// When an entry acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// Once, at this time.
    At(Span),
    /// Again and again.
    Every {
        /// Distance between two times; more than zero.
        every: Span,
        /// The first time.
        from: Span,
        /// No time is later than this; without it the end of the run.
        to: Option<Span>,
        /// At most so often.
        times: Option<u32>,
    },
    /// Once, after an event was seen.
    On {
        /// Name of the event.
        event: String,
        /// Only events of these nodes count.
        node: Option<Target>,
        /// The how manieth such event is meant; at least 1.
        nth: u32,
        /// How long after it.
        after: Span,
    },
}
