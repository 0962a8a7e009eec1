//! One judged run: (scenario, seed, options) to summary. Shows nothing.
//!
//! | room | what is in it |
//! |---|---|
//! | [`run()`] | the loop: the world goes on event by event, and everybody who judges is shown what happened |
//! | [`options`] | what a run may be asked for |
//! | `expectations` | what the scenario expects, judged in time |
//! | `states` | `cluster-ok`, `converged` … as predicates on a glimpse |
//! | `failovers` | the stages of each failover |
//! | `story` | which records a story needs |
//! | `bench` | a cluster without faults, for measuring |

mod bench;
mod expectations;
mod failovers;
pub mod options;
mod run;
mod states;
mod story;

pub use bench::{BenchCluster, BenchRun};
pub use options::{Keep, Options};
pub use rcsim_check::{Description, invariants};
pub use run::{run, run_while};

/// The scenario with its nemesis drawn into the timeline; one without a nemesis stays as it is.
pub fn plan(scenario: &rcsim_scenario::Scenario, seed: u64) -> rcsim_scenario::Scenario {
    rcsim_world::nemesis::plan(scenario, seed)
}

/// The words that a scenario may use for events, findings and known weaknesses.
pub fn vocabulary() -> rcsim_scenario::Vocabulary<'static> {
    static FINDINGS: std::sync::LazyLock<Vec<&'static str>> =
        std::sync::LazyLock::new(|| invariants().iter().map(|invariant| invariant.id).collect());
    rcsim_scenario::Vocabulary {
        events: rcsim_observe::event_names(),
        findings: &FINDINGS,
        weaknesses: rcsim_check::known::NAMES,
    }
}
