//! The stages of each failover: from the loss of a master to a cluster that is whole again.
//!
//! A failover begins with a fault that takes a serving master away, or with the request of an operator. Its times are
//! kept relative to that beginning, as the reference measurements of real clusters are.

use std::collections::BTreeMap;

use rcsim_observe::reason::PromotionCause;
use rcsim_observe::summary::{Failover, Millis};
use rcsim_observe::{Event, Glimpse, NodeGlimpse, Place, Process, Record};
use rcsim_protocol::{Epoch, NodeFlags, NodeIx};
use rcsim_world::World;

/// A failover under way.
#[derive(Clone, Debug)]
struct Stages {
    master: NodeIx,
    place: Option<Place>,
    cause: &'static str,
    began_ns: u64,
    winner: Option<Place>,
    told: Failover,
}

/// What a replica did last towards an election.
#[derive(Clone, Copy, Debug, Default)]
struct Candidate {
    scheduled_ns: u64,
    started_ns: u64,
    requested_ns: u64,
    votes: u32,
    epoch: Epoch,
}

/// All failovers of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Failovers {
    stages: Vec<Stages>,
    candidates: BTreeMap<Place, Candidate>,
}

impl Failovers {
    /// Takes in one record.
    pub(crate) fn observe(&mut self, record: &Record, glimpse: &dyn Glimpse) {
        let at = record.at_ns;
        let Some(place) = record.place else {
            if matches!(record.event, Event::FaultStarted { .. }) {
                self.note_isolated_masters(at, glimpse);
            }
            return;
        };
        match &record.event {
            Event::Crashed => self.note_loss(place, "crash", at, glimpse),
            Event::PoweredOff => self.note_loss(place, "power-off", at, glimpse),
            Event::Paused => self.note_loss(place, "pause", at, glimpse),
            Event::Pfail { subject } => self.first(*subject, at, |told| &mut told.first_pfail_ms),
            Event::Fail { subject, .. } | Event::FailReceived { subject, .. } => {
                self.first(*subject, at, |told| &mut told.first_fail_ms);
                self.note_fail_known(*subject, at, glimpse);
            }
            Event::ManualFailoverRequested { .. } => self.candidate(place).requested_ns = at,
            Event::ElectionScheduled { .. } => self.candidate(place).scheduled_ns = at,
            Event::ElectionStarted { epoch, .. } => {
                let candidate = self.candidate(place);
                (candidate.started_ns, candidate.epoch) = (at, *epoch);
            }
            Event::ElectionWon { votes, .. } => self.candidate(place).votes = *votes,
            Event::Promoted { cause, old_master: Some(master), epoch, .. } => {
                self.note_promotion(place, *cause, *master, *epoch, at, glimpse);
            }
            _ => {}
        }
        if matches!(
            record.event,
            Event::SlotsMoved { .. } | Event::StateOk | Event::Promoted { .. } | Event::Resumed
        ) {
            self.note_agreement(at, glimpse);
        }
    }

    fn candidate(&mut self, place: Place) -> &mut Candidate {
        self.candidates.entry(place).or_default()
    }

    /// A master is gone: with it a failover begins, unless one for it is under way.
    fn note_loss(&mut self, place: Place, cause: &'static str, at: u64, glimpse: &dyn Glimpse) {
        if let Some(master) = serving_master(place, glimpse) {
            self.begin(master, Some(place), cause, at);
        }
    }

    /// A partition or cut may take a master away from the majority of the others.
    fn note_isolated_masters(&mut self, at: u64, glimpse: &dyn Glimpse) {
        let masters: Vec<(Place, NodeIx)> = (0..glimpse.place_count())
            .map(Place)
            .filter(|place| glimpse.process(*place) == Process::Running)
            .filter_map(|place| Some((place, serving_master(place, glimpse)?)))
            .collect();
        for (place, master) in &masters {
            let meets = |other: &Place| glimpse.reaches(*place, *other) && glimpse.reaches(*other, *place);
            let reached = masters.iter().filter(|(other, _)| other == place || meets(other)).count();
            if reached <= masters.len() / 2 {
                self.begin(*master, Some(*place), "partition", at);
            }
        }
    }

    fn begin(&mut self, master: NodeIx, place: Option<Place>, cause: &'static str, at: u64) {
        let under_way = |stages: &Stages| stages.master == master && stages.told.promoted_ms.is_none();
        if !self.stages.iter().any(under_way) {
            let told = Failover { down_at_ms: Some(Millis::from_ns(at)), ..Failover::default() };
            self.stages.push(Stages { master, place, cause, began_ns: at, winner: None, told });
        }
    }

    /// Notes the first time of a stage of the failover of this master.
    fn first(&mut self, master: NodeIx, at: u64, stage: impl Fn(&mut Failover) -> &mut Option<Millis>) {
        let open = self.stages.iter_mut().rev().find(|stages| stages.master == master);
        if let Some(stages) = open.filter(|stages| stages.winner.is_none()) {
            let since = Millis::from_ns(at - stages.began_ns);
            stage(&mut stages.told).get_or_insert(since);
        }
    }

    fn note_fail_known(&mut self, master: NodeIx, at: u64, glimpse: &dyn Glimpse) {
        let failed =
            |node: &dyn NodeGlimpse| node.peer(master).is_none_or(|peer| peer.flags.any(NodeFlags::FAIL));
        if running_others(master, glimpse).all(failed) {
            self.first(master, at, |told| &mut told.fail_known_by_all_ms);
        }
    }

    fn note_promotion(
        &mut self,
        winner: Place,
        cause: PromotionCause,
        master: NodeIx,
        epoch: Epoch,
        at: u64,
        glimpse: &dyn Glimpse,
    ) {
        let candidate = self.candidates.get(&winner).copied().unwrap_or_default();
        let asked = matches!(cause, PromotionCause::ManualFailover | PromotionCause::Takeover);
        let old_place = glimpse.place_of(master);
        let under_way = |stages: &&mut Stages| stages.master == master && stages.winner.is_none();
        if self.stages.iter_mut().rev().find(under_way).is_none() {
            let began = if asked { candidate.requested_ns } else { candidate.scheduled_ns };
            self.begin(master, old_place, if asked { "manual" } else { "election" }, began.min(at));
        }
        let Some(stages) = self.stages.iter_mut().rev().find(under_way) else { return };
        let since =
            |ns: u64| (ns >= stages.began_ns && ns > 0).then(|| Millis::from_ns(ns - stages.began_ns));
        stages.winner = Some(winner);
        stages.told.election_scheduled_ms = since(candidate.scheduled_ns);
        stages.told.election_started_ms = since(candidate.started_ns);
        stages.told.promoted_ms = since(at);
        stages.told.epoch = Some(epoch);
        stages.told.votes = (cause != PromotionCause::Takeover).then_some(candidate.votes);
    }

    /// Whether all running nodes agree on the winner's slots, and have state ok.
    fn note_agreement(&mut self, at: u64, glimpse: &dyn Glimpse) {
        for stages in &mut self.stages {
            let Some(winner) = stages.winner.filter(|_| !stages.told.is_whole()) else {
                continue;
            };
            let since = Millis::from_ns(at - stages.began_ns);
            let Some(new_master) = glimpse.node(winner) else { continue };
            let slots = new_master.peer(new_master.me()).map(|me| me.slots).unwrap_or_default();
            let agrees =
                |node: &dyn NodeGlimpse| node.peer(new_master.me()).is_some_and(|peer| peer.slots == slots);
            if !slots.is_empty() && running_others(stages.master, glimpse).all(agrees) {
                stages.told.slots_agreed_ms.get_or_insert(since);
            }
            if running_others(stages.master, glimpse).all(|node| node.state_ok()) {
                stages.told.cluster_ok_ms.get_or_insert(since);
            }
        }
    }

    /// All failovers, with names.
    pub(crate) fn finish(self, world: &World) -> Vec<Failover> {
        let named = |stages: Stages| Failover {
            master: stages.place.map_or_else(
                || world.names().node(stages.master),
                |place| world.place_name(place).to_owned(),
            ),
            cause: stages.cause.to_owned(),
            winner: stages.winner.map(|winner| world.place_name(winner).to_owned()),
            ..stages.told
        };
        self.stages.into_iter().map(named).collect()
    }
}

/// The id of the node at a place, if somebody who runs has it as a master with slots.
fn serving_master(place: Place, glimpse: &dyn Glimpse) -> Option<NodeIx> {
    let places = (0..glimpse.place_count()).map(Place);
    let mut witnesses =
        places.filter(|witness| *witness != place).filter_map(|witness| glimpse.node(witness));
    let here = |node: NodeIx| glimpse.place_of(node) == Some(place);
    let serves = |witness: &dyn NodeGlimpse, node: NodeIx| {
        witness.peer(node).is_some_and(|peer| peer.flags.any(NodeFlags::MASTER) && !peer.slots.is_empty())
    };
    witnesses
        .find_map(|witness| witness.table().into_iter().find(|node| here(*node) && serves(witness, *node)))
}

/// The nodes that run, but for this one.
fn running_others(master: NodeIx, glimpse: &dyn Glimpse) -> impl Iterator<Item = &dyn NodeGlimpse> {
    let places = (0..glimpse.place_count()).map(Place);
    let running = places.filter(|place| glimpse.process(*place) == Process::Running);
    running.filter_map(|place| glimpse.node(place)).filter(move |node| node.me() != master)
}
