//! L3: a process that falls silent is suspected by everybody, and then marked FAIL.
//!
//! Judged for each silent process by itself, from its silence or the last disturbance on. FAIL is expected only while a
//! majority of the masters with slots runs; two masters can never agree on a third (W-X-10). The kernel of a dead process
//! may still send what was under way, long after the death if the network was bad before: for a node that was told so
//! by the end of its connection, the time begins then. A pong time that came by
//! gossip may hide a death for half a second where clocks differ (W-FD-05): where any clock ever jumped, a late
//! suspicion is looked at once more after that time.

use std::collections::BTreeMap;

use rcsim_observe::reason::LinkDown;
use rcsim_observe::{Event, EventKind, FindingKind, NodeGlimpse, Place, Record};
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
    events: &[
        EventKind::Crashed,
        EventKind::PoweredOff,
        EventKind::Exited,
        EventKind::Paused,
        EventKind::LinkDown,
    ],
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
    /// By place: the beginning of the quiet time, what is looked for next, and when, in ns.
    stages: BTreeMap<Place, (u64, Stage, u64)>,
    /// By observer and dead node: when a broken connection told that the dead one's kernel had still something to say.
    heard: BTreeMap<(Place, NodeIx), u64>,
}

impl Invariant for Detection {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn observe(&mut self, record: &Record, scene: Scene<'_>, _: &mut Findings) {
        if let (Event::LinkDown { peer, why: LinkDown::Broken }, Some(place)) = (&record.event, record.place)
            && scene.facts.silent.values().any(|silence| silence.node == *peer)
        {
            self.heard.insert((place, *peer), record.at_ns);
        }
    }

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
            let (then, due_ns) = self.look(stage, *place, silence.node, scene, findings);
            self.stages.insert(*place, (start(*silence, scene.facts), then, due_ns));
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
        match self.stages.get(&place).filter(|(judged_ns, ..)| *judged_ns == start_ns) {
            None => Some((Stage::Suspicion, start_ns + facts.timing.suspicion())),
            Some((_, Stage::Done, _)) => None,
            Some((_, stage, due_ns)) => Some((*stage, *due_ns)),
        }
    }

    /// Looks for what a stage asks; tells the next stage and its time.
    fn look(
        &self,
        stage: Stage,
        place: Place,
        dead: NodeIx,
        scene: Scene<'_>,
        findings: &mut Findings,
    ) -> (Stage, u64) {
        match stage {
            Stage::Suspicion | Stage::LateSuspicion => {
                let late = stage == Stage::LateSuspicion;
                let (blind, patient_until) = self.blind(dead, scene);
                if let Some(due_ns) = patient_until {
                    return (stage, due_ns);
                }
                if !blind.is_empty() && !late && scene.facts.clock.any_jump() {
                    return (Stage::LateSuspicion, scene.now_ns + AHEAD_NS);
                }
                if blind.is_empty() && late {
                    report_hidden(place, scene, findings);
                }
                report("does not suspect", place, blind, None, scene, findings);
                let timing = scene.facts.timing;
                (Stage::Failure, scene.now_ns + timing.failure() - timing.suspicion())
            }
            Stage::Failure if majority_runs(scene) => {
                let blind = views_without(dead, NodeFlags::FAIL, scene);
                let masters = scene.all_running().filter(|(_, node)| is_master(*node)).count();
                let known_as = (masters <= 1).then_some(known::SINGLE_REPORTER);
                report("does not mark FAIL", place, blind, known_as, scene, findings);
                (Stage::Done, scene.now_ns)
            }
            Stage::Failure | Stage::Done => (Stage::Done, scene.now_ns),
        }
    }

    /// Who does not suspect the dead node though it should; and until when to wait for those that heard of it lately.
    fn blind(&self, dead: NodeIx, scene: Scene<'_>) -> (Vec<Place>, Option<u64>) {
        let blind = views_without(dead, NodeFlags::PFAIL | NodeFlags::FAIL, scene);
        let allowed_ns =
            |place: &Place| self.heard.get(&(*place, dead)).map(|at| at + scene.facts.timing.suspicion());
        let patient_until = blind.iter().filter_map(allowed_ns).filter(|until| *until > scene.now_ns).min();
        (blind, patient_until)
    }
}

fn start(silence: Silence, facts: &Facts) -> u64 {
    silence.since_ns.max(facts.clock.disturbed_ns())
}

fn report_hidden(place: Place, scene: Scene<'_>, findings: &mut Findings) {
    let text = format!("That {place} was dead was hidden by pong times from other clocks for a while.");
    let known_as = Some(known::PONG_FROM_THE_FUTURE);
    findings.report(scene, Broken { invariant: &DESCRIPTION, places: vec![place], text, known_as });
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
    fn fd_2_what_the_dead_ones_kernel_still_sends_puts_suspicion_off() {
        let mut bench = Bench::new(3, 1);
        bench.crash(0);
        for view in [1, 3] {
            bench.world.places[view].node.flag(node(0), NodeFlags::PFAIL);
        }
        bench.advance(SECOND);
        bench.event(2, Event::LinkDown { peer: node(0), why: LinkDown::Broken });
        bench.advance(7790 * MS);
        assert_eq!(bench.broken("L3"), 0);
        bench.advance(20 * MS);
        assert_eq!(bench.broken("L3"), 1);
    }

    #[test]
    fn gs_9_a_suspicion_that_comes_half_a_second_late_is_known_where_clocks_jumped() {
        let mut bench = Bench::new(3, 1);
        bench.event(1, Event::ClockJumped { by_ms: 400 });
        bench.crash(0);
        bench.advance(8 * SECOND);
        bench.world.everywhere(|view| view.flag(node(0), NodeFlags::FAIL));
        bench.advance(60 * SECOND);
        assert_eq!(bench.known("L3"), [Some(known::PONG_FROM_THE_FUTURE)]);
    }
}
