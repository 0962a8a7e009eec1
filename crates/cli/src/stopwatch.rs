//! The only reader of the real clock: how long something took. Nothing inside a run can see it.

#![expect(clippy::disallowed_types, reason = "real time is shown beside a run and never goes into one")]

use std::time::Instant;

/// A running stopwatch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts one.
    pub(crate) fn start() -> Stopwatch {
        Stopwatch(Instant::now())
    }

    /// Milliseconds since it was started.
    pub(crate) fn millis(self) -> f64 {
        self.0.elapsed().as_secs_f64() * 1000.0
    }
}
