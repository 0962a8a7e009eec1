//! What happened at each place that can explain a loss.

use std::collections::BTreeMap;

use rcsim_observe::reason::{BindCause, ManualFailoverKind, PromotionCause, ReconfigureCause};
use rcsim_observe::{Event, Glimpse, Place, Process, Record};
use rcsim_protocol::{NodeFlags, Slot};

/// A node became a master.
#[derive(Clone, Copy, Debug)]
pub(super) struct Promotion {
    pub(super) at_ns: u64,
    pub(super) place: Place,
    pub(super) how: How,
}

/// Who wanted a promotion, and how much was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// The master failed.
    Election,
    /// CLUSTER FAILOVER.
    Manual,
    /// FORCE, TAKEOVER, RESET.
    Forced,
}

/// What happened at one place, with virtual times in ns.
#[derive(Clone, Debug, Default)]
pub(super) struct Story {
    /// The process ended or the host lost its power.
    pub(super) ended: Vec<u64>,
    /// A process started.
    pub(super) started: Vec<u64>,
    /// The process was stopped.
    pub(super) paused: Vec<u64>,
    /// Times without contact to the majority of the masters, the last one perhaps open.
    pub(super) cut_off: Vec<(u64, Option<u64>)>,
    /// Times in which a replica could not hear its master, or did nothing; the last one perhaps open.
    out_of_touch: Vec<(u64, Option<u64>)>,
    /// The data set was replaced by that of a master.
    pub(super) overwritten: Vec<u64>,
    /// The stream of its master broke off (`false`) or goes on (`true`).
    pub(super) streams: Vec<(u64, bool)>,
    /// A master became a replica.
    pub(super) demoted: Vec<u64>,
    /// A replica got another master, with whether that one may be of another shard.
    adopted: Vec<(u64, bool)>,
    asked_for: Option<ManualFailoverKind>,
    /// A manual failover let its clients wait (`false`), or took too long, so that they wait no longer (`true`).
    gave_up: Vec<(u64, bool)>,
}

/// What happened so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Past {
    stories: BTreeMap<Place, Story>,
    pub(super) promotions: Vec<Promotion>,
    /// Slots were given away by command: when, the first of them, and how many.
    reassigned: Vec<(u64, u16, u32)>,
}

impl Past {
    pub(super) fn story(&self, place: Place) -> Option<&Story> {
        self.stories.get(&place)
    }

    /// Whether a slot may be one of those that were given away by command at this time or later. Of several only the
    /// first is known.
    pub(super) fn was_reassigned(&self, slot: Slot, since_ns: u64) -> bool {
        let is_meant = |first: u16, count: u32| match count {
            1 => slot.number() == first,
            _ => slot.number() >= first,
        };
        self.reassigned.iter().any(|(at_ns, first, count)| *at_ns >= since_ns && is_meant(*first, *count))
    }

    pub(super) fn note(&mut self, record: &Record, glimpse: &dyn Glimpse) {
        match record.event {
            Event::FaultStarted { .. } | Event::FaultEnded { .. } | Event::Healed => {
                return self.look_around(record.at_ns, glimpse);
            }
            Event::SlotsMoved { cause: BindCause::Command, first, count, .. } => {
                self.reassigned.push((record.at_ns, first, count));
            }
            _ => {}
        }
        let Some(place) = record.place else { return };
        let (at_ns, story) = (record.at_ns, self.stories.entry(place).or_default());
        match record.event {
            Event::Crashed | Event::PoweredOff | Event::Exited { .. } => story.ended.push(at_ns),
            Event::Started { .. } => story.started.push(at_ns),
            Event::Paused => story.paused.push(at_ns),
            Event::ManualFailoverRequested { kind } => story.asked_for = Some(kind),
            Event::ManualFailoverPaused { .. } => story.gave_up.push((at_ns, false)),
            Event::ManualFailoverTimedOut => story.gave_up.push((at_ns, true)),
            Event::ReplicationUp { full, .. } => {
                story.streams.push((at_ns, true));
                if full {
                    story.overwritten.push(at_ns);
                }
            }
            Event::ReplicationDown { .. } => story.streams.push((at_ns, false)),
            Event::Reconfigured { was_master: true, .. } => story.demoted.push(at_ns),
            Event::Reconfigured { cause, .. } => {
                story.adopted.push((at_ns, cause != ReconfigureCause::SlotsTaken));
            }
            Event::Promoted { cause, .. } => {
                let how = match cause {
                    PromotionCause::Election => How::Election,
                    PromotionCause::ManualFailover => match story.asked_for {
                        Some(ManualFailoverKind::Default) => How::Manual,
                        _ => How::Forced,
                    },
                    _ => How::Forced,
                };
                self.promotions.push(Promotion { at_ns, place, how });
            }
            _ => {}
        }
    }

    /// Which places have no contact to the majority of the masters now, and which replicas none to their master.
    fn look_around(&mut self, at_ns: u64, glimpse: &dyn Glimpse) {
        let places = || (0..glimpse.place_count()).map(Place);
        let is_master = |place: &Place| {
            let node = glimpse
                .node(*place)
                .filter(|node| node.peer(node.me()).is_some_and(|me| me.flags.any(NodeFlags::MASTER)));
            node.is_some()
        };
        let masters: Vec<Place> = places().filter(is_master).collect();
        let hear_each_other =
            |one: Place, other: Place| glimpse.reaches(one, other) && glimpse.reaches(other, one);
        let runs = |place: Place| glimpse.process(place) == Process::Running;
        for place in places() {
            let connected =
                |other: &&Place| **other == place || (hear_each_other(place, **other) && runs(**other));
            let reached = masters.iter().filter(connected).count();
            let is_there = matches!(glimpse.process(place), Process::Running | Process::Paused);
            let is_cut_off = is_there && masters.len() > 1 && 2 * reached <= masters.len();
            let master = glimpse.node(place).and_then(|node| node.peer(node.me())?.master);
            let is_out_of_touch = master
                .and_then(|master| glimpse.place_of(master))
                .is_some_and(|master| !runs(place) || !hear_each_other(place, master));
            let story = self.stories.entry(place).or_default();
            open_or_close(&mut story.cut_off, is_cut_off, at_ns);
            open_or_close(&mut story.out_of_touch, is_out_of_touch, at_ns);
        }
    }
}

/// Times in which something is the case: one begins or goes on now, or the one that is open ends.
fn open_or_close(times: &mut Vec<(u64, Option<u64>)>, is_so: bool, at_ns: u64) {
    match times.last_mut() {
        Some((_, until @ None)) if !is_so => *until = Some(at_ns),
        Some((_, None)) => {}
        _ if is_so => times.push((at_ns, None)),
        _ => {}
    }
}

impl Story {
    /// Whether it had no contact to the majority at this time.
    pub(super) fn was_cut_off(&self, at_ns: u64) -> bool {
        self.cut_off.iter().any(|(from, until)| *from <= at_ns && until.is_none_or(|until| at_ns < until))
    }

    /// Whether its process was stopped or ended between two times.
    pub(super) fn stopped_between(&self, from_ns: u64, to_ns: u64) -> bool {
        let between = |at: &u64| (from_ns..=to_ns).contains(at);
        self.ended.iter().any(between) || self.paused.iter().any(between)
    }

    /// Whether it had given its last manual failover up at this time, so that its clients did not wait any more (W-X-14).
    pub(super) fn had_given_up(&self, at_ns: u64) -> bool {
        self.gave_up.iter().rfind(|(at, _)| *at <= at_ns).is_some_and(|(_, gave_up)| *gave_up)
    }

    /// When its last process before this time started, if it was after `from_ns`.
    pub(super) fn started_between(&self, from_ns: u64, to_ns: u64) -> Option<u64> {
        self.started.iter().copied().rfind(|at| (from_ns..=to_ns).contains(at))
    }

    /// Whether it had got another master before it was promoted at `until_ns`, had no stream of that one yet, and so did
    /// not have a write of that shard.
    pub(super) fn never_followed(&self, written_ns: u64, until_ns: u64) -> bool {
        let Some((adopted_ns, foreign)) = self.adopted.iter().rfind(|(at, _)| *at <= until_ns) else {
            return false;
        };
        let followed = self.streams.iter().any(|(at, up)| *up && (*adopted_ns..=until_ns).contains(at));
        // In its old shard it would have what was written before.
        !followed && (*foreign || written_ns < *adopted_ns)
    }

    /// Whether it could not hear its master at this time. After an interruption the stream goes on with the next
    /// retransmission, whose pauses double: at most as long again.
    pub(super) fn had_lost_touch(&self, at_ns: u64) -> bool {
        let end = |from: u64, until: u64| until + (until - from);
        self.out_of_touch
            .iter()
            .any(|(from, until)| *from <= at_ns && until.is_none_or(|until| at_ns < end(*from, until)))
    }

    /// Whether its stream had broken off before `at_ns` and did not go on until `until_ns`.
    pub(super) fn had_no_stream(&self, at_ns: u64, until_ns: u64) -> bool {
        let last = self.streams.iter().rfind(|(at, _)| *at <= at_ns);
        let came_back = self.streams.iter().any(|(at, up)| *up && *at > at_ns && *at <= until_ns);
        last.is_some_and(|(_, up)| !up) && !came_back
    }
}
