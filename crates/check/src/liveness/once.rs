//! One judgement per quiet time.

use crate::facts::Facts;

/// Remembers for which quiet time, named by its beginning, a judgement was made.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Once {
    judged: Option<u64>,
}

impl Once {
    /// When to judge a quiet time that began at `start_ns`; `None` while a fault is open, or if it was done.
    pub(crate) fn due_ns(self, facts: &Facts, start_ns: u64, bound_ns: u64) -> Option<u64> {
        (facts.clock.is_quiet() && self.is_open(start_ns)).then(|| start_ns.saturating_add(bound_ns))
    }

    /// Whether this quiet time was not judged.
    pub(crate) fn is_open(self, start_ns: u64) -> bool {
        self.judged != Some(start_ns)
    }

    /// This quiet time is judged now.
    pub(crate) fn close(&mut self, start_ns: u64) {
        self.judged = Some(start_ns);
    }
}

/// When the cluster began to settle: the start of the clock of L1, L2, L6, L9 and L10.
pub(crate) fn settling(facts: &Facts) -> u64 {
    facts.clock.settling_since(facts.timing)
}

/// The bound of L1: H, and once more for each owner that a stale node may have to be told of, because one heartbeat
/// brings one UPDATE (PK-16.2).
pub(crate) fn convergence_bound(facts: &Facts) -> u64 {
    facts.timing.heartbeats() * (1 + facts.clock.new_owners())
}
