//! L4: the slots of a failed master get a new owner.
//!
//! A case is opened when a master with slots falls silent, with the replicas that could follow it: running, connected
//! to it, not forbidden to stand. It is closed when somebody claims its slots or the master is back. A case in which no
//! such replica reaches a majority of the masters with slots promises nothing; one in which the only replicas are
//! blocked by the age of their data is told as a known weakness (W-EL-11).

use std::collections::{BTreeMap, BTreeSet};

use rcsim_observe::reason::{CannotFailover, VoteDenied};
use rcsim_observe::{Event, EventKind, FindingKind, NodeGlimpse, Place, Record};
use rcsim_protocol::{Epoch, NodeFlags, NodeIx, Slot};

use crate::catalogue::{Cost, Description};
use crate::facts::Facts;
use crate::findings::{Broken, Findings};
use crate::invariant::{Invariant, Scene};
use crate::known;
use crate::liveness::once::Once;

pub(crate) const DESCRIPTION: Description = Description {
    id: "L4",
    name: "failover",
    kind: FindingKind::Liveness,
    sentence: "The slots of a failed master have a new owner within the bound of L3 + 1 s + 1 s per rank + r max(4 NT, \
               4 s), r being the number of failed shards + 1, if a connected replica and a majority of the masters with \
               slots are up.",
    rules: &["EL-1", "EL-6", "EL-8", "EL-11", "EL-14", "EL-24"],
    weaknesses: &[
        known::MISSED_EPOCH,
        known::SHARDS_COLLIDE,
        known::SIBLINGS_COLLIDE,
        known::DATA_TOO_OLD,
        known::CLOCK_JUMP,
    ],
    cost: Cost::PerChange,
    events: &[
        EventKind::Crashed,
        EventKind::PoweredOff,
        EventKind::Exited,
        EventKind::Paused,
        EventKind::Started,
        EventKind::Resumed,
        EventKind::Promoted,
        EventKind::CannotFailover,
        EventKind::ElectionStarted,
        EventKind::VoteDenied,
    ],
};

/// How much a data age in whole seconds may be off, in ms (EL-3).
const ROUNDING_MS: i64 = 2000;

/// A failed master and those who could follow it.
#[derive(Clone)]
struct Case {
    place: Place,
    since_ns: u64,
    first_slot: Slot,
    candidates: BTreeSet<NodeIx>,
    /// Replicas whose data is too old.
    too_old: BTreeSet<NodeIx>,
    /// Replicas that were refused because a voter had spent its vote.
    outvoted: BTreeSet<NodeIx>,
    once: Once,
}

/// Shards without a master.
#[derive(Clone, Default)]
pub(crate) struct Failover {
    cases: BTreeMap<NodeIx, Case>,
    /// Who asked for votes in which epoch since there are cases.
    elections: BTreeMap<Epoch, BTreeSet<NodeIx>>,
}

impl Invariant for Failover {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn observe(&mut self, record: &Record, scene: Scene<'_>, _: &mut Findings) {
        let Some(place) = record.place else { return };
        match record.event {
            Event::Crashed | Event::PoweredOff | Event::Exited { .. } | Event::Paused => {
                self.open(place, record.at_ns, scene);
            }
            Event::Started { node, .. } => {
                self.cases.remove(&node);
            }
            Event::Resumed => self.cases.retain(|_, case| case.place != place),
            Event::Promoted { .. } => self.cases.retain(|master, case| !is_replaced(*master, case, scene)),
            Event::CannotFailover { why: CannotFailover::DataAge { limit_ms, .. } } => {
                self.data_age(place, limit_ms, record.at_ns, scene);
            }
            Event::ElectionStarted { epoch, .. } if !self.cases.is_empty() => {
                self.elections.entry(epoch).or_default().extend(scene.facts.identity(place));
            }
            Event::VoteDenied {
                candidate,
                why: VoteDenied::AlreadyVoted { .. } | VoteDenied::TooSoon { .. },
            } => {
                let concerned = self.cases.values_mut().filter(|case| case.candidates.contains(&candidate));
                concerned.for_each(|case| {
                    case.outvoted.insert(candidate);
                });
            }
            _ => (),
        }
        if self.cases.is_empty() {
            self.elections.clear();
        }
    }

    fn due_ns(&self, facts: &Facts) -> Option<u64> {
        self.cases.values().filter_map(|case| self.case_due_ns(case, facts)).min()
    }

    fn judge(&mut self, scene: Scene<'_>, findings: &mut Findings) {
        self.cases.retain(|master, case| !is_replaced(*master, case, scene));
        let is_due = |case: &Case| self.case_due_ns(case, scene.facts).is_some_and(|due| due <= scene.now_ns);
        let due: Vec<NodeIx> =
            self.cases.iter().filter(|(_, case)| is_due(case)).map(|(master, _)| *master).collect();
        for master in due {
            let case = &self.cases[&master];
            self.judge_case(master, case, scene, findings);
            let start_ns = start(case, scene.facts);
            self.cases.entry(master).and_modify(|case| case.once.close(start_ns));
        }
    }

    fn is_unjudged(&self, facts: &Facts) -> bool {
        self.cases.values().any(|case| case.once.is_open(start(case, facts)))
    }
}

fn start(case: &Case, facts: &Facts) -> u64 {
    case.since_ns.max(facts.clock.disturbed_ns())
}

/// Whether somebody else claims the slots of a failed master now.
fn is_replaced(master: NodeIx, case: &Case, scene: Scene<'_>) -> bool {
    scene.facts.claims.owner_of(case.first_slot).is_some_and(|(_, claim)| claim.node != master)
}

impl Failover {
    fn open(&mut self, place: Place, at_ns: u64, scene: Scene<'_>) {
        let Some(claim) = scene.facts.claims.of(place).filter(|claim| claim.owns_slots()) else { return };
        let Some(first_slot) = claim.slots.iter().next() else { return };
        if scene.facts.claims.owner_of(first_slot).is_none_or(|(_, owner)| owner.node != claim.node) {
            return;
        }
        let candidates =
            scene.all_running().filter(|(_, node)| may_follow(*node, claim.node)).map(|(_, node)| node.me());
        let case = Case {
            place,
            since_ns: at_ns,
            first_slot,
            candidates: candidates.collect(),
            too_old: BTreeSet::new(),
            outvoted: BTreeSet::new(),
            once: Once::default(),
        };
        self.cases.entry(claim.node).or_insert(case);
    }

    /// A replica says that its data is too old. That is believed if so much time has passed since its master failed, or
    /// if it was not connected when that happened.
    fn data_age(&mut self, place: Place, limit_ms: i64, at_ns: u64, scene: Scene<'_>) {
        let Some(node) = scene.running(place) else { return };
        let Some(master) = node.peer(node.me()).and_then(|myself| myself.master) else { return };
        let Some(case) = self.cases.get_mut(&master) else { return };
        let passed_ms = (at_ns.saturating_sub(case.since_ns) / 1_000_000) as i64;
        if !case.candidates.contains(&node.me()) || passed_ms + ROUNDING_MS >= limit_ms {
            case.candidates.remove(&node.me());
            case.too_old.insert(node.me());
        }
    }

    fn case_due_ns(&self, case: &Case, facts: &Facts) -> Option<u64> {
        let ranks = case.candidates.len().saturating_sub(1) as u64;
        let bound_ns = facts.timing.failover(self.cases.len() as u64, ranks);
        case.once.due_ns(facts, start(case, facts), bound_ns)
    }

    fn judge_case(&self, master: NodeIx, case: &Case, scene: Scene<'_>, findings: &mut Findings) {
        let able: Vec<(Place, &dyn NodeGlimpse)> = case
            .candidates
            .iter()
            .filter_map(|candidate| scene.find_running(*candidate))
            .filter(|(place, node)| {
                scene.facts.awake_since(*place) <= case.since_ns
                    && follows(*node, master)
                    && reaches_majority(*place, scene)
            })
            .collect();
        let still_there =
            |node: &NodeIx| scene.find_running(*node).is_some_and(|(_, node)| follows(node, master));
        let (known_as, why) = match able.first() {
            Some((place, _)) => {
                (self.explain(master, case, &able, scene), format!("{place} could follow it"))
            }
            None if case.too_old.iter().any(still_there) => {
                (Some(known::DATA_TOO_OLD), "its replicas hold data that is too old to stand".to_owned())
            }
            None => return,
        };
        let text = format!("{} failed and nobody has taken its slots in time; {why}.", case.place);
        let places = able.iter().map(|(place, _)| *place).chain([case.place]).collect();
        findings.report(scene, Broken { invariant: &DESCRIPTION, places, text, known_as });
    }

    /// The known weakness behind a failover that did not come about.
    fn explain(
        &self,
        master: NodeIx,
        case: &Case,
        able: &[(Place, &dyn NodeGlimpse)],
        scene: Scene<'_>,
    ) -> Option<&'static str> {
        let epoch_of_master = |view: &dyn NodeGlimpse| view.peer(master).map(|seen| seen.config_epoch);
        let owners = scene.facts.claims.true_owners();
        let missed = |candidate: &dyn NodeGlimpse| {
            let voters = owners.iter().filter_map(|owner| scene.running(*owner));
            voters.into_iter().any(|voter| epoch_of_master(voter) > epoch_of_master(candidate))
        };
        if able.iter().all(|(_, candidate)| missed(*candidate)) {
            return Some(known::MISSED_EPOCH);
        }
        let together = |rivals: &BTreeSet<NodeIx>, of_this_case: bool| {
            let mine = rivals.iter().filter(|rival| case.candidates.contains(rival)).count();
            if of_this_case { mine > 1 } else { mine > 0 && rivals.len() > mine }
        };
        if !case.outvoted.is_empty() && self.elections.values().any(|rivals| together(rivals, false)) {
            return Some(known::SHARDS_COLLIDE);
        }
        if !case.outvoted.is_empty() && self.elections.values().any(|rivals| together(rivals, true)) {
            return Some(known::SIBLINGS_COLLIDE);
        }
        let concerned: Vec<Place> = able.iter().map(|(place, _)| *place).chain(owners).collect();
        let window_ns = scene.facts.timing.failover(self.cases.len() as u64, 0);
        scene.facts.clock.jumped(&concerned, scene.now_ns, window_ns).then_some(known::CLOCK_JUMP)
    }
}

/// Whether a node is a connected replica of this master that may stand for election.
fn may_follow(node: &dyn NodeGlimpse, master: NodeIx) -> bool {
    follows(node, master) && node.replication_up() && !node.settings().cluster_replica_no_failover
}

fn follows(node: &dyn NodeGlimpse, master: NodeIx) -> bool {
    node.peer(node.me())
        .is_some_and(|myself| myself.flags.any(NodeFlags::SLAVE) && myself.master == Some(master))
}

fn reaches_majority(place: Place, scene: Scene<'_>) -> bool {
    let owners = scene.facts.claims.true_owners();
    let reached = |owner: &&Place| scene.running(**owner).is_some() && scene.connected(place, **owner);
    owners.iter().filter(reached).count() > owners.len() / 2
}

#[cfg(test)]
mod tests {
    use rcsim_observe::reason::PromotionCause;

    use super::*;
    use crate::testing::{Bench, SECOND, node, promoted};

    fn data_age(limit_ms: i64) -> Event {
        Event::CannotFailover { why: CannotFailover::DataAge { age_ms: 1 << 40, limit_ms } }
    }

    #[test]
    fn el_18_a_new_owner_in_time() {
        let mut bench = Bench::new(3, 3);
        bench.crash(0);
        bench.advance(9 * SECOND);
        assert!(bench.unjudged("L4"));
        bench.world.take_over(3, 0, Epoch(9));
        bench.event(3, promoted(PromotionCause::Election, 0, 9));
        bench.advance(120 * SECOND);
        assert_eq!(bench.broken("L4"), 0);
        assert!(!bench.unjudged("L4"));
    }

    #[test]
    fn el_6_no_new_owner_is_found_at_the_bound() {
        let mut bench = Bench::new(3, 3);
        bench.crash(0);
        bench.advance(58 * SECOND);
        assert_eq!(bench.broken("L4"), 0);
        bench.advance(SECOND);
        assert_eq!(bench.known("L4"), [None]);
    }

    #[test]
    fn without_replica_or_majority_nothing_is_promised() {
        let mut bench = Bench::new(3, 0);
        bench.crash(0);
        bench.advance(300 * SECOND);
        assert_eq!(bench.broken("L4"), 0);

        let mut bench = Bench::new(3, 3);
        bench.crash(0);
        bench.crash(1);
        bench.advance(300 * SECOND);
        assert_eq!(bench.broken("L4"), 0);
    }

    #[test]
    fn el_4_a_restarted_replica_is_blocked_and_known() {
        let mut bench = Bench::new(3, 3);
        bench.crash(3);
        bench.crash(0);
        bench.restart(3);
        bench.event(3, data_age(60_000));
        bench.advance(300 * SECOND);
        assert_eq!(bench.known("L4"), [Some(known::DATA_TOO_OLD)]);
    }

    #[test]
    fn el_5_a_replica_that_was_connected_may_not_call_its_data_old_at_once() {
        let mut bench = Bench::new(3, 3);
        bench.crash(0);
        bench.advance(9 * SECOND);
        bench.event(3, data_age(60_000));
        bench.advance(300 * SECOND);
        assert_eq!(bench.known("L4"), [None]);
    }

    #[test]
    fn el_17_and_24_candidates_that_take_each_others_votes_are_known() {
        let denied = |candidate| Event::VoteDenied {
            candidate: node(candidate),
            why: VoteDenied::AlreadyVoted { epoch: Epoch(7) },
        };
        // The nodes at 5 and 10 follow the first master, the one at 6 the second.
        for (rivals, expected) in [([5, 6], known::SHARDS_COLLIDE), ([5, 10], known::SIBLINGS_COLLIDE)] {
            let mut bench = Bench::new(5, 6);
            bench.crash(0);
            if rivals[1] == 6 {
                bench.crash(1);
            }
            bench.advance(9 * SECOND);
            for candidate in rivals {
                bench.event(candidate, Event::ElectionStarted { epoch: Epoch(7), manual: false });
                bench.event(2, denied(candidate));
            }
            bench.advance(300 * SECOND);
            assert!(bench.known("L4").iter().all(|known| *known == Some(expected)), "{rivals:?}");
            assert!(bench.broken("L4") > 0);
        }
    }

    #[test]
    fn el_14_6_a_missed_epoch_is_known() {
        let mut bench = Bench::new(3, 3);
        for voter in [1, 2] {
            bench.world.places[voter].node.peers.get_mut(&node(0)).expect("a peer").config_epoch = Epoch(8);
        }
        bench.crash(0);
        bench.advance(300 * SECOND);
        assert_eq!(bench.known("L4"), [Some(known::MISSED_EPOCH)]);
    }
}
