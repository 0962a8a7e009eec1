//! What clients asked, and what they were told.
//!
//! Everything that an operation did stands in it as numbers: the value that was written, the count that came back,
//! the elements of a list. Writers choose numbers that are never used twice for one key, so each read names its write.

use std::sync::Arc;

use crate::record::Place;

/// What an operation does to its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperationKind {
    /// Read it (GET).
    Get,
    /// Write this number (SET), which no other write to the same key uses; numbers grow with time.
    Set(u64),
    /// The same for a limited time (SET … PX): a session.
    SetFor {
        /// The number.
        value: u64,
        /// How long it lives, in ms.
        for_ms: u64,
    },
    /// Keep what was loaded from somewhere else (SET … PX): a cache, of which nothing is ever lost.
    Fill {
        /// The number.
        value: u64,
        /// How long it lives, in ms.
        for_ms: u64,
    },
    /// Count one more (INCR).
    Increment,
    /// Limit its life (PEXPIRE).
    Expire {
        /// How long it lives from now, in ms.
        for_ms: u64,
    },
    /// Append this number to a list (RPUSH), which nobody else appends to it.
    Append(u64),
    /// Read a list (LRANGE).
    List,
    /// Several keys of one slot in one command (MSET, MGET).
    Together(Arc<[Part]>),
    /// Several keys of one slot in one transaction (MULTI … EXEC).
    Transaction(Arc<[Part]>),
}

/// What an operation on several keys does to one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The key.
    pub key: Arc<str>,
    /// What is done to it; never itself something with parts.
    pub kind: OperationKind,
}

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A write was acknowledged.
    Written,
    /// A write was acknowledged with a number: the counter after INCR, the length after RPUSH.
    Counted(i64),
    /// A read returned this number, or nothing.
    Read(Option<u64>),
    /// A list was read.
    Listed(Arc<[u64]>),
    /// What became of each part.
    Parts(Arc<[Outcome]>),
    /// It was refused and had no effect.
    Failed(Arc<str>),
    /// Nobody knows whether it had an effect: the answer did not come, or the connection broke.
    Unknown,
}

/// One operation of a client, with virtual times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Number of the client, from 0.
    pub client: u32,
    /// Its key; the first one of several.
    pub key: Arc<str>,
    /// What it does.
    pub kind: OperationKind,
    /// When the client asked first, in ns.
    pub invoked_ns: u64,
    /// When it got its last answer or gave up, in ns.
    pub ended_ns: u64,
    /// When the answer came that tells how it ended, in ns; WAIT may have gone on after it. Without one: as above.
    pub told_ns: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// The node that answered last, if one did.
    pub answered_by: Option<Place>,
    /// How many replicas had the write when WAIT returned; `None` if it was not asked for or gave no number.
    pub replicas: Option<u32>,
    /// It is a write that was sent at least once without an answer: what was sent then may still arrive, even after the
    /// outcome was told.
    pub unanswered: bool,
}

impl OperationKind {
    /// The command that it is, for people.
    pub const fn name(&self) -> &'static str {
        match self {
            OperationKind::Get => "GET",
            OperationKind::Set(_) => "SET",
            OperationKind::SetFor { .. } => "SET with PX",
            OperationKind::Fill { .. } => "SET of a cache",
            OperationKind::Increment => "INCR",
            OperationKind::Expire { .. } => "PEXPIRE",
            OperationKind::Append(_) => "RPUSH",
            OperationKind::List => "LRANGE",
            OperationKind::Together(_) => "MSET or MGET",
            OperationKind::Transaction(_) => "MULTI … EXEC",
        }
    }

    /// Whether it changes anything.
    pub fn is_write(&self) -> bool {
        match self {
            OperationKind::Get | OperationKind::List => false,
            OperationKind::Together(parts) | OperationKind::Transaction(parts) => {
                parts.iter().any(|part| part.kind.is_write())
            }
            _ => true,
        }
    }
}

impl Outcome {
    /// Whether the client was told that it worked.
    pub const fn is_ok(&self) -> bool {
        !matches!(self, Outcome::Failed(_) | Outcome::Unknown)
    }
}

impl Operation {
    /// Hands what was done to each key to `sink`: the key, what was done, what was told. Of several keys that have no
    /// outcome of their own: nothing.
    pub fn each_part<'a>(&'a self, sink: &mut impl FnMut(&'a Arc<str>, &'a OperationKind, &'a Outcome)) {
        match (&self.kind, &self.outcome) {
            (
                OperationKind::Together(parts) | OperationKind::Transaction(parts),
                Outcome::Parts(outcomes),
            ) => {
                for (part, outcome) in parts.iter().zip(outcomes.iter()) {
                    sink(&part.key, &part.kind, outcome);
                }
            }
            (OperationKind::Together(_) | OperationKind::Transaction(_), _) => {}
            (kind, outcome) => sink(&self.key, kind, outcome),
        }
    }

    /// Hands every write that was acknowledged to `sink`, key by key: the key, what was done, what was told.
    pub fn acknowledged_writes(&self, sink: &mut impl FnMut(&Arc<str>, &OperationKind, &Outcome)) {
        self.each_part(&mut |key, kind, outcome| {
            if kind.is_write() && outcome.is_ok() {
                sink(key, kind, outcome);
            }
        });
    }

    /// Hands every write that may still arrive, or has arrived after others, to `sink`: the key and what is done.
    pub fn stray_writes(&self, sink: &mut impl FnMut(&Arc<str>, &OperationKind)) {
        match &self.kind {
            _ if !self.unanswered => {}
            OperationKind::Together(parts) | OperationKind::Transaction(parts) => {
                parts.iter().filter(|part| part.kind.is_write()).for_each(|part| sink(&part.key, &part.kind));
            }
            kind => sink(&self.key, kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_keys_only_those_that_were_written_count() {
        let part = |key: &str, kind| Part { key: key.into(), kind };
        let operation = Operation {
            client: 0,
            key: "a".into(),
            kind: OperationKind::Transaction(Arc::new([
                part("a", OperationKind::Set(1)),
                part("b", OperationKind::Get),
                part("c", OperationKind::Increment),
            ])),
            invoked_ns: 0,
            ended_ns: 1,
            told_ns: 1,
            outcome: Outcome::Parts(Arc::new([
                Outcome::Written,
                Outcome::Read(None),
                Outcome::Failed("WRONGTYPE".into()),
            ])),
            answered_by: None,
            replicas: None,
            unanswered: false,
        };
        let mut seen = Vec::new();
        operation.acknowledged_writes(&mut |key, kind, _| seen.push((key.to_string(), kind.clone())));
        assert_eq!(seen, [("a".to_owned(), OperationKind::Set(1))]);
        let mut told = Vec::new();
        let unknown = Operation { outcome: Outcome::Unknown, ..operation };
        unknown.acknowledged_writes(&mut |key, _, _| told.push(key.clone()));
        assert!(told.is_empty());
    }

    #[test]
    fn of_a_write_without_an_answer_every_part_may_still_arrive() {
        let part = |key: &str, kind| Part { key: key.into(), kind };
        let kind = OperationKind::Together(Arc::new([
            part("a", OperationKind::Set(1)),
            part("b", OperationKind::Get),
        ]));
        let mut operation = Operation {
            client: 0,
            key: "a".into(),
            kind,
            invoked_ns: 0,
            ended_ns: 1,
            told_ns: 1,
            outcome: Outcome::Unknown,
            answered_by: None,
            replicas: None,
            unanswered: true,
        };
        let strays = |operation: &Operation| {
            let mut strays = Vec::new();
            operation.stray_writes(&mut |key, kind| strays.push((key.to_string(), kind.clone())));
            strays
        };
        assert_eq!(strays(&operation), [("a".to_owned(), OperationKind::Set(1))]);
        operation.unanswered = false;
        assert_eq!(strays(&operation), []);
    }
}
