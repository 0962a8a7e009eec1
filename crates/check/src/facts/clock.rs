//! When the world was last disturbed, from outside and by the cluster's own decisions.
//!
//! Liveness is promised for a quiet world. Faults are open from `fault-started` to `fault-ended` or `healed`. A fault
//! that takes a process away, stops it or makes a clock jump leaves a steady state behind: it is over as soon as the
//! event that tells its effect follows it at the same instant, and what it left is a fact like any other. An
//! administrator's act disturbs too.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use rcsim_observe::reason::{Arrival, BindCause, Departure, EpochCause, ReconfigureCause};
use rcsim_observe::{Event, Place, Record};

use super::timing::Timing;

/// A jump of a host's clock.
#[derive(Clone, Copy, Debug)]
struct Jump {
    place: Place,
    at_ns: u64,
    by_ms: i64,
}

/// Quiet and unrest of a run.
#[derive(Clone, Default)]
pub(crate) struct Clock {
    open: BTreeSet<u32>,
    /// The fault that began last, and when.
    latest: Option<(u32, u64)>,
    disturbed_ns: u64,
    changed_ns: u64,
    /// Who was promoted, and when last.
    promoted: BTreeMap<Place, u64>,
    /// When all views were last seen equal; noted by whoever looked.
    agreed_ns: Cell<Option<u64>>,
    jumps: Vec<Jump>,
}

impl Clock {
    pub(crate) fn observe(&mut self, record: &Record) {
        let at_ns = record.at_ns;
        match record.event {
            Event::FaultStarted { fault } => {
                self.open.insert(fault);
                self.latest = Some((fault, at_ns));
            }
            Event::FaultEnded { fault } => {
                self.open.remove(&fault);
            }
            Event::Healed => self.open.clear(),
            Event::Crashed | Event::PoweredOff | Event::Paused => self.settle_latest(at_ns),
            Event::ClockJumped { by_ms } => {
                self.settle_latest(at_ns);
                self.jumps.extend(record.place.map(|place| Jump { place, at_ns, by_ms }));
            }
            _ if is_disturbance(&record.event) => (),
            _ => return self.observe_decision(record),
        }
        self.disturbed_ns = at_ns;
        self.observe_decision(record);
    }

    fn observe_decision(&mut self, record: &Record) {
        match record.event {
            Event::Promoted { .. } => self.promoted.extend(record.place.map(|place| (place, record.at_ns))),
            Event::Reconfigured { .. }
            | Event::ConfigEpochChanged { .. }
            | Event::NodeAdded { .. }
            | Event::HandshakeCompleted { .. } => (),
            _ => return,
        }
        self.changed_ns = record.at_ns;
    }

    fn settle_latest(&mut self, at_ns: u64) {
        if let Some((fault, _)) = self.latest.filter(|(_, began_ns)| *began_ns == at_ns) {
            self.open.remove(&fault);
        }
    }

    /// Whether no fault is open.
    pub(crate) fn is_quiet(&self) -> bool {
        self.open.is_empty()
    }

    /// The last disturbance from outside, in ns.
    pub(crate) fn disturbed_ns(&self) -> u64 {
        self.disturbed_ns
    }

    /// Since when the cluster has had nothing to do but to spread what is decided: the last disturbance or the last
    /// change of a role, an epoch or the membership. A cluster that goes on changing for much longer than any failover
    /// takes is not waited for.
    pub(crate) fn settling_since(&self, timing: Timing) -> u64 {
        self.in_patience(self.changed_ns, timing)
    }

    /// The later of the last disturbance and another time, but not so late that a cluster that never comes to rest
    /// would never be judged.
    pub(crate) fn in_patience(&self, at_ns: u64, timing: Timing) -> u64 {
        let patience_ns = timing.failover(1, 1) + 2 * timing.heartbeats();
        at_ns.max(self.disturbed_ns).min(self.disturbed_ns + patience_ns)
    }

    /// How many nodes were promoted since all views were last seen equal.
    pub(crate) fn new_owners(&self) -> u64 {
        let agreed_ns = self.agreed_ns.get();
        self.promoted.values().filter(|at| agreed_ns.is_none_or(|agreed| **at > agreed)).count() as u64
    }

    /// All views were seen equal at this time.
    pub(crate) fn views_agree(&self, at_ns: u64) {
        self.agreed_ns.set(Some(at_ns));
    }

    /// Whether the clock at one of these places jumped so lately that its time-outs are not trustworthy: within
    /// `window_ns`, or backwards by more than the time since.
    pub(crate) fn jumped(&self, places: &[Place], now_ns: u64, window_ns: u64) -> bool {
        self.jumps.iter().any(|jump| {
            let back_ns = u64::try_from(-jump.by_ms).unwrap_or(0).saturating_mul(1_000_000);
            places.contains(&jump.place)
                && now_ns.saturating_sub(jump.at_ns) <= window_ns.saturating_add(back_ns)
        })
    }

    /// Whether the clock at this place ever jumped.
    pub(crate) fn ever_jumped(&self, place: Place) -> bool {
        self.jumps.iter().any(|jump| jump.place == place)
    }

    /// Whether any clock ever jumped.
    pub(crate) fn any_jump(&self) -> bool {
        !self.jumps.is_empty()
    }
}

/// Disturbances that are no faults of their own: processes that come and go, and acts of an administrator.
fn is_disturbance(event: &Event) -> bool {
    match event {
        Event::Started { .. } | Event::Resumed | Event::Exited { .. } => true,
        Event::ManualFailoverRequested { .. } | Event::IdentityChanged { .. } => true,
        Event::SlotsMoved { cause, .. } => *cause == BindCause::Command,
        Event::NodeAdded { how, .. } => *how == Arrival::Meet,
        Event::NodeRemoved { why, .. } => matches!(why, Departure::Forget | Departure::Reset),
        Event::Reconfigured { cause, .. } => *cause == ReconfigureCause::Command,
        Event::ConfigEpochChanged { cause, .. } => {
            matches!(cause, EpochCause::Command | EpochCause::Bump | EpochCause::Reset)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(clock: &mut Clock, at_ns: u64, event: Event) {
        clock.observe(&Record { at_ns, place: Some(Place(0)), event });
    }

    #[test]
    fn a_partition_is_open_until_it_is_healed() {
        let mut clock = Clock::default();
        at(&mut clock, 5, Event::FaultStarted { fault: 0 });
        assert!(!clock.is_quiet());
        at(&mut clock, 9, Event::Healed);
        assert!(clock.is_quiet());
        assert_eq!(clock.disturbed_ns(), 9);
    }

    #[test]
    fn a_crash_leaves_a_quiet_world() {
        let mut clock = Clock::default();
        at(&mut clock, 3, Event::FaultStarted { fault: 0 });
        at(&mut clock, 5, Event::FaultStarted { fault: 1 });
        at(&mut clock, 5, Event::Crashed);
        at(&mut clock, 6, Event::FaultEnded { fault: 0 });
        assert!(clock.is_quiet());
    }

    #[test]
    fn ck_1_a_jump_back_counts_until_the_clock_has_caught_up() {
        let mut clock = Clock::default();
        at(&mut clock, 0, Event::ClockJumped { by_ms: -10 });
        assert!(clock.jumped(&[Place(0)], 10_000_001, 5));
        assert!(!clock.jumped(&[Place(0)], 10_000_006, 5));
        assert!(!clock.jumped(&[Place(1)], 1, 5));
    }
}
