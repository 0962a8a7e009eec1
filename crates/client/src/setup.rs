//! What a client is made of.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::policy::Policy;
use crate::profiles::profiles;

/// Who a client is, whom it knows at first, what it does and how patient it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientSetup {
    /// Number of the client in the run, from 0; stands in every operation.
    pub index: u32,
    /// Its name in the scenario.
    pub name: Arc<str>,
    /// Nodes that it asks for its first slot map, in this order; at least one.
    pub seeds: Vec<SocketAddr>,
    /// How it treats redirections, errors and silence.
    pub policy: Policy,
    /// How it paces its operations.
    pub pace: Pace,
    /// What it does.
    pub load: Load,
}

/// How a client paces its operations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Time between the starts of two operations, in ns; 0 starts the next when the one before has ended.
    pub interval_ns: u64,
    /// The least pause between the end of an operation and the start of the next, in ns.
    pub think_ns: u64,
    /// How many operations may be under way at once; 0 counts as 1. Those that go to the same node are pipelined.
    pub concurrency: u32,
    /// How many operations start at once; 0 counts as 1.
    pub burst: u32,
    /// An open loop makes up for lost time: what was due while no more could start is started afterwards. A closed one
    /// does not.
    pub open: bool,
}

/// What a client does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// The kind of work.
    pub work: Work,
    /// What its keys begin with: key 17 of `c1` is `c1:17`.
    pub prefix: Arc<str>,
    /// How many keys it uses; 0 counts as 1.
    pub keys: u32,
    /// How often each of them.
    pub spread: Spread,
    /// So many keys share one hash tag and so one slot (`{c1:3}:17`); below 2: no tags. Operations on several keys take
    /// all of one tag.
    pub group: u32,
    /// The share of reads among its operations, as numerator and denominator; a denominator of 0 means no reads.
    pub read_ratio: (u32, u32),
    /// How long sessions, windows and cached values live, in ms.
    pub for_ms: u64,
    /// How long it takes to load what a cache does not have, in ns.
    pub load_ns: u64,
    /// Writes are followed by WAIT: how many replicas, and how long at most, in ms.
    pub wait: Option<(u32, u64)>,
}

/// Kinds of work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Work {
    /// SET and GET of single keys.
    #[default]
    Registers,
    /// INCR and GET.
    Counters,
    /// RPUSH of unique elements, and LRANGE.
    Lists,
    /// MSET and MGET of all keys of a tag.
    Together,
    /// MULTI … EXEC around SET or GET of all keys of a tag.
    Transactions,
    /// SET with a time to live, and GET.
    Sessions,
    /// INCR per user and window, and PEXPIRE by who came first.
    RateLimiter,
    /// GET; what is missing is loaded and SET with a time to live.
    CacheAside,
}

/// How often each key is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spread {
    /// All equally often.
    #[default]
    Uniform,
    /// The first is taken about as often as the next two together, as the next four … : like Zipf's law.
    Zipf,
    /// Nine of ten operations go to the first hundredth of the keys.
    Hot,
}

impl ClientSetup {
    /// A client with these seeds and usual habits: 200 operations a second on 100 registers, half of them reads, one
    /// operation at a time, profile `plain`.
    pub fn new(index: u32, name: &str, seeds: Vec<SocketAddr>) -> ClientSetup {
        ClientSetup {
            index,
            name: name.into(),
            seeds,
            policy: profiles()[0].policy.clone(),
            pace: Pace { interval_ns: 5_000_000, think_ns: 0, concurrency: 1, burst: 1, open: false },
            load: Load {
                work: Work::Registers,
                prefix: name.into(),
                keys: 100,
                spread: Spread::Uniform,
                group: 0,
                read_ratio: (1, 2),
                for_ms: 30_000,
                load_ns: 10_000_000,
                wait: None,
            },
        }
    }
}
