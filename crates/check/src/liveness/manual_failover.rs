//! L7: a manual failover ends, and writers are released.
//!
//! Both sides are watched: the replica from the request on, the master from the pause on. Time in which a process is
//! stopped does not count; after it five more seconds are allowed. That the time is over is noticed by the cron, and
//! one round trip is granted besides.

use std::collections::BTreeMap;

use rcsim_observe::reason::ManualFailoverKind;
use rcsim_observe::{Event, EventKind, FindingKind, Place, Record};
use rcsim_protocol::NodeIx;

use crate::catalogue::{Cost, Description};
use crate::facts::Facts;
use crate::facts::timing::{CRON_NS, SECOND_NS};
use crate::findings::{Broken, Findings};
use crate::invariant::{Invariant, Scene};
use crate::known;

pub(crate) const DESCRIPTION: Description = Description {
    id: "L7",
    name: "manual failover ends",
    kind: FindingKind::Liveness,
    sentence: "A manual failover is won or given up within 5 s + c, and writers are released by then; 5 s more are \
               allowed only if the process was stopped.",
    rules: &["MF-2", "MF-3", "MF-11", "MF-12", "MF-13", "CR-9"],
    weaknesses: &[known::TWO_REQUESTS, known::CLOCK_JUMP],
    cost: Cost::PerEvent,
    events: &[
        EventKind::ManualFailoverRequested,
        EventKind::ManualFailoverPaused,
        EventKind::ManualFailoverEnded,
        EventKind::ManualFailoverTimedOut,
        EventKind::Promoted,
        EventKind::Reconfigured,
        EventKind::Crashed,
        EventKind::PoweredOff,
        EventKind::Exited,
        EventKind::Paused,
        EventKind::Resumed,
    ],
};

/// How long a manual failover may take (MF-2), in ns.
const LIMIT_NS: u64 = 5 * SECOND_NS;

/// A manual failover that has not ended at one of its two nodes.
#[derive(Clone, Copy)]
struct Pending {
    /// When it was asked for, in ns.
    asked_ns: u64,
    /// Since when its time runs, in ns.
    since_ns: u64,
    /// Whether it is the master, which holds its writers.
    is_master: bool,
    stopped: bool,
}

/// Manual failovers under way.
#[derive(Clone, Default)]
pub(crate) struct ManualFailover {
    pending: BTreeMap<Place, Pending>,
    /// By master: the last replica that was told to take over, when, and when another one had been told before.
    requests: BTreeMap<NodeIx, (Place, u64, Option<u64>)>,
}

impl Invariant for ManualFailover {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn observe(&mut self, record: &Record, scene: Scene<'_>, _: &mut Findings) {
        let Some(place) = record.place else { return };
        match record.event {
            Event::ManualFailoverRequested { kind: ManualFailoverKind::Takeover } => (),
            Event::ManualFailoverRequested { .. } => {
                self.note_request(place, record.at_ns, scene);
                self.begin(place, record.at_ns, false);
            }
            Event::ManualFailoverPaused { .. } => self.begin(place, record.at_ns, true),
            Event::Paused => {
                self.pending.entry(place).and_modify(|pending| pending.stopped = true);
            }
            Event::Resumed => {
                self.pending.entry(place).and_modify(|pending| {
                    (pending.since_ns, pending.stopped) = (record.at_ns, false);
                });
            }
            Event::ManualFailoverEnded => {
                // A new request ends the one before it at the same instant (MF-14).
                self.pending.retain(|at, pending| *at != place || pending.asked_ns == record.at_ns);
            }
            _ => {
                self.pending.remove(&place);
            }
        }
    }

    fn due_ns(&self, facts: &Facts) -> Option<u64> {
        let running = self.pending.values().filter(|pending| !pending.stopped);
        running.map(|pending| pending.due_ns(facts)).min()
    }

    fn judge(&mut self, scene: Scene<'_>, findings: &mut Findings) {
        let over = |pending: &Pending| !pending.stopped && pending.due_ns(scene.facts) <= scene.now_ns;
        let late: Vec<(Place, Pending)> = self
            .pending
            .iter()
            .filter(|(_, pending)| over(pending))
            .map(|(place, pending)| (*place, *pending))
            .collect();
        for (place, pending) in late {
            self.pending.remove(&place);
            self.report(place, pending, scene, findings);
        }
    }
}

impl ManualFailover {
    fn begin(&mut self, place: Place, at_ns: u64, is_master: bool) {
        self.pending.insert(place, Pending { asked_ns: at_ns, since_ns: at_ns, is_master, stopped: false });
    }

    fn note_request(&mut self, place: Place, at_ns: u64, scene: Scene<'_>) {
        let Some(node) = scene.glimpse.node(place) else { return };
        let Some(master) = node.peer(node.me()).and_then(|myself| myself.master) else { return };
        let before = self.requests.get(&master);
        let rival_ns = before.and_then(|(other, at, rival)| if *other == place { *rival } else { Some(*at) });
        self.requests.insert(master, (place, at_ns, rival_ns));
    }

    fn report(&self, place: Place, pending: Pending, scene: Scene<'_>, findings: &mut Findings) {
        let ms = (scene.now_ns - pending.since_ns) / 1_000_000;
        let text = if pending.is_master {
            format!("{place} paused its clients for a manual failover and has not ended it after {ms} ms.")
        } else {
            format!("{place} was told to take over and has neither won nor given up after {ms} ms.")
        };
        let recent = |at: u64| scene.now_ns.saturating_sub(at) <= 2 * LIMIT_NS + CRON_NS;
        let rivals = self.requests.values().any(|(_, at, rival)| recent(*at) && rival.is_some_and(recent));
        let jumped = scene.facts.clock.jumped(&[place], scene.now_ns, LIMIT_NS + CRON_NS);
        let known_as = match (rivals, jumped) {
            (_, true) => Some(known::CLOCK_JUMP),
            (true, false) => Some(known::TWO_REQUESTS),
            (false, false) => None,
        };
        findings.report(scene, Broken { invariant: &DESCRIPTION, places: vec![place], text, known_as });
    }
}

impl Pending {
    fn due_ns(self, facts: &Facts) -> u64 {
        self.since_ns + LIMIT_NS + CRON_NS + facts.timing.round_trip_ns
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Bench, MS, SECOND, node};

    const REQUESTED: Event = Event::ManualFailoverRequested { kind: ManualFailoverKind::Default };

    #[test]
    fn mf_13_the_end_comes_in_time() {
        let mut bench = Bench::new(3, 3);
        bench.event(3, REQUESTED);
        bench.event(0, Event::ManualFailoverPaused { replica: node(3) });
        bench.advance(5090 * MS);
        bench.event(3, Event::ManualFailoverTimedOut);
        bench.event(0, Event::ManualFailoverEnded);
        bench.advance(60 * SECOND);
        assert_eq!(bench.broken("L7"), 0);
    }

    #[test]
    fn cr_9_neither_side_may_hang() {
        let mut bench = Bench::new(3, 3);
        bench.event(3, REQUESTED);
        bench.event(0, Event::ManualFailoverPaused { replica: node(3) });
        bench.advance(5200 * MS);
        assert_eq!(bench.known("L7"), [None, None]);
    }

    #[test]
    fn a_stopped_process_has_five_seconds_when_it_goes_on() {
        let mut bench = Bench::new(3, 3);
        bench.event(3, REQUESTED);
        bench.event(3, Event::Paused);
        bench.advance(60 * SECOND);
        bench.event(3, Event::Resumed);
        bench.advance(5 * SECOND);
        assert_eq!(bench.broken("L7"), 0);
        bench.advance(SECOND);
        assert_eq!(bench.broken("L7"), 1);
    }

    #[test]
    fn mf_14_two_replicas_of_one_master_disturb_each_other() {
        let mut bench = Bench::new(3, 6);
        bench.event(3, REQUESTED);
        bench.event(6, REQUESTED);
        bench.event(6, Event::ManualFailoverEnded);
        bench.advance(6 * SECOND);
        assert_eq!(bench.known("L7"), [Some(known::TWO_REQUESTS); 2]);
    }
}
