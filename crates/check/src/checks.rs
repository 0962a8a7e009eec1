//! All invariants of one run, and who is shown what.
//!
//! The runner calls [`Checks::tick`] before anything happens; [`Checks::observe`] after every record, with the world as
//! it is after the step that the record belongs to; [`Checks::tick`] when [`Checks::next_deadline_ns`] has come, which
//! every record may bring nearer; and [`Checks::finish`] at the end. Times must not go back. A record of the kind that
//! nobody listens to costs a look at one small table.

use rcsim_observe::{EventKind, Finding, Glimpse, Record};

use crate::facts::Facts;
use crate::facts::timing::Timing;
use crate::findings::Findings;
use crate::invariant::{Invariant, Scene};
use crate::{liveness, safety};

/// What bounds are computed from, besides the settings of the nodes: the longest `cluster-node-timeout` that a node has
/// when it starts, and the number of places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Setup {
    /// The longest round trip between healthy nodes in ns, with what a slow event loop or disk adds to it.
    pub round_trip_ns: u64,
}

/// The invariants of one run. A clone goes on by itself: that is how runs are forked.
#[derive(Clone)]
pub struct Checks {
    facts: Facts,
    invariants: Vec<Box<dyn Invariant>>,
    /// By kind of event: the invariants that listen to it.
    listeners: Vec<Vec<usize>>,
    findings: Findings,
    next_deadline_ns: Option<u64>,
    unjudged: Vec<&'static str>,
}

impl Checks {
    /// Checks for a run that has not begun.
    pub fn new(setup: Setup) -> Checks {
        let invariants = all();
        let mut listeners = vec![Vec::new(); EventKind::COUNT];
        for (index, invariant) in invariants.iter().enumerate() {
            for kind in invariant.description().events {
                listeners[*kind as usize].push(index);
            }
        }
        let mut checks = Checks {
            facts: Facts::new(Timing::new(setup.round_trip_ns)),
            invariants,
            listeners,
            findings: Findings::default(),
            next_deadline_ns: None,
            unjudged: Vec::new(),
        };
        checks.find_deadline();
        checks
    }

    /// Shows a record; `glimpse` is the world after the step that it belongs to.
    pub fn observe(&mut self, record: &Record, glimpse: &dyn Glimpse) {
        let is_first = self.facts.places().next().is_none();
        self.facts.observe(record, glimpse);
        let listeners = &self.listeners[record.event.kind() as usize];
        if listeners.is_empty() && !is_first {
            return;
        }
        let scene = Scene { facts: &self.facts, glimpse, now_ns: record.at_ns };
        if is_first {
            self.invariants.iter_mut().for_each(|invariant| invariant.begin(scene));
        }
        for index in listeners {
            self.invariants[*index].observe(record, scene, &mut self.findings);
        }
        self.find_deadline();
        // What is overdue the moment that it comes about is judged right after this moment.
        self.next_deadline_ns = self.next_deadline_ns.map(|due| due.max(record.at_ns + 1));
    }

    /// When something is to be judged next, in virtual ns; the runner then calls [`Checks::tick`].
    pub fn next_deadline_ns(&self) -> Option<u64> {
        self.next_deadline_ns
    }

    /// Judges what is due. Early calls do no harm; late ones judge a later state.
    pub fn tick(&mut self, glimpse: &dyn Glimpse) {
        let is_first = self.facts.places().next().is_none();
        self.facts.begin(glimpse);
        let scene = Scene { facts: &self.facts, glimpse, now_ns: glimpse.now_ns() };
        if is_first {
            self.invariants.iter_mut().for_each(|invariant| invariant.begin(scene));
        }
        for invariant in &mut self.invariants {
            if invariant.due_ns(scene.facts).is_some_and(|due| due <= scene.now_ns) {
                invariant.judge(scene, &mut self.findings);
            }
        }
        self.find_deadline();
    }

    /// The run is over: judges what is due and looks at everything once more.
    pub fn finish(&mut self, glimpse: &dyn Glimpse) {
        self.tick(glimpse);
        let scene = Scene { facts: &self.facts, glimpse, now_ns: glimpse.now_ns() };
        for invariant in &mut self.invariants {
            invariant.finish(scene, &mut self.findings);
        }
        let open = self.invariants.iter().filter(|invariant| invariant.is_unjudged(&self.facts));
        self.unjudged = open.map(|invariant| invariant.description().id).collect();
    }

    /// The findings since the last call, in order of time.
    pub fn take_findings(&mut self) -> Vec<Finding> {
        self.findings.take()
    }

    /// After [`Checks::finish`]: the ids of the invariants whose last bound had not passed when the run ended, or that
    /// could not be judged because a fault was open. What they promise was neither kept nor broken.
    pub fn unjudged(&self) -> Vec<&'static str> {
        self.unjudged.clone()
    }

    fn find_deadline(&mut self) {
        self.next_deadline_ns =
            self.invariants.iter().filter_map(|invariant| invariant.due_ns(&self.facts)).min();
    }
}

/// Every invariant, in the order of the catalogue.
fn all() -> Vec<Box<dyn Invariant>> {
    vec![
        Box::<safety::one_vote::OneVote>::default(),
        Box::<safety::durable_vote::DurableVote>::default(),
        Box::<safety::elected_epoch::ElectedEpoch>::default(),
        Box::<safety::majority::Majority>::default(),
        Box::<safety::epochs::Epochs>::default(),
        Box::<safety::legal_vote::LegalVote>::default(),
        Box::<safety::coherence::Coherence>::default(),
        Box::<safety::downgrade::Downgrade>::default(),
        Box::<safety::double_service::DoubleService>::default(),
        Box::<safety::sane_successor::SaneSuccessor>::default(),
        Box::<safety::equal_data::EqualData>::default(),
        Box::<safety::cycles::Cycles>::default(),
        Box::<safety::founded_fail::FoundedFail>::default(),
        Box::<liveness::convergence::Convergence>::default(),
        Box::<liveness::state_ok::StateOk>::default(),
        Box::<liveness::detection::Detection>::default(),
        Box::<liveness::failover::Failover>::default(),
        Box::<liveness::unfail::Unfail>::default(),
        Box::<liveness::roles::Roles>::default(),
        Box::<liveness::manual_failover::ManualFailover>::default(),
        Box::<liveness::distinct_epochs::DistinctEpochs>::default(),
        Box::<liveness::membership::Membership>::default(),
    ]
}

#[cfg(test)]
mod tests {
    use rcsim_observe::Event;

    use super::*;
    use crate::testing::{Bench, SECOND};

    #[test]
    fn the_invariants_are_those_of_the_catalogue() {
        let ids: Vec<&str> = all().iter().map(|invariant| invariant.description().id).collect();
        let catalogue = crate::invariants().iter().map(|description| description.id);
        // S10 needs the history of the clients: the ledger judges it.
        let catalogue: Vec<&str> = catalogue.filter(|id| *id != "S10").collect();
        assert_eq!(ids, catalogue);
    }

    #[test]
    fn a_quiet_healthy_run_breaks_nothing_and_judges_everything() {
        let mut bench = Bench::new(5, 10);
        bench.event(0, Event::StateOk);
        bench.advance(300 * SECOND);
        bench.finish();
        assert!(bench.findings.is_empty(), "{:?}", bench.findings);
        assert_eq!(bench.checks.unjudged(), [""; 0]);
    }

    #[test]
    fn a_run_that_ends_early_says_what_it_did_not_judge() {
        let mut bench = Bench::new(3, 3);
        bench.crash(0);
        bench.advance(SECOND);
        bench.finish();
        assert_eq!(bench.checks.unjudged(), ["L1", "L2", "L3", "L4", "L5", "L6", "L9", "L10"]);
    }

    #[test]
    fn a_finding_tells_what_led_to_it() {
        let mut bench = Bench::new(3, 3);
        bench.event(1, Event::VoteSent { epoch: rcsim_protocol::Epoch(9) });
        let [finding] = bench.findings.as_slice() else { panic!("one finding, not {:?}", bench.findings) };
        assert_eq!(finding.led_by.last().map(|record| record.event.name()), Some("vote-sent"));
    }
}
