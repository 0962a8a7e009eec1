//! Replication: the stream, its name and offsets, and the links that carry it.
//!
//! | room | what is in it |
//! |---|---|
//! | `backlog` | the tail of the stream, for replicas that come back or are slow |
//! | `pieces` | what travels from a master to a replica |
//! | `master` | a master and its replicas: PSYNC, the stream, pings, time-outs (RP-2 … RP-7, RP-14 … RP-17, RP-22, RP-23) |
//! | `full_sync` | its snapshots: fork, child, who shares one (RP-18 … RP-20) |
//! | `output` | what goes to the sockets of replicas, and the limit of what piles up (RP-20, RP-22) |
//! | `replica` | how a replica gets to the stream and keeps it (RP-8 … RP-15) |
//! | `load` | how it takes a whole data set (RP-21) |
//! | `mark` | points of the stream at which a node says what data it has |
//! | `roles` | what promotion and demotion do to the stream (RP-25 … RP-31) |
//! | `info` | INFO replication and ROLE (CM-27, CM-28) |
//! | `place` | the place in the stream that a snapshot on the disk has (RB-4) |
//! | `formed` | links that stand when a run begins |
//!
//! The stream is real: commands with their RESP length, so that an equal (id, offset) means equal data. A snapshot is a
//! clone that shares the values; how long it is, and so how long everything about it takes, is as in Redis.

mod backlog;
mod formed;
mod full_sync;
mod info;
mod load;
mod mark;
mod master;
mod output;
mod pieces;
mod place;
mod replica;
mod roles;

use std::collections::BTreeMap;

use rcsim_protocol::{Command, Offset, ReplicationId};

pub(crate) use backlog::Backlog;
pub(crate) use master::AttachedReplica;
pub use output::SOCKET_ROOM;
pub use pieces::{BulkPiece, Feed, Snapshot, StreamChunk};
pub(crate) use replica::MasterLink;

use crate::node::ConnectionId;
use full_sync::FullSync;
use load::Incoming;

/// The replication state of a node.
#[derive(Clone, Debug)]
pub struct Replication {
    /// The name of my stream (RP-1).
    pub(crate) id: ReplicationId,
    /// The stream I continue, and up to where: its name, and the first offset that is not of it (RP-1).
    pub(crate) previous: Option<(ReplicationId, Offset)>,
    /// How much of the stream I produced or applied.
    pub(crate) offset: Offset,
    /// The tail of the stream; none before the first replica (RP-2).
    pub(crate) backlog: Option<Backlog>,
    /// Replicas that are connected to me.
    pub(crate) replicas: BTreeMap<ConnectionId, AttachedReplica>,
    /// The connection to my master.
    pub(crate) link: MasterLink,
    /// Where I stopped with a master, to go on from there (RP-13, RP-27).
    pub(crate) cached: Option<(ReplicationId, Offset)>,
    /// `repl_down_since`, in seconds; 0 = never up since the start or the last promotion (EL-4).
    pub(crate) down_since_s: i64,
    /// Last interaction with my master, in seconds.
    pub(crate) last_io_s: i64,
    /// The next command must be preceded by SELECT (RP-3).
    needs_select: bool,
    /// Passes of the replication cron so far.
    cron_loops: u64,
    /// When the last replica left, in seconds (RP-7).
    no_replicas_since_s: i64,
    /// Replicas that keep up, as last counted (RP-23).
    good_replicas: usize,
    /// Something is to be handed to replicas at the end of the turn.
    has_output: bool,
    /// The snapshot that a child is making for my replicas.
    full_sync: Option<FullSync>,
    /// The snapshot that is on its way to me.
    incoming: Option<Incoming>,
    /// An open transaction of my master's stream (RP-4).
    transaction: Vec<Command>,
    /// Somebody waits for acknowledgements: replicas are to be asked at the end of the turn (RP-24).
    pub(crate) asks_for_acks: bool,
    /// Something was written here that is not in the stream (RP-5).
    strayed: bool,
    /// Children forked, and data sets loaded, so far.
    children: u32,
    loads: u32,
}

impl Replication {
    /// Of a node that just started (AO-17: nothing is left of streams before).
    pub(crate) fn new(id: ReplicationId) -> Replication {
        Replication {
            id,
            previous: None,
            offset: Offset::ZERO,
            backlog: None,
            replicas: BTreeMap::new(),
            link: MasterLink::Off,
            cached: None,
            down_since_s: 0,
            last_io_s: 0,
            needs_select: true,
            cron_loops: 0,
            no_replicas_since_s: 0,
            good_replicas: 0,
            has_output: false,
            full_sync: None,
            incoming: None,
            transaction: Vec::new(),
            asks_for_acks: false,
            strayed: false,
            children: 0,
            loads: 0,
        }
    }

    /// Of a node that has long been part of a stream; `cron_loops` passes of the replication cron ago it started.
    pub(crate) fn formed(id: ReplicationId, offset: Offset, now_s: i64, cron_loops: u64) -> Replication {
        let backlog = Some(Backlog::starting_at(offset));
        Replication {
            offset,
            backlog,
            last_io_s: now_s,
            needs_select: false,
            cron_loops,
            ..Replication::new(id)
        }
    }

    /// Whether a child makes a snapshot for my replicas.
    pub(crate) fn makes_snapshot(&self) -> bool {
        self.full_sync.is_some()
    }

    /// How many replicas have acknowledged the stream up to this offset (RP-24).
    pub(crate) fn acknowledged(&self, offset: Offset) -> i64 {
        let has = |replica: &&AttachedReplica| replica.is_online() && replica.ack >= offset;
        self.replicas.values().filter(has).count() as i64
    }

    /// How long I have had no word from my master, in seconds (EL-3).
    pub(crate) fn silent_for(&self, cached_s: i64) -> i64 {
        cached_s - if self.link.is_up() { self.last_io_s } else { self.down_since_s }
    }
}
