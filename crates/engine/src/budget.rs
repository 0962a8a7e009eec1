//! When a run ends: a [`Budget`] of events and of virtual time, and the [`Outcome`] that says what ended it.
//!
//! Budgets count from the start of the run, not from the call, so that a run that was stopped, cloned or
//! forked keeps its budget.

use std::fmt;

use crate::time::Nanos;

/// How far a run may go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Budget {
    /// The most events that may be handled since the start of the run.
    pub events: u64,
    /// The last instant whose events are still handled.
    pub until: Nanos,
}

impl Budget {
    /// No limit at all: only [`crate::Schedule::stop`] or an empty queue ends the run.
    pub const UNLIMITED: Self = Self { events: u64::MAX, until: Nanos::MAX };

    /// A limit of virtual time only.
    pub const fn until(until: Nanos) -> Self {
        Self { events: u64::MAX, until }
    }

    /// The same budget with at most `events` events since the start of the run.
    pub const fn and_events(self, events: u64) -> Self {
        Self { events, ..self }
    }
}

/// What ended a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The queue is empty: nothing will ever happen again.
    Idle,
    /// The world asked to stop.
    Stopped,
    /// The next event lies after `until`; the clock stands at `until`.
    TimeReached,
    /// The events of the budget are used up.
    EventsExhausted,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Idle => "nothing left to happen",
            Self::Stopped => "stopped by the world",
            Self::TimeReached => "virtual time used up",
            Self::EventsExhausted => "event budget used up",
        })
    }
}
