//! S8: a bus message does not give a slot to an older claim.
//!
//! An owner that stopped claiming a slot may lose it to anybody (SO-3). The mark that says so can outlive the owner
//! that it was set for (W-SL-01): if the owner itself has claimed the slot for longer than all views need to hear of
//! it, the mark is such a leftover.

use rcsim_observe::reason::BindCause;
use rcsim_observe::{Event, EventKind, FindingKind, Record};
use rcsim_protocol::{NodeIx, Slot};

use crate::catalogue::{Cost, Description};
use crate::findings::{Broken, Findings};
use crate::invariant::{Invariant, Scene};
use crate::known;

pub(crate) const DESCRIPTION: Description = Description {
    id: "S8",
    name: "no downgrade",
    kind: FindingKind::Safety,
    sentence: "A bus message moves a slot from A to B only if the slot had no owner, or the latest packet from A did not \
               claim it, or B's epoch is greater than A's.",
    rules: &["SO-2", "SO-3", "SO-4", "EP-5", "IV-3"],
    weaknesses: &[known::STALE_MARK],
    cost: Cost::PerEvent,
    events: &[EventKind::SlotsMoved],
};

/// Looks at every change of an owner by a message.
#[derive(Clone, Default)]
pub(crate) struct Downgrade;

impl Invariant for Downgrade {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn observe(&mut self, record: &Record, scene: Scene<'_>, findings: &mut Findings) {
        let Event::SlotsMoved {
            from: Some(from),
            to: Some(to),
            count,
            first,
            from_epoch,
            to_epoch,
            abandoned,
            cause: BindCause::Claim | BindCause::Update,
        } = record.event
        else {
            return;
        };
        let Some(place) = record.place else { return };
        if to_epoch > from_epoch || (abandoned && !still_claims(from, first, scene)) {
            return;
        }
        let (old, new) = (scene.name(from), scene.name(to));
        let text = format!(
            "{place} gave {count} slots from {first} on from {old} at epoch {from_epoch} to {new} at epoch {to_epoch}."
        );
        let mut places = scene.places_of([from, to]);
        places.push(place);
        let known_as = abandoned.then_some(known::STALE_MARK);
        findings.report(scene, Broken { invariant: &DESCRIPTION, places, text, known_as });
    }
}

/// Whether a node has claimed a slot for so long that everybody has heard of it.
fn still_claims(owner: NodeIx, slot: u16, scene: Scene<'_>) -> bool {
    let claim = scene.glimpse.place_of(owner).and_then(|place| scene.facts.claims.of(place));
    let settled_ns = scene.facts.timing.heartbeats();
    claim.is_some_and(|claim| {
        claim.node == owner
            && claim.is_master
            && Slot::new(slot).is_some_and(|slot| claim.slots.contains(slot))
            && scene.now_ns.saturating_sub(claim.since_ns) > settled_ns
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Bench, SECOND, moved};

    #[test]
    fn ep_5_the_greater_epoch_wins_and_an_equal_one_does_not() {
        let mut bench = Bench::new(3, 1);
        bench.event(1, moved(0, 3, 5, false));
        assert_eq!(bench.broken("S8"), 0);
        bench.event(1, moved(0, 3, 1, false));
        assert_eq!(bench.known("S8"), [None]);
    }

    #[test]
    fn so_3_an_abandoned_slot_is_anybodys_unless_the_mark_is_a_leftover() {
        let mut bench = Bench::new(3, 1);
        bench.advance(SECOND);
        bench.event(1, moved(0, 3, 1, true));
        assert_eq!(bench.broken("S8"), 0);
        bench.advance(60 * SECOND);
        bench.event(1, moved(0, 3, 1, true));
        assert_eq!(bench.known("S8"), [Some(known::STALE_MARK)]);
    }
}
