//! What a run may be asked for.

/// Which records of a run are kept in its summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Those that tell the story.
    Story,
    /// All of them.
    All,
}

/// How a scenario is to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The root of all chance.
    pub seed: u64,
    /// Virtual time at which the run ends, in ns; `None`: where the scenario ends.
    pub until_ns: Option<u64>,
    /// Which records are kept.
    pub keep: Keep,
    /// Whether the operations of clients are kept.
    pub operations: bool,
}

impl Options {
    /// A run to the scenario's own end that keeps the story.
    pub const fn seeded(seed: u64) -> Options {
        Options { seed, until_ns: None, keep: Keep::Story, operations: false }
    }
}
