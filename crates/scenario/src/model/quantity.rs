//! Quantities with units: spans of time, shifts of clocks, ratios, rates, bandwidths.
//!
//! All are integers, so that a scenario means the same on every platform. Each `Display` writes the text that
//! the scenario format reads back to the same value.

use std::fmt;

/// A length of virtual time, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(u64);

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);

    /// A span of `nanos` nanoseconds.
    pub const fn from_nanos(nanos: u64) -> Span {
        Span(nanos)
    }

    /// A span of `micros` microseconds; more than `u64` nanoseconds hold becomes the longest span there is.
    pub const fn from_micros(micros: u64) -> Span {
        Span(micros.saturating_mul(1_000))
    }

    /// A span of `millis` milliseconds; more than `u64` nanoseconds hold becomes the longest span there is.
    pub const fn from_millis(millis: u64) -> Span {
        Span(millis.saturating_mul(1_000_000))
    }

    /// A span of `secs` seconds; more than `u64` nanoseconds hold becomes the longest span there is.
    pub const fn from_secs(secs: u64) -> Span {
        Span(secs.saturating_mul(1_000_000_000))
    }

    /// In nanoseconds.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// In whole milliseconds, rounded down.
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000_000
    }

    /// The sum, or the longest span there is.
    pub const fn saturating_add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for Span {
    /// In the largest unit that needs no fraction: `90s`, `1500ms`, `200us`, `7ns`; zero is `0s`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, name) = match self.0 {
            nanos if nanos % 1_000_000_000 == 0 => (1_000_000_000, "s"),
            nanos if nanos % 1_000_000 == 0 => (1_000_000, "ms"),
            nanos if nanos % 1_000 == 0 => (1_000, "us"),
            _ => (1, "ns"),
        };
        write!(formatter, "{}{name}", self.0 / unit)
    }
}

/// A step of a wall clock, forward or back, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shift {
    /// Whether the clock is set back.
    pub back: bool,
    /// By how much.
    pub by: Span,
}

impl Shift {
    /// The step as signed nanoseconds.
    pub const fn as_nanos(self) -> i128 {
        let nanos = self.by.as_nanos() as i128;
        if self.back { -nanos } else { nanos }
    }
}

impl fmt::Display for Shift {
    /// The span with its sign: `+3s`, `-10s`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", if self.back { '-' } else { '+' }, self.by)
    }
}

/// How much faster (positive) or slower a clock runs than virtual time, in parts per million.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ppm(pub i32);

impl fmt::Display for Ppm {
    /// As `200ppm` or `-50ppm`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}ppm", self.0)
    }
}

/// An exact probability: `numerator` in `denominator`, at most one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    /// Cases that count; at most the denominator.
    pub numerator: u32,
    /// All cases; at least 1.
    pub denominator: u32,
}

impl Ratio {
    /// Never.
    pub const ZERO: Ratio = Ratio { numerator: 0, denominator: 1 };
}

impl fmt::Display for Ratio {
    /// As `3/1000`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.numerator, self.denominator)
    }
}

/// How often something is done: `count` times in every `per`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// At least 1.
    pub count: u32,
    /// One millisecond, second or minute.
    pub per: Span,
}

impl Rate {
    /// The mean distance between two occurrences, rounded down, at least 1 ns.
    pub const fn interval(self) -> Span {
        let nanos = self.per.as_nanos() / self.count as u64;
        Span::from_nanos(if nanos == 0 { 1 } else { nanos })
    }
}

impl fmt::Display for Rate {
    /// As `200/s`, `3/ms` or `10/min`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.per.as_nanos() {
            1_000_000 => "ms",
            60_000_000_000 => "min",
            _ => "s",
        };
        write!(formatter, "{}/{unit}", self.count)
    }
}

/// How much a link carries, in bytes per second; at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bandwidth(pub u64);

impl fmt::Display for Bandwidth {
    /// In the largest decimal unit that needs no fraction: `10MB/s`, `1500B/s`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, name) = match self.0 {
            bytes if bytes % 1_000_000_000 == 0 => (1_000_000_000, "GB/s"),
            bytes if bytes % 1_000_000 == 0 => (1_000_000, "MB/s"),
            bytes if bytes % 1_000 == 0 => (1_000, "kB/s"),
            _ => (1, "B/s"),
        };
        write!(formatter, "{}{name}", self.0 / unit)
    }
}
