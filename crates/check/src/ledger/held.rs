//! What was acknowledged of one key.

use std::collections::BTreeSet;
use std::sync::Arc;

use rcsim_observe::{Glimpse, Loss, LossCause, Operation, OperationKind, Outcome, Place};

/// One acknowledged write.
#[derive(Clone, Debug)]
pub(super) struct Ack {
    pub(super) client: u32,
    command: &'static str,
    pub(super) value: u64,
    invoked_ns: u64,
    pub(super) at_ns: u64,
    pub(super) by: Option<Place>,
    replicas: Option<u32>,
    /// When its time to live is over, in ns.
    ends_ns: Option<u64>,
    /// Where, when and why it was found missing.
    gone: Option<Gone>,
}

#[derive(Clone, Debug)]
struct Gone {
    owner: Place,
    at_ns: u64,
    /// The greatest number that was acknowledged by then.
    newest: u64,
    cause: LossCause,
    remedies: Vec<&'static str>,
}

/// How the number of an acknowledged write is found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    /// A register: it or a greater number.
    Number,
    /// A counter: it or a greater count.
    Count,
    /// A list: among the elements.
    Element,
}

/// All acknowledged writes of one key, in the order in which they were acknowledged.
#[derive(Clone, Debug)]
pub(super) struct Held {
    sort: Sort,
    acks: Vec<Ack>,
    /// When the whole key expires, in ns, if it has a time to live.
    ends_ns: Option<u64>,
    /// Numbers that were sent and not answered: they may arrive at any time, even after greater ones.
    strays: BTreeSet<u64>,
}

/// Finds out why a write is gone that the owner does not have, and what would have narrowed the window. With `true` the
/// owner has an older one in its place, which may have arrived late.
pub(super) type Explain<'a> = &'a dyn Fn(&Ack, bool) -> (LossCause, Vec<&'static str>);

impl Held {
    pub(super) fn new() -> Held {
        Held { sort: Sort::Number, acks: Vec::new(), ends_ns: None, strays: BTreeSet::new() }
    }

    pub(super) fn acknowledge(&mut self, operation: &Operation, kind: &OperationKind, outcome: &Outcome) {
        let end = |for_ms: u64| end_ns(operation.invoked_ns, for_ms);
        let (sort, value, ends_ns) = match (kind, outcome) {
            (OperationKind::Set(value), _) => (Sort::Number, *value, None),
            (OperationKind::SetFor { value, for_ms }, _) => (Sort::Number, *value, Some(end(*for_ms))),
            (OperationKind::Increment, Outcome::Counted(count)) => {
                (Sort::Count, u64::try_from(*count).unwrap_or(0), None)
            }
            (OperationKind::Append(element), _) => (Sort::Element, *element, None),
            // The key will not be there for ever: from then on nothing of it can be judged.
            (OperationKind::Expire { for_ms }, _) => return self.end_at(end(*for_ms)),
            _ => return,
        };
        self.sort = sort;
        // WAIT may have kept an operation that was told before others that ended earlier.
        let place = self.acks.partition_point(|ack| ack.at_ns <= operation.told_ns);
        let ack = Ack {
            client: operation.client,
            command: kind.name(),
            value,
            invoked_ns: operation.invoked_ns,
            at_ns: operation.told_ns,
            by: operation.answered_by,
            replicas: operation.replicas,
            ends_ns,
            gone: None,
        };
        self.acks.insert(place, ack);
    }

    /// A write was sent and not answered: it may still arrive.
    pub(super) fn expect_late(&mut self, invoked_ns: u64, kind: &OperationKind) {
        match kind {
            OperationKind::Set(value) | OperationKind::SetFor { value, .. } => {
                self.strays.insert(*value);
            }
            OperationKind::Expire { for_ms } => self.end_at(end_ns(invoked_ns, *for_ms)),
            _ => {}
        }
    }

    /// The key may be gone from this time on.
    fn end_at(&mut self, at_ns: u64) {
        self.ends_ns = Some(self.ends_ns.map_or(at_ns, |known| known.min(at_ns)));
    }

    /// Compares with what the owner holds. A write that comes back is no longer gone.
    pub(super) fn look(
        &mut self,
        key: &str,
        owner: Place,
        now_ns: u64,
        glimpse: &dyn Glimpse,
        explain: Explain<'_>,
    ) {
        let is_over =
            |ack: &Ack| [ack.ends_ns, self.ends_ns].into_iter().flatten().any(|ends_ns| ends_ns <= now_ns);
        if self.ends_ns.is_some_and(|ends_ns| ends_ns <= now_ns) {
            return;
        }
        let number = |bytes: &[u8]| std::str::from_utf8(bytes).ok()?.parse::<u64>().ok();
        let (survivor, elements) = match self.sort {
            Sort::Number | Sort::Count => {
                (glimpse.value(owner, key.as_bytes()).and_then(|bytes| number(&bytes)), Vec::new())
            }
            Sort::Element => {
                let elements = glimpse.elements(owner, key.as_bytes()).unwrap_or_default();
                let mut elements: Vec<u64> = elements.iter().filter_map(|bytes| number(bytes)).collect();
                elements.sort_unstable();
                (None, elements)
            }
        };
        let sort = self.sort;
        let is_there = |ack: &Ack| match sort {
            Sort::Element => elements.binary_search(&ack.value).is_ok(),
            Sort::Number | Sort::Count => survivor.is_some_and(|survivor| survivor >= ack.value),
        };
        let newest = self.acks.iter().map(|ack| ack.value).max().unwrap_or(0);
        let forgotten = if sort == Sort::Count { self.told_again() } else { Vec::new() };
        for index in 0..self.acks.len() {
            let ack = &self.acks[index];
            let there = is_there(ack) && !forgotten.get(index).copied().unwrap_or(false);
            match &ack.gone {
                None if !there && !is_over(ack) => {
                    let is_overwritten = survivor
                        .is_some_and(|survivor| survivor < ack.value && self.strays.contains(&survivor));
                    let (cause, remedies) = explain(ack, is_overwritten);
                    let gone = Gone { owner, at_ns: now_ns, newest, cause, remedies };
                    self.acks[index].gone = Some(gone);
                }
                // What is there may be newer than what was lost, which tells nothing.
                Some(gone)
                    if there
                        && (sort == Sort::Element || survivor <= Some(gone.newest))
                        && sort != Sort::Count =>
                {
                    self.acks[index].gone = None;
                }
                _ => {}
            }
        }
    }

    /// Which counts were forgotten and counted anew: the same count was told once more, or a smaller one to somebody who
    /// asked when this one had been told. Answers to several clients may overtake each other; that proves nothing.
    fn told_again(&self) -> Vec<bool> {
        let mut by_invocation: Vec<&Ack> = self.acks.iter().collect();
        by_invocation.sort_by_key(|ack| std::cmp::Reverse(ack.invoked_ns));
        let mut later = by_invocation.into_iter().peekable();
        let mut smallest_later = u64::MAX;
        let mut told = BTreeSet::new();
        let mut forgotten = vec![false; self.acks.len()];
        for (index, ack) in self.acks.iter().enumerate().rev() {
            while let Some(next) = later.next_if(|next| next.invoked_ns > ack.at_ns) {
                smallest_later = smallest_later.min(next.value);
            }
            forgotten[index] = smallest_later <= ack.value || !told.insert(ack.value);
        }
        forgotten
    }

    pub(super) fn lost_count(&self) -> u64 {
        self.acks.iter().filter(|ack| ack.gone.is_some()).count() as u64
    }

    pub(super) fn losses(&self, key: &Arc<str>) -> impl Iterator<Item = Loss> {
        self.acks.iter().filter_map(move |ack| {
            let gone = ack.gone.as_ref()?;
            Some(Loss {
                client: ack.client,
                key: Arc::clone(key),
                command: ack.command,
                value: ack.value,
                acknowledged_by: ack.by,
                acknowledged_ns: ack.at_ns,
                replicas: ack.replicas,
                owner: gone.owner,
                noticed_ns: gone.at_ns,
                cause: gone.cause,
                remedies: gone.remedies.clone(),
            })
        })
    }
}

/// When a life of so many ms is over that begins at `from_ns`, in ns.
fn end_ns(from_ns: u64, for_ms: u64) -> u64 {
    from_ns + for_ms * 1_000_000
}
