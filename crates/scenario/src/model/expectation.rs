//! Expectations: what must come of a scenario.

use std::fmt;

use rcsim_observe::LossCause;

use super::{ActionKind, Ratio, SlotRange, Span, Target};

/// One thing that must hold. In `"expect"` it is judged over the whole run, in a `check` entry over the run
/// so far (an `eventually` then counts from there).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// A state is reached in time and kept: it holds without a break from the end of the bound at the latest
    /// until the next timeline entry acts or the run ends. (That it held before the fault is worth nothing.)
    Eventually {
        /// The state.
        state: State,
        /// In whose eyes; without it, of every live node that belongs to the cluster.
        node: Option<Target>,
        /// The bound.
        within: Span,
        /// What the bound counts from; without it, from the end of the last fault (in a check: from the
        /// check).
        of: Option<Anchor>,
    },
    /// A state holds now: at the end of the run, or at the moment of the check.
    Now {
        /// The state.
        state: State,
        /// In whose eyes; without it, of every live node that belongs to the cluster.
        node: Option<Target>,
    },
    /// An event is seen so often.
    Event {
        /// Its name.
        name: String,
        /// Only events of these nodes count.
        node: Option<Target>,
        /// How often.
        count: Count,
    },
    /// An event is never seen.
    Never {
        /// Its name.
        name: String,
        /// Only events of these nodes count.
        node: Option<Target>,
    },
    /// The run shows this finding: the scenario demonstrates a weakness, and fails without it.
    Finding(String),
    /// So many acknowledged writes are lost.
    LostAcknowledgedWrites {
        /// How many.
        count: Count,
        /// Only those that are gone for this reason count.
        because: Option<LossCause>,
    },
    /// So many operations are answered with success.
    Answered {
        /// Of this client; without it, of all clients together.
        client: Option<String>,
        /// How many.
        count: Count,
    },
    /// So many reads did not see a write that had been acknowledged before they were asked for.
    StaleReads {
        /// Of this client; without it, of all clients together.
        client: Option<String>,
        /// How many.
        count: Count,
    },
    /// At least this share of the operations are answered with success.
    Availability {
        /// Of this client; without it, of all clients together.
        client: Option<String>,
        /// The least share.
        at_least: Ratio,
    },
    /// These slots belong to this node in the view of every live node of the cluster.
    Owner {
        /// The slots.
        slots: Vec<SlotRange>,
        /// The node.
        is: Target,
    },
    /// A node plays this part in its own view.
    Role {
        /// The node.
        node: Target,
        /// The part.
        is: NodeRole,
        /// The master it follows; only for replicas.
        of: Option<Target>,
    },
}

/// The part a node plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeRole {
    /// A master, with or without slots.
    Master,
    /// A replica.
    Replica,
}

/// A state of the cluster, or of single nodes where an expectation names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// `cluster_state:ok` in every view.
    ClusterOk,
    /// `cluster_state:fail` in every view.
    ClusterFail,
    /// All views agree on members, roles, masters and slot owners, and nobody is PFAIL or FAIL.
    Converged,
    /// Every replica's link to its master is up.
    ReplicasAttached,
    /// Every slot has an owner that is alive and serves it.
    SlotsCovered,
    /// No two masters have the same config epoch.
    EpochsDistinct,
}

impl State {
    /// Every state, in the order of the documentation.
    pub const ALL: [State; 6] = [
        State::ClusterOk,
        State::ClusterFail,
        State::Converged,
        State::ReplicasAttached,
        State::SlotsCovered,
        State::EpochsDistinct,
    ];

    /// The word, as in the file.
    pub const fn word(self) -> &'static str {
        match self {
            State::ClusterOk => "cluster-ok",
            State::ClusterFail => "cluster-fail",
            State::Converged => "converged",
            State::ReplicasAttached => "replicas-attached",
            State::SlotsCovered => "slots-covered",
            State::EpochsDistinct => "epochs-distinct",
        }
    }

    /// The state of this word.
    pub fn from_word(word: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// How often something may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// The least number.
    pub at_least: u64,
    /// The largest number; not below `at_least`.
    pub at_most: Option<u64>,
}

impl Count {
    /// Once or more.
    pub const SOME: Count = Count { at_least: 1, at_most: None };

    /// Whether `number` is allowed.
    pub const fn allows(self, number: u64) -> bool {
        let low_enough = match self.at_most {
            Some(most) => number <= most,
            None => true,
        };
        number >= self.at_least && low_enough
    }
}

/// What a bound counts from: `"crash"`, `"end-of:partition"`, `"cut-2"`. With several firings, each one
/// counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The entry or entries.
    pub fault: FaultRef,
    /// Their beginning or their end.
    pub edge: Edge,
}

/// The beginning or the end of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// The moment the entry acts.
    Begin,
    /// `end-of:`: the moment its effect is over.
    End,
}

/// Timeline entries, by kind or by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultRef {
    /// All entries of this kind.
    Kind(ActionKind),
    /// The entry of this id.
    Id(String),
}

impl fmt::Display for Anchor {
    /// As in the file.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let edge = if self.edge == Edge::End { "end-of:" } else { "" };
        match &self.fault {
            FaultRef::Kind(kind) => write!(formatter, "{edge}{}", kind.word()),
            FaultRef::Id(id) => write!(formatter, "{edge}{id}"),
        }
    }
}
