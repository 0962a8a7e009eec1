//! L10: A lists B exactly if B lists A, and handshakes come to an end.
//!
//! An administrator who resets a node wants it to forget: that difference is excused. One who made only some nodes
//! forget another is told of the difference as a known weakness.

use std::collections::{BTreeMap, BTreeSet};

use rcsim_observe::reason::{Arrival, Departure};
use rcsim_observe::{Event, EventKind, FindingKind, NodeGlimpse, Place, Record};
use rcsim_protocol::NodeIx;

use crate::catalogue::{Cost, Description};
use crate::facts::Facts;
use crate::findings::{Broken, Findings};
use crate::invariant::{Invariant, Scene};
use crate::known;
use crate::liveness::once::{Once, settling};

pub(crate) const DESCRIPTION: Description = Description {
    id: "L10",
    name: "membership is symmetric",
    kind: FindingKind::Liveness,
    sentence: "Among connected nodes, A lists B exactly if B lists A, within H; handshakes end within max(NT, 1 s) + c. \
               A node that was reset has forgotten by intention.",
    rules: &["HS-1", "HS-6", "HS-8", "GS-11"],
    weaknesses: &[known::ONE_SIDED, known::FORGOTTEN, known::CLOCK_JUMP],
    cost: Cost::PerQuietTime,
    events: &[
        EventKind::NodeAdded,
        EventKind::HandshakeCompleted,
        EventKind::NodeRemoved,
        EventKind::Crashed,
        EventKind::PoweredOff,
        EventKind::Exited,
        EventKind::Paused,
        EventKind::Resumed,
    ],
};

/// A handshake under way.
#[derive(Clone, Copy)]
struct Handshake {
    since_ns: u64,
    by_meet: bool,
    stopped: bool,
}

/// Memberships that have to become mutual.
#[derive(Clone, Default)]
pub(crate) struct Membership {
    once: Once,
    handshakes: BTreeMap<(Place, NodeIx), Handshake>,
    /// Who introduced itself to whom by MEET.
    met: BTreeSet<(Place, NodeIx)>,
    /// Who was made to forget whom, and whether by a reset.
    forgot: BTreeMap<(Place, NodeIx), bool>,
}

impl Invariant for Membership {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn observe(&mut self, record: &Record, _: Scene<'_>, _: &mut Findings) {
        let Some(place) = record.place else { return };
        match record.event {
            Event::NodeAdded { node, how: Arrival::Gossip } => {
                self.forgot.remove(&(place, node));
            }
            Event::NodeAdded { node, how } => {
                let by_meet = how == Arrival::Meet;
                self.handshakes
                    .insert((place, node), Handshake { since_ns: record.at_ns, by_meet, stopped: false });
            }
            Event::HandshakeCompleted { temporary, node } => {
                let ended = self.handshakes.remove(&(place, temporary));
                if ended.is_some_and(|handshake| handshake.by_meet) {
                    self.met.insert((place, node));
                }
                self.forgot.remove(&(place, node));
            }
            Event::NodeRemoved { node, why } => {
                self.handshakes.remove(&(place, node));
                if matches!(why, Departure::Forget | Departure::Reset) {
                    self.forgot.insert((place, node), why == Departure::Reset);
                }
            }
            Event::Paused => self.of_place(place).for_each(|handshake| handshake.stopped = true),
            Event::Resumed => self.of_place(place).for_each(|handshake| {
                (handshake.stopped, handshake.since_ns) = (false, record.at_ns);
            }),
            // A handshake is not in nodes.conf: it dies with the process.
            _ => self.handshakes.retain(|(at, _), _| *at != place),
        }
    }

    fn due_ns(&self, facts: &Facts) -> Option<u64> {
        let symmetry = self.once.due_ns(facts, settling(facts), facts.timing.heartbeats());
        let running = self.handshakes.values().filter(|handshake| !handshake.stopped);
        running.map(|handshake| handshake.due_ns(facts)).chain(symmetry).min()
    }

    fn judge(&mut self, scene: Scene<'_>, findings: &mut Findings) {
        self.end_handshakes(scene, findings);
        let start_ns = settling(scene.facts);
        let symmetry = self.once.due_ns(scene.facts, start_ns, scene.facts.timing.heartbeats());
        if symmetry.is_some_and(|due| due <= scene.now_ns) {
            self.once.close(start_ns);
            self.compare_tables(scene, findings);
        }
    }

    fn is_unjudged(&self, facts: &Facts) -> bool {
        self.once.is_open(settling(facts)) || !self.handshakes.is_empty()
    }
}

impl Membership {
    fn of_place(&mut self, place: Place) -> impl Iterator<Item = &mut Handshake> {
        self.handshakes.iter_mut().filter(move |((at, _), _)| *at == place).map(|(_, handshake)| handshake)
    }

    fn end_handshakes(&mut self, scene: Scene<'_>, findings: &mut Findings) {
        let over =
            |handshake: &Handshake| !handshake.stopped && handshake.due_ns(scene.facts) <= scene.now_ns;
        let late: Vec<(Place, NodeIx)> =
            self.handshakes.iter().filter(|(_, handshake)| over(handshake)).map(|(key, _)| *key).collect();
        for (place, node) in late {
            self.handshakes.remove(&(place, node));
            let text = format!("A handshake of {place} has neither ended nor been given up.");
            let jumped = scene.facts.clock.jumped(&[place], scene.now_ns, scene.facts.timing.handshake());
            let known_as = jumped.then_some(known::CLOCK_JUMP);
            findings.report(scene, Broken { invariant: &DESCRIPTION, places: vec![place], text, known_as });
        }
    }

    fn compare_tables(&self, scene: Scene<'_>, findings: &mut Findings) {
        for (place, node) in scene.all_running() {
            for listed in node.table() {
                let Some((other, found)) = scene.find_running(listed) else { continue };
                if other != place && scene.connected(place, other) && found.peer(node.me()).is_none() {
                    self.one_sided((place, node), (other, listed), scene, findings);
                }
            }
        }
    }

    /// `place` lists `listed`, which does not list it.
    fn one_sided(
        &self,
        (place, node): (Place, &dyn NodeGlimpse),
        (other, listed): (Place, NodeIx),
        scene: Scene<'_>,
        findings: &mut Findings,
    ) {
        let known_as = match self.forgot.get(&(other, node.me())) {
            Some(true) => return,
            Some(false) => Some(known::FORGOTTEN),
            None => self.met.contains(&(place, listed)).then_some(known::ONE_SIDED),
        };
        let text = format!("{place} lists {other}, which does not list it.");
        findings
            .report(scene, Broken { invariant: &DESCRIPTION, places: vec![place, other], text, known_as });
    }
}

impl Handshake {
    fn due_ns(self, facts: &Facts) -> u64 {
        self.since_ns + facts.timing.handshake() + facts.timing.round_trip_ns
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Bench, MS, SECOND, node};

    #[test]
    fn gs_11_mutual_membership_is_fine() {
        let mut bench = Bench::new(3, 3);
        bench.advance(60 * SECOND);
        assert!(!bench.unjudged("L10"));
        assert_eq!(bench.broken("L10"), 0);
    }

    #[test]
    fn a_one_sided_membership_is_found_and_that_of_a_lost_meet_is_known() {
        let mut bench = Bench::new(3, 0);
        bench.world.places[2].node.peers.remove(&node(1));
        bench.advance(60 * SECOND);
        assert_eq!(bench.known("L10"), [None]);

        let mut bench = Bench::new(3, 0);
        bench.event(1, Event::NodeAdded { node: NodeIx(50), how: Arrival::Meet });
        bench.event(1, Event::HandshakeCompleted { temporary: NodeIx(50), node: node(2) });
        bench.world.places[2].node.peers.remove(&node(1));
        bench.advance(60 * SECOND);
        assert_eq!(bench.known("L10"), [Some(known::ONE_SIDED)]);
    }

    #[test]
    fn gs_14_forgetting_is_known_and_a_reset_is_excused() {
        for (why, expected) in [(Departure::Forget, vec![Some(known::FORGOTTEN)]), (Departure::Reset, vec![])]
        {
            let mut bench = Bench::new(3, 0);
            bench.event(2, Event::NodeRemoved { node: node(1), why });
            bench.world.places[2].node.peers.remove(&node(1));
            bench.advance(60 * SECOND);
            assert_eq!(bench.known("L10"), expected);
        }
    }

    #[test]
    fn hs_8_a_handshake_ends() {
        let mut bench = Bench::new(3, 0);
        bench.event(1, Event::NodeAdded { node: NodeIx(50), how: Arrival::MetBy });
        bench.event(1, Event::NodeAdded { node: NodeIx(51), how: Arrival::MetBy });
        bench.advance(5090 * MS);
        bench.event(1, Event::NodeRemoved { node: NodeIx(50), why: Departure::HandshakeTimeout });
        assert_eq!(bench.broken("L10"), 0);
        bench.advance(20 * MS);
        assert_eq!(bench.broken("L10"), 1);
    }
}
