//! S3: no two nodes become master by election with the same config epoch.
//!
//! A candidate that knows slots without an owner counts too few masters (W-SL-03): it can win with the votes of a
//! minority what another wins with those of the majority. TAKEOVER puts a voter in the place of another without a vote,
//! so that two majorities need not have a voter in common (W-DW-07).

use std::collections::BTreeMap;

use rcsim_observe::reason::PromotionCause;
use rcsim_observe::{Event, EventKind, FindingKind, Record};
use rcsim_protocol::{Epoch, NodeIx};

use crate::catalogue::{Cost, Description};
use crate::findings::{Broken, Findings};
use crate::invariant::{Invariant, Scene};
use crate::known;
use crate::safety::majority::sees_released_slots;

pub(crate) const DESCRIPTION: Description = Description {
    id: "S3",
    name: "unique elected epoch",
    kind: FindingKind::Safety,
    sentence: "No two nodes become master by election with the same configEpoch. Epochs made by a bump, a collision or \
               TAKEOVER are outside this statement.",
    rules: &["IV-2", "EL-18"],
    weaknesses: &[known::RELEASED_SLOTS, known::TAKEOVER],
    cost: Cost::PerEvent,
    events: &[EventKind::Promoted],
};

/// Who was elected in which epoch.
#[derive(Clone, Default)]
pub(crate) struct ElectedEpoch {
    /// By epoch: the winner, and whether it saw released slots.
    elected: BTreeMap<Epoch, (NodeIx, bool)>,
    /// Somebody took over without a vote.
    taken_over: bool,
}

impl Invariant for ElectedEpoch {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn observe(&mut self, record: &Record, scene: Scene<'_>, findings: &mut Findings) {
        let Event::Promoted { cause, epoch, .. } = record.event else { return };
        self.taken_over |= cause == PromotionCause::Takeover;
        if !matches!(cause, PromotionCause::Election | PromotionCause::ManualFailover) {
            return;
        }
        let Some(winner) = record.place.and_then(|place| scene.facts.identity(place)) else { return };
        let node = record.place.and_then(|place| scene.glimpse.node(place));
        let saw_released = node.is_some_and(|node| sees_released_slots(node, scene));
        let (first, first_saw) = *self.elected.entry(epoch).or_insert((winner, saw_released));
        if first != winner {
            let text = format!(
                "{} and {} were both elected in epoch {epoch}.",
                scene.name(first),
                scene.name(winner)
            );
            let places = scene.places_of([first, winner]);
            let released = (first_saw || saw_released).then_some(known::RELEASED_SLOTS);
            let known_as = released.or(self.taken_over.then_some(known::TAKEOVER));
            findings.report(scene, Broken { invariant: &DESCRIPTION, places, text, known_as });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Bench, promoted};

    #[test]
    fn iv_2_an_epoch_has_one_elected_master() {
        let mut bench = Bench::new(3, 3);
        bench.event(3, promoted(PromotionCause::Election, 0, 7));
        bench.event(4, promoted(PromotionCause::Election, 1, 8));
        assert_eq!(bench.broken("S3"), 0);
        bench.event(5, promoted(PromotionCause::ManualFailover, 2, 8));
        assert_eq!(bench.known("S3"), [None]);
    }

    #[test]
    fn mf_6_who_takes_over_is_outside_and_makes_the_voters_two_parties() {
        let mut bench = Bench::new(3, 3);
        bench.event(3, promoted(PromotionCause::Election, 0, 7));
        bench.event(5, promoted(PromotionCause::Takeover, 2, 7));
        assert_eq!(bench.broken("S3"), 0);
        bench.event(4, promoted(PromotionCause::Election, 1, 7));
        assert_eq!(bench.known("S3"), [Some(known::TAKEOVER)]);
    }

    #[test]
    fn pk_15_a_winner_that_sees_released_slots_is_known() {
        let mut bench = Bench::new(3, 3);
        bench.event(3, promoted(PromotionCause::Election, 0, 7));
        bench.world.places[4].node.owners.iter_mut().for_each(|owner| *owner = None);
        bench.event(4, promoted(PromotionCause::Election, 1, 7));
        assert_eq!(bench.known("S3"), [Some(known::RELEASED_SLOTS)]);
    }
}
