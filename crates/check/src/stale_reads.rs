//! Reads that did not see what had been acknowledged before they were asked for.
//!
//! That is what READONLY is for and what it costs (RD-10): a replica answers with what it has. Told by the history of
//! the clients alone, as by an observer who sees all of them. Only registers, sessions and counters are looked at, for
//! their numbers grow. What is lost is not stale, and a key that has a time to live may rightly be gone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rcsim_observe::{Loss, Operation, OperationKind, Outcome};

/// A read that was behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaleRead {
    /// Number of the client that read.
    pub client: u32,
    /// How long ago the oldest write that it did not see had been acknowledged when it was asked for, in ns.
    pub behind_ns: u64,
}

/// What was acknowledged of one key.
#[derive(Default)]
struct Told {
    /// When, and the greatest number until then; both grow.
    numbers: Vec<(u64, u64)>,
    may_expire: bool,
}

/// The stale reads among these operations, which are in the order in which they ended; `losses` are the acknowledged
/// writes that are gone.
pub fn stale_reads(operations: &[Operation], losses: &[Loss]) -> Vec<StaleRead> {
    let lost: BTreeSet<(&str, u64)> = losses.iter().map(|loss| (&*loss.key, loss.value)).collect();
    let mut told: BTreeMap<&str, Told> = BTreeMap::new();
    let mut reads = Vec::new();
    for operation in operations {
        operation.each_part(&mut |key, kind, outcome| {
            let number = match (kind, outcome) {
                (OperationKind::Get, Outcome::Read(number)) => {
                    return reads.push((operation, key, *number));
                }
                (
                    OperationKind::Set(number) | OperationKind::SetFor { value: number, .. },
                    Outcome::Written,
                ) => *number,
                (OperationKind::Increment, Outcome::Counted(count)) => u64::try_from(*count).unwrap_or(0),
                (OperationKind::Expire { .. }, _) => 0,
                _ => return,
            };
            let told = told.entry(key).or_default();
            told.may_expire |= matches!(kind, OperationKind::SetFor { .. } | OperationKind::Expire { .. });
            if number > told.numbers.last().map_or(0, |(_, newest)| *newest) && !lost.contains(&(key, number))
            {
                told.numbers.push((operation.ended_ns, number));
            }
        });
    }
    let behind = |(operation, key, number): (&Operation, &Arc<str>, Option<u64>)| {
        let told = told.get(&**key).filter(|told| number.is_some() || !told.may_expire)?;
        let unseen = told.numbers.partition_point(|(_, newest)| *newest <= number.unwrap_or(0));
        let (told_ns, _) = told.numbers.get(unseen)?;
        let behind_ns = operation.invoked_ns.checked_sub(*told_ns)?;
        Some(StaleRead { client: operation.client, behind_ns })
    };
    reads.into_iter().filter_map(behind).collect()
}

#[cfg(test)]
mod tests {
    use rcsim_observe::{LossCause, Part, Place};

    use super::*;

    fn operation(times: (u64, u64), kind: OperationKind, outcome: Outcome) -> Operation {
        Operation {
            client: 0,
            key: "k".into(),
            kind,
            invoked_ns: times.0,
            ended_ns: times.1,
            told_ns: times.1,
            outcome,
            answered_by: None,
            replicas: None,
            unanswered: false,
        }
    }

    fn set(times: (u64, u64), number: u64) -> Operation {
        operation(times, OperationKind::Set(number), Outcome::Written)
    }

    fn get(times: (u64, u64), number: Option<u64>) -> Operation {
        operation(times, OperationKind::Get, Outcome::Read(number))
    }

    fn behind(operations: &[Operation]) -> Vec<u64> {
        stale_reads(operations, &[]).iter().map(|read| read.behind_ns).collect()
    }

    #[test]
    fn rd_10_a_read_is_stale_if_a_write_was_acknowledged_before_it_was_asked_for() {
        let writes = [set((0, 10), 1), set((20, 30), 2), set((40, 50), 3)];
        let read = |times, number| behind(&[&writes[..], &[get(times, number)]].concat());
        assert_eq!(read((60, 70), Some(3)), []);
        assert_eq!(read((60, 70), Some(1)), [30], "2 was acknowledged at 30, and it is behind since then");
        assert_eq!(read((60, 70), None), [50]);
        assert_eq!(read((45, 70), Some(2)), [], "3 was acknowledged while it was asked for");
        assert_eq!(read((60, 70), Some(4)), [], "a write that is not yet acknowledged may be seen");
    }

    #[test]
    fn reads_of_several_keys_are_looked_at_one_by_one() {
        let parts: Arc<[Part]> = Arc::new([
            Part { key: "k".into(), kind: OperationKind::Get },
            Part { key: "l".into(), kind: OperationKind::Get },
        ]);
        let outcomes = Outcome::Parts(Arc::new([Outcome::Read(None), Outcome::Read(None)]));
        let read = operation((60, 70), OperationKind::Together(parts), outcomes);
        assert_eq!(behind(&[set((0, 10), 1), read]), [50]);
    }

    #[test]
    fn what_is_lost_or_over_is_not_stale() {
        let operations = [set((0, 10), 1), get((60, 70), None)];
        let loss = Loss {
            client: 0,
            key: "k".into(),
            command: "SET",
            value: 1,
            acknowledged_by: None,
            acknowledged_ns: 10,
            replicas: None,
            owner: Place(0),
            noticed_ns: 50,
            cause: LossCause::ReplicationWindow,
            remedies: Vec::new(),
        };
        assert_eq!(stale_reads(&operations, &[]).len(), 1);
        assert_eq!(stale_reads(&operations, &[loss]), []);
        let session = OperationKind::SetFor { value: 1, for_ms: 1 };
        assert_eq!(behind(&[operation((0, 10), session, Outcome::Written), get((60, 70), None)]), []);
    }
}
