//! Which register is written or read next.
//!
//! Each register is written by one client, with growing numbers, and never by two operations at once: so a read tells
//! which writes it saw, and the last acknowledged write of a register is known.

use std::collections::BTreeMap;
use std::sync::Arc;

use rcsim_observe::OperationKind;
use rcsim_protocol::{Command, Slot, key_slot};

use crate::setup::ClientSetup;

/// The registers of one client.
#[derive(Clone, Debug)]
pub(crate) struct Workload {
    /// Those that were used: a client may have a million and never come near most of them.
    registers: BTreeMap<u32, Register>,
    prefix: Arc<str>,
    count: u32,
    read_ratio: (u32, u32),
}

#[derive(Clone, Debug)]
struct Register {
    key: Arc<str>,
    slot: Slot,
    /// The greatest number that was written or tried.
    last: u64,
    being_written: bool,
}

impl Workload {
    pub(crate) fn new(setup: &ClientSetup) -> Workload {
        Workload {
            registers: BTreeMap::new(),
            prefix: Arc::clone(&setup.key_prefix),
            count: setup.keys.max(1),
            read_ratio: setup.read_ratio,
        }
    }

    fn register(&mut self, number: u32) -> &mut Register {
        self.registers.entry(number).or_insert_with(|| {
            let key: Arc<str> = format!("{}:{number}", self.prefix).into();
            Register { slot: key_slot(key.as_bytes()), key, last: 0, being_written: false }
        })
    }

    /// The next operation: a register, uniformly chosen, and what to do with it. A register that is being written is
    /// not written a second time: the next free one is, and if there is none the operation reads.
    pub(crate) fn next(&mut self, draw: &mut dyn FnMut(u32) -> u32) -> (u32, OperationKind) {
        let (count, (reads, of)) = (self.count, self.read_ratio);
        let is_read = of != 0 && draw(of) < reads;
        let drawn = draw(count);
        self.register(drawn);
        if is_read {
            return (drawn, OperationKind::Get);
        }
        let free = (0..count)
            .map(|step| (drawn + step) % count)
            .find(|register| !self.registers.get(register).is_some_and(|register| register.being_written));
        let Some(register) = free else { return (drawn, OperationKind::Get) };
        let entry = self.register(register);
        entry.last += 1;
        entry.being_written = true;
        (register, OperationKind::Set(entry.last))
    }

    /// The write of this register is over, one way or the other.
    pub(crate) fn written(&mut self, register: u32) {
        self.register(register).being_written = false;
    }

    pub(crate) fn key(&self, register: u32) -> Arc<str> {
        Arc::clone(&self.registers[&register].key)
    }

    pub(crate) fn slot(&self, register: u32) -> Slot {
        self.registers[&register].slot
    }

    /// The words that say this operation to a node.
    pub(crate) fn command(&self, register: u32, kind: &OperationKind) -> Command {
        let key = &*self.registers[&register].key;
        match kind {
            OperationKind::Get => Command::new(["GET", key]),
            OperationKind::Set(number) => Command::new(["SET", key, &number.to_string()]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_grow_and_a_register_has_one_writer_at_a_time() {
        let setup = ClientSetup { keys: 2, read_ratio: (0, 1), ..ClientSetup::new(0, "c1", Vec::new()) };
        let mut workload = Workload::new(&setup);
        let mut next = || workload.next(&mut |_| 0);
        assert_eq!(next(), (0, OperationKind::Set(1)));
        assert_eq!(next(), (1, OperationKind::Set(1)));
        assert_eq!(next(), (0, OperationKind::Get));
        workload.written(0);
        assert_eq!(workload.next(&mut |_| 0), (0, OperationKind::Set(2)));
        assert_eq!(workload.command(0, &OperationKind::Set(2)).to_string(), "SET c1:0 2");
    }
}
