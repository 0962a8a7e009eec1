//! S4: behind every promotion by election stand votes of a majority of the masters with slots.
//!
//! Votes are counted from the voters' side too: a vote counts if the voter gave it, as a master with slots, for this
//! candidate and epoch. A win uses its votes up: a second win in the same epoch has none (W-X-1). A vote of an earlier
//! epoch that comes in when the next election has a date already counts for the candidate, not here (W-X-13). The
//! candidate's own
//! idea of the cluster size decides; the true size decides as well if no membership change and no assignment by hand
//! happened for H.

use std::collections::{BTreeMap, BTreeSet};

use rcsim_observe::reason::BindCause;
use rcsim_observe::{Event, EventKind, FindingKind, NodeGlimpse, Place, Record};
use rcsim_protocol::{Epoch, NodeFlags, NodeIx};

use crate::catalogue::{Cost, Description};
use crate::findings::{Broken, Findings};
use crate::invariant::{Invariant, Scene};
use crate::known;

pub(crate) const DESCRIPTION: Description = Description {
    id: "S4",
    name: "majority behind every election",
    kind: FindingKind::Safety,
    sentence: "A promotion by election in epoch e has votes for e from at least size/2 + 1 distinct masters with slots: \
               size as the candidate sees it, and, if no membership change is under way, the true one.",
    rules: &["EL-11", "PK-22"],
    weaknesses: &[known::STALE_VOTES, known::LATE_VOTES, known::RELEASED_SLOTS],
    cost: Cost::PerChange,
    events: &[
        EventKind::VoteGranted,
        EventKind::VoteReceived,
        EventKind::ElectionScheduled,
        EventKind::ElectionWon,
        EventKind::NodeAdded,
        EventKind::NodeRemoved,
        EventKind::SlotsMoved,
    ],
};

/// Votes given and received.
#[derive(Clone, Default)]
pub(crate) struct Majority {
    /// By candidate and epoch: the masters with slots that gave their vote.
    given: BTreeMap<(NodeIx, Epoch), BTreeSet<NodeIx>>,
    /// By place of the candidate and epoch: the voters whose votes came in.
    received: BTreeMap<(Place, Epoch), BTreeSet<NodeIx>>,
    won: BTreeSet<(Place, Epoch)>,
    /// By place of the candidate: of which epochs were the votes that came in since its election got its date.
    counted: BTreeMap<Place, Vec<Epoch>>,
    /// The last change of the membership or assignment by hand, in ns.
    reconfigured_ns: Option<u64>,
}

impl Invariant for Majority {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn observe(&mut self, record: &Record, scene: Scene<'_>, findings: &mut Findings) {
        let Some(place) = record.place else { return };
        match record.event {
            Event::VoteGranted { candidate, epoch, .. } => {
                if let Some(voter) = slot_holding_master(place, scene) {
                    self.given.entry((candidate, epoch)).or_default().insert(voter);
                }
            }
            Event::ElectionScheduled { .. } => {
                self.counted.remove(&place);
            }
            Event::VoteReceived { from, epoch, .. } => {
                self.counted.entry(place).or_default().push(epoch);
                self.received.entry((place, epoch)).or_default().insert(from);
            }
            Event::ElectionWon { epoch, .. } => self.won(place, epoch, scene, findings),
            Event::NodeAdded { .. } | Event::NodeRemoved { .. } => self.reconfigured_ns = Some(record.at_ns),
            Event::SlotsMoved { cause: BindCause::Command, .. } => {
                self.reconfigured_ns = Some(record.at_ns);
            }
            _ => (),
        }
    }
}

impl Majority {
    fn won(&mut self, place: Place, epoch: Epoch, scene: Scene<'_>, findings: &mut Findings) {
        let (Some(winner), Some(node)) = (scene.facts.identity(place), scene.glimpse.node(place)) else {
            return;
        };
        let again = !self.won.insert((place, epoch));
        let received = self.received.remove(&(place, epoch)).unwrap_or_default();
        let given = self.given.remove(&(winner, epoch)).unwrap_or_default();
        let counted = self.counted.remove(&place).unwrap_or_default();
        let late = counted.iter().filter(|other| **other < epoch).count() as u32;
        let votes = received.intersection(&given).count() as u32;
        let seen = node.cluster_size();
        let size = self.size(node, scene);
        let needed = size / 2 + 1;
        if votes < needed {
            let text = format!(
                "{place} won the election of epoch {epoch} with {votes} votes of distinct masters with slots; {size} \
                 such masters make {needed} necessary."
            );
            let known_as = if again && votes == 0 {
                Some(known::STALE_VOTES)
            } else if late > 0 && votes + late > seen / 2 {
                Some(known::LATE_VOTES)
            } else {
                (votes > seen / 2 && sees_released_slots(node, scene)).then_some(known::RELEASED_SLOTS)
            };
            findings.report(scene, Broken { invariant: &DESCRIPTION, places: vec![place], text, known_as });
        }
    }

    /// The number of masters with slots: as the candidate sees it, or more if that is true for sure of those that it
    /// knows at all.
    fn size(&self, candidate: &dyn NodeGlimpse, scene: Scene<'_>) -> u32 {
        let seen = candidate.cluster_size();
        let quiet_ns = scene.facts.timing.heartbeats();
        let settled = self.reconfigured_ns.is_none_or(|at| scene.now_ns.saturating_sub(at) > quiet_ns);
        if !settled {
            return seen;
        }
        let claims = &scene.facts.claims;
        let known =
            |place: &&Place| claims.of(**place).is_some_and(|claim| candidate.peer(claim.node).is_some());
        seen.max(claims.true_owners().iter().filter(known).count() as u32)
    }
}

/// Whether slots of a true owner belong to nobody in this node's view (PK-15): then its cluster size is too small.
pub(super) fn sees_released_slots(node: &dyn NodeGlimpse, scene: Scene<'_>) -> bool {
    let claims = &scene.facts.claims;
    let released = |place: &Place| {
        let slot = claims.of(*place).and_then(|claim| claim.slots.iter().next());
        slot.is_some_and(|slot| node.owner(slot).is_none())
    };
    claims.true_owners().iter().any(released)
}

/// The node at a place, if it is a master with slots in its own view.
fn slot_holding_master(place: Place, scene: Scene<'_>) -> Option<NodeIx> {
    let node = scene.glimpse.node(place)?;
    let myself = node.peer(node.me())?;
    (myself.flags.any(NodeFlags::MASTER) && !myself.slots.is_empty()).then(|| node.me())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Bench, grant, node};

    fn vote(bench: &mut Bench, voter: u32, votes: u32) {
        bench.event(voter, grant(3, 0, 7));
        bench.event(3, Event::VoteReceived { from: node(voter), votes, epoch: Epoch(7) });
    }

    fn win(bench: &mut Bench, votes: u32) {
        bench.event(3, Event::ElectionWon { epoch: Epoch(7), votes, needed: 2 });
    }

    #[test]
    fn el_11_two_of_three_are_a_majority() {
        let mut bench = Bench::new(3, 1);
        vote(&mut bench, 1, 1);
        vote(&mut bench, 2, 2);
        win(&mut bench, 2);
        assert_eq!(bench.broken("S4"), 0);
    }

    #[test]
    fn pk_22_one_voter_counts_once() {
        let mut bench = Bench::new(3, 1);
        vote(&mut bench, 1, 1);
        vote(&mut bench, 1, 2);
        win(&mut bench, 2);
        assert_eq!(bench.known("S4"), [None]);
    }

    #[test]
    fn el_14_1_a_voter_without_slots_does_not_count() {
        let mut bench = Bench::new(3, 2);
        vote(&mut bench, 1, 1);
        vote(&mut bench, 4, 2);
        win(&mut bench, 2);
        assert_eq!(bench.broken("S4"), 1);
    }

    #[test]
    fn pk_22_a_vote_of_an_election_that_was_given_up_is_known() {
        let mut bench = Bench::new(3, 1);
        let scheduled =
            Event::ElectionScheduled { delay_ms: 500, rank: 0, offset: rcsim_protocol::Offset(1) };
        let old = |voter: u32| Event::VoteReceived { from: node(voter), votes: 1, epoch: Epoch(6) };
        bench.event(3, old(1));
        bench.event(3, scheduled.clone());
        vote(&mut bench, 2, 1);
        win(&mut bench, 2);
        assert_eq!(bench.known("S4"), [None], "it came before, so the candidate did not count it");
        let mut bench = Bench::new(3, 1);
        bench.event(3, scheduled);
        bench.event(3, old(1));
        vote(&mut bench, 2, 2);
        win(&mut bench, 2);
        assert_eq!(bench.known("S4"), [Some(known::LATE_VOTES)]);
    }

    #[test]
    fn el_21_a_second_win_with_the_same_votes_is_known() {
        let mut bench = Bench::new(3, 1);
        vote(&mut bench, 1, 1);
        vote(&mut bench, 2, 2);
        win(&mut bench, 2);
        win(&mut bench, 2);
        assert_eq!(bench.known("S4"), [Some(known::STALE_VOTES)]);
    }
}
