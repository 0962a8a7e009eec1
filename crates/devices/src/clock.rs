//! The wall clock of one host: what it takes for Unix time at a point of virtual time.
//!
//! A straight line: offset plus drift, re-anchored at each jump or change of drift. Pure integers; asking
//! changes nothing. Clocks start at a realistic Unix time, because zero is a sentinel or "long ago" for many
//! timestamps (CK-6).

use rcsim_engine::{Nanos, Span};

const MILLION: i128 = 1_000_000;

/// A wall clock, linear between its faults.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WallClock {
    /// Unix time in nanoseconds at `since`.
    anchor_ns: i64,
    since: Nanos,
    drift_ppm: i32,
}

impl WallClock {
    /// The Unix time in milliseconds at which simulated clocks start: 17 November 2026, 11:33:20 UTC.
    pub const START_MS: i64 = 1_794_915_200_000;

    /// A clock that shows `START_MS + offset_ms` at virtual time zero and runs true.
    pub const fn new(offset_ms: i64) -> Self {
        let anchor_ns = Self::START_MS.saturating_add(offset_ms).saturating_mul(1_000_000);
        Self { anchor_ns, since: Nanos::ZERO, drift_ppm: 0 }
    }

    /// Unix time in nanoseconds.
    pub fn wall_ns(&self, now: Nanos) -> i64 {
        if self.drift_ppm == 0 && now >= self.since {
            // Nearly every clock, and asked with every event: without the wide division below.
            return self.anchor_ns.saturating_add_unsigned((now - self.since).0);
        }
        let passed = i128::from(now.0) - i128::from(self.since.0);
        let shown = i128::from(self.anchor_ns) + passed * (MILLION + i128::from(self.drift_ppm)) / MILLION;
        shown.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
    }

    /// Unix time in microseconds, rounded down.
    pub fn wall_us(&self, now: Nanos) -> i64 {
        self.wall_ns(now).div_euclid(1_000)
    }

    /// Unix time in milliseconds, rounded down.
    pub fn wall_ms(&self, now: Nanos) -> i64 {
        self.wall_ns(now).div_euclid(1_000_000)
    }

    /// Moves the clock by `by_ns` nanoseconds at once, forward or (negative) back.
    pub fn jump(&mut self, now: Nanos, by_ns: i64) {
        *self = Self { anchor_ns: self.wall_ns(now).saturating_add(by_ns), since: now, ..*self };
    }

    /// From now on the clock gains `drift_ppm` microseconds per second (negative: loses). A million or more
    /// lost would run backwards and is taken as standing still.
    pub fn set_drift(&mut self, now: Nanos, drift_ppm: i32) {
        let drift_ppm = drift_ppm.max(-1_000_000);
        *self = Self { anchor_ns: self.wall_ns(now), since: now, drift_ppm };
    }

    /// The drift in microseconds per second.
    pub fn drift_ppm(&self) -> i32 {
        self.drift_ppm
    }

    /// How far the clock is ahead of a true one (negative: behind), in nanoseconds.
    pub fn error_ns(&self, now: Nanos) -> i64 {
        self.wall_ns(now).saturating_sub(Self::new(0).wall_ns(now))
    }

    /// How much virtual time passes while this clock counts `local`: what a timer set by it really waits.
    /// A clock that stands still never gets there ([`Span::MAX`]).
    pub fn true_span(&self, local: Span) -> Span {
        match MILLION + i128::from(self.drift_ppm) {
            0 => Span::MAX,
            rate => Span(u64::try_from(i128::from(local.0) * MILLION / rate).unwrap_or(u64::MAX)),
        }
    }
}

impl Default for WallClock {
    fn default() -> Self {
        Self::new(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_true_clock_starts_at_a_realistic_unix_time_ck_6() {
        let clock = WallClock::new(-5);
        assert_eq!(clock.wall_ms(Nanos::from_millis(7)), WallClock::START_MS + 2);
        assert!(clock.wall_ms(Nanos::ZERO) > 1_000_000_000_000);
    }

    #[test]
    fn drift_counts_from_its_start_and_jumps_stay() {
        let mut clock = WallClock::default();
        clock.set_drift(Nanos::from_secs(10), 200);
        assert_eq!(clock.error_ns(Nanos::from_secs(10)), 0);
        assert_eq!(clock.error_ns(Nanos::from_secs(15)), 1_000_000, "200 ppm of 5 s is 1 ms");
        clock.jump(Nanos::from_secs(15), -10_000_000_000);
        clock.set_drift(Nanos::from_secs(15), 0);
        assert_eq!(clock.error_ns(Nanos::from_secs(900)), -9_999_000_000);
    }

    #[test]
    fn a_timer_set_by_a_fast_clock_is_short() {
        let mut clock = WallClock::default();
        assert_eq!(clock.true_span(Span::from_secs(1)), Span::from_secs(1));
        clock.set_drift(Nanos::ZERO, 250_000);
        assert_eq!(clock.true_span(Span::from_secs(1)), Span::from_millis(800));
        clock.set_drift(Nanos::ZERO, i32::MIN);
        assert_eq!(clock.wall_ms(Nanos::from_secs(5)), WallClock::START_MS);
        assert_eq!(clock.true_span(Span(1)), Span::MAX);
    }
}
