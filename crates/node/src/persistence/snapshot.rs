//! Snapshots of the data as files.
//!
//! Rules: AO-1, RB-4.

use crate::node::Node;
use crate::rdb::{self, Aux, RecordRef};

/// What a process uses before it has any data, in bytes, as 7.0.15 does roughly.
const IDLE_MEMORY: u64 = 900_000;
/// What a key costs beside its bytes, roughly.
const MEMORY_PER_KEY: u64 = 64;

impl Node {
    /// The data as a snapshot.
    pub(super) fn snapshot_bytes(&self, aux: &Aux) -> Vec<u8> {
        let records = self.keyspace.entries().map(|(key, entry)| RecordRef {
            key,
            value: &entry.value,
            expires_at_ms: entry.expires_at_ms,
        });
        rdb::save(aux, records, self.settings.rdbcompression)
    }

    /// How much memory the process uses, roughly: snapshots tell it.
    pub(super) fn used_memory(&self) -> u64 {
        IDLE_MEMORY + self.keyspace.bytes() + MEMORY_PER_KEY * self.keyspace.len() as u64
    }
}
