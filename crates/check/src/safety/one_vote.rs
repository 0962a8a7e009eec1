//! S1: for each voter and epoch at most one vote leaves, over all restarts.
//!
//! Counted by node id: RESET HARD makes a new identity, and the count begins anew. A voter whose file was torn by a power
//! loss may have forgotten its vote (W-X-6).

use std::collections::BTreeMap;

use rcsim_observe::{Event, EventKind, FindingKind, Place, Record};
use rcsim_protocol::{Epoch, NodeIx};

use crate::catalogue::{Cost, Description};
use crate::findings::{Broken, Findings};
use crate::invariant::{Invariant, Scene};
use crate::known;

pub(crate) const DESCRIPTION: Description = Description {
    id: "S1",
    name: "one vote",
    kind: FindingKind::Safety,
    sentence: "For each voter identity and epoch at most one vote is ever sent, over all restarts; a node that was \
               RESET HARD is a new identity.",
    rules: &["EL-14.3", "EL-17", "EP-10", "IV-1"],
    weaknesses: &[known::TORN_FILE],
    cost: Cost::PerEvent,
    events: &[EventKind::VoteGranted, EventKind::VoteSent],
};

/// Votes that left.
#[derive(Clone, Default)]
pub(crate) struct OneVote {
    /// By place: who was promised a vote last, in which epoch.
    promised: BTreeMap<Place, (NodeIx, Epoch)>,
    /// By voter and epoch: for whom the vote that left was, and when it left.
    sent: BTreeMap<(NodeIx, Epoch), (Option<NodeIx>, u64)>,
}

impl Invariant for OneVote {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn observe(&mut self, record: &Record, scene: Scene<'_>, findings: &mut Findings) {
        let Some(place) = record.place else { return };
        match record.event {
            Event::VoteGranted { candidate, epoch, .. } => {
                self.promised.insert(place, (candidate, epoch));
            }
            Event::VoteSent { epoch } => {
                let Some(voter) = scene.facts.identity(place) else { return };
                let candidate =
                    self.promised.get(&place).filter(|promise| promise.1 == epoch).map(|promise| promise.0);
                if let Some((before, at_ns)) = self.sent.insert((voter, epoch), (candidate, record.at_ns)) {
                    let name =
                        |node: Option<NodeIx>| node.map_or("somebody".to_owned(), |node| scene.name(node));
                    let text = format!(
                        "{place} voted twice in epoch {epoch}: for {} and for {}.",
                        name(before),
                        name(candidate)
                    );
                    let concerned = scene.places_of([Some(voter), before, candidate].into_iter().flatten());
                    let forgot = scene.facts.torn.contains(&place) && at_ns < scene.facts.awake_since(place);
                    let known_as = forgot.then_some(known::TORN_FILE);
                    findings
                        .report(scene, Broken { invariant: &DESCRIPTION, places: concerned, text, known_as });
                }
            }
            _ => (),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Bench, grant};

    fn vote(bench: &mut Bench, voter: u32, candidate: u32, epoch: u64) {
        bench.event(voter, grant(candidate, 0, epoch));
        bench.event(voter, Event::VoteSent { epoch: Epoch(epoch) });
    }

    #[test]
    fn el_17_one_vote_per_epoch_is_legal_and_two_are_not() {
        let mut bench = Bench::new(3, 2);
        vote(&mut bench, 1, 3, 7);
        vote(&mut bench, 1, 4, 8);
        vote(&mut bench, 2, 4, 8);
        assert_eq!(bench.broken("S1"), 0);
        bench.event(1, Event::Crashed);
        bench.restart(1);
        vote(&mut bench, 1, 3, 8);
        assert_eq!(bench.known("S1"), [None]);
    }

    #[test]
    fn nc_9_a_vote_forgotten_by_a_torn_file_is_known_and_one_forgotten_in_a_life_is_not() {
        let mut bench = Bench::new(3, 2);
        vote(&mut bench, 1, 3, 7);
        bench.event(1, Event::PoweredOff);
        bench.advance(1);
        bench.restart(1);
        vote(&mut bench, 1, 4, 7);
        assert_eq!(bench.known("S1"), [Some(known::TORN_FILE)]);
        vote(&mut bench, 1, 3, 7);
        assert_eq!(bench.known("S1").last(), Some(&None));
    }
}
