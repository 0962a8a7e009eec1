//! L6: every replica follows a live master with slots directly, and a replaced master becomes its successor's replica.
//!
//! Left out: replicas of a dead master that nobody replaced (that is L4's), and masters that never had slots or lost
//! them by a command.

use std::collections::BTreeSet;

use rcsim_observe::reason::BindCause;
use rcsim_observe::{Event, EventKind, FindingKind, NodeGlimpse, Place, Record};
use rcsim_protocol::{NodeFlags, NodeIx};

use crate::catalogue::{Cost, Description};
use crate::facts::Facts;
use crate::facts::group::groups;
use crate::facts::timing::CRON_NS;
use crate::findings::{Broken, Findings};
use crate::invariant::{Invariant, Scene};
use crate::known;
use crate::liveness::once::{Once, convergence_bound, settling};

pub(crate) const DESCRIPTION: Description = Description {
    id: "L6",
    name: "roles settle",
    kind: FindingKind::Liveness,
    sentence: "Every replica follows a live master with slots directly, and a replaced master has become a replica, \
               within the bound of L1 + c.",
    rules: &["SO-9", "SO-10", "PK-14"],
    weaknesses: &[known::SUB_REPLICA, known::VANISHED_MASTER, known::EMPTIED_MASTER],
    cost: Cost::PerQuietTime,
    events: &[EventKind::SlotsMoved],
};

/// Roles that have to settle.
#[derive(Clone, Default)]
pub(crate) struct Roles {
    once: Once,
    /// Nodes that lost slots of their own to another's claim.
    dispossessed: BTreeSet<NodeIx>,
}

/// What is wrong with a node's role, and the weakness that explains it.
type Complaint = (String, Option<&'static str>);

impl Invariant for Roles {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn observe(&mut self, record: &Record, scene: Scene<'_>, _: &mut Findings) {
        let Event::SlotsMoved { from: Some(from), cause, .. } = record.event else { return };
        if record.place.and_then(|place| scene.facts.identity(place)) != Some(from) {
            return;
        }
        match cause {
            BindCause::Claim | BindCause::Update => {
                self.dispossessed.insert(from);
            }
            _ => {
                self.dispossessed.remove(&from);
            }
        }
    }

    fn due_ns(&self, facts: &Facts) -> Option<u64> {
        self.once.due_ns(facts, settling(facts), convergence_bound(facts) + CRON_NS)
    }

    fn judge(&mut self, scene: Scene<'_>, findings: &mut Findings) {
        self.once.close(settling(scene.facts));
        for group in groups(scene) {
            for (place, node) in &group.members {
                if let Some((what, known_as)) = self.complaint(*place, *node, scene) {
                    let text = format!("{place} {what}.");
                    findings.report(
                        scene,
                        Broken { invariant: &DESCRIPTION, places: vec![*place], text, known_as },
                    );
                }
            }
        }
    }

    fn is_unjudged(&self, facts: &Facts) -> bool {
        self.once.is_open(settling(facts))
    }
}

impl Roles {
    fn complaint(&self, place: Place, node: &dyn NodeGlimpse, scene: Scene<'_>) -> Option<Complaint> {
        let myself = node.peer(node.me())?;
        if myself.flags.any(NodeFlags::SLAVE) {
            return match myself.master {
                Some(master) => replica_complaint(place, node, master, scene),
                None => Some(("is a replica of nobody".to_owned(), None)),
            };
        }
        let replaced = myself.slots.is_empty() && self.dispossessed.contains(&node.me());
        let known_as = (!node.settings().cluster_allow_replica_migration).then_some(known::EMPTIED_MASTER);
        replaced.then(|| ("lost its slots and has not become a replica".to_owned(), known_as))
    }
}

fn replica_complaint(
    place: Place,
    replica: &dyn NodeGlimpse,
    master: NodeIx,
    scene: Scene<'_>,
) -> Option<Complaint> {
    let name = scene.name(master);
    if let Some((_, leader)) = scene.find_running(master) {
        let is_replica = leader.peer(master).is_some_and(|itself| itself.flags.any(NodeFlags::SLAVE));
        return is_replica
            .then(|| (format!("follows {name}, which is a replica itself"), Some(known::SUB_REPLICA)));
    }
    let claims = &scene.facts.claims;
    let last = scene.glimpse.place_of(master).and_then(|home| Some((home, claims.of(home)?)));
    match last {
        Some((home, claim)) if claim.node == master && claim.owns_slots() => {
            let replaced = !claims.true_owners().contains(&home) && home != place;
            replaced.then(|| (format!("follows {name}, which is dead and was replaced"), None))
        }
        _ => {
            // Its slots, if it had any in this view, are a dead shard's.
            let owned_nothing = replica.peer(master).is_none_or(|seen| seen.slots.is_empty());
            owned_nothing.then(|| (format!("follows {name}, which is gone"), Some(known::VANISHED_MASTER)))
        }
    }
}

#[cfg(test)]
mod tests {
    use rcsim_protocol::Epoch;

    use super::*;
    use crate::testing::{Bench, SECOND, moved, node};

    #[test]
    fn so_9_settled_roles_are_fine() {
        let mut bench = Bench::new(3, 3);
        bench.advance(60 * SECOND);
        assert!(!bench.unjudged("L6"));
        assert_eq!(bench.broken("L6"), 0);
    }

    #[test]
    fn so_10_a_replica_of_a_replica_is_known() {
        let mut bench = Bench::new(3, 3);
        bench.world.places[4].node.follow(node(4), node(3));
        bench.advance(60 * SECOND);
        assert_eq!(bench.known("L6"), [Some(known::SUB_REPLICA)]);
    }

    #[test]
    fn so_9_a_replaced_master_does_not_stay_a_master() {
        let mut bench = Bench::new(3, 3);
        bench.world.places[0].node.move_slots(0, 3, Epoch(9));
        bench.event(0, moved(0, 3, 9, false));
        bench.advance(60 * SECOND);
        assert_eq!(bench.known("L6"), [None]);
    }

    #[test]
    fn a_replica_of_a_dead_master_waits_until_it_is_replaced() {
        let mut bench = Bench::new(3, 6);
        bench.crash(0);
        bench.advance(60 * SECOND);
        assert_eq!(bench.broken("L6"), 0);
        bench.world.take_over(3, 0, Epoch(9));
        bench.event(3, crate::testing::promoted(rcsim_observe::reason::PromotionCause::Election, 0, 9));
        bench.advance(120 * SECOND);
        assert_eq!(bench.known("L6"), [None]);
    }

    #[test]
    fn a_replica_of_a_vanished_id_is_known() {
        let mut bench = Bench::new(3, 1);
        bench.world.places[3].node.follow(node(3), NodeIx(99));
        bench.advance(60 * SECOND);
        assert_eq!(bench.known("L6"), [Some(known::VANISHED_MASTER)]);
    }
}
