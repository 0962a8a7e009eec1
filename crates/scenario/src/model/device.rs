//! The network, the disks and the processes of a scenario as long as nothing is broken.

use super::{Bandwidth, Ratio, Span};

/// The network between all hosts, clients included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkSpec {
    /// One-way time of a segment.
    pub latency: Distribution,
    /// Share of segments that are lost and sent again.
    pub loss: Ratio,
    /// What each direction of a link carries; without it size costs no time.
    pub bandwidth: Option<Bandwidth>,
}

impl Default for NetworkSpec {
    /// One way at least 100 us, in the mean 850 us, nothing lost, no limit. With these times simulated clusters send as
    /// much as the measured ones, whose servers were busy (`docs/decisions/008-the-default-network.md`).
    fn default() -> NetworkSpec {
        let latency = Distribution::Exponential { mean: Span::from_micros(850), min: Span::from_micros(100) };
        NetworkSpec { latency, loss: Ratio::ZERO, bandwidth: None }
    }
}

/// The disk of every host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskSpec {
    /// Time of one fsync.
    pub fsync: Distribution,
}

impl Default for DiskSpec {
    /// An fsync takes 300..1200 us.
    fn default() -> DiskSpec {
        DiskSpec { fsync: Distribution::Uniform(Span::from_micros(300), Span::from_micros(1_200)) }
    }
}

/// What takes the processes of all hosts long, besides network and disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessSpec {
    /// For so long a process stands still to fork, for each GiB of its memory.
    pub fork_per_gib: Span,
    /// A child makes a key of a snapshot or of a log in this time.
    pub save_per_key: Span,
    /// A key of a snapshot, or a command of a log, is loaded in this time.
    pub load_per_key: Span,
}

impl Default for ProcessSpec {
    /// As measured with short strings on a machine of 2026.
    fn default() -> ProcessSpec {
        ProcessSpec {
            fork_per_gib: Span::from_millis(29),
            save_per_key: Span::from_micros(1),
            load_per_key: Span::from_nanos(1_450),
        }
    }
}

/// How a length of time is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Distribution {
    /// Always the same.
    Constant(Span),
    /// Every value from the first to the second, both included, equally likely; the first is not the larger.
    Uniform(Span, Span),
    /// `min` plus an exponentially distributed time, so that the mean of the whole is `mean`.
    Exponential {
        /// Mean of the whole, `min` included; not below `min`.
        mean: Span,
        /// The least value.
        min: Span,
    },
    /// Mostly one distribution, now and then another one.
    Bimodal {
        /// The usual case.
        usual: Box<Distribution>,
        /// The other case.
        other: Box<Distribution>,
        /// How often the other case is taken.
        share: Ratio,
    },
    /// Measured: (percentile in tenths of a percent, 0..=1000, ascending from 0 to 1000; the value there, not
    /// descending). Between two points the value is interpolated.
    Quantiles(Vec<(u16, Span)>),
}
