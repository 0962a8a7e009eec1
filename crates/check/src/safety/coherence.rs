//! S7: in every view the slot table and the sets of the nodes agree, and only masters own slots.
//!
//! At an event the nodes that it names are looked at in the view where it happened, slot by slot of what they own; at
//! the end of a run every view is looked at as a whole. A view that was read from a file that a power loss may have torn
//! can be wrong from the start, and nothing mends it before the next claim (NC-9).

use rcsim_observe::{Event, EventKind, FindingKind, NodeGlimpse, Place, Record};
use rcsim_protocol::{NodeFlags, NodeIx, Slot};

use crate::catalogue::{Cost, Description};
use crate::findings::{Broken, Findings};
use crate::invariant::{Invariant, Scene};
use crate::known;

pub(crate) const DESCRIPTION: Description = Description {
    id: "S7",
    name: "table coherence",
    kind: FindingKind::Safety,
    sentence: "In every view the slot table and the slot sets of the nodes agree, every owner is a master, no replica \
               owns a slot, and the node's own set is empty unless it is a master.",
    rules: &["ND-5", "PK-14"],
    weaknesses: &[known::TORN_FILE],
    cost: Cost::PerChange,
    events: &[
        EventKind::SlotsMoved,
        EventKind::RoleSeen,
        EventKind::Reconfigured,
        EventKind::Promoted,
        EventKind::Started,
    ],
};

/// Looks at views.
#[derive(Clone, Default)]
pub(crate) struct Coherence;

impl Invariant for Coherence {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn observe(&mut self, record: &Record, scene: Scene<'_>, findings: &mut Findings) {
        let Some((place, node)) = record.place.and_then(|place| Some((place, scene.glimpse.node(place)?)))
        else {
            return;
        };
        let (concerned, slot) = match record.event {
            Event::SlotsMoved { from, to, first, .. } => ([from, to], Slot::new(first)),
            Event::RoleSeen { node, .. } => ([Some(node), None], None),
            Event::Reconfigured { master, .. } => ([Some(node.me()), Some(master)], None),
            Event::Promoted { old_master, .. } => ([Some(node.me()), old_master], None),
            _ => ([Some(node.me()), None], None),
        };
        let wrong = concerned.into_iter().flatten().find_map(|owner| wrong_owner(node, owner, scene));
        if let Some(text) = wrong.or_else(|| slot.and_then(|slot| wrong_slot(node, slot, scene))) {
            report(place, &text, scene, findings);
        }
    }

    fn finish(&mut self, scene: Scene<'_>, findings: &mut Findings) {
        for place in scene.facts.places() {
            let Some(node) = scene.glimpse.node(place) else { continue };
            let wrong = node.table().into_iter().find_map(|owner| wrong_owner(node, owner, scene));
            if let Some(text) = wrong.or_else(|| Slot::all().find_map(|slot| wrong_slot(node, slot, scene))) {
                report(place, &text, scene, findings);
            }
        }
    }
}

fn report(place: Place, what: &str, scene: Scene<'_>, findings: &mut Findings) {
    let text = format!("In the view of {place} {what}.");
    let known_as = scene.facts.torn.contains(&place).then_some(known::TORN_FILE);
    findings.report(scene, Broken { invariant: &DESCRIPTION, places: vec![place], text, known_as });
}

/// What is wrong with the slots that a node has in this view.
fn wrong_owner(view: &dyn NodeGlimpse, owner: NodeIx, scene: Scene<'_>) -> Option<String> {
    let seen = view.peer(owner)?;
    if seen.slots.is_empty() {
        return None;
    }
    let name = scene.name(owner);
    if seen.flags.any(NodeFlags::SLAVE) || !seen.flags.any(NodeFlags::MASTER) {
        return Some(format!("{name} owns {} slots and is no master", seen.slots.len()));
    }
    let stray = seen.slots.iter().find(|slot| view.owner(*slot) != Some(owner))?;
    Some(format!("slot {stray} is in the set of {name} and not so in the slot table"))
}

/// What is wrong with the owner that the slot table has for a slot.
fn wrong_slot(view: &dyn NodeGlimpse, slot: Slot, scene: Scene<'_>) -> Option<String> {
    let owner = view.owner(slot)?;
    let name = scene.name(owner);
    match view.peer(owner) {
        None => Some(format!("slot {slot} belongs to {name}, which is not in the table")),
        Some(seen) if !seen.slots.contains(slot) => {
            Some(format!("slot {slot} is not in the set of its owner {name}"))
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Bench, node, role_seen};

    #[test]
    fn nd_5_a_healthy_view_is_coherent() {
        let mut bench = Bench::new(3, 3);
        bench.event(0, role_seen(3, Some(0)));
        bench.finish();
        assert_eq!(bench.broken("S7"), 0);
    }

    #[test]
    fn pk_14_a_replica_owns_nothing() {
        let mut bench = Bench::new(3, 3);
        let seen = bench.world.places[2].node.peers.get_mut(&node(0)).expect("a peer");
        seen.flags = NodeFlags::SLAVE;
        bench.event(2, role_seen(0, Some(3)));
        assert_eq!(bench.broken("S7"), 1);
    }

    #[test]
    fn nd_5_table_and_sets_agree() {
        let mut bench = Bench::new(3, 0);
        let slots = bench.world.places[2].node.peers[&node(0)].slots.clone();
        bench.world.places[2].node.peers.get_mut(&node(1)).expect("a peer").slots = slots;
        bench.finish();
        assert_eq!(bench.broken("S7"), 1);
    }
}
