//! S19: every FAIL goes back to a node with its own PFAIL and a majority of reports.
//!
//! Own opinions and reports are followed by their events, view by view. Reports of nodes that are masters with slots in
//! the reporting view make the strict form; 7.0.15 keeps a weaker one, in which every node flagged master counts
//! (FD-7), and a FAIL that only that form allows is told as a known weakness. The age of reports is the node's own
//! account (`reports` of the event): refreshed reports are no events. A FAIL that came by message must have been found
//! by somebody before.

use std::collections::{BTreeMap, BTreeSet};

use rcsim_observe::reason::Arrival;
use rcsim_observe::{Event, EventKind, FindingKind, NodeGlimpse, Place, Record};
use rcsim_protocol::{NodeFlags, NodeIx};

use crate::catalogue::{Cost, Description};
use crate::facts::timing::{CRON_NS, SECOND_NS};
use crate::findings::{Broken, Findings};
use crate::invariant::{Invariant, Scene};
use crate::known;

pub(crate) const DESCRIPTION: Description = Description {
    id: "S19",
    name: "founded FAIL",
    kind: FindingKind::Safety,
    sentence: "Every FAIL goes back to a node that held PFAIL itself and had reports of a majority of the masters with \
               slots, not older than 2 NT.",
    rules: &["FD-5", "FD-6", "FD-7", "PK-19"],
    weaknesses: &[known::SLOTLESS_REPORTERS, known::COPIED_FLAGS, known::DEMOTED_REPORTER, known::STALE_SIZE],
    cost: Cost::PerChange,
    events: &[
        EventKind::Pfail,
        EventKind::PfailCleared,
        EventKind::FailureReport,
        EventKind::FailureReportWithdrawn,
        EventKind::Fail,
        EventKind::FailReceived,
        EventKind::SlotsMoved,
        EventKind::NodeAdded,
        EventKind::NodeRemoved,
        EventKind::Started,
        EventKind::Crashed,
        EventKind::PoweredOff,
        EventKind::Exited,
    ],
};

/// How long a restarted master may work with a stale cluster size (ST-2, FD-9).
const BOOT_NS: u64 = 2 * SECOND_NS + 2 * CRON_NS;

/// What one node knows about silent nodes.
#[derive(Clone, Default)]
struct Suspicions {
    own: BTreeSet<NodeIx>,
    /// By subject: who reported it.
    reports: BTreeMap<NodeIx, BTreeSet<NodeIx>>,
    /// Nodes that were learned by gossip, with the flags that the gossip had (GS-12).
    hearsay: BTreeSet<NodeIx>,
    /// When slots were last bound here, in ns: the cluster size follows at the end of the turn (FD-9).
    bound_ns: Option<u64>,
}

/// Evidence for every FAIL.
#[derive(Clone, Default)]
pub(crate) struct FoundedFail {
    views: BTreeMap<Place, Suspicions>,
    /// Nodes that somebody marked FAIL on evidence.
    found: BTreeSet<NodeIx>,
}

/// What the node itself says of the quorum of one FAIL.
#[derive(Clone, Copy)]
struct Account {
    reports: u32,
    own_vote: bool,
    needed: u32,
}

/// What the quorum of one FAIL was made of.
struct Quorum {
    needed: u32,
    /// Votes in the form that 7.0.15 keeps.
    counted: u32,
    /// Votes of masters with slots.
    strict: u32,
    /// Whether a reporter is a replica now.
    demoted: bool,
    /// Whether it was one only because the node used a smaller cluster size than its view shows.
    is_stale: bool,
}

impl Invariant for FoundedFail {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn observe(&mut self, record: &Record, scene: Scene<'_>, findings: &mut Findings) {
        let Some(place) = record.place else { return };
        let view = self.views.entry(place).or_default();
        match record.event {
            Event::Pfail { subject } => {
                view.own.insert(subject);
            }
            Event::PfailCleared { subject } => {
                view.own.remove(&subject);
            }
            Event::FailureReport { subject, reporter } => {
                view.reports.entry(subject).or_default().insert(reporter);
            }
            Event::FailureReportWithdrawn { subject, reporter } => {
                view.reports.entry(subject).and_modify(|reporters| {
                    reporters.remove(&reporter);
                });
            }
            Event::NodeAdded { node, how: Arrival::Gossip } => {
                view.hearsay.insert(node);
            }
            Event::NodeAdded { .. } => (),
            Event::SlotsMoved { .. } => view.bound_ns = Some(record.at_ns),
            Event::NodeRemoved { node, .. } => view.forget(node),
            Event::Fail { subject, reports, own_vote, needed } => {
                let account = Account { reports, own_vote, needed };
                self.marked(place, subject, account, scene, findings);
            }
            Event::FailReceived { subject, from } => {
                if !self.found.contains(&subject) {
                    let (name, sender) = (scene.name(subject), scene.name(from));
                    let text =
                        format!("{place} took from {sender} that {name} is FAIL, which nobody had found.");
                    report(scene, findings, [Some(place), scene.glimpse.place_of(subject)], text, None);
                }
                view.own.remove(&subject);
            }
            Event::Started { .. } => {
                *view = scene.glimpse.node(place).map(Suspicions::of_file).unwrap_or_default()
            }
            _ => *view = Suspicions::default(),
        }
    }
}

impl FoundedFail {
    fn marked(
        &mut self,
        place: Place,
        subject: NodeIx,
        account: Account,
        scene: Scene<'_>,
        findings: &mut Findings,
    ) {
        self.found.insert(subject);
        let view = self.views.entry(place).or_default();
        let Some(node) = scene.glimpse.node(place) else { return };
        let name = scene.name(subject);
        let concerned = [Some(place), scene.glimpse.place_of(subject)];
        if !view.own.remove(&subject) {
            let known_as = view.hearsay.contains(&subject).then_some(known::COPIED_FLAGS);
            let text = format!("{place} marked {name} FAIL without having found it silent itself.");
            report(scene, findings, concerned, text, known_as);
        }
        let quorum = view.quorum(node, subject, account);
        let Quorum { needed, counted, strict, .. } = quorum;
        if strict < needed || quorum.is_stale {
            let text = format!(
                "{place} marked {name} FAIL with {counted} votes, {strict} of them of masters with slots, and needed \
                 {needed} of those."
            );
            let booting = scene.now_ns.saturating_sub(scene.facts.awake_since(place)) <= BOOT_NS;
            let size_is_late = booting || view.bound_ns == Some(scene.now_ns);
            report(scene, findings, concerned, text, quorum.known_as(size_is_late));
        }
    }
}

impl Suspicions {
    /// What a node reads from its nodes.conf (FD-15).
    fn of_file(node: &dyn NodeGlimpse) -> Suspicions {
        let suspected = |peer: &NodeIx| node.peer(*peer).is_some_and(|seen| seen.flags.any(NodeFlags::PFAIL));
        Suspicions { own: node.table().into_iter().filter(suspected).collect(), ..Suspicions::default() }
    }

    fn forget(&mut self, node: NodeIx) {
        self.own.remove(&node);
        self.hearsay.remove(&node);
        self.reports.remove(&node);
        self.reports.values_mut().for_each(|reporters| {
            reporters.remove(&node);
        });
    }

    fn quorum(&self, view: &dyn NodeGlimpse, subject: NodeIx, account: Account) -> Quorum {
        let Account { reports, own_vote, needed: needed_there } = account;
        let nobody = BTreeSet::new();
        let reporters = self.reports.get(&subject).unwrap_or(&nobody);
        let seen = |node: NodeIx| view.peer(node);
        let is_master = |node: NodeIx| seen(node).is_some_and(|peer| peer.flags.any(NodeFlags::MASTER));
        let has_slots = |node: NodeIx| seen(node).is_some_and(|peer| !peer.slots.is_empty());
        let own = u32::from(own_vote && is_master(view.me()));
        let strict = reporters.iter().filter(|node| is_master(**node) && has_slots(**node)).count() as u32;
        let size =
            view.table().into_iter().filter(|node| is_master(*node) && has_slots(*node)).count() as u32;
        let needed = needed_there.max(size / 2 + 1);
        Quorum {
            needed,
            counted: own + reports.min(reporters.len() as u32),
            strict: own * u32::from(has_slots(view.me())) + strict.min(reports),
            demoted: reporters.iter().any(|node| !is_master(*node)),
            is_stale: needed_there < needed && own + reports < needed,
        }
    }
}

impl Quorum {
    /// Which weakness of 7.0.15 explains that the strict form does not hold.
    fn known_as(&self, size_is_late: bool) -> Option<&'static str> {
        match self {
            Quorum { is_stale: true, .. } => size_is_late.then_some(known::STALE_SIZE),
            Quorum { counted, needed, .. } if counted < needed => None,
            Quorum { demoted: true, .. } => Some(known::DEMOTED_REPORTER),
            _ => Some(known::SLOTLESS_REPORTERS),
        }
    }
}

fn report(
    scene: Scene<'_>,
    findings: &mut Findings,
    places: [Option<Place>; 2],
    text: String,
    known_as: Option<&'static str>,
) {
    let places = places.into_iter().flatten().collect();
    findings.report(scene, Broken { invariant: &DESCRIPTION, places, text, known_as });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Bench, node};

    fn fail(bench: &mut Bench, at: u32, reporters: &[u32]) {
        for reporter in reporters {
            bench.event(at, Event::FailureReport { subject: node(0), reporter: node(*reporter) });
        }
        let reports = reporters.len() as u32;
        bench.event(at, Event::Fail { subject: node(0), reports, own_vote: true, needed: 2 });
    }

    #[test]
    fn fd_6_own_opinion_and_a_majority() {
        let mut bench = Bench::new(3, 2);
        bench.event(1, Event::Pfail { subject: node(0) });
        fail(&mut bench, 1, &[2]);
        bench.event(2, Event::FailReceived { subject: node(0), from: node(1) });
        assert_eq!(bench.broken("S19"), 0);
    }

    #[test]
    fn fd_6_the_own_opinion_and_every_report_are_needed() {
        let mut bench = Bench::new(3, 2);
        fail(&mut bench, 1, &[2]);
        assert_eq!(bench.known("S19"), [None]);

        let mut bench = Bench::new(3, 2);
        bench.event(1, Event::Pfail { subject: node(0) });
        fail(&mut bench, 1, &[]);
        assert_eq!(bench.known("S19"), [None]);
    }

    #[test]
    fn fd_7_masters_without_slots_count_in_7_0_15() {
        let mut bench = Bench::new(3, 2);
        bench.world.everywhere(|view| view.lead(node(4)));
        bench.event(1, Event::Pfail { subject: node(0) });
        fail(&mut bench, 1, &[4]);
        assert_eq!(bench.known("S19"), [Some(known::SLOTLESS_REPORTERS)]);
    }

    #[test]
    fn fd_5_and_gs_12_demoted_reporters_and_copied_flags_are_known() {
        let mut bench = Bench::new(3, 2);
        bench.event(1, Event::Pfail { subject: node(0) });
        fail(&mut bench, 1, &[4]);
        assert_eq!(bench.known("S19"), [Some(known::DEMOTED_REPORTER)]);

        let mut bench = Bench::new(3, 2);
        bench.event(1, Event::NodeAdded { node: node(0), how: Arrival::Gossip });
        fail(&mut bench, 1, &[2]);
        assert_eq!(bench.known("S19"), [Some(known::COPIED_FLAGS)]);
    }

    #[test]
    fn fd_9_a_stale_size_counts_for_two_seconds_after_a_start() {
        let mut bench = Bench::new(3, 0);
        bench.restart(1);
        bench.event(1, Event::Pfail { subject: node(0) });
        bench.event(1, Event::Fail { subject: node(0), reports: 0, own_vote: true, needed: 1 });
        assert_eq!(bench.known("S19"), [Some(known::STALE_SIZE)]);
    }

    #[test]
    fn fd_9_the_size_follows_a_claim_at_the_end_of_the_turn_only() {
        let mut bench = Bench::new(5, 0);
        bench.advance(crate::testing::SECOND * 3);
        bench.event(1, Event::Pfail { subject: node(0) });
        bench.event(1, crate::testing::moved(3, 2, 9, true));
        bench.event(1, Event::FailureReport { subject: node(0), reporter: node(2) });
        bench.event(1, Event::Fail { subject: node(0), reports: 1, own_vote: true, needed: 2 });
        assert_eq!(bench.known("S19"), [Some(known::STALE_SIZE)]);
        bench.advance(crate::testing::SECOND);
        bench.event(1, Event::Pfail { subject: node(4) });
        bench.event(1, Event::FailureReport { subject: node(4), reporter: node(2) });
        bench.event(1, Event::Fail { subject: node(4), reports: 1, own_vote: true, needed: 2 });
        assert_eq!(bench.known("S19"), [Some(known::STALE_SIZE), None]);
    }

    #[test]
    fn pk_19_a_fail_message_needs_a_finder() {
        let mut bench = Bench::new(3, 0);
        bench.event(2, Event::FailReceived { subject: node(0), from: node(1) });
        assert_eq!(bench.known("S19"), [None]);
    }
}
