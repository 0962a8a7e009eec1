//! L9: the config epochs of masters that know each other become distinct.

use std::collections::BTreeMap;

use rcsim_observe::{EventKind, FindingKind, NodeGlimpse, Place, Record};
use rcsim_protocol::{Epoch, NodeFlags};

use crate::catalogue::{Cost, Description};
use crate::facts::Facts;
use crate::facts::group::{Group, groups};
use crate::findings::{Broken, Findings};
use crate::invariant::{Invariant, Scene};
use crate::liveness::once::{Once, settling};

pub(crate) const DESCRIPTION: Description = Description {
    id: "L9",
    name: "epochs become unique",
    kind: FindingKind::Liveness,
    sentence: "The configEpochs of all masters that run and know each other are distinct within H times the number of \
               masters that share one.",
    rules: &["EP-6", "EP-7"],
    weaknesses: &[],
    cost: Cost::PerQuietTime,
    events: &[EventKind::EpochCollision],
};

/// Epochs that have to become distinct.
#[derive(Clone, Default)]
pub(crate) struct DistinctEpochs {
    once: Once,
    /// How many masters shared an epoch when it was looked at last, and in which quiet time: it needs so many H.
    colliding: Option<(u64, u64)>,
}

impl Invariant for DistinctEpochs {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn observe(&mut self, _: &Record, _: Scene<'_>, _: &mut Findings) {}

    fn due_ns(&self, facts: &Facts) -> Option<u64> {
        let start_ns = settling(facts);
        self.once.due_ns(facts, start_ns, facts.timing.heartbeats() * self.rounds(start_ns))
    }

    fn judge(&mut self, scene: Scene<'_>, findings: &mut Findings) {
        let start_ns = settling(scene.facts);
        let shared: Vec<(Epoch, Vec<Place>)> = groups(scene).iter().flat_map(shared_epochs).collect();
        let colliding = shared.iter().map(|(_, places)| places.len() as u64).sum::<u64>();
        if colliding > self.rounds(start_ns) {
            self.colliding = Some((start_ns, colliding));
            return;
        }
        self.once.close(start_ns);
        for (epoch, places) in shared {
            let names: Vec<String> = places.iter().map(Place::to_string).collect();
            let text = format!("{} still share configEpoch {epoch}.", names.join(", "));
            findings.report(scene, Broken { invariant: &DESCRIPTION, places, text, known_as: None });
        }
    }

    fn is_unjudged(&self, facts: &Facts) -> bool {
        self.once.is_open(settling(facts))
    }
}

impl DistinctEpochs {
    fn rounds(&self, start_ns: u64) -> u64 {
        self.colliding.filter(|(judged_ns, _)| *judged_ns == start_ns).map_or(1, |(_, count)| count)
    }
}

/// Epochs that more than one master of a group has.
fn shared_epochs(group: &Group<'_>) -> Vec<(Epoch, Vec<Place>)> {
    let is_master = |node: &dyn NodeGlimpse| {
        node.peer(node.me()).is_some_and(|myself| myself.flags.any(NodeFlags::MASTER))
    };
    let mut by_epoch: BTreeMap<Epoch, Vec<Place>> = BTreeMap::new();
    for (place, node) in group.members.iter().filter(|(_, node)| is_master(*node)) {
        by_epoch.entry(node.config_epoch()).or_default().push(*place);
    }
    by_epoch.into_iter().filter(|(_, places)| places.len() > 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Bench, SECOND};

    #[test]
    fn ep_6_distinct_epochs_are_fine() {
        let mut bench = Bench::new(3, 3);
        bench.advance(60 * SECOND);
        assert!(!bench.unjudged("L9"));
        assert_eq!(bench.broken("L9"), 0);
    }

    #[test]
    fn ep_6_a_collision_has_h_for_each_master_in_it() {
        let mut bench = Bench::new(3, 3);
        bench.world.places[1].node.set_config_epoch(Epoch(1));
        bench.advance(24 * SECOND);
        assert_eq!(bench.broken("L9"), 0);
        bench.advance(2 * SECOND);
        assert_eq!(bench.broken("L9"), 1);
    }
}
