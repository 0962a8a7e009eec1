//! L2: where every slot has a live owner, every node with a majority says `ok`.
//!
//! The bound is that of L1 and the boot or rejoin delay; but a live owner may still be marked FAIL for as long as L5
//! allows, and the state with it (FD-14, ST-3), so the later of the two counts.

use std::collections::BTreeSet;

use rcsim_observe::reason::BindCause;
use rcsim_observe::{Event, EventKind, FindingKind, NodeGlimpse, Place, Record};
use rcsim_protocol::Slot;

use crate::catalogue::{Cost, Description};
use crate::facts::Facts;
use crate::facts::bits::Bits;
use crate::facts::group::{Group, groups};
use crate::findings::{Broken, Findings};
use crate::invariant::{Invariant, Scene};
use crate::known;
use crate::liveness::once::{Once, convergence_bound, settling};

pub(crate) const DESCRIPTION: Description = Description {
    id: "L2",
    name: "state ok",
    kind: FindingKind::Liveness,
    sentence: "If every slot has a live owner, every node that reaches a majority says ok within the bound of L1, or \
               that of L5 where it is longer, and max(2 s, min(max(NT, 0.5 s), 5 s)) + c.",
    rules: &["ST-2", "ST-3", "ST-5", "ST-7"],
    weaknesses: &[known::RELEASED_SLOTS, known::CLOCK_JUMP],
    cost: Cost::PerQuietTime,
    events: &[EventKind::SlotsMoved],
};

/// Nodes that have to say `ok`.
#[derive(Clone, Default)]
pub(crate) struct StateOk {
    once: Once,
    /// Views in which slots were released because their owner was demoted.
    released: BTreeSet<Place>,
}

impl Invariant for StateOk {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn observe(&mut self, record: &Record, _: Scene<'_>, _: &mut Findings) {
        if let Event::SlotsMoved { cause: BindCause::OwnerDemoted, to: None, .. } = record.event {
            self.released.extend(record.place);
        }
    }

    fn due_ns(&self, facts: &Facts) -> Option<u64> {
        let bound_ns = convergence_bound(facts).max(facts.timing.pardon(true)) + facts.timing.state_delay();
        self.once.due_ns(facts, settling(facts), bound_ns)
    }

    fn judge(&mut self, scene: Scene<'_>, findings: &mut Findings) {
        self.once.close(settling(scene.facts));
        let owners = scene.facts.claims.true_owners();
        for group in groups(scene).iter().filter(|group| covers_all_slots(group, scene)) {
            for (place, node) in group.members.iter().filter(|(_, node)| !node.state_ok()) {
                let reached = owners
                    .iter()
                    .filter(|owner| scene.running(**owner).is_some() && scene.connected(*place, **owner));
                if reached.count() > owners.len() / 2 {
                    self.report(*place, *node, scene, findings);
                }
            }
        }
    }

    fn is_unjudged(&self, facts: &Facts) -> bool {
        self.once.is_open(settling(facts))
    }
}

impl StateOk {
    fn report(&self, place: Place, node: &dyn NodeGlimpse, scene: Scene<'_>, findings: &mut Findings) {
        let unowned = Slot::all().find(|slot| node.owner(*slot).is_none());
        let cause = unowned.map_or(String::new(), |slot| format!(" (slot {slot} has no owner in its view)"));
        let text = format!("{place} still says fail although every slot has a live owner{cause}.");
        let window_ns = scene.facts.timing.pardon(true);
        let known_as = if unowned.is_some() && self.released.contains(&place) {
            Some(known::RELEASED_SLOTS)
        } else {
            scene.facts.clock.jumped(&[place], scene.now_ns, window_ns).then_some(known::CLOCK_JUMP)
        };
        findings.report(scene, Broken { invariant: &DESCRIPTION, places: vec![place], text, known_as });
    }
}

/// Whether the members of a group own all slots together, by their own account.
fn covers_all_slots(group: &Group<'_>, scene: Scene<'_>) -> bool {
    let mut covered = Bits::default();
    let owning = scene.facts.claims.owning().filter(|(place, _)| group.contains(*place));
    owning.for_each(|(_, claim)| covered.unite(&claim.bits));
    covered.first_missing().is_none()
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, SECOND};

    #[test]
    fn st_9_a_covered_cluster_is_ok_or_found() {
        let mut bench = Bench::new(3, 1);
        bench.advance(60 * SECOND);
        assert!(!bench.unjudged("L2"));
        assert_eq!(bench.broken("L2"), 0);

        let mut bench = Bench::new(3, 1);
        bench.world.places[2].node.state_ok = false;
        bench.advance(60 * SECOND);
        assert_eq!(bench.known("L2"), [None]);
    }

    #[test]
    fn st_3_a_slot_without_live_owner_excuses() {
        let mut bench = Bench::new(3, 0);
        bench.crash(0);
        bench.world.everywhere(|view| view.state_ok = false);
        bench.advance(120 * SECOND);
        assert!(!bench.unjudged("L2"));
        assert_eq!(bench.broken("L2"), 0);
    }
}
