//! A walk over the disk operations of one host: at each the process dies, or the host loses its power, exactly there;
//! then the node starts again, and what it has must be a prefix of what was written.
//!
//! Rules: AO-10, AO-13, AO-15, NC-4. With `appendfsync always` nothing that was acknowledged may be missing, with
//! `everysec` what is older than two seconds may not, and after the mere death of a process nothing in either case.

use std::collections::{BTreeMap, BTreeSet};

use rcsim_engine::{Engine, Nanos};
use rcsim_observe::{Event, Glimpse, Operation, OperationKind, Outcome, Place};
use rcsim_world::{DiskTrap, World};

const N1: Place = Place(0);
const END_MS: u64 = 9_000;
/// What `everysec` may lose when power is lost, in ns (AO-10).
const WINDOW_NS: u64 = 2_000_000_000;

fn scenario(policy: &str) -> rcsim_scenario::Scenario {
    let text = format!(
        r#"{{
            "name": "crash walk",
            "cluster": {{ "masters": 3, "replicas": 0,
                "settings": {{ "appendonly": "yes", "appendfsync": "{policy}", "repl-diskless-sync": "no" }} }},
            "clients": [{{ "name": "c1", "rate": "20/s", "keys": 4 }}],
            "timeline": [
                {{ "at": "2s", "command": {{ "node": "n1", "argv": ["BGREWRITEAOF"] }}, "must-fire": false }},
                {{ "at": "6s", "restart": "n1", "must-fire": false }}
            ],
            "until": "9s"
        }}"#
    );
    crate::committed::parse(&text, "crash walk")
}

/// What came of a run.
struct Run {
    died_ns: Option<u64>,
    exited: bool,
    operations: u64,
    wrong: Vec<String>,
}

/// Runs with or without a trap, and compares what n1 holds at its restart with what was written to it.
fn run(policy: &str, trap: Option<DiskTrap>) -> Run {
    let mut engine: Engine<World> = rcsim_world::start(&scenario(policy), 1);
    if let Some(trap) = trap {
        engine.parts().0.set_disk_trap(N1, trap);
    }
    let (mut died_ns, mut exited, mut restarted) = (None, false, None);
    let mut history: Vec<Operation> = Vec::new();
    let end = Nanos::from_millis(END_MS);
    while engine.next_at().is_some_and(|at| at <= end) {
        engine.step();
        let now = engine.now().0;
        let world = engine.parts().0;
        for record in world.take_records().iter().filter(|record| record.place == Some(N1)) {
            match record.event {
                Event::Crashed | Event::PoweredOff => died_ns = Some(now),
                Event::Exited { .. } => exited = true,
                Event::DataLoaded { .. } => restarted = Some(held(world, now, &history)),
                _ => {}
            }
        }
        history.extend(world.take_operations());
    }
    let operations = engine.parts().0.disk_operations(N1);
    let wrong = match (died_ns, restarted) {
        (Some(died), Some(held)) => {
            let power = trap.is_some_and(|trap| trap.power);
            missing(&history, &held, died, policy, power)
        }
        _ => Vec::new(),
    };
    Run { died_ns, exited, operations, wrong }
}

fn held(world: &World, now_ns: u64, history: &[Operation]) -> BTreeMap<String, Option<u64>> {
    let keys: BTreeSet<&str> = history.iter().map(|operation| operation.key.as_ref()).collect();
    let number = |bytes: Vec<u8>| std::str::from_utf8(&bytes).ok()?.parse().ok();
    let value = |key: &str| world.at(now_ns).value(N1, key.as_bytes()).and_then(number);
    keys.into_iter().map(|key| (key.to_owned(), value(key))).collect()
}

/// The keys whose value is older than it may be.
fn missing(
    history: &[Operation],
    held: &BTreeMap<String, Option<u64>>,
    died_ns: u64,
    policy: &str,
    power: bool,
) -> Vec<String> {
    let certain_until = match (policy, power) {
        ("always", _) | (_, false) => died_ns,
        ("everysec", true) => died_ns.saturating_sub(WINDOW_NS),
        _ => 0,
    };
    let mut wrong = Vec::new();
    for (key, value) in held {
        let writes = history.iter().filter(|operation| *operation.key == **key && operation.kind.is_write());
        let writes: Vec<&Operation> = writes.filter(|operation| operation.invoked_ns <= died_ns).collect();
        let number = |operation: &Operation| match operation.kind {
            OperationKind::Set(number) => Some(number),
            _ => None,
        };
        let acknowledged = |operation: &&Operation| {
            operation.outcome == Outcome::Written
                && operation.answered_by == Some(N1)
                && operation.ended_ns < certain_until
        };
        let last = writes.iter().rposition(acknowledged);
        let found = writes.iter().rposition(|operation| number(operation) == *value);
        if last.is_some() && found < last {
            wrong.push(format!("{key} is {value:?}, write {found:?} of it; {last:?} was acknowledged"));
        }
    }
    wrong
}

fn walk(policy: &str, stride: usize) {
    let whole = run(policy, None);
    assert!(whole.operations > 30 && whole.died_ns.is_none(), "{policy}: {}", whole.operations);
    let mut failures = Vec::new();
    let mut died = 0;
    for operation in (1..=whole.operations).step_by(stride) {
        for power in [false, true] {
            let run = run(policy, Some(DiskTrap { operation, power }));
            died += u64::from(run.died_ns.is_some());
            failures.extend(run.wrong.iter().map(|text| format!("{policy} {operation} {power}: {text}")));
            if run.exited {
                failures.push(format!("{policy} {operation} {power}: it does not come up again"));
            }
        }
    }
    assert!(died > 3, "the traps spring: {died}");
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn ao_10_a_node_recovers_from_a_crash_at_some_of_its_disk_operations() {
    for (policy, stride) in [("always", 29), ("everysec", 7), ("no", 7)] {
        walk(policy, stride);
    }
}

#[test]
#[ignore = "minutes; .ci/run asks for it"]
fn ao_10_a_node_recovers_from_a_crash_at_each_of_its_disk_operations() {
    for policy in ["always", "everysec", "no"] {
        walk(policy, 1);
    }
}
