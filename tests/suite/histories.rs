//! What clients saw, judged by what they were told: whole transactions, and nothing that nobody wrote.

use std::collections::BTreeSet;

use rcsim_observe::{Operation, OperationKind, Outcome};
use rcsim_runner::Options;

use crate::committed::SCENARIOS;

/// The history of a committed scenario.
fn history(name: &str) -> Vec<Operation> {
    let committed = SCENARIOS.iter().find(|committed| committed.name == name).expect("it is committed");
    rcsim_runner::run(&committed.scenario, &Options { operations: true, ..Options::seeded(committed.seed) })
        .operations
}

/// What was read of several keys at once: one set of numbers per read.
fn reads_of_several(history: &[Operation]) -> impl Iterator<Item = BTreeSet<Option<u64>>> {
    history.iter().filter(|operation| !operation.kind.is_write()).filter_map(|operation| {
        let Outcome::Parts(outcomes) = &operation.outcome else { return None };
        let number = |outcome: &Outcome| match outcome {
            Outcome::Read(number) => Some(*number),
            _ => None,
        };
        outcomes.iter().map(number).collect()
    })
}

#[test]
fn rp_3_a_transaction_is_seen_whole_or_not_at_all_also_across_a_failover() {
    let history = history("library/transactions-across-a-failover");
    let seen: Vec<BTreeSet<Option<u64>>> = reads_of_several(&history).collect();
    assert!(seen.len() > 1_000, "only {} reads", seen.len());
    let torn = seen.iter().find(|numbers| numbers.len() != 1);
    assert_eq!(torn, None, "keys that are only written together never differ");
}

#[test]
fn what_is_read_was_written_by_somebody() {
    let history = history("library/transactions-across-a-failover");
    let mut written = BTreeSet::new();
    for operation in &history {
        if let OperationKind::Together(parts) | OperationKind::Transaction(parts) = &operation.kind {
            written.extend(parts.iter().filter_map(|part| match part.kind {
                OperationKind::Set(number) => Some((part.key.clone(), number)),
                _ => None,
            }));
        }
    }
    let mut read = 0;
    for operation in &history {
        operation.each_part(&mut |key, _, outcome| {
            if let Outcome::Read(Some(number)) = outcome {
                read += 1;
                assert!(written.contains(&(key.clone(), *number)), "nobody wrote {key} = {number}");
            }
        });
    }
    assert!(read > 1_000, "only {read} reads");
}
