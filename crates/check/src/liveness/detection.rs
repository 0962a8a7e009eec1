//! L3: a process that falls silent is suspected by everybody, and then marked FAIL.
//!
//! Judged for each silent process by itself, from its silence or the last disturbance on. FAIL is expected only while a
//! majority of the masters with slots runs; two masters can never agree on a third (W-X-10). A pong time that came by
//! gossip may hide a death for half a second where clocks differ (W-FD-05): where any clock ever jumped, a late
//! suspicion is looked at once more after that time.

use std::collections::BTreeMap;

use rcsim_observe::{EventKind, FindingKind, NodeGlimpse, Place, Record};
use rcsim_protocol::{NodeFlags, NodeIx};

use crate::catalogue::{Cost, Description};
use crate::facts::{Facts, Silence};
use crate::findings::{Broken, Findings};
use crate::invariant::{Invariant, Scene};
use crate::known;

pub(crate) const DESCRIPTION: Description = Description {
    id: "L3",
    name: "detection",
    kind: FindingKind::Liveness,
    sentence: "After a silent death every node that knows the dead one marks it PFAIL within 1.5 NT + 3 c + RTT, and FAIL \
               within another min(2 NT, H) if a majority of the masters with slots runs.",
    rules: &["CR-6", "FD-1", "FD-6", "TL-1", "TL-2"],
    weaknesses: &[known::SINGLE_REPORTER, known::PONG_FROM_THE_FUTURE, known::CLOCK_JUMP],
    cost: Cost::PerChange,
    events: &[EventKind::Crashed, EventKind::PoweredOff, EventKind::Exited, EventKind::Paused],
};

/// By how much a pong time from gossip may be ahead (GS-9), in ns.
const AHEAD_NS: u64 = 500_000_000;

/// What is looked for next in the views of a dead node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Suspicion,
    LateSuspicion,
    Failure,
    Done,
}

/// Silent processes that have to be noticed.
#[derive(Clone, Default)]
pub(crate) struct Detection {
    /// By place: the beginning of the quiet time, and what is looked for next.
    stages: BTreeMap<Place, (u64, Stage)>,
}

impl Invariant for Detection {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn observe(&mut self, _: &Record, _: Scene<'_>, _: &mut Findings) {}

    fn due_ns(&self, facts: &Facts) -> Option<u64> {
        if !facts.clock.is_quiet() {
            return None;
        }
        facts
            .silent
            .iter()
            .filter_map(|(place, silence)| self.next(*place, *silence, facts))
            .map(|next| next.1)
            .min()
    }

    fn judge(&mut self, scene: Scene<'_>, findings: &mut Findings) {
        for (place, silence) in &scene.facts.silent {
            let next = self.next(*place, *silence, scene.facts);
            let Some((stage, _)) = next.filter(|(_, due_ns)| *due_ns <= scene.now_ns) else { continue };
            let then = look(stage, *place, silence.node, scene, findings);
            self.stages.insert(*place, (start(*silence, scene.facts), then));
        }
    }

    fn is_unjudged(&self, facts: &Facts) -> bool {
        facts.silent.iter().any(|(place, silence)| self.next(*place, *silence, facts).is_some())
    }
}

impl Detection {
    /// What is looked for next at a silent place, and when.
    fn next(&self, place: Place, silence: Silence, facts: &Facts) -> Option<(Stage, u64)> {
        let start_ns = start(silence, facts);
        let judged = self.stages.get(&place).filter(|(judged_ns, _)| *judged_ns == start_ns);
        let stage = judged.map_or(Stage::Suspicion, |(_, stage)| *stage);
        let bound_ns = match stage {
            Stage::Suspicion => facts.timing.suspicion(),
            Stage::LateSuspicion => facts.timing.suspicion() + AHEAD_NS,
            Stage::Failure => facts.timing.failure(),
            Stage::Done => return None,
        };
        Some((stage, start_ns + bound_ns))
    }
}

fn start(silence: Silence, facts: &Facts) -> u64 {
    silence.since_ns.max(facts.clock.disturbed_ns())
}

/// Looks for what a stage asks; tells the next stage.
fn look(stage: Stage, place: Place, dead: NodeIx, scene: Scene<'_>, findings: &mut Findings) -> Stage {
    let suspected = NodeFlags::PFAIL | NodeFlags::FAIL;
    match stage {
        Stage::Suspicion | Stage::LateSuspicion => {
            let blind = views_without(dead, suspected, scene);
            let late = stage == Stage::LateSuspicion;
            if blind.is_empty() && late {
                let text =
                    format!("That {place} was dead was hidden by pong times from other clocks for a while.");
                let known_as = Some(known::PONG_FROM_THE_FUTURE);
                findings
                    .report(scene, Broken { invariant: &DESCRIPTION, places: vec![place], text, known_as });
            } else if !blind.is_empty() && !late && scene.facts.clock.any_jump() {
                return Stage::LateSuspicion;
            } else {
                report("does not suspect", place, blind, None, scene, findings);
            }
            Stage::Failure
        }
        Stage::Failure if majority_runs(scene) => {
            let blind = views_without(dead, NodeFlags::FAIL, scene);
            let masters = scene.all_running().filter(|(_, node)| is_master(*node)).count();
            let known_as = (masters <= 1).then_some(known::SINGLE_REPORTER);
            report("does not mark FAIL", place, blind, known_as, scene, findings);
            Stage::Done
        }
        Stage::Failure | Stage::Done => Stage::Done,
    }
}

/// The running nodes that know a node with an address and have none of these flags on it.
fn views_without(dead: NodeIx, flags: NodeFlags, scene: Scene<'_>) -> Vec<Place> {
    let exempt = NodeFlags::HANDSHAKE | NodeFlags::NOADDR | NodeFlags::MYSELF;
    let blind = |node: &dyn NodeGlimpse| {
        // A stopped node and one that was never met are nobody's business here (FD-16).
        node.peer(dead).is_some_and(|seen| !seen.flags.any(flags | exempt))
    };
    scene.all_running().filter(|(_, node)| blind(*node)).map(|(place, _)| place).collect()
}

fn is_master(node: &dyn NodeGlimpse) -> bool {
    node.peer(node.me()).is_some_and(|myself| myself.flags.any(NodeFlags::MASTER))
}

fn majority_runs(scene: Scene<'_>) -> bool {
    let owners = scene.facts.claims.true_owners();
    owners.iter().filter(|owner| scene.running(**owner).is_some()).count() > owners.len() / 2
}

fn report(
    what: &str,
    dead: Place,
    blind: Vec<Place>,
    known_as: Option<&'static str>,
    scene: Scene<'_>,
    findings: &mut Findings,
) {
    let Some(first) = blind.first() else { return };
    let others = match blind.len() - 1 {
        0 => String::new(),
        count => format!(", nor do {count} others"),
    };
    let text = format!("{dead} fell silent and {first} {what} it in time{others}.");
    let window_ns = scene.facts.timing.failure();
    let jumped = scene.facts.clock.jumped(&blind, scene.now_ns, window_ns).then_some(known::CLOCK_JUMP);
    let places = blind.into_iter().chain([dead]).collect();
    findings.report(scene, Broken { invariant: &DESCRIPTION, places, text, known_as: known_as.or(jumped) });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Bench, MS, SECOND, node};

    #[test]
    fn tl_1_and_2_everybody_notices_in_time() {
        let mut bench = Bench::new(3, 1);
        bench.crash(0);
        bench.advance(7 * SECOND);
        bench.world.everywhere(|view| view.flag(node(0), NodeFlags::PFAIL));
        bench.advance(5 * SECOND);
        assert!(bench.unjudged("L3"));
        bench.world.everywhere(|view| view.flag(node(0), NodeFlags::FAIL));
        bench.advance(20 * SECOND);
        assert_eq!(bench.broken("L3"), 0);
        assert!(!bench.unjudged("L3"));
    }

    #[test]
    fn tl_1_a_missing_suspicion_is_found_at_the_bound() {
        let mut bench = Bench::new(3, 1);
        bench.crash(0);
        bench.world.places[1].node.flag(node(0), NodeFlags::PFAIL);
        bench.world.places[2].node.flag(node(0), NodeFlags::PFAIL);
        bench.advance(7790 * MS);
        assert_eq!(bench.broken("L3"), 0);
        bench.advance(20 * MS);
        assert_eq!(bench.known("L3"), [None]);
    }

    #[test]
    fn fd_8_a_single_master_finds_nothing() {
        let mut bench = Bench::new(1, 2);
        bench.crash(2);
        bench.world.everywhere(|view| view.flag(node(2), NodeFlags::PFAIL));
        bench.advance(60 * SECOND);
        assert_eq!(bench.known("L3"), [Some(known::SINGLE_REPORTER)]);
    }

    #[test]
    fn fd_17_two_masters_cannot_agree() {
        let mut bench = Bench::new(2, 2);
        bench.crash(0);
        bench.world.everywhere(|view| view.flag(node(0), NodeFlags::PFAIL));
        bench.advance(60 * SECOND);
        assert_eq!(bench.broken("L3"), 0);
    }

    #[test]
    fn gs_9_a_suspicion_that_comes_half_a_second_late_is_known_where_clocks_jumped() {
        let mut bench = Bench::new(3, 1);
        bench.event(1, rcsim_observe::Event::ClockJumped { by_ms: 400 });
        bench.crash(0);
        bench.advance(8 * SECOND);
        bench.world.everywhere(|view| view.flag(node(0), NodeFlags::FAIL));
        bench.advance(60 * SECOND);
        assert_eq!(bench.known("L3"), [Some(known::PONG_FROM_THE_FUTURE)]);
    }
}
