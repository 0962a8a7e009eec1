//! Redis Cluster 7.0.15, simulated deterministically: the library for tests.
//!
//! There are two ways to use it. A **scenario** says beforehand what happens; [`run`] plays and judges it, as the
//! `rcsim` command does:
//!
//! ```
//! use rcsim::prelude::*;
//!
//! let scenario = rcsim::parse(r#"{
//!   "name": "a master dies",
//!   "cluster": { "settings": { "cluster-node-timeout": "1s" } },
//!   "timeline": [ { "at": "2s", "crash": "n1" } ],
//!   "expect": [ { "eventually": "cluster-ok", "within": "5s", "of": "crash" } ],
//!   "until": "10s"
//! }"#)?;
//! let summary = rcsim::run(&scenario, &Options::seeded(7));
//! assert_eq!(summary.verdict, Verdict::Passed);
//! assert_eq!(summary.failovers[0].winner.as_deref(), Some("n4"));
//! # Ok::<(), rcsim::Error>(())
//! ```
//!
//! A [`Simulation`] is steered by hand: it is stepped, looked at, broken and forked by the code of a test.
//!
//! ```
//! use rcsim::prelude::*;
//!
//! let mut cluster = Simulation::builder().setting("cluster-node-timeout", "1000").seed(7).build()?;
//! cluster.run_for(Span::from_secs(2));
//! cluster.crash("n1")?;
//! let n4 = cluster.place("n4")?;
//! let promoted = |world: &dyn Glimpse| world.node(n4).is_some_and(|node| node.owner(key_slot(b"")) == Some(node.me()));
//! assert!(cluster.run_until(Span::from_secs(5), promoted));
//!
//! // The same cluster once more, in which the old master comes back.
//! let mut other = cluster.clone();
//! other.restart("n1")?;
//! other.run_for(Span::from_secs(2));
//! let reply = other.command("n1", ["CLUSTER", "NODES"])?;
//! assert!(reply.is_some_and(|reply| reply.to_string().contains("myself,slave")));
//!
//! cluster.run_for(Span::from_secs(2));
//! assert_eq!(cluster.finish().verdict, Verdict::Passed);
//! assert_eq!(other.finish().verdict, Verdict::Passed);
//! # Ok::<(), rcsim::Error>(())
//! ```
//!
//! Equal inputs give equal runs: a `Simulation` with the same cluster, seed and calls ends with the same fingerprint,
//! on every machine. It has no threads, reads no clock and no file.

mod builder;
mod error;
mod faults;
mod outcome;
mod simulation;

pub use builder::Builder;
pub use error::Error;
pub use outcome::Outcome;
pub use rcsim_runner::{Options, run};
pub use simulation::Simulation;

/// What a test usually needs.
pub mod prelude {
    pub use rcsim_observe::summary::{Summary, Verdict};
    pub use rcsim_observe::{Event, Finding, Glimpse, NodeGlimpse, Place, Process, Record};
    pub use rcsim_protocol::{Epoch, Reply, Slot, key_slot};
    pub use rcsim_scenario::{Action, ClientSpec, Scenario, Span, Target};

    pub use crate::{Options, Outcome, Simulation};
}

/// Reads a scenario from JSON (`docs/scenario-format.md`).
///
/// # Errors
/// [`Error::Scenario`] with everything that is wrong with it, and where.
pub fn parse(text: &str) -> Result<rcsim_scenario::Scenario, Error> {
    rcsim_scenario::parse(text, "scenario", &rcsim_runner::vocabulary()).map_err(Error::Scenario)
}
