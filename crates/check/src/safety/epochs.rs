//! S5: epochs do not go back.
//!
//! Within one life of a process all three epochs are compared from one look to the next; over restarts the vote that
//! left and what nodes.conf was said to hold durably. currentEpoch may fall back over a crash: a value learned from a
//! header schedules no save (BS-7, W-X-3). A file that a power loss has torn can forget the vote altogether (W-X-6).

use std::collections::BTreeMap;

use rcsim_observe::{Event, EventKind, FindingKind, NodeGlimpse, Place, Record};
use rcsim_protocol::{Epoch, NodeFlags, NodeIx};

use crate::catalogue::{Cost, Description};
use crate::findings::{Broken, Findings};
use crate::invariant::{Invariant, Scene};
use crate::known;

pub(crate) const DESCRIPTION: Description = Description {
    id: "S5",
    name: "monotonic epochs",
    kind: FindingKind::Safety,
    sentence: "Within one life of a process currentEpoch, lastVoteEpoch and the own configEpoch never decrease, and \
               currentEpoch is never below the own configEpoch; over restarts lastVoteEpoch and a master's own \
               configEpoch do not decrease. RESET HARD begins anew.",
    rules: &["EP-1", "IV-5", "BS-6"],
    weaknesses: &[known::TORN_FILE],
    cost: Cost::PerEvent,
    events: &[
        EventKind::ConfigSaved,
        EventKind::VoteGranted,
        EventKind::VoteSent,
        EventKind::ElectionStarted,
        EventKind::ElectionWon,
        EventKind::Promoted,
        EventKind::Reconfigured,
        EventKind::ConfigEpochChanged,
        EventKind::EpochCollision,
        EventKind::SlotsMoved,
        EventKind::RoleSeen,
        EventKind::StateOk,
        EventKind::StateFail,
        EventKind::Started,
        EventKind::Crashed,
        EventKind::PoweredOff,
        EventKind::Exited,
        EventKind::IdentityChanged,
    ],
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    node: NodeIx,
    current: Epoch,
    vote: Epoch,
    config: Epoch,
    is_master: bool,
}

/// What a restart may not fall below.
#[derive(Clone, Copy, Debug)]
struct Floor {
    node: NodeIx,
    vote: Epoch,
    /// The config epoch of a master; `None` of a replica.
    config: Option<Epoch>,
}

/// Epochs at the last look.
#[derive(Clone, Default)]
pub(crate) struct Epochs {
    last: BTreeMap<Place, Look>,
    floors: BTreeMap<Place, Floor>,
}

impl Invariant for Epochs {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn observe(&mut self, record: &Record, scene: Scene<'_>, findings: &mut Findings) {
        let Some(place) = record.place else { return };
        if matches!(record.event, Event::Crashed | Event::PoweredOff | Event::Exited { .. }) {
            // The next look is at another life.
            self.last.remove(&place);
            return;
        }
        let Some(look) = scene.glimpse.node(place).and_then(Look::at) else { return };
        let before = self.last.insert(place, look).filter(|before| before.node == look.node);
        let complaint = match (&record.event, before) {
            (Event::Started { .. }, _) => self
                .floors
                .get(&place)
                .filter(|floor| floor.node == look.node)
                .and_then(|floor| floor.above(look)),
            (_, Some(before)) => look.below(before),
            (_, None) => None,
        };
        if let Some(what) = complaint.or_else(|| look.incoherence()) {
            let text = format!("At {place} {what}.");
            let is_start = matches!(record.event, Event::Started { .. });
            let forgot_vote = is_start && look.vote == Epoch::ZERO && scene.facts.torn.contains(&place);
            let known_as = forgot_vote.then_some(known::TORN_FILE);
            findings.report(scene, Broken { invariant: &DESCRIPTION, places: vec![place], text, known_as });
            if is_start {
                // What is gone is told once: later restarts are held against what there is now.
                let config = look.is_master.then_some(look.config);
                self.floors.insert(place, Floor { node: look.node, vote: look.vote, config });
            }
        }
        self.raise_floor(place, record, look);
    }
}

impl Epochs {
    /// Notes what is durable or was promised to others.
    fn raise_floor(&mut self, place: Place, record: &Record, look: Look) {
        let empty = Floor { node: look.node, vote: Epoch::ZERO, config: None };
        let floor = self.floors.entry(place).or_insert(empty);
        if floor.node != look.node {
            *floor = empty;
        }
        match record.event {
            Event::ConfigSaved { fsync: true } => {
                floor.vote = floor.vote.max(look.vote);
                floor.config = look.is_master.then_some(look.config);
            }
            Event::VoteSent { epoch } => floor.vote = floor.vote.max(epoch),
            _ => (),
        }
    }
}

impl Look {
    fn at(node: &dyn NodeGlimpse) -> Option<Look> {
        Some(Look {
            node: node.me(),
            current: node.current_epoch(),
            vote: node.last_vote_epoch(),
            config: node.config_epoch(),
            is_master: node.peer(node.me())?.flags.any(NodeFlags::MASTER),
        })
    }

    fn below(self, before: Look) -> Option<String> {
        let pairs = [
            ("currentEpoch", before.current, self.current),
            ("lastVoteEpoch", before.vote, self.vote),
            ("the own configEpoch", before.config, self.config),
        ];
        let fallen = pairs.into_iter().find(|(_, was, is)| is < was);
        fallen.map(|(name, was, is)| format!("{name} fell from {was} to {is}"))
    }

    fn incoherence(self) -> Option<String> {
        let Look { current, config, .. } = self;
        (current < config).then(|| format!("currentEpoch {current} is below the own configEpoch {config}"))
    }
}

impl Floor {
    fn above(self, look: Look) -> Option<String> {
        if look.vote < self.vote {
            return Some(format!("lastVoteEpoch fell from {} to {} over a restart", self.vote, look.vote));
        }
        let config = self.config.filter(|config| look.is_master && look.config < *config)?;
        Some(format!("the own configEpoch fell from {config} to {} over a restart", look.config))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Bench;

    const SAVED: Event = Event::ConfigSaved { fsync: true };

    #[test]
    fn ep_1_epochs_grow_within_a_life() {
        let mut bench = Bench::new(3, 0);
        bench.event(0, SAVED);
        bench.world.places[0].node.current_epoch = Epoch(9);
        bench.event(0, SAVED);
        assert_eq!(bench.broken("S5"), 0);
        bench.world.places[0].node.current_epoch = Epoch(8);
        bench.event(0, SAVED);
        assert_eq!(bench.broken("S5"), 1);
    }

    #[test]
    fn iv_5_current_epoch_may_fall_over_a_crash_and_the_vote_may_not() {
        let mut bench = Bench::new(3, 0);
        bench.world.places[0].node.current_epoch = Epoch(9);
        bench.world.places[0].node.last_vote_epoch = Epoch(5);
        bench.event(0, SAVED);
        bench.crash(0);
        bench.world.places[0].node.current_epoch = Epoch(5);
        bench.event(0, Event::StateOk);
        bench.restart(0);
        assert_eq!(bench.broken("S5"), 0);
        bench.world.places[0].node.last_vote_epoch = Epoch(4);
        bench.restart(0);
        assert_eq!(bench.broken("S5"), 1);
    }

    #[test]
    fn nc_9_a_torn_file_that_forgets_the_vote_is_known() {
        let mut bench = Bench::new(3, 0);
        bench.world.places[0].node.last_vote_epoch = Epoch(2);
        bench.event(0, SAVED);
        bench.event(0, Event::PoweredOff);
        bench.world.places[0].node.last_vote_epoch = Epoch(0);
        bench.restart(0);
        assert_eq!(bench.known("S5"), [Some(known::TORN_FILE)]);
        bench.crash(0);
        bench.restart(0);
        assert_eq!(bench.broken("S5"), 1, "it is told once");
    }

    #[test]
    fn cm_22_a_new_identity_begins_anew() {
        let mut bench = Bench::new(3, 0);
        bench.event(0, SAVED);
        bench.rename(0, 77);
        bench.world.places[0].node.current_epoch = Epoch(0);
        bench.event(0, Event::IdentityChanged { node: NodeIx(77) });
        assert_eq!(bench.broken("S5"), 0);
    }

    #[test]
    fn the_own_config_epoch_is_not_beyond_the_current_one() {
        let mut bench = Bench::new(3, 0);
        bench.world.places[1].node.set_config_epoch(Epoch(50));
        bench.event(1, SAVED);
        assert_eq!(bench.broken("S5"), 1);
    }
}
