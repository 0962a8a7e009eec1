//! What remains of a run when it is over: everything that a report or a test asks for, as plain data.

use std::collections::BTreeMap;

use rcsim_protocol::{Epoch, NodeId, NodeIx, SlotSet};

use crate::finding::Finding;
use crate::history::Operation;
use crate::loss::Loss;
use crate::record::{Place, Record};

/// How a run is judged. The order is that of precedence: the last one that applies wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// All that was expected held.
    Passed,
    /// A fault never bit, or an expected event never happened.
    Vacuous,
    /// A budget ran out before a verdict.
    Unknown,
    /// The cluster was healed and did not recover in time.
    Liveness,
    /// An invariant was violated, or an expectation of the scenario did not hold.
    Violated,
    /// The same input gave another fingerprint.
    Nondeterministic,
}

impl Verdict {
    /// The word in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Passed => "passed",
            Verdict::Vacuous => "vacuous",
            Verdict::Unknown => "unknown",
            Verdict::Liveness => "liveness",
            Verdict::Violated => "violated",
            Verdict::Nondeterministic => "nondeterministic",
        }
    }

    /// The exit code of the command (`docs/exit-codes.md`).
    pub const fn exit_code(self) -> u8 {
        match self {
            Verdict::Passed => 0,
            Verdict::Violated => 1,
            Verdict::Liveness => 3,
            Verdict::Nondeterministic => 4,
            Verdict::Vacuous => 5,
            Verdict::Unknown => 6,
        }
    }
}

/// A run that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The scenario's name.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// The verdict.
    pub verdict: Verdict,
    /// Fingerprint of everything that happened, as 32 hex digits.
    pub fingerprint: String,
    /// Virtual time that passed, in ns.
    pub sim_ns: u64,
    /// Events that the engine handled.
    pub events: u64,
    /// Bus messages that were sent.
    pub messages: u64,
    /// Broken promises, in order of time.
    pub findings: Vec<Finding>,
    /// One entry per fault of the scenario, in order.
    pub faults: Vec<FaultLedger>,
    /// How often each event happened, by name; names that did not happen are absent.
    pub coverage: BTreeMap<&'static str, u64>,
    /// What clients got.
    pub clients: ClientTotals,
    /// The acknowledged writes that are gone, in the order in which they were acknowledged.
    pub losses: Vec<Loss>,
    /// One entry per fault that took a serving master away, and per promotion without such a fault.
    pub failovers: Vec<Failover>,
    /// The nodes at the end.
    pub nodes: Vec<NodeSummary>,
    /// What the scenario expected and whether it held, in its order.
    pub expectations: Vec<ExpectationResult>,
    /// All records, if the run was asked to keep them; else those kept for the story.
    pub records: Vec<Record>,
    /// Client operations, if the run was asked to keep them.
    pub operations: Vec<Operation>,
    /// Which node ids and places the interned numbers of the records stand for.
    pub names: Names,
}

/// Which ids and places interned nodes stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// By interned number: the id, and the place where its process lives or lived.
    pub nodes: Vec<(NodeId, Option<Place>)>,
    /// By place: its name in the scenario.
    pub places: Vec<String>,
    /// By number: the clients' names in the scenario.
    pub clients: Vec<String>,
}

impl Names {
    /// A name for people: `n4`, `old n4` if another identity lives there by now, or the first characters of an id that
    /// belongs to no place.
    pub fn node(&self, node: NodeIx) -> String {
        match self.nodes.get(node.index()) {
            Some((_, Some(place))) => {
                let later = &self.nodes[node.index() + 1..];
                let is_old = later.iter().any(|(_, other)| *other == Some(*place));
                if is_old { format!("old {}", self.place(*place)) } else { self.place(*place) }
            }
            Some((id, None)) => id.short(),
            None => format!("{node:?}"),
        }
    }

    /// The name of a client in the scenario.
    pub fn client(&self, client: u32) -> String {
        self.clients.get(client as usize).cloned().unwrap_or_else(|| format!("client {client}"))
    }

    /// The name of a place in the scenario.
    pub fn place(&self, place: Place) -> String {
        self.places.get(place.index()).cloned().unwrap_or_else(|| place.to_string())
    }
}

/// What a fault of the scenario did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultLedger {
    /// Its id in the scenario.
    pub id: String,
    /// The word that names its kind: `crash`, `partition` …
    pub kind: String,
    /// Whom it struck, by name.
    pub targets: Vec<String>,
    /// When it began, in virtual ns; empty if it never did.
    pub started_ns: Vec<u64>,
    /// Whether it must have an effect for the run to mean anything.
    pub must_fire: bool,
    /// What it did, by name: messages cut, connections reset, writes lost …; zeros are left out.
    pub effect: BTreeMap<&'static str, u64>,
}

impl FaultLedger {
    /// Whether it did anything at all.
    pub fn fired(&self) -> bool {
        !self.started_ns.is_empty() && self.effect.values().any(|count| *count > 0)
    }
}

/// What clients got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClientTotals {
    /// Operations that were acknowledged.
    pub ok: u64,
    /// Operations that were refused and had no effect.
    pub failed: u64,
    /// Operations of which nobody knows whether they had an effect.
    pub unknown: u64,
    /// Acknowledged writes that are neither there at the end nor overwritten by a later one.
    pub lost_acknowledged: u64,
    /// Reads that did not see a write which had been acknowledged before they were asked for, and is not lost.
    pub stale_reads: u64,
    /// How long ago, at most, the oldest write that a read did not see had been acknowledged, in ns.
    pub stalest_ns: u64,
}

/// The stages of one failover: virtual ms since `down_at_ms`, which itself counts from the start of the run; `None` where a
/// stage was not reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failover {
    /// The master that was lost or replaced, by name.
    pub master: String,
    /// What took it away: the fault's word, or `manual`.
    pub cause: String,
    /// When it was taken away.
    pub down_at_ms: Option<Millis>,
    /// First PFAIL at any other node.
    pub first_pfail_ms: Option<Millis>,
    /// First FAIL at any other node.
    pub first_fail_ms: Option<Millis>,
    /// FAIL at all other nodes that run.
    pub fail_known_by_all_ms: Option<Millis>,
    /// The winner's election got its date.
    pub election_scheduled_ms: Option<Millis>,
    /// The winner asked for votes.
    pub election_started_ms: Option<Millis>,
    /// The winner became a master.
    pub promoted_ms: Option<Millis>,
    /// All nodes that run have the winner as owner of the slots.
    pub slots_agreed_ms: Option<Millis>,
    /// All nodes that run have state ok.
    pub cluster_ok_ms: Option<Millis>,
    /// The winner, by name.
    pub winner: Option<String>,
    /// Its config epoch.
    pub epoch: Option<Epoch>,
    /// Votes it counted.
    pub votes: Option<u32>,
}

impl Failover {
    /// Whether nothing is left to wait for: the slots are agreed on, and the cluster is up everywhere.
    pub const fn is_whole(&self) -> bool {
        self.slots_agreed_ms.is_some() && self.cluster_ok_ms.is_some()
    }
}

/// Virtual time in thousandths of a millisecond, kept exact; shown as milliseconds with three decimals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millis(pub u64);

impl Millis {
    /// From virtual nanoseconds.
    pub const fn from_ns(ns: u64) -> Millis {
        Millis(ns / 1000)
    }
}

/// A node at the end of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSummary {
    /// Its name in the scenario.
    pub name: String,
    /// `master`, `replica`, `down`, `paused` or `off`.
    pub role: &'static str,
    /// Its config epoch; as a replica its master's.
    pub config_epoch: Epoch,
    /// Slots that it owns in its own view.
    pub slots: SlotSet,
    /// `ok` or `fail` in its own view.
    pub state: &'static str,
    /// The name of its master, if it is a replica.
    pub master: Option<String>,
}

/// One expectation of the scenario and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectationResult {
    /// It as a sentence.
    pub text: String,
    /// Whether it held; `None` if what it speaks of never came about.
    pub held: Option<bool>,
    /// What was seen instead, or when it held.
    pub seen: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_that_another_one_followed_is_old() {
        let at = |place| (NodeId::from_random([0; 3]), Some(Place(place)));
        let names = Names {
            nodes: vec![at(0), at(1), at(0)],
            places: vec!["n1".to_owned(), "n2".to_owned()],
            ..Names::default()
        };
        let told: Vec<String> = (0..3).map(|node| names.node(NodeIx(node))).collect();
        assert_eq!(told, ["old n1", "n2", "n1"]);
    }
}
