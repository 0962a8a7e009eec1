//! One operation as it is said to a node, and how its replies are read.

use std::sync::Arc;

use rcsim_observe::{OperationKind, Outcome, Part};
use rcsim_protocol::{Command, Reply, Slot};

/// An operation before it begins.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The number of its (first) key.
    pub(crate) number: u32,
    /// Its (first) key.
    pub(crate) key: Arc<str>,
    /// The slot of all its keys.
    pub(crate) slot: Slot,
    /// What it does.
    pub(crate) kind: OperationKind,
    /// Whether its keys are taken until it ends.
    pub(crate) takes_keys: bool,
    /// The first command; most operations have no other.
    first: Command,
    /// The rest, which are sent along with it.
    more: Vec<Command>,
    /// The command whose reply is the outcome, counted from the first.
    decisive: usize,
    /// Whether the last command is WAIT.
    waits: bool,
}

impl Plan {
    pub(crate) fn single(
        number: u32,
        key: &Arc<str>,
        slot: Slot,
        kind: OperationKind,
        command: Command,
    ) -> Plan {
        let key = Arc::clone(key);
        Plan {
            number,
            key,
            slot,
            kind,
            takes_keys: false,
            first: command,
            more: Vec::new(),
            decisive: 0,
            waits: false,
        }
    }

    /// MSET or MGET of all parts.
    pub(crate) fn together(number: u32, slot: Slot, parts: Arc<[Part]>, value: u64) -> Plan {
        let is_write = parts.iter().any(|part| part.kind.is_write());
        let value = value.to_string();
        let words = parts.iter().flat_map(|part| {
            let value = is_write.then_some(value.as_bytes());
            std::iter::once(part.key.as_bytes()).chain(value)
        });
        let name: &[u8] = if is_write { b"MSET" } else { b"MGET" };
        let command = Command::new(std::iter::once(name).chain(words));
        Plan::single(number, &parts[0].key, slot, OperationKind::Together(Arc::clone(&parts)), command)
    }

    /// MULTI, all parts, EXEC.
    pub(crate) fn transaction(number: u32, slot: Slot, parts: Arc<[Part]>, value: u64) -> Plan {
        let value = value.to_string();
        let command = |part: &Part| match part.kind {
            OperationKind::Get => Command::new(["GET", &part.key]),
            _ => Command::new(["SET", &part.key, &value]),
        };
        let mut more: Vec<Command> = parts.iter().map(command).collect();
        more.push(Command::new(["EXEC"]));
        let decisive = more.len();
        let kind = OperationKind::Transaction(Arc::clone(&parts));
        Plan { more, decisive, ..Plan::single(number, &parts[0].key, slot, kind, Command::new(["MULTI"])) }
    }

    /// Its keys are taken by it.
    pub(crate) fn taking_keys(mut self) -> Plan {
        self.takes_keys = true;
        self
    }

    /// WAIT comes after it, if the client waits.
    pub(crate) fn followed_by(mut self, wait: Option<&Command>) -> Plan {
        if let Some(wait) = wait {
            self.more.push(wait.clone());
            self.waits = true;
        }
        self
    }

    /// Its commands, in the order in which they are sent.
    pub(crate) fn commands(&self) -> impl Iterator<Item = &Command> {
        std::iter::once(&self.first).chain(&self.more)
    }

    /// How many replies it has.
    pub(crate) fn reply_count(&self) -> usize {
        1 + self.more.len()
    }

    /// Whether the reply of this number is that of WAIT.
    pub(crate) fn is_wait(&self, reply: usize) -> bool {
        self.waits && reply == self.more.len()
    }

    /// Whether the reply of this number is the outcome.
    pub(crate) fn is_decisive(&self, reply: usize) -> bool {
        reply == self.decisive
    }
}

/// The outcome that a reply without error tells.
pub(crate) fn outcome(kind: &OperationKind, reply: &Reply) -> Outcome {
    read(kind, reply).unwrap_or_else(|| Outcome::Failed(format!("unexpected reply {reply}").into()))
}

fn read(kind: &OperationKind, reply: &Reply) -> Option<Outcome> {
    match (kind, reply) {
        (_, Reply::Error(text)) => Some(Outcome::Failed(text.as_ref().into())),
        (OperationKind::Get, Reply::Null) => Some(Outcome::Read(None)),
        (OperationKind::Get, Reply::Bulk(bytes)) => Some(Outcome::Read(Some(number(bytes)?))),
        (
            OperationKind::Set(_) | OperationKind::SetFor { .. } | OperationKind::Fill { .. },
            Reply::Simple(text),
        ) if text == "OK" => Some(Outcome::Written),
        (OperationKind::Expire { .. }, Reply::Integer(_)) => Some(Outcome::Written),
        (OperationKind::Increment | OperationKind::Append(_), Reply::Integer(count)) => {
            Some(Outcome::Counted(*count))
        }
        (OperationKind::List, Reply::Array(elements)) => {
            let element = |reply: &Reply| match reply {
                Reply::Bulk(bytes) => number(bytes),
                _ => None,
            };
            Some(Outcome::Listed(elements.iter().map(element).collect::<Option<_>>()?))
        }
        // MSET has one reply for all; it cannot fail for a part.
        (OperationKind::Together(parts), Reply::Simple(text)) if text == "OK" => {
            Some(Outcome::Parts(parts.iter().map(|_| Outcome::Written).collect()))
        }
        (OperationKind::Together(parts) | OperationKind::Transaction(parts), Reply::Array(replies))
            if parts.len() == replies.len() =>
        {
            let outcome = |(part, reply): (&Part, &Reply)| read(&part.kind, reply);
            Some(Outcome::Parts(parts.iter().zip(replies).map(outcome).collect::<Option<_>>()?))
        }
        _ => None,
    }
}

fn number(bytes: &[u8]) -> Option<u64> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(key: &str, kind: OperationKind) -> Part {
        Part { key: key.into(), kind }
    }

    fn words(plan: &Plan) -> Vec<String> {
        plan.commands().map(ToString::to_string).collect()
    }

    #[test]
    fn several_keys_go_in_one_command_or_in_one_transaction() {
        let slot = rcsim_protocol::key_slot(b"{t}a");
        let writes: Arc<[Part]> =
            Arc::new([part("{t}a", OperationKind::Set(7)), part("{t}b", OperationKind::Set(7))]);
        let together = Plan::together(0, slot, Arc::clone(&writes), 7);
        assert_eq!(words(&together), ["MSET {t}a 7 {t}b 7"]);
        let transaction = Plan::transaction(0, slot, writes, 7).followed_by(Some(&Command::new(["WAIT"])));
        assert_eq!(words(&transaction), ["MULTI", "SET {t}a 7", "SET {t}b 7", "EXEC", "WAIT"]);
        assert!(transaction.is_decisive(3) && transaction.is_wait(4) && !transaction.is_wait(3));
        let reads: Arc<[Part]> =
            Arc::new([part("{t}a", OperationKind::Get), part("{t}b", OperationKind::Get)]);
        assert_eq!(words(&Plan::together(0, slot, reads, 7)), ["MGET {t}a {t}b"]);
    }

    #[test]
    fn replies_of_the_wrong_shape_are_no_outcome() {
        let failed = |kind, reply: &Reply| matches!(outcome(&kind, reply), Outcome::Failed(_));
        assert!(failed(OperationKind::Get, &Reply::bulk("seven")));
        assert!(failed(OperationKind::Increment, &Reply::ok()));
        assert!(failed(OperationKind::Set(1), &Reply::simple("QUEUED")));
        let parts: Arc<[Part]> = Arc::new([part("a", OperationKind::Get)]);
        assert!(failed(OperationKind::Together(parts), &Reply::Array(Vec::new())));
        let list = Reply::Array(vec![Reply::bulk("7"), Reply::bulk("8")]);
        assert_eq!(outcome(&OperationKind::List, &list), Outcome::Listed(Arc::new([7, 8])));
    }
}
