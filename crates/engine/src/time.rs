//! Virtual time: [`Nanos`] is a point, [`Span`] is a length; both count whole nanoseconds.
//!
//! They are different types so that two points cannot be added by mistake. Arithmetic saturates: the end
//! of time ([`Nanos::MAX`], some 584 years) is "never", and never plus a second is still never.

use std::fmt;
use std::ops::{Add, AddAssign, Div, Mul, Sub};

const PER_MICRO: u64 = 1_000;
const PER_MILLI: u64 = 1_000_000;
const PER_SECOND: u64 = 1_000_000_000;

/// A point of virtual time, in nanoseconds since the start of the run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Nanos(pub u64);

/// A length of virtual time, in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Span(pub u64);

impl Nanos {
    /// The start of the run.
    pub const ZERO: Self = Self(0);
    /// The end of time: "never".
    pub const MAX: Self = Self(u64::MAX);

    /// The point `seconds` after the start.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(PER_SECOND))
    }

    /// The point `millis` milliseconds after the start.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(PER_MILLI))
    }

    /// The point `micros` microseconds after the start.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros.saturating_mul(PER_MICRO))
    }

    /// Whole milliseconds since the start, rounded down.
    pub const fn as_millis(self) -> u64 {
        self.0 / PER_MILLI
    }

    /// Whole microseconds since the start, rounded down.
    pub const fn as_micros(self) -> u64 {
        self.0 / PER_MICRO
    }

    /// How long ago `earlier` was; zero if it lies ahead.
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// The longest length there is.
    pub const MAX: Self = Self(u64::MAX);

    /// So many seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(PER_SECOND))
    }

    /// So many milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(PER_MILLI))
    }

    /// So many microseconds.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros.saturating_mul(PER_MICRO))
    }

    /// Whole milliseconds, rounded down.
    pub const fn as_millis(self) -> u64 {
        self.0 / PER_MILLI
    }

    /// Whole microseconds, rounded down.
    pub const fn as_micros(self) -> u64 {
        self.0 / PER_MICRO
    }

    /// True for no time at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl Add<Span> for Nanos {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl AddAssign<Span> for Nanos {
    fn add_assign(&mut self, span: Span) {
        *self = *self + span;
    }
}

impl Sub<Span> for Nanos {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl Sub for Nanos {
    type Output = Span;
    fn sub(self, earlier: Self) -> Span {
        self.since(earlier)
    }
}

impl Add for Span {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Span {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Span {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Mul<u64> for Span {
    type Output = Self;
    fn mul(self, times: u64) -> Self {
        Self(self.0.saturating_mul(times))
    }
}

impl Div<u64> for Span {
    type Output = Self;
    fn div(self, parts: u64) -> Self {
        Self(self.0 / parts)
    }
}

/// `T+20.004s`: seconds with milliseconds, rounded down; `{:#}` shows all nine digits, `{:>12}` pads.
impl fmt::Display for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, nanos) = (self.0 / PER_SECOND, self.0 % PER_SECOND);
        if f.alternate() {
            f.pad(&format!("T+{seconds}.{nanos:09}s"))
        } else {
            f.pad(&format!("T+{seconds}.{:03}s", nanos / PER_MILLI))
        }
    }
}

/// Exact, in the largest unit that is not below one: `1.5s`, `250ms`, `17ns`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, name) = match self.0 {
            PER_SECOND.. => (PER_SECOND, "s"),
            PER_MILLI.. => (PER_MILLI, "ms"),
            PER_MICRO.. => (PER_MICRO, "us"),
            _ => (1, "ns"),
        };
        let (whole, rest) = (self.0 / unit, self.0 % unit);
        if rest == 0 {
            return f.pad(&format!("{whole}{name}"));
        }
        let digits = unit.ilog10() as usize;
        let fraction = format!("{rest:0digits$}");
        f.pad(&format!("{whole}.{}{name}", fraction.trim_end_matches('0')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_and_lengths_read_as_people_write_them() {
        let at = Nanos::from_millis(20_004) + Span(9_999);
        assert_eq!(at.to_string(), "T+20.004s");
        assert_eq!(format!("{at:#}"), "T+20.004009999s");
        assert_eq!(format!("{:>12}", Nanos::from_secs(1)), "    T+1.000s");
        let shown = [1_500_000_000, 250_000_000, 1_050_000, 1_000, 17, 0].map(|n| Span(n).to_string());
        assert_eq!(shown, ["1.5s", "250ms", "1.05ms", "1us", "17ns", "0ns"]);
    }

    #[test]
    fn never_stays_never_and_the_start_has_nothing_before_it() {
        assert_eq!(Nanos::MAX + Span(1), Nanos::MAX);
        assert_eq!(Nanos(3) - Span(5), Nanos::ZERO);
        assert_eq!(Nanos(3) - Nanos(5), Span::ZERO);
        assert_eq!(Span::MAX * 2, Span::MAX);
        assert_eq!(Span::from_secs(u64::MAX), Span::MAX);
    }
}
