//! The states that expectations speak of, as predicates on a glimpse.

use std::collections::BTreeMap;

use rcsim_observe::{Glimpse, NodeGlimpse, Place, Process};
use rcsim_protocol::{NodeFlags, NodeIx, SLOT_COUNT, SlotSet};
use rcsim_scenario::State;

/// Whether a state holds in the eyes of these places; `None`: of every running node that belongs to a cluster.
/// If it does not, the text says why not.
pub(crate) fn holds(state: State, eyes: Option<&[Place]>, glimpse: &dyn Glimpse) -> Result<(), String> {
    let all: Vec<Place> = (0..glimpse.place_count()).map(Place).collect();
    let looks = |place: &&Place| eyes.is_some() || in_cluster(glimpse, **place);
    let running = |place: &&Place| glimpse.process(**place) == Process::Running;
    let eyes: Vec<Place> = eyes.unwrap_or(&all).iter().filter(running).filter(looks).copied().collect();
    if eyes.is_empty() {
        return Err("no node that is asked runs".to_owned());
    }
    let nodes: Vec<(Place, &dyn NodeGlimpse)> =
        eyes.iter().filter_map(|place| Some((*place, glimpse.node(*place)?))).collect();
    match state {
        State::ClusterOk => every(&nodes, |node| node.state_ok(), "has cluster_state:fail"),
        State::ClusterFail => every(&nodes, |node| !node.state_ok(), "has cluster_state:ok"),
        State::ReplicasAttached => {
            every(&nodes, |node| is_master(node) || node.replication_up(), "has no link to its master")
        }
        State::Converged => converged(&nodes),
        State::SlotsCovered => slots_covered(glimpse),
        State::EpochsDistinct => epochs_distinct(&nodes),
    }
}

fn in_cluster(glimpse: &dyn Glimpse, place: Place) -> bool {
    glimpse.node(place).is_some_and(|node| node.table().len() > 1)
}

fn is_master(node: &dyn NodeGlimpse) -> bool {
    node.peer(node.me()).is_some_and(|me| me.flags.any(NodeFlags::MASTER))
}

fn every(
    nodes: &[(Place, &dyn NodeGlimpse)],
    holds: impl Fn(&dyn NodeGlimpse) -> bool,
    otherwise: &str,
) -> Result<(), String> {
    match nodes.iter().find(|(_, node)| !holds(*node)) {
        Some((place, _)) => Err(format!("{place} {otherwise}")),
        None => Ok(()),
    }
}

/// What a view says of every node: role, master, slots.
type Beliefs = BTreeMap<NodeIx, (bool, Option<NodeIx>, SlotSet)>;

/// All views agree on members, roles, masters and slots, and nobody is PFAIL or FAIL.
fn converged(nodes: &[(Place, &dyn NodeGlimpse)]) -> Result<(), String> {
    let mut first: Option<(Place, Beliefs)> = None;
    for (place, node) in nodes {
        let mut beliefs = Beliefs::new();
        for subject in node.table() {
            let Some(peer) = node.peer(subject) else { continue };
            if peer.flags.any(NodeFlags::PFAIL | NodeFlags::FAIL | NodeFlags::HANDSHAKE) {
                return Err(format!("{place} has a node flagged {}", peer.flags));
            }
            beliefs.insert(subject, (peer.flags.any(NodeFlags::MASTER), peer.master, peer.slots));
        }
        match &first {
            None => first = Some((*place, beliefs)),
            Some((other, expected)) if *expected != beliefs => {
                return Err(format!("{other} and {place} do not agree on members, roles or slots"));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// Every slot belongs to a running master that serves it, in that master's own view.
fn slots_covered(glimpse: &dyn Glimpse) -> Result<(), String> {
    let mut covered = SlotSet::empty();
    for place in (0..glimpse.place_count()).map(Place) {
        let running = glimpse.process(place) == Process::Running;
        let Some(node) = glimpse.node(place).filter(|node| running && node.state_ok()) else { continue };
        let Some(me) = node.peer(node.me()) else { continue };
        for slot in me.slots.iter() {
            covered.insert(slot);
        }
    }
    match SLOT_COUNT - covered.len() {
        0 => Ok(()),
        missing => Err(format!("{missing} slots are not served")),
    }
}

fn epochs_distinct(nodes: &[(Place, &dyn NodeGlimpse)]) -> Result<(), String> {
    let mut seen = BTreeMap::new();
    for (place, node) in nodes.iter().filter(|(_, node)| is_master(*node)) {
        if let Some(other) = seen.insert(node.config_epoch(), place) {
            return Err(format!("{other} and {place} both have config epoch {}", node.config_epoch()));
        }
    }
    Ok(())
}
