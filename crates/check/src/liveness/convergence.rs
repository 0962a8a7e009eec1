//! L1: all views of the slot map become equal.
//!
//! Compared are the nodes that run, reach each other and know each other; two clusters in one world are two groups.

use std::collections::BTreeSet;

use rcsim_observe::reason::BindCause;
use rcsim_observe::{Event, EventKind, FindingKind, NodeGlimpse, Record};
use rcsim_protocol::{NodeIx, Slot, SlotSet};

use crate::catalogue::{Cost, Description};
use crate::facts::Facts;
use crate::facts::group::{Group, groups};
use crate::findings::{Broken, Findings};
use crate::invariant::{Invariant, Scene};
use crate::known;
use crate::liveness::once::{Once, convergence_bound, settling};

pub(crate) const DESCRIPTION: Description = Description {
    id: "L1",
    name: "slot map convergence",
    kind: FindingKind::Liveness,
    sentence: "All views of the slot map are equal within H (1 + k), k being the number of new owners that a stale node \
               may have to learn of.",
    rules: &["PK-16", "PK-24", "SO-2"],
    weaknesses: &[known::STALE_MARK, known::ASSIGNED_BY_HAND, known::DELETION_UNDONE],
    cost: Cost::PerQuietTime,
    events: &[EventKind::SlotsMoved],
};

/// Views that have to become equal.
#[derive(Clone, Default)]
pub(crate) struct Convergence {
    once: Once,
    /// Nodes that got slots by a command.
    assigned: BTreeSet<NodeIx>,
    /// Nodes whose slots were deleted by a command.
    deleted: BTreeSet<NodeIx>,
    /// Owners that lost an abandoned slot to an older claim, and to whom.
    stolen: BTreeSet<(NodeIx, NodeIx)>,
}

impl Invariant for Convergence {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn observe(&mut self, record: &Record, _: Scene<'_>, _: &mut Findings) {
        match record.event {
            Event::SlotsMoved { cause: BindCause::Command, from, to, .. } => match to {
                Some(to) => {
                    self.assigned.insert(to);
                }
                None => self.deleted.extend(from),
            },
            Event::SlotsMoved {
                from: Some(from),
                to: Some(to),
                abandoned: true,
                from_epoch,
                to_epoch,
                ..
            } if to_epoch <= from_epoch => {
                self.stolen.insert((from, to));
            }
            _ => (),
        }
    }

    fn due_ns(&self, facts: &Facts) -> Option<u64> {
        self.once.due_ns(facts, settling(facts), convergence_bound(facts))
    }

    fn judge(&mut self, scene: Scene<'_>, findings: &mut Findings) {
        self.once.close(settling(scene.facts));
        let mut all_equal = true;
        for group in groups(scene) {
            all_equal &= self.compare(&group, scene, findings);
        }
        if all_equal {
            scene.facts.clock.views_agree(scene.now_ns);
        }
    }

    fn is_unjudged(&self, facts: &Facts) -> bool {
        self.once.is_open(settling(facts))
    }
}

impl Convergence {
    fn compare(&self, group: &Group<'_>, scene: Scene<'_>, findings: &mut Findings) -> bool {
        let (first_place, first) = group.members[0];
        let expected = owners(first);
        let Some((place, other)) = group.members.iter().find(|(_, other)| owners(*other) != expected) else {
            return true;
        };
        let differs = |slot: &Slot| first.owner(*slot) != other.owner(*slot);
        // Sets can only differ in a slot, unless a view contradicts itself: then S7 tells.
        let Some(slot) = Slot::all().find(differs) else { return false };
        let (mine, theirs) = (first.owner(slot), other.owner(slot));
        let name = |owner: Option<NodeIx>| owner.map_or("nobody".to_owned(), |owner| scene.name(owner));
        let text = format!(
            "Slot {slot} belongs to {} in the view of {first_place} and to {} in the view of {place}.",
            name(mine),
            name(theirs)
        );
        let places =
            scene.places_of([mine, theirs].into_iter().flatten()).into_iter().chain([first_place, *place]);
        let known_as = self.explain(slot, [(first, mine, theirs), (*other, theirs, mine)], scene);
        findings.report(scene, Broken { invariant: &DESCRIPTION, places: places.collect(), text, known_as });
        false
    }

    /// The known weakness behind a difference; each view with the owner that it has and the one that the other has.
    fn explain(
        &self,
        slot: Slot,
        views: [(&dyn NodeGlimpse, Option<NodeIx>, Option<NodeIx>); 2],
        scene: Scene<'_>,
    ) -> Option<&'static str> {
        let pair = |(_, mine, theirs): (_, Option<NodeIx>, Option<NodeIx>)| Some((mine?, theirs?));
        if views.into_iter().filter_map(pair).any(|(mine, theirs)| self.stolen.contains(&(mine, theirs))) {
            return Some(known::STALE_MARK);
        }
        let undone = |owner: Option<NodeIx>| owner.is_some_and(|owner| self.deleted.contains(&owner));
        if views.iter().any(|(_, mine, theirs)| mine.is_none() && undone(*theirs)) {
            return Some(known::DELETION_UNDONE);
        }
        let by_hand = views.into_iter().any(|(view, mine, theirs)| {
            // The view keeps an owner that still claims the slot at an epoch that the assigned one does not beat.
            let (Some(kept), Some(assigned)) = (mine, theirs) else { return false };
            let epoch = |node| view.peer(node).map(|seen| seen.config_epoch);
            let claims = |node| {
                let claim = scene.glimpse.place_of(node).and_then(|place| scene.facts.claims.of(place));
                claim.is_some_and(|claim| claim.node == node && claim.slots.contains(slot))
            };
            self.assigned.contains(&assigned) && claims(kept) && epoch(kept) >= epoch(assigned)
        });
        by_hand.then_some(known::ASSIGNED_BY_HAND)
    }
}

/// Who owns what in a view, by node.
fn owners(view: &dyn NodeGlimpse) -> Vec<(NodeIx, SlotSet)> {
    let with_slots = |node| Some((node, view.peer(node)?.slots)).filter(|(_, slots)| !slots.is_empty());
    let mut owners: Vec<(NodeIx, SlotSet)> = view.table().into_iter().filter_map(with_slots).collect();
    owners.sort_unstable_by_key(|(node, _)| *node);
    owners
}

#[cfg(test)]
mod tests {
    use rcsim_observe::reason::PromotionCause;
    use rcsim_protocol::Epoch;

    use super::*;
    use crate::testing::{Bench, SECOND, moved, promoted};

    #[test]
    fn equal_views_converge() {
        let mut bench = Bench::new(3, 3);
        bench.advance(60 * SECOND);
        assert_eq!(bench.broken("L1"), 0);
        assert!(!bench.unjudged("L1"));
    }

    #[test]
    fn pk_16_a_stale_view_has_h_for_each_new_owner_and_itself() {
        let mut bench = Bench::new(3, 3);
        bench.advance(60 * SECOND);
        bench.world.take_over(3, 0, Epoch(9));
        bench.world.views_of(|view, place| {
            if place != 2 {
                view.move_slots(0, 3, Epoch(9));
            }
        });
        bench.event(3, promoted(PromotionCause::ManualFailover, 0, 9));
        bench.advance(25 * SECOND);
        assert_eq!(bench.broken("L1"), 0);
        assert!(bench.unjudged("L1"));
        bench.advance(SECOND);
        assert_eq!(bench.known("L1"), [None]);
    }

    #[test]
    fn so_3_a_stolen_slot_is_known() {
        let mut bench = Bench::new(3, 1);
        bench.event(1, moved(0, 2, 1, true));
        bench.world.places[1].node.move_slots(0, 2, Epoch(3));
        bench.advance(60 * SECOND);
        assert_eq!(bench.known("L1"), [Some(known::STALE_MARK)]);
    }

    #[test]
    fn nothing_is_judged_while_a_fault_is_open() {
        let mut bench = Bench::new(3, 1);
        bench.world_event(Event::FaultStarted { fault: 0 });
        bench.world.places[1].node.move_slots(0, 2, Epoch(3));
        bench.advance(600 * SECOND);
        assert_eq!(bench.broken("L1"), 0);
        assert!(bench.unjudged("L1"));
        bench.world_event(Event::Healed);
        bench.advance(60 * SECOND);
        assert_eq!(bench.broken("L1"), 1);
    }
}
