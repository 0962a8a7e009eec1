//! Who belongs together: nodes that run, reach each other and know each other.

use petgraph::unionfind::UnionFind;
use rcsim_observe::{NodeGlimpse, Place, Process};

use crate::invariant::Scene;

/// Nodes that form one cluster at this instant.
pub(crate) struct Group<'a> {
    pub(crate) members: Vec<(Place, &'a dyn NodeGlimpse)>,
}

impl Group<'_> {
    pub(crate) fn contains(&self, place: Place) -> bool {
        self.members.iter().any(|(member, _)| *member == place)
    }
}

/// The clusters of two nodes and more that run now, in the order of their first places.
pub(crate) fn groups(scene: Scene<'_>) -> Vec<Group<'_>> {
    let running: Vec<(Place, &dyn NodeGlimpse)> = scene.all_running().collect();
    let mut sets: UnionFind<u32> = UnionFind::new(scene.facts.places().count());
    for (place, node) in &running {
        for known in node.table() {
            let Some(other) = scene.glimpse.place_of(known) else { continue };
            if !sets.equiv(place.0, other.0) && know_each_other(scene, (*place, *node), other) {
                sets.union(place.0, other.0);
            }
        }
    }
    let mut groups: Vec<(u32, Group<'_>)> = Vec::new();
    for member in running {
        let set = sets.find(member.0.0);
        match groups.iter_mut().find(|(known, _)| *known == set) {
            Some((_, group)) => group.members.push(member),
            None => groups.push((set, Group { members: vec![member] })),
        }
    }
    groups.into_iter().map(|(_, group)| group).filter(|group| group.members.len() > 1).collect()
}

fn know_each_other(scene: Scene<'_>, (place, node): (Place, &dyn NodeGlimpse), other: Place) -> bool {
    scene.glimpse.process(other) == Process::Running
        && scene.connected(place, other)
        && scene
            .glimpse
            .node(other)
            .is_some_and(|found| found.peer(node.me()).is_some() && node.peer(found.me()).is_some())
}
