//! What is done next.
//!
//! Keys with numbers are written by one client, with growing numbers, and never by two operations at once: so a read
//! tells which writes it saw, and the last acknowledged write of a key is known. Counters and lists may have several
//! writers. An operation may have a sequel: whoever came first in a window of a rate limiter limits its life, and what a
//! cache does not have is loaded and kept.

use std::sync::Arc;

use rcsim_observe::{OperationKind, Outcome, Part};
use rcsim_protocol::Command;

use crate::keys::{Key, Keys};
use crate::plan::Plan;
use crate::setup::{Load, Work};

/// Elements of lists are unique in the run: the client's number stands above this bit.
const CLIENT_SHIFT: u32 = 40;

/// The work of one client.
#[derive(Clone, Debug)]
pub(crate) struct Workload {
    load: Load,
    keys: Keys,
    wait: Option<Command>,
    /// The last number that was appended to a list.
    element: u64,
}

impl Workload {
    pub(crate) fn new(index: u32, load: &Load) -> Workload {
        let wait = |(replicas, ms): (u32, u64)| {
            Command::new(["WAIT".to_owned(), replicas.to_string(), ms.to_string()])
        };
        Workload {
            keys: Keys::new(load),
            wait: load.wait.map(wait),
            load: load.clone(),
            element: u64::from(index) << CLIENT_SHIFT,
        }
    }

    /// The next operation.
    pub(crate) fn next(&mut self, now_ns: u64, draw: &mut dyn FnMut(u32) -> u32) -> Plan {
        let (reads, of) = self.load.read_ratio;
        let is_read = of != 0 && draw(of) < reads;
        let number = self.keys.draw(draw);
        match self.load.work {
            Work::Registers | Work::Sessions => self.value(number, is_read),
            Work::Counters if is_read => self.get(number),
            Work::Counters => self.increment(number),
            Work::Lists => self.list(number, is_read),
            Work::Together | Work::Transactions => self.several(number, is_read),
            Work::RateLimiter => self.hit(number, now_ns),
            Work::CacheAside => self.get(number),
        }
    }

    /// What comes after an operation that ended like this, and after which pause in ns; its key is free again.
    pub(crate) fn sequel(&mut self, plan: &Plan, outcome: &Outcome) -> Option<(Plan, u64)> {
        if plan.takes_keys {
            let numbers = match self.load.work {
                Work::Together | Work::Transactions => self.keys.group_of(plan.number),
                _ => plan.number..plan.number + 1,
            };
            numbers.for_each(|number| self.keys.key(number).is_written = false);
        }
        match (self.load.work, outcome) {
            (Work::RateLimiter, Outcome::Counted(1)) => Some((self.limit(plan), 0)),
            (Work::CacheAside, Outcome::Read(None)) => Some((self.fill(plan.number)?, self.load.load_ns)),
            _ => None,
        }
    }

    fn get(&mut self, number: u32) -> Plan {
        let key = self.keys.key(number);
        Plan::single(number, &key.name, key.slot, OperationKind::Get, key.get.clone())
    }

    /// A key with numbers. One that is being written is not written a second time: the next free one is, and if there
    /// is none the operation reads.
    fn value(&mut self, drawn: u32, is_read: bool) -> Plan {
        let count = self.keys.count();
        let mut candidates = (0..count).map(|step| (drawn + step) % count);
        let free = candidates.find(|number| !self.keys.is_written(*number));
        let (false, Some(number)) = (is_read, free) else { return self.get(drawn) };
        let key = self.take(number);
        let (name, slot, value) = (Arc::clone(&key.name), key.slot, key.last);
        let mut text = [0; 20];
        let value_text = decimal(value, &mut text);
        let for_ms = self.load.for_ms;
        let plan = match self.load.work {
            Work::Sessions => {
                let (unit, life) = lifetime(for_ms);
                let words = [b"SET", name.as_bytes(), value_text, unit.as_bytes(), life.as_bytes()];
                Plan::single(
                    number,
                    &name,
                    slot,
                    OperationKind::SetFor { value, for_ms },
                    Command::new(words),
                )
            }
            _ => {
                let command = Command::new([b"SET", name.as_bytes(), value_text]);
                Plan::single(number, &name, slot, OperationKind::Set(value), command)
            }
        };
        plan.taking_keys().followed_by(self.wait.as_ref())
    }

    /// The key of this number with its next value; nobody else writes it meanwhile.
    fn take(&mut self, number: u32) -> &mut Key {
        let key = self.keys.key(number);
        key.last += 1;
        key.is_written = true;
        key
    }

    fn increment(&mut self, number: u32) -> Plan {
        let key = self.keys.key(number);
        let command = Command::new(["INCR", &key.name]);
        Plan::single(number, &key.name, key.slot, OperationKind::Increment, command)
            .followed_by(self.wait.as_ref())
    }

    fn list(&mut self, number: u32, is_read: bool) -> Plan {
        let key = self.keys.key(number);
        if is_read {
            let command = Command::new(["LRANGE", &key.name, "0", "-1"]);
            return Plan::single(number, &key.name, key.slot, OperationKind::List, command);
        }
        self.element += 1;
        let command = Command::new(["RPUSH", &key.name, &self.element.to_string()]);
        Plan::single(number, &key.name, key.slot, OperationKind::Append(self.element), command)
            .followed_by(self.wait.as_ref())
    }

    /// All keys that share a tag: read, or written with the same number. While they are being written they are read.
    fn several(&mut self, drawn: u32, is_read: bool) -> Plan {
        let numbers = self.keys.group_of(drawn);
        let is_read = is_read || numbers.clone().any(|number| self.keys.is_written(number));
        let value = numbers.clone().map(|number| self.keys.key(number).last).max().unwrap_or(0) + 1;
        let part = |number: u32| {
            let key = self.keys.key(number);
            if is_read {
                return Part { key: Arc::clone(&key.name), kind: OperationKind::Get };
            }
            (key.last, key.is_written) = (value, true);
            Part { key: Arc::clone(&key.name), kind: OperationKind::Set(value) }
        };
        let parts: Arc<[Part]> = numbers.clone().map(part).collect();
        let slot = self.keys.key(drawn).slot;
        let plan = match self.load.work {
            Work::Together => Plan::together(numbers.start, slot, parts, value),
            _ => Plan::transaction(numbers.start, slot, parts, value),
        };
        if is_read { plan } else { plan.taking_keys().followed_by(self.wait.as_ref()) }
    }

    /// One more in the present window of a user.
    fn hit(&mut self, number: u32, now_ns: u64) -> Plan {
        let window = now_ns / (self.load.for_ms.max(1) * 1_000_000);
        let prefix = &self.load.prefix;
        let key = self.keys.key(number);
        if key.last != window + 1 {
            *key = Key::named(format!("{prefix}:{number}:{window}").into());
            key.last = window + 1;
        }
        let command = Command::new(["INCR", &key.name]);
        Plan::single(number, &key.name, key.slot, OperationKind::Increment, command)
            .followed_by(self.wait.as_ref())
    }

    /// The life of the window that a plan was the first in.
    fn limit(&self, first: &Plan) -> Plan {
        let for_ms = self.load.for_ms;
        let (unit, life) = lifetime(for_ms);
        let command = Command::new([if unit == "EX" { "EXPIRE" } else { "PEXPIRE" }, &first.key, &life]);
        Plan::single(first.number, &first.key, first.slot, OperationKind::Expire { for_ms }, command)
    }

    /// What was loaded; `None` if somebody of this client writes it already.
    fn fill(&mut self, number: u32) -> Option<Plan> {
        if self.keys.is_written(number) {
            return None;
        }
        let for_ms = self.load.for_ms;
        let key = self.take(number);
        let kind = OperationKind::Fill { value: key.last, for_ms };
        let (unit, life) = lifetime(for_ms);
        let words = ["SET", &key.name, &key.last.to_string(), unit, &life];
        Some(Plan::single(number, &key.name, key.slot, kind, Command::new(words)).taking_keys())
    }

    /// The slot of a key, for tests.
    #[cfg(test)]
    pub(crate) fn slot(&mut self, number: u32) -> rcsim_protocol::Slot {
        self.keys.key(number).slot
    }
}

/// How people write a time to live: in seconds, where it is some, else in milliseconds.
fn lifetime(ms: u64) -> (&'static str, String) {
    if ms.is_multiple_of(1000) { ("EX", (ms / 1000).to_string()) } else { ("PX", ms.to_string()) }
}

/// A number in decimal digits.
fn decimal(mut number: u64, text: &mut [u8; 20]) -> &[u8] {
    let mut at = text.len();
    loop {
        at -= 1;
        text[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return &text[at..];
        }
    }
}

#[cfg(test)]
mod tests;
