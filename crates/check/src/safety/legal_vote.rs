//! S6: whoever votes was allowed to.
//!
//! The voter is looked at when it votes. What the request claimed is what the candidate believed of its master when it
//! asked. A slot whose owner in the voter's table claims it no longer is left out, as the rule does (EL-14.6); whether
//! it still does is asked of the owner itself.

use std::collections::BTreeMap;

use rcsim_observe::{Event, EventKind, FindingKind, NodeGlimpse, Place, Record};
use rcsim_protocol::{Epoch, NodeFlags, NodeIx};

use crate::catalogue::{Cost, Description};
use crate::facts::bits::Bits;
use crate::findings::{Broken, Findings};
use crate::invariant::{Invariant, Scene};

pub(crate) const DESCRIPTION: Description = Description {
    id: "S6",
    name: "legal vote",
    kind: FindingKind::Safety,
    sentence: "Who votes is a master with at least one slot; the request's epoch is its currentEpoch; it knows the \
               requester as a replica; it sees the requester's master as FAIL, or the request is forced; and no claimed \
               slot belongs, in its table, to an owner that still claims it at a higher epoch.",
    rules: &["EL-14"],
    weaknesses: &[],
    cost: Cost::PerChange,
    events: &[EventKind::ElectionStarted, EventKind::VoteGranted],
};

/// What a request says.
#[derive(Clone)]
struct Request {
    claimed: Bits,
    config_epoch: Epoch,
}

/// A vote that was given.
#[derive(Clone, Copy)]
struct Vote {
    candidate: NodeIx,
    master: NodeIx,
    epoch: Epoch,
    forced: bool,
}

/// Requests under way.
#[derive(Clone, Default)]
pub(crate) struct LegalVote {
    requests: BTreeMap<NodeIx, (Epoch, Request)>,
}

impl Invariant for LegalVote {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn observe(&mut self, record: &Record, scene: Scene<'_>, findings: &mut Findings) {
        let Some((place, node)) = record.place.and_then(|place| Some((place, scene.glimpse.node(place)?)))
        else {
            return;
        };
        match record.event {
            Event::ElectionStarted { epoch, .. } => {
                if let Some(request) = request_of(node) {
                    self.requests.insert(node.me(), (epoch, request));
                }
            }
            Event::VoteGranted { candidate, master, epoch, forced, .. } => {
                let vote = Vote { candidate, master, epoch, forced };
                let complaint =
                    illegal_voter(node, vote, scene).or_else(|| self.stale_claim(node, vote, scene));
                if let Some(why) = complaint {
                    self.report(place, vote, &why, scene, findings);
                }
            }
            _ => (),
        }
    }
}

impl LegalVote {
    /// A claimed slot that another node owns and claims at a higher epoch.
    fn stale_claim(&self, voter: &dyn NodeGlimpse, vote: Vote, scene: Scene<'_>) -> Option<String> {
        let (epoch, request) = self.requests.get(&vote.candidate)?;
        if *epoch != vote.epoch {
            return None;
        }
        voter.table().into_iter().find_map(|owner| {
            let seen = voter.peer(owner).filter(|seen| seen.config_epoch > request.config_epoch)?;
            let slot = Bits::from(&seen.slots).first_common(&request.claimed)?;
            let claim = scene.facts.claims.of(scene.glimpse.place_of(owner)?)?;
            let still_claimed = claim.node == owner && claim.slots.contains(slot);
            still_claimed.then(|| {
                let (name, theirs, asked) = (scene.name(owner), seen.config_epoch, request.config_epoch);
                format!("slot {slot} belongs to {name} at epoch {theirs}, above the {asked} of the request")
            })
        })
    }

    fn report(&self, place: Place, vote: Vote, why: &str, scene: Scene<'_>, findings: &mut Findings) {
        let candidate = scene.name(vote.candidate);
        let text = format!("{place} voted for {candidate} in epoch {} although {why}.", vote.epoch);
        let mut places = scene.places_of([vote.candidate]);
        places.push(place);
        findings.report(scene, Broken { invariant: &DESCRIPTION, places, text, known_as: None });
    }
}

/// What the request of a candidate says: the slots and epoch of its master.
fn request_of(candidate: &dyn NodeGlimpse) -> Option<Request> {
    let myself = candidate.peer(candidate.me())?;
    let master = candidate.peer(myself.master?)?;
    Some(Request { claimed: Bits::from(&master.slots), config_epoch: master.config_epoch })
}

fn illegal_voter(voter: &dyn NodeGlimpse, vote: Vote, scene: Scene<'_>) -> Option<String> {
    let myself = voter.peer(voter.me())?;
    if !myself.flags.any(NodeFlags::MASTER) {
        return Some("it is a replica".to_owned());
    }
    if myself.slots.is_empty() {
        return Some("it has no slots".to_owned());
    }
    if voter.current_epoch() != vote.epoch {
        return Some(format!("its currentEpoch is {}", voter.current_epoch()));
    }
    let candidate = voter.peer(vote.candidate);
    if !candidate.is_some_and(|candidate| candidate.flags.any(NodeFlags::SLAVE)) {
        return Some("it does not know it as a replica".to_owned());
    }
    let failed = voter.peer(vote.master).is_some_and(|master| master.flags.any(NodeFlags::FAIL));
    (!failed && !vote.forced).then(|| {
        format!("{} is not FAIL in its view and the request was not forced", scene.name(vote.master))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Bench, grant, node};

    fn election() -> Bench {
        let mut bench = Bench::new(3, 1);
        bench.world.places[1].node.flag(node(0), NodeFlags::FAIL);
        bench.world.places[1].node.current_epoch = Epoch(7);
        bench.event(3, Event::ElectionStarted { epoch: Epoch(7), manual: false });
        bench
    }

    #[test]
    fn el_14_a_vote_by_the_book() {
        let mut bench = election();
        bench.event(1, grant(3, 0, 7));
        assert_eq!(bench.broken("S6"), 0);
    }

    #[test]
    fn el_14_4_the_master_must_have_failed_unless_the_request_is_forced() {
        let mut bench = election();
        bench.world.places[2].node.current_epoch = Epoch(7);
        let forced = Event::VoteGranted {
            candidate: node(3),
            master: node(0),
            epoch: Epoch(7),
            forced: true,
            master_failed: false,
            answered: true,
        };
        bench.event(2, forced);
        assert_eq!(bench.broken("S6"), 0);
        bench.event(2, grant(3, 0, 7));
        assert_eq!(bench.broken("S6"), 1);
    }

    #[test]
    fn el_14_1_and_2_a_replica_or_an_old_epoch_has_no_vote() {
        let mut bench = election();
        bench.event(3, grant(3, 0, 7));
        bench.world.places[1].node.current_epoch = Epoch(8);
        bench.event(1, grant(3, 0, 7));
        assert_eq!(bench.broken("S6"), 2);
    }

    #[test]
    fn el_14_6_a_newer_owner_forbids_the_vote_while_it_claims_the_slot() {
        let mut bench = election();
        bench.world.places[1].node.peers.get_mut(&node(0)).expect("a peer").config_epoch = Epoch(6);
        bench.event(1, grant(3, 0, 7));
        assert_eq!(bench.broken("S6"), 1);

        let mut bench = election();
        bench.world.places[0].node.release_slots();
        bench.event(
            0,
            Event::Reconfigured {
                master: node(3),
                was_master: true,
                cause: rcsim_observe::reason::ReconfigureCause::SlotsTaken,
            },
        );
        bench.world.places[1].node.peers.get_mut(&node(0)).expect("a peer").config_epoch = Epoch(6);
        bench.event(1, grant(3, 0, 7));
        assert_eq!(bench.broken("S6"), 0);
    }
}
