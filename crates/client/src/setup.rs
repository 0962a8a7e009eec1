//! What a client is made of.

use std::net::SocketAddr;
use std::sync::Arc;

/// Who a client is, whom it knows at first, what it does and how patient it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientSetup {
    /// Number of the client in the run, from 0; stands in every operation.
    pub index: u32,
    /// Its name in the scenario.
    pub name: Arc<str>,
    /// Nodes that it asks for its first slot map, in this order; at least one.
    pub seeds: Vec<SocketAddr>,
    /// What its keys begin with: register 17 of `c1` is `c1:17`. No other client writes such keys.
    pub key_prefix: Arc<str>,
    /// How many registers it uses; 0 counts as 1.
    pub keys: u32,
    /// Time between the starts of two operations, in ns; 0 starts the next when the one before has ended.
    pub interval_ns: u64,
    /// The least pause between the end of an operation and the start of the next, in ns.
    pub think_ns: u64,
    /// The share of reads among its operations, as numerator and denominator; a denominator of 0 means no reads.
    pub read_ratio: (u32, u32),
    /// How long it waits for a connection, and then for a reply, in ns.
    pub timeout_ns: u64,
    /// How often it tries an operation again after a passing error or a broken connection.
    pub retries: u32,
    /// How many MOVED and ASK it follows for one operation; 16 is usual.
    pub redirects: u32,
    /// How many operations may be under way at once; 1 is a closed loop with pacing, 0 counts as 1.
    pub concurrency: u32,
}

impl ClientSetup {
    /// A client with these seeds and usual habits: 200 operations a second on 100 registers, half of them reads, a
    /// patience of 1 s, 5 retries, 16 redirections, one operation at a time.
    pub fn new(index: u32, name: &str, seeds: Vec<SocketAddr>) -> ClientSetup {
        ClientSetup {
            index,
            name: name.into(),
            seeds,
            key_prefix: name.into(),
            keys: 100,
            interval_ns: 5_000_000,
            think_ns: 0,
            read_ratio: (1, 2),
            timeout_ns: 1_000_000_000,
            retries: 5,
            redirects: 16,
            concurrency: 1,
        }
    }
}
