//! The nemesis: a random fault plan, described here and drawn elsewhere into explicit timeline entries.

use super::Span;

/// A random fault plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nemesis {
    /// No fault begins earlier.
    pub from: Span,
    /// Every fault is over here. Without it in the file: two thirds of the run.
    pub to: Span,
    /// Weights of the fault families, each at least 1, in the order of [`NemesisFault::ALL`]; never empty.
    pub faults: Vec<(NemesisFault, u32)>,
    /// Shortest and longest time between the beginnings of two faults.
    pub gap: (Span, Span),
    /// Shortest and longest length of a fault.
    pub length: (Span, Span),
    /// So many faults may overlap; at least 1.
    pub at_most_at_once: u32,
    /// Whether more than half of the masters always run and reach each other.
    pub keep_majority: bool,
}

/// A family of faults that a nemesis can draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NemesisFault {
    /// `kill -9`, then a restart with the disk kept.
    Crash,
    /// The host dies, then a restart with what was synced.
    PowerOff,
    /// SIGSTOP, then SIGCONT.
    Pause,
    /// Two groups that do not hear each other.
    Partition,
    /// A one-way black hole between two nodes.
    Cut,
    /// A slow or lossy link.
    Network,
    /// A clock that jumps or drifts.
    Clock,
    /// An fsync that stalls, is slow or fails, or a full disk; then a restart, if the process ended itself.
    Disk,
    /// A slow event loop.
    Slow,
}

impl NemesisFault {
    /// Every family, in the order of the documentation.
    pub const ALL: [NemesisFault; 9] = [
        NemesisFault::Crash,
        NemesisFault::PowerOff,
        NemesisFault::Pause,
        NemesisFault::Partition,
        NemesisFault::Cut,
        NemesisFault::Network,
        NemesisFault::Clock,
        NemesisFault::Disk,
        NemesisFault::Slow,
    ];

    /// The word, as in the file.
    pub const fn word(self) -> &'static str {
        match self {
            NemesisFault::Crash => "crash",
            NemesisFault::PowerOff => "power-off",
            NemesisFault::Pause => "pause",
            NemesisFault::Partition => "partition",
            NemesisFault::Cut => "cut",
            NemesisFault::Network => "network",
            NemesisFault::Clock => "clock",
            NemesisFault::Disk => "disk",
            NemesisFault::Slow => "slow",
        }
    }
}
