//! How a simulation ended.

use rcsim_observe::summary::{FaultLedger, NodeSummary, Verdict};
use rcsim_observe::{Finding, FindingKind};

use crate::Simulation;

/// What is left of a simulation that was steered by hand.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What the findings and the ledgers of the faults make of it. Findings that a faithful 7.0.15 shows as well
    /// ([`Finding::known_as`]) do not count.
    pub verdict: Verdict,
    /// Broken promises, in order of time.
    pub findings: Vec<Finding>,
    /// What every fault did, in order.
    pub faults: Vec<FaultLedger>,
    /// The nodes at the end.
    pub nodes: Vec<NodeSummary>,
    /// Fingerprint of everything that happened, as 32 hex digits.
    pub fingerprint: String,
    /// Events that the engine handled.
    pub events: u64,
    /// Bus messages that were sent.
    pub messages: u64,
}

impl Simulation {
    /// Ends it here and judges. Nothing is healed before: what is still broken may have to be mended first, and time
    /// must pass, for the invariants to say whether the cluster recovered.
    pub fn finish(mut self) -> Outcome {
        let world = self.engine.world();
        self.checks.finish(&world.at(self.engine.now().0));
        self.findings.extend(self.checks.take_findings());
        let faults = world.ledgers();
        let vacuous = faults.iter().any(|fault| fault.must_fire && !fault.fired());
        let broken = self.findings.iter().filter(|finding| finding.known_as.is_none()).map(verdict_of);
        let judged = broken.max().unwrap_or(Verdict::Passed);
        Outcome {
            verdict: judged.max(if vacuous { Verdict::Vacuous } else { Verdict::Passed }),
            faults,
            nodes: world.node_summaries(),
            fingerprint: self.engine.fingerprint().to_string(),
            events: self.engine.handled(),
            messages: world.message_count(),
            findings: self.findings,
        }
    }
}

fn verdict_of(finding: &Finding) -> Verdict {
    match finding.kind {
        FindingKind::Liveness => Verdict::Liveness,
        FindingKind::Safety | FindingKind::Expectation => Verdict::Violated,
    }
}
