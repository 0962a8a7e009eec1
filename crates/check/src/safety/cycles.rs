//! S18: in no view do replicas follow each other in a circle for longer than H.
//!
//! The clock of a circle stands still while its members do not run or cannot be heard by the node whose view it is:
//! H is the time in which everybody hears everybody.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;
use rcsim_observe::reason::PromotionCause;
use rcsim_observe::{Event, EventKind, FindingKind, NodeGlimpse, Place, Record};
use rcsim_protocol::NodeIx;

use crate::catalogue::{Cost, Description};
use crate::facts::Facts;
use crate::findings::{Broken, Findings};
use crate::invariant::{Invariant, Scene};
use crate::known;

pub(crate) const DESCRIPTION: Description = Description {
    id: "S18",
    name: "no lasting cycles",
    kind: FindingKind::Safety,
    sentence: "In no view does following the master of a replica lead back to it for longer than H, among nodes that \
               run and hear each other.",
    rules: &["PK-14", "SO-10"],
    weaknesses: &[known::ROLE_BELIEVED],
    cost: Cost::PerEvent,
    events: &[EventKind::RoleSeen, EventKind::Reconfigured, EventKind::Promoted, EventKind::Started],
};

/// A circle in one view.
#[derive(Clone, Copy)]
struct Circle {
    since_ns: u64,
    member: NodeIx,
    /// When it could not be judged because a member was not heard, in ns; it waits for the next disturbance.
    parked_ns: Option<u64>,
}

/// Circles that were seen and may go away.
#[derive(Clone, Default)]
pub(crate) struct Cycles {
    /// By view.
    seen: BTreeMap<Place, Circle>,
    /// Where roles changed in truth: what a stale view may still be about.
    changed: BTreeSet<Place>,
}

impl Invariant for Cycles {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn observe(&mut self, record: &Record, scene: Scene<'_>, _: &mut Findings) {
        let Some((place, node)) = record.place.and_then(|place| Some((place, scene.glimpse.node(place)?)))
        else {
            return;
        };
        let changed = match record.event {
            Event::RoleSeen { node, .. } => node,
            Event::Promoted { cause, .. } if cause != PromotionCause::Update => {
                self.changed.insert(place);
                node.me()
            }
            Event::Reconfigured { .. } => {
                self.changed.insert(place);
                node.me()
            }
            _ => node.me(),
        };
        match (cycle_from(node, changed), self.seen.get(&place)) {
            (Some(_), None) => {
                self.seen.insert(place, Circle { since_ns: record.at_ns, member: changed, parked_ns: None });
            }
            (None, Some(circle)) if cycle_from(node, circle.member).is_none() => {
                self.seen.remove(&place);
            }
            _ => (),
        }
    }

    fn due_ns(&self, facts: &Facts) -> Option<u64> {
        if !facts.clock.is_quiet() {
            return None;
        }
        self.seen.values().filter_map(|circle| circle.due_ns(facts)).min()
    }

    fn judge(&mut self, scene: Scene<'_>, findings: &mut Findings) {
        let over = |circle: &Circle| circle.due_ns(scene.facts).is_some_and(|due| due <= scene.now_ns);
        let due: Vec<(Place, Circle)> = self
            .seen
            .iter()
            .filter(|(_, circle)| over(circle))
            .map(|(place, circle)| (*place, *circle))
            .collect();
        for (place, circle) in due {
            self.seen.remove(&place);
            let Some(cycle) = scene.running(place).and_then(|node| cycle_from(node, circle.member)) else {
                continue;
            };
            if cycle.iter().all(|node| heard(place, *node, scene)) {
                self.report(place, &cycle, scene, findings);
            } else {
                self.seen.insert(place, Circle { parked_ns: Some(scene.now_ns), ..circle });
            }
        }
    }

    fn is_unjudged(&self, _: &Facts) -> bool {
        !self.seen.is_empty()
    }
}

impl Circle {
    /// When it has lasted too long, in ns.
    fn due_ns(self, facts: &Facts) -> Option<u64> {
        let start_ns = facts.clock.disturbed_ns().max(self.since_ns);
        let waits = self.parked_ns.is_some_and(|parked| start_ns <= parked);
        (!waits).then(|| start_ns + facts.timing.heartbeats())
    }
}

impl Cycles {
    fn report(&self, place: Place, cycle: &[NodeIx], scene: Scene<'_>, findings: &mut Findings) {
        let names: Vec<String> = cycle.iter().map(|node| scene.name(*node)).collect();
        let text = format!("In the view of {place} {} follow each other in a circle.", names.join(", "));
        let members = scene.places_of(cycle.iter().copied());
        // Two members took each other's role: a packet from before may have been believed (PK-14).
        let swapped = members.iter().filter(|member| self.changed.contains(member)).count() >= 2;
        let places = members.into_iter().chain([place]).collect();
        let known_as = swapped.then_some(known::ROLE_BELIEVED);
        findings.report(scene, Broken { invariant: &DESCRIPTION, places, text, known_as });
    }
}

fn heard(place: Place, node: NodeIx, scene: Scene<'_>) -> bool {
    scene.find_running(node).is_some_and(|(other, _)| scene.connected(place, other))
}

/// The circle that following masters from `start` leads into, if it does.
fn cycle_from(view: &dyn NodeGlimpse, start: NodeIx) -> Option<Vec<NodeIx>> {
    let mut follows = DiGraphMap::<NodeIx, ()>::new();
    let mut at = start;
    while let Some(master) = view.peer(at).and_then(|seen| seen.master) {
        if follows.add_edge(at, master, ()).is_some() {
            break;
        }
        at = master;
    }
    let is_cycle = |members: &Vec<NodeIx>| members.len() > 1 || follows.contains_edge(members[0], members[0]);
    let mut cycle = tarjan_scc(&follows).into_iter().find(is_cycle)?;
    cycle.sort_unstable();
    Some(cycle)
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, SECOND, node, role_seen};

    fn circle() -> Bench {
        let mut bench = Bench::new(3, 3);
        bench.advance(SECOND);
        bench.world.places[1].node.follow(node(0), node(3));
        bench.event(1, role_seen(0, Some(3)));
        bench
    }

    #[test]
    fn a_circle_that_lasts_is_found() {
        let mut bench = circle();
        bench.advance(12 * SECOND);
        assert_eq!(bench.broken("S18"), 0);
        bench.advance(SECOND);
        assert_eq!(bench.known("S18"), [None]);
    }

    #[test]
    fn pk_14_a_circle_for_a_moment_is_allowed() {
        let mut bench = circle();
        bench.advance(SECOND);
        bench.world.places[1].node.lead(node(3));
        bench.event(1, role_seen(3, None));
        bench.advance(60 * SECOND);
        assert_eq!(bench.broken("S18"), 0);
    }

    #[test]
    fn a_circle_of_nodes_that_cannot_be_heard_waits() {
        let mut bench = circle();
        bench.crash(3);
        bench.advance(600 * SECOND);
        assert_eq!(bench.broken("S18"), 0);
        bench.restart(3);
        bench.advance(13 * SECOND);
        assert_eq!(bench.broken("S18"), 1);
    }

    #[test]
    fn a_chain_is_no_circle() {
        let mut bench = Bench::new(3, 3);
        bench.world.places[1].node.follow(node(3), node(4));
        bench.event(1, role_seen(3, Some(4)));
        bench.advance(60 * SECOND);
        assert_eq!(bench.broken("S18"), 0);
    }
}
