//! L5: FAIL is taken off a node that answers.
//!
//! Two bounds: one for replicas and masters without slots, and a longer one for masters whose slots nobody took. The
//! clock starts anew when a running node is marked FAIL.

use rcsim_observe::{Event, EventKind, FindingKind, PeerGlimpse, Place, Record};
use rcsim_protocol::NodeFlags;

use crate::catalogue::{Cost, Description};
use crate::facts::Facts;
use crate::facts::group::groups;
use crate::findings::{Broken, Findings};
use crate::invariant::{Invariant, Scene};
use crate::known;
use crate::liveness::once::Once;

pub(crate) const DESCRIPTION: Description = Description {
    id: "L5",
    name: "FAIL is taken back",
    kind: FindingKind::Liveness,
    sentence: "A replica or master without slots that answers loses its FAIL mark within H + RTT; a master with slots \
               that nobody took, within 2 NT + H.",
    rules: &["FD-14"],
    weaknesses: &[known::CLOCK_JUMP],
    cost: Cost::PerQuietTime,
    events: &[EventKind::Fail, EventKind::FailReceived],
};

/// FAIL marks that have to go.
#[derive(Clone, Default)]
pub(crate) struct Unfail {
    without_slots: Once,
    with_slots: Once,
    /// When a running node was marked FAIL last, in ns.
    marked_ns: u64,
}

impl Invariant for Unfail {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn observe(&mut self, record: &Record, scene: Scene<'_>, _: &mut Findings) {
        if let Event::Fail { subject, .. } | Event::FailReceived { subject, .. } = record.event
            && scene.find_running(subject).is_some()
        {
            self.marked_ns = record.at_ns;
        }
    }

    fn due_ns(&self, facts: &Facts) -> Option<u64> {
        let stages = [(self.without_slots, false), (self.with_slots, true)];
        let due =
            |(once, slots): (Once, bool)| once.due_ns(facts, self.start(facts), facts.timing.pardon(slots));
        stages.into_iter().filter_map(due).min()
    }

    fn judge(&mut self, scene: Scene<'_>, findings: &mut Findings) {
        let start_ns = self.start(scene.facts);
        let over = |slots: bool| start_ns + scene.facts.timing.pardon(slots) <= scene.now_ns;
        if over(false) && self.without_slots.is_open(start_ns) {
            self.without_slots.close(start_ns);
            look(false, scene, findings);
        }
        if over(true) && self.with_slots.is_open(start_ns) {
            self.with_slots.close(start_ns);
            look(true, scene, findings);
        }
    }

    fn is_unjudged(&self, facts: &Facts) -> bool {
        let start_ns = self.start(facts);
        self.without_slots.is_open(start_ns) || self.with_slots.is_open(start_ns)
    }
}

impl Unfail {
    fn start(&self, facts: &Facts) -> u64 {
        facts.clock.in_patience(self.marked_ns, facts.timing)
    }
}

/// Looks for FAIL marks on running nodes, with or without slots in the view that has the mark.
fn look(with_slots: bool, scene: Scene<'_>, findings: &mut Findings) {
    let wrong = |seen: &PeerGlimpse| {
        let serves = seen.flags.any(NodeFlags::MASTER) && !seen.slots.is_empty();
        seen.flags.any(NodeFlags::FAIL) && serves == with_slots
    };
    for group in groups(scene) {
        for (place, view) in &group.members {
            let marked = group.members.iter().filter(|(other, node)| {
                other != place
                    && scene.connected(*place, *other)
                    && view.peer(node.me()).is_some_and(|seen| wrong(&seen))
            });
            marked.for_each(|(other, _)| report(*place, *other, scene, findings));
        }
    }
}

fn report(place: Place, marked: Place, scene: Scene<'_>, findings: &mut Findings) {
    let text = format!("{place} still has {marked} as FAIL although it answers.");
    let window_ns = scene.facts.timing.pardon(true);
    let jumped = scene.facts.clock.jumped(&[place, marked], scene.now_ns, window_ns);
    let known_as = jumped.then_some(known::CLOCK_JUMP);
    findings.report(scene, Broken { invariant: &DESCRIPTION, places: vec![place, marked], text, known_as });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Bench, SECOND, node};

    #[test]
    fn fd_14_a_replica_is_pardoned_sooner_than_a_master_with_slots() {
        let mut bench = Bench::new(3, 3);
        bench.world.places[1].node.flag(node(0), NodeFlags::FAIL);
        bench.world.places[1].node.flag(node(3), NodeFlags::FAIL);
        bench.advance(12 * SECOND);
        assert_eq!(bench.broken("L5"), 0);
        bench.advance(SECOND);
        assert_eq!(bench.broken("L5"), 1);
        bench.advance(10 * SECOND);
        assert_eq!(bench.broken("L5"), 2);
    }

    #[test]
    fn fd_14_a_dead_node_stays_marked() {
        let mut bench = Bench::new(3, 3);
        bench.crash(3);
        bench.world.everywhere(|view| view.flag(node(3), NodeFlags::FAIL));
        bench.advance(100 * SECOND);
        assert!(!bench.unjudged("L5"));
        assert_eq!(bench.broken("L5"), 0);
    }
}
