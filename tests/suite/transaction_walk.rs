//! A walk over the disk operations of a master whose clients write in transactions: at each the process dies, or the host
//! loses its power, exactly there; then it starts again, and has each transaction whole or not at all.
//!
//! Rules: AO-4, AO-7, AO-10, AO-15. With `appendfsync always` no acknowledged transaction may be missing.

use std::collections::BTreeMap;

use rcsim_engine::{Engine, Nanos};
use rcsim_observe::{Event, Glimpse, Operation, OperationKind, Outcome, Place};
use rcsim_world::{DiskTrap, World};

const N1: Place = Place(0);
const END_MS: u64 = 8_000;
const RESTART_NS: u64 = 5_000_000_000;

fn scenario(policy: &str) -> rcsim_scenario::Scenario {
    let text = format!(
        r#"{{
            "name": "transaction walk",
            "cluster": {{ "masters": 3, "replicas": 0, "settings": {{ "appendonly": "yes", "appendfsync": "{policy}" }} }},
            "clients": [{{ "name": "c1", "rate": "30/s", "keys": 24, "group": 3, "workload": "transactions" }}],
            "timeline": [
                {{ "at": "2s", "command": {{ "node": "n1", "argv": ["BGREWRITEAOF"] }}, "must-fire": false }},
                {{ "at": "5s", "restart": "n1", "must-fire": false }}
            ],
            "until": "8s"
        }}"#
    );
    crate::committed::parse(&text, "transaction walk")
}

/// The transactions that write, by the first of their keys: what they write, and whether that was acknowledged.
#[derive(Default)]
struct Written {
    keys: BTreeMap<String, Vec<String>>,
    acknowledged: BTreeMap<String, u64>,
}

impl Written {
    fn note(&mut self, operation: &Operation, certain_ns: u64) {
        let OperationKind::Transaction(parts) = &operation.kind else { return };
        let number = |kind: &OperationKind| match kind {
            OperationKind::Set(number) => Some(*number),
            _ => None,
        };
        let Some(number) = parts.first().and_then(|part| number(&part.kind)) else { return };
        let first = parts[0].key.to_string();
        self.keys.insert(first.clone(), parts.iter().map(|part| part.key.to_string()).collect());
        let done =
            matches!(&operation.outcome, Outcome::Parts(outcomes) if outcomes.iter().all(Outcome::is_ok));
        if done && operation.answered_by == Some(N1) && operation.ended_ns < certain_ns {
            let last = self.acknowledged.entry(first).or_default();
            *last = number.max(*last);
        }
    }
}

/// Runs; says how many operations there were, whether the process died, how many transactions it had, and what is wrong.
fn run(policy: &str, trap: Option<DiskTrap>) -> (u64, bool, usize, Vec<String>) {
    let mut engine: Engine<World> = rcsim_world::start(&scenario(policy), 1);
    if let Some(trap) = trap {
        engine.parts().0.set_disk_trap(N1, trap);
    }
    let (mut died_ns, mut history, mut wrong) = (None, Vec::new(), Vec::new());
    let (mut is_back, mut held) = (false, 0);
    let end = Nanos::from_millis(END_MS);
    while engine.next_at().is_some_and(|at| at <= end) {
        engine.step();
        let now_ns = engine.now().0;
        let world = engine.parts().0;
        for record in world.take_records().iter().filter(|record| record.place == Some(N1)) {
            match record.event {
                Event::Crashed | Event::PoweredOff => died_ns = Some(now_ns),
                // With `no` an increment may be torn that is not the last one (AO-15).
                Event::Exited { .. } if policy == "no" && trap.is_some_and(|trap| trap.power) => {
                    is_back = true
                }
                Event::Exited { .. } => wrong.push("it does not come up again".to_owned()),
                Event::DataLoaded { .. } => {
                    is_back = true;
                    let certain_ns = certain_until(policy, trap, died_ns.unwrap_or(0));
                    held = compare(world, now_ns, &history, certain_ns, &mut wrong);
                }
                _ => {}
            }
        }
        history.extend(world.take_operations());
    }
    if died_ns.is_some_and(|died| died < RESTART_NS) && !is_back {
        wrong.push("it is not back".to_owned());
    }
    (engine.parts().0.disk_operations(N1), died_ns.is_some(), held, wrong)
}

/// What was acknowledged before this time may not be missing (AO-7, AO-10): with `everysec` even the mere death of a
/// process loses what waits in it for an fsync.
fn certain_until(policy: &str, trap: Option<DiskTrap>, died_ns: u64) -> u64 {
    match (policy, trap.is_some_and(|trap| trap.power)) {
        ("always", _) | ("no", false) => died_ns,
        ("everysec", _) => died_ns.saturating_sub(2_000_000_000),
        _ => 0,
    }
}

/// What n1 holds, against what was written; says how many transactions it holds.
fn compare(
    world: &World,
    now_ns: u64,
    history: &[Operation],
    certain_ns: u64,
    wrong: &mut Vec<String>,
) -> usize {
    let mut written = Written::default();
    history.iter().for_each(|operation| written.note(operation, certain_ns));
    let number = |key: &String| {
        let bytes = world.at(now_ns).value(N1, key.as_bytes())?;
        std::str::from_utf8(&bytes).ok()?.parse::<u64>().ok()
    };
    let mut held = 0;
    for (first, keys) in &written.keys {
        let values: Vec<Option<u64>> = keys.iter().map(number).collect();
        held += usize::from(values[0].is_some());
        if values.iter().any(|value| *value != values[0]) {
            wrong.push(format!("{keys:?} are {values:?}: a transaction is there in part"));
        }
        let acknowledged = written.acknowledged.get(first).copied();
        if values[0] < acknowledged {
            wrong.push(format!("{keys:?} are {values:?}, but {acknowledged:?} was acknowledged"));
        }
    }
    held
}

fn walk(policy: &str, stride: usize) {
    let (operations, died, ..) = run(policy, None);
    assert!(operations > 30 && !died, "{policy}: {operations}");
    let (mut deaths, mut most, mut failures) = (0, 0, Vec::new());
    for operation in (1..=operations).step_by(stride) {
        for power in [false, true] {
            let (_, died, held, wrong) = run(policy, Some(DiskTrap { operation, power }));
            deaths += u64::from(died);
            most = held.max(most);
            failures.extend(wrong.iter().map(|text| format!("{policy} {operation} {power}: {text}")));
        }
    }
    assert!(deaths > 3 && most > 0, "the traps spring: {deaths}; and something is held: {most}");
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn ao_15_a_transaction_is_there_whole_or_not_at_all() {
    for (policy, stride) in [("always", 41), ("everysec", 11), ("no", 11)] {
        walk(policy, stride);
    }
}

#[test]
#[ignore = "minutes; .ci/run asks for it"]
fn ao_15_a_transaction_is_there_whole_or_not_at_all_at_each_operation() {
    for policy in ["always", "everysec", "no"] {
        walk(policy, 1);
    }
}
