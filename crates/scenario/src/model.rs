//! A scenario as plain data: what is built, who talks to it, what breaks and what must come of it.
//!
//! This is the contract between the file format and everybody who runs, draws, shrinks or shows a scenario.
//! The values are complete (every default is filled in) and checked (every name they refer to exists) when
//! they come from [`parse`](crate::parse). Nothing here reads text, draws chance or runs anything.

mod action;
mod client;
mod cluster;
mod device;
mod expectation;
mod nemesis;
mod quantity;
mod quantity_text;
mod target;
mod timeline;

pub use action::{Action, ActionKind, Address, Argument, DiskContents, FsyncFault, ReplyPattern};
pub use client::{ClientSpec, Pacing, Profile, ReadsFrom, Spread, Wait, Workload};
pub use cluster::{ClockSpec, Cluster, Member, MemberRole, NodeOverride, SlotRange};
pub use device::{DiskSpec, Distribution, NetworkSpec, ProcessSpec};
pub use expectation::{Anchor, Count, Edge, Expectation, FaultRef, NodeRole, State};
pub use nemesis::{Nemesis, NemesisFault};
pub use quantity::{Bandwidth, Ppm, Rate, Ratio, Shift, Span};
pub use quantity_text::QuantityError;
pub use target::{SlotRef, Target};
pub use timeline::{Entry, When};

/// One scenario, complete: together with a seed and the version of rcsim it determines a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// Short title, shown at the head of every report.
    pub name: String,
    /// What happens and why it is worth watching; paragraphs are separated by line feeds.
    pub description: Option<String>,
    /// The nodes and how they start.
    pub cluster: Cluster,
    /// The clients, in the order of the file; their names are unique.
    pub clients: Vec<ClientSpec>,
    /// The network as long as no fault touches it.
    pub network: NetworkSpec,
    /// The disks as long as no fault touches them.
    pub disk: DiskSpec,
    /// How long processes take for what takes them long.
    pub process: ProcessSpec,
    /// What is done to the cluster, in the order of the file (not sorted by time).
    pub timeline: Vec<Entry>,
    /// A random fault plan, to be drawn into explicit timeline entries before the run.
    pub nemesis: Option<Nemesis>,
    /// What must hold; the built-in invariants judge in any case.
    pub expect: Vec<Expectation>,
    /// Virtual time at which the run ends, counted from its start.
    pub until: Span,
    /// The seed to use when the caller names none.
    pub seed: Option<u64>,
    /// How bus messages travel.
    pub wire: Wire,
    /// Findings that this scenario may show without failing, by name, because Redis 7.0.15 has the same
    /// weakness.
    pub known_weaknesses: Vec<String>,
    /// What the run may cost before it ends without a verdict.
    pub budget: Option<Budget>,
}

/// How bus messages travel between simulated nodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wire {
    /// As values: quick.
    #[default]
    Fast,
    /// Encoded and decoded by the binary codec on every hop, and compared.
    Checked,
}

/// What a run may cost before it ends with the verdict "unknown".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Events that the engine may pop.
    pub events: u64,
}

impl Scenario {
    /// A scenario with every default: three masters with one replica each, no clients, no faults, one minute.
    pub fn named(name: &str) -> Scenario {
        Scenario {
            name: name.to_owned(),
            description: None,
            cluster: Cluster::default(),
            clients: Vec::new(),
            network: NetworkSpec::default(),
            disk: DiskSpec::default(),
            process: ProcessSpec::default(),
            timeline: Vec::new(),
            nemesis: None,
            expect: Vec::new(),
            until: Span::from_secs(60),
            seed: None,
            wire: Wire::Fast,
            known_weaknesses: Vec::new(),
            budget: None,
        }
    }

    /// The names of all nodes, in the order of [`Cluster::members`].
    pub fn node_names(&self) -> Vec<String> {
        self.cluster.members().into_iter().map(|member| member.name).collect()
    }

    /// The names of all clients, in the order of the file.
    pub fn client_names(&self) -> Vec<String> {
        self.clients.iter().map(|client| client.name.clone()).collect()
    }
}
