//! S9: two nodes serve the same slot only as long as the fence allows.
//!
//! Pairs of places that claim a slot both are watched from the moment when both would take a write for it. The one
//! with the lower epoch must stop in time once it has lost contact with a majority of the masters; while it has
//! contact, learning of the newer claim is a matter of convergence (L1). Contact goes both ways; but a master that is
//! only not heard goes on hearing the others until they give their links to it up, and what it hears counts as life
//! (FD-2): the end of such a link is the end of the contact. Time in which its process was stopped or dead
//! does not count: it has its margin anew when it wakes (ST-2, ST-7).

use std::collections::BTreeMap;

use rcsim_observe::reason::{BindCause, EpochCause, LinkDown, PromotionCause};
use rcsim_observe::{Event, EventKind, FindingKind, Place, Process, Record};
use rcsim_protocol::{Epoch, NodeIx, Slot};

use crate::catalogue::{Cost, Description};
use crate::facts::Facts;
use crate::findings::{Broken, Findings};
use crate::invariant::{Invariant, Scene};
use crate::known;

pub(crate) const DESCRIPTION: Description = Description {
    id: "S9",
    name: "fenced double service",
    kind: FindingKind::Safety,
    sentence: "If two nodes would both take a write for a slot, the one with the lower configEpoch has been without a \
               majority for at most 1.5 NT + 2 c + RTT, or the higher epoch was made without consent (TAKEOVER, bump, \
               assignment by hand); with equal configEpochs both serve for at most H.",
    rules: &["ST-5", "ST-7", "ST-12", "EP-6", "TL-6"],
    weaknesses: &[known::EPOCH_WITHOUT_CONSENT, known::CLOCK_JUMP],
    cost: Cost::PerChange,
    events: &[
        EventKind::StateOk,
        EventKind::StateFail,
        EventKind::Promoted,
        EventKind::SlotsMoved,
        EventKind::Reconfigured,
        EventKind::ConfigEpochChanged,
        EventKind::Crashed,
        EventKind::PoweredOff,
        EventKind::Exited,
        EventKind::Started,
        EventKind::Paused,
        EventKind::Resumed,
        EventKind::ClockJumped,
        EventKind::FaultStarted,
        EventKind::FaultEnded,
        EventKind::Healed,
        EventKind::LinkDown,
    ],
};

/// Two nodes that would both take a write.
#[derive(Clone, Copy)]
struct Conflict {
    slot: Slot,
    since_ns: u64,
    /// When it has lasted too long, in ns; `None` while nothing forbids it.
    due_ns: Option<u64>,
}

/// An epoch that a node made without asking anybody.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Alone {
    epoch: Epoch,
    /// Whether an administrator wanted it; else a collision was settled.
    by_command: bool,
}

/// Double service at this instant.
#[derive(Clone, Default)]
pub(crate) struct DoubleService {
    open: BTreeMap<(Place, Place), Conflict>,
    /// Masters without a majority, and since when.
    isolated: BTreeMap<Place, u64>,
    /// Epochs that were made alone or under which slots were assigned by hand, by place.
    alone: BTreeMap<Place, Alone>,
}

impl Invariant for DoubleService {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn observe(&mut self, record: &Record, scene: Scene<'_>, _: &mut Findings) {
        if let Some(place) = record.place {
            self.note_consent(place, &record.event, scene);
        }
        let whole_world = matches!(
            record.event.kind(),
            EventKind::Crashed
                | EventKind::PoweredOff
                | EventKind::Exited
                | EventKind::Started
                | EventKind::Paused
                | EventKind::Resumed
                | EventKind::FaultStarted
                | EventKind::FaultEnded
                | EventKind::Healed
        );
        if whole_world {
            self.find_isolated(scene);
        }
        if let (Event::LinkDown { peer, why: LinkDown::Broken }, Some(place)) = (&record.event, record.place)
        {
            self.hear_the_last(place, *peer, scene);
        }
        if whole_world || scene.facts.claims.overlaps().next().is_some() || !self.open.is_empty() {
            self.find_conflicts(scene);
        }
    }

    fn due_ns(&self, _: &Facts) -> Option<u64> {
        self.open.values().filter_map(|conflict| conflict.due_ns).min()
    }

    fn judge(&mut self, scene: Scene<'_>, findings: &mut Findings) {
        self.find_conflicts(scene);
        let due = |conflict: &&mut Conflict| conflict.due_ns.is_some_and(|due| due <= scene.now_ns);
        let isolated = &self.isolated;
        let alone = &self.alone;
        for (pair, conflict) in self.open.iter_mut().filter(|(_, conflict)| due(conflict)) {
            conflict.due_ns = None;
            report(*pair, *conflict, isolated, alone, scene, findings);
        }
    }

    fn is_unjudged(&self, _: &Facts) -> bool {
        false
    }
}

impl DoubleService {
    fn note_consent(&mut self, place: Place, event: &Event, scene: Scene<'_>) {
        let by_command = match event {
            Event::ConfigEpochChanged { cause, .. } => {
                matches!(cause, EpochCause::Bump | EpochCause::Command)
            }
            Event::Promoted { cause, .. } => *cause == PromotionCause::Takeover,
            Event::SlotsMoved { cause: BindCause::Command, to, .. } => {
                to.is_some() && *to == scene.facts.identity(place)
            }
            _ => false,
        };
        let collision = matches!(event, Event::ConfigEpochChanged { cause: EpochCause::Collision, .. });
        if (by_command || collision)
            && let Some(claim) = scene.facts.claims.of(place)
        {
            self.alone.insert(place, Alone { epoch: claim.epoch, by_command });
        }
    }

    /// An owner that an isolated master could still hear has closed its link.
    fn hear_the_last(&mut self, place: Place, peer: NodeIx, scene: Scene<'_>) {
        let Some(since_ns) = self.isolated.get_mut(&place) else { return };
        let Some(other) = scene.glimpse.place_of(peer) else { return };
        if scene.glimpse.reaches(other, place) && scene.facts.claims.true_owners().contains(&other) {
            *since_ns = scene.now_ns;
        }
    }

    /// Which masters with slots have no contact with a majority of the true owners, themselves included.
    fn find_isolated(&mut self, scene: Scene<'_>) {
        let owners = scene.facts.claims.true_owners();
        let alive = |place: &Place| scene.glimpse.process(*place) == Process::Running;
        let isolated = |place: Place| {
            let contact =
                |owner: &&Place| **owner != place && alive(owner) && scene.connected(place, **owner);
            (1 + owners.iter().filter(contact).count()) * 2 <= owners.len()
        };
        let masters: Vec<Place> = scene.facts.claims.owning().map(|(place, _)| place).collect();
        let now: BTreeMap<Place, u64> = masters
            .into_iter()
            .filter(|place| alive(place) && isolated(*place))
            .map(|place| (place, self.isolated.get(&place).copied().unwrap_or(scene.now_ns)))
            .collect();
        self.isolated = now;
    }

    /// Begins, keeps and ends conflicts.
    fn find_conflicts(&mut self, scene: Scene<'_>) {
        let mut found = BTreeMap::new();
        for pair in scene.facts.claims.overlaps() {
            let Some(slot) = served_by_both(pair, scene) else { continue };
            let before = self.open.get(&pair).copied();
            let since_ns = before.map_or(scene.now_ns, |before| before.since_ns);
            let due_ns = self.allowed_until(pair, since_ns, scene).filter(|due| {
                // Told once: a conflict that was reported and goes on is not due again at the same time.
                before.is_none_or(|before| before.due_ns.is_some() || *due > scene.now_ns)
            });
            found.insert(pair, Conflict { slot, since_ns, due_ns });
        }
        self.open = found;
    }

    fn allowed_until(&self, (a, b): (Place, Place), since_ns: u64, scene: Scene<'_>) -> Option<u64> {
        let timing = scene.facts.timing;
        let epoch = |place| scene.facts.claims.of(place).map(|claim| claim.epoch);
        let (lower, higher) = match epoch(a)?.cmp(&epoch(b)?) {
            std::cmp::Ordering::Equal => return Some(since_ns + timing.heartbeats()),
            std::cmp::Ordering::Less => (a, b),
            std::cmp::Ordering::Greater => (b, a),
        };
        let excused = self.alone.get(&higher).filter(|alone| alone.by_command).map(|alone| alone.epoch);
        if excused.is_some() && excused == epoch(higher) {
            return None;
        }
        let lonely_ns = *self.isolated.get(&lower)?;
        Some(lonely_ns.max(scene.facts.awake_since(lower)) + timing.fence())
    }
}

/// A slot that both claim and would take a write for.
fn served_by_both((a, b): (Place, Place), scene: Scene<'_>) -> Option<Slot> {
    let claims = &scene.facts.claims;
    let slot = claims.of(a)?.bits.first_common(&claims.of(b)?.bits)?;
    let serves = |place| scene.running(place).is_some_and(|node| node.accepts_write(slot));
    (serves(a) && serves(b)).then_some(slot)
}

fn report(
    (a, b): (Place, Place),
    conflict: Conflict,
    isolated: &BTreeMap<Place, u64>,
    alone: &BTreeMap<Place, Alone>,
    scene: Scene<'_>,
    findings: &mut Findings,
) {
    let epoch = |place| scene.facts.claims.of(place).map_or(Epoch::ZERO, |claim| claim.epoch);
    let made_alone = |place| alone.get(&place).is_some_and(|alone| alone.epoch == epoch(place));
    let Conflict { slot, since_ns, .. } = conflict;
    let ms = (scene.now_ns - since_ns) / 1_000_000;
    let mut text = format!(
        "{a} at epoch {} and {b} at epoch {} have both taken writes for slot {slot} for {ms} ms",
        epoch(a),
        epoch(b)
    );
    let lonely = isolated.iter().find(|(place, _)| **place == a || **place == b);
    if let Some((place, since_ns)) = lonely {
        let ms = (scene.now_ns - since_ns) / 1_000_000;
        text += &format!(", and {place} has had no majority for {ms} ms");
    }
    text.push('.');
    let known_as = if scene.facts.clock.jumped(&[a, b], scene.now_ns, scene.facts.timing.fence()) {
        Some(known::CLOCK_JUMP)
    } else {
        let equal = epoch(a) == epoch(b);
        (equal && (made_alone(a) || made_alone(b))).then_some(known::EPOCH_WITHOUT_CONSENT)
    };
    findings.report(scene, Broken { invariant: &DESCRIPTION, places: vec![a, b], text, known_as });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Bench, MS, SECOND, node, promoted};

    /// n1 is cut off with nobody; n4 took its slots at `epoch`.
    fn split(epoch: u64) -> Bench {
        let mut bench = Bench::new(3, 1);
        bench.world.cut_off(0);
        bench.world_event(Event::FaultStarted { fault: 0 });
        bench.advance(2 * SECOND);
        bench.world.take_over(3, 0, Epoch(epoch));
        bench.event(3, promoted(PromotionCause::Election, 0, epoch));
        bench
    }

    #[test]
    fn st_12_a_master_without_majority_stops_in_time() {
        let mut bench = split(9);
        bench.advance(5 * SECOND);
        bench.world.places[0].node.state_ok = false;
        bench.event(
            0,
            Event::StateFail {
                cause: rcsim_observe::reason::StateCause::Minority { reachable: 1, needed: 2 },
            },
        );
        bench.advance(60 * SECOND);
        assert_eq!(bench.broken("S9"), 0);
    }

    #[test]
    fn st_12_a_master_without_majority_that_goes_on_is_found_at_the_bound() {
        let mut bench = split(9);
        bench.advance(5698 * MS);
        assert_eq!(bench.broken("S9"), 0);
        bench.advance(10 * MS);
        assert_eq!(bench.known("S9"), [None]);
        bench.advance(60 * SECOND);
        assert_eq!(bench.broken("S9"), 1);
    }

    #[test]
    fn fd_2_a_master_that_still_hears_the_others_has_contact() {
        for (deaf, found_at_the_bound) in [(true, 1), (false, 0)] {
            let mut bench = Bench::new(3, 1);
            bench.world.mute(0);
            if deaf {
                bench.world.cut_off(0);
            }
            bench.world_event(Event::FaultStarted { fault: 0 });
            bench.advance(4 * SECOND);
            bench.event(0, Event::LinkDown { peer: node(1), why: LinkDown::Broken });
            bench.world.take_over(3, 0, Epoch(9));
            bench.event(3, promoted(PromotionCause::Election, 0, 9));
            bench.advance(4 * SECOND);
            assert_eq!(bench.broken("S9"), found_at_the_bound);
            bench.advance(4 * SECOND);
            assert_eq!(bench.broken("S9"), 1);
        }
    }

    #[test]
    fn a_conflict_that_begins_too_late_is_found_at_once() {
        let mut bench = Bench::new(3, 1);
        bench.world.cut_off(0);
        bench.world_event(Event::FaultStarted { fault: 0 });
        bench.advance(20 * SECOND);
        bench.world.take_over(3, 0, Epoch(9));
        bench.event(3, promoted(PromotionCause::Election, 0, 9));
        assert!(bench.checks.next_deadline_ns() > Some(20 * SECOND));
        bench.advance(1);
        assert_eq!(bench.broken("S9"), 1);
    }

    #[test]
    fn mf_6_an_epoch_without_consent_is_excused() {
        let mut bench = Bench::new(3, 1);
        bench.world.cut_off(0);
        bench.world_event(Event::FaultStarted { fault: 0 });
        bench.world.take_over(3, 0, Epoch(9));
        bench.event(3, promoted(PromotionCause::Takeover, 0, 9));
        bench.advance(60 * SECOND);
        assert_eq!(bench.broken("S9"), 0);
    }

    #[test]
    fn ep_6_equal_epochs_are_settled_within_h() {
        let mut bench = split(1);
        bench.advance(9 * SECOND);
        assert_eq!(bench.broken("S9"), 1);
    }
}
