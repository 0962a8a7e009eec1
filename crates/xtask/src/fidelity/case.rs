//! What was done to the real clusters, as scenarios, and what is read from the runs.
//!
//! Figures have the names of the columns of the reference; their zero is the moment of the fault or of the command.

use std::collections::BTreeMap;

use rcsim_engine::Streams;
use rcsim_observe::summary::{Failover, Millis, Summary};
use rcsim_observe::{Event, EventKind, Outcome, Place};
use rcsim_runner::{Keep, Options};
use rcsim_scenario::{Action, Argument, ClientSpec, Entry, Rate, Ratio, Scenario, Span, Target, When};

/// When the first fault may fall: the cluster stands, and no figure depends on how it came about.
const SETTLED: Span = Span::from_secs(20);
/// The fault falls at any moment of these three seconds, so that it meets every phase of all timers.
const PHASE_US: u64 = 3_000_000;
/// A key of this client lies in the slots of the first master: its hash tag has slot 3300.
const CLIENT: &str = "{b}";

/// More keys than a run has writes: a write that was lost is not hidden by a later one to the same key.
const KEYS: u32 = 10_000_000;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// `kill -9` of a master.
    Kill9,
    /// The same, under 500 writes per second to it.
    Kill9UnderLoad,
    /// SIGSTOP of a master.
    Sigstop,
    /// A black hole around a master and its client, for a time between these two.
    Partition(Span, Span),
    /// CLUSTER FAILOVER on a replica, under 500 writes per second.
    ManualFailover,
}

/// A fault in a cluster of three masters with a replica each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Case {
    /// What was done.
    pub(crate) fault: Fault,
    /// The node timeout in ms.
    pub(crate) node_timeout_ms: u64,
}

/// What one run showed, by name; what did not happen is absent.
pub(crate) type Figures = BTreeMap<&'static str, f64>;

impl Case {
    /// Runs the case and reads its figures.
    pub(crate) fn run(self, seed: u64) -> Figures {
        let mut chance = Streams::new(seed).stream("fidelity", &["phase"]);
        let at = SETTLED.saturating_add(Span::from_micros(chance.below_u64(PHASE_US)));
        let length = match self.fault {
            Fault::Partition(low, high) => Some(chance.between(low.as_nanos(), high.as_nanos())),
            _ => None,
        };
        let length = length.map(Span::from_nanos);
        let options = Options { keep: Keep::All, operations: true, ..Options::seeded(seed) };
        let summary = rcsim_runner::run(&self.scenario(at, length), &options);
        let mut figures = Figures::new();
        if let Some(failover) = summary.failovers.first() {
            add_stages(failover, &mut figures);
        }
        add_events(&summary, at.as_nanos(), &mut figures);
        match self.fault {
            Fault::Partition(..) => {
                add_isolation(&summary, at, at.saturating_add(length.unwrap_or_default()), &mut figures);
            }
            Fault::ManualFailover => add_handover(&summary, at.as_nanos(), "write_pause_ms", &mut figures),
            Fault::Kill9UnderLoad => add_handover(&summary, at.as_nanos(), "unavailable_ms", &mut figures),
            Fault::Kill9 | Fault::Sigstop => {}
        }
        figures
    }

    fn scenario(self, at: Span, length: Option<Span>) -> Scenario {
        let mut scenario = Scenario::named("fidelity");
        scenario.cluster.settings = vec![
            ("cluster-node-timeout".to_owned(), self.node_timeout_ms.to_string()),
            ("repl-diskless-sync-delay".to_owned(), "0".to_owned()),
        ];
        let master = || Target::Node("n1".to_owned());
        let action = match self.fault {
            Fault::Kill9 | Fault::Kill9UnderLoad => Action::Crash(master()),
            Fault::Sigstop => Action::Pause { who: master(), length: None },
            Fault::Partition(..) => {
                Action::Partition { groups: vec![vec![master()], vec![Target::Rest]], length }
            }
            Fault::ManualFailover => Action::Command {
                node: Target::ReplicaOf(Box::new(master())),
                argv: ["CLUSTER", "FAILOVER"].map(Argument::from_text).to_vec(),
                reply: None,
            },
        };
        if !matches!(self.fault, Fault::Kill9 | Fault::Sigstop) {
            scenario.clients = vec![writer()];
        }
        scenario.timeline =
            vec![Entry { id: "fault".to_owned(), when: When::At(at), action, must_fire: true }];
        let after = Span::from_millis(5 * self.node_timeout_ms + 5_000);
        scenario.until = at.saturating_add(after);
        scenario
    }
}

fn writer() -> ClientSpec {
    ClientSpec {
        rate: Rate { count: 500, per: Span::from_secs(1) },
        reads: Ratio::ZERO,
        keys: KEYS,
        near: Some("n1".to_owned()),
        // It holds its rate, as the measuring client did: a round trip takes longer here than over loopback.
        concurrency: 64,
        ..ClientSpec::named(CLIENT)
    }
}

fn add_stages(failover: &Failover, figures: &mut Figures) {
    let stages = [
        ("pfail_first_ms", failover.first_pfail_ms),
        ("fail_first_ms", failover.first_fail_ms),
        ("fail_known_all_ms", failover.fail_known_by_all_ms),
        ("election_scheduled_ms", failover.election_scheduled_ms),
        ("election_started_ms", failover.election_started_ms),
        ("promoted_ms", failover.promoted_ms),
        ("slots_reowned_all_ms", failover.slots_agreed_ms),
        ("state_ok_last_ms", failover.cluster_ok_ms),
    ];
    figures.extend(stages.into_iter().filter_map(|(name, at)| {
        let Millis(micros) = at?;
        Some((name, micros as f64 / 1000.0))
    }));
}

/// Figures that are the time of an event at the old master, or of the last PFAIL of it before FAIL.
fn add_events(summary: &Summary, fault_ns: u64, figures: &mut Figures) {
    let known = figures.get("fail_known_all_ms").copied().unwrap_or(f64::MAX);
    for record in summary.records.iter().filter(|record| record.at_ns >= fault_ns) {
        let at = (record.at_ns - fault_ns) as f64 / 1e6;
        let at_old_master = record.place == Some(Place(0));
        match record.event.kind() {
            EventKind::StateFail if at_old_master => _ = figures.entry("min_state_fail_ms").or_insert(at),
            // The reference counts the other masters only: on them hangs the state (ST-5).
            EventKind::Pfail if at_old_master && is_of_a_master(&record.event, summary) => {
                _ = figures.entry("min_pfail_first_ms").or_insert(at);
            }
            EventKind::Pfail if !at_old_master && at <= known => _ = figures.insert("pfail_last_ms", at),
            EventKind::Reconfigured if at_old_master => {
                _ = figures.entry("old_master_reconf_ms").or_insert(at);
            }
            _ => {}
        }
    }
}

/// Whether a PFAIL is one of `n2` or `n3`.
fn is_of_a_master(event: &Event, summary: &Summary) -> bool {
    matches!(event, Event::Pfail { subject } if ["n2", "n3"].contains(&summary.names.node(*subject).as_str()))
}

/// The side of the isolated master.
fn add_isolation(summary: &Summary, at: Span, healed: Span, figures: &mut Figures) {
    for (ours, theirs) in [("pfail_first_ms", "maj_pfail_first_ms"), ("fail_first_ms", "maj_fail_first_ms")] {
        if let Some(time) = figures.remove(ours) {
            figures.insert(theirs, time);
        }
    }
    if let Some(reconfigured) = figures.remove("old_master_reconf_ms") {
        figures.insert(
            "h_reconf_as_replica_ms",
            reconfigured - (healed.as_nanos() - at.as_nanos()) as f64 / 1e6,
        );
    }
    let acknowledged = summary.operations.iter().filter(|it| it.outcome == Outcome::Written);
    let healed_ns = healed.as_nanos();
    let cut_off = acknowledged.filter(|it| it.ended_ns >= at.as_nanos() && it.ended_ns < healed_ns);
    let by_master = cut_off.filter(|it| it.answered_by == Some(Place(0)));
    figures.insert("min_acked_after_cut", by_master.clone().count() as f64);
    if let Some(last) = by_master.map(|it| it.ended_ns).max() {
        figures.insert("min_last_ok_ms", (last - at.as_nanos()) as f64 / 1e6);
    }
    let before = summary.losses.iter().filter(|loss| loss.acknowledged_ns < at.as_nanos()).count();
    figures.insert("lost_acked_total", summary.clients.lost_acknowledged as f64);
    figures.insert("lost_acked_before_cut", before as f64);
}

/// When everybody knew the new owner, and how long no write was acknowledged meanwhile.
fn add_handover(summary: &Summary, at_ns: u64, pause: &'static str, figures: &mut Figures) {
    figures.insert("lost_acked", summary.clients.lost_acknowledged as f64);
    let moves = summary.records.iter().filter(|it| it.event.kind() == EventKind::SlotsMoved);
    if let Some(last) = moves.map(|it| it.at_ns).max().filter(|last| *last >= at_ns) {
        figures.insert("owner_seen_all_ms", (last - at_ns) as f64 / 1e6);
    }
    let written = || summary.operations.iter().filter(|it| it.outcome == Outcome::Written);
    let old = written().filter(|it| it.answered_by == Some(Place(0))).map(|it| it.ended_ns).max();
    let new = written().filter(|it| it.answered_by != Some(Place(0)) && it.ended_ns >= at_ns);
    if let (Some(old), Some(new)) = (old, new.map(|it| it.ended_ns).min()) {
        figures.insert(pause, new.saturating_sub(old) as f64 / 1e6);
    }
}
