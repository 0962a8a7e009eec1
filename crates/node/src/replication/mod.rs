//! Replication: the stream, its name and offsets, and the links that carry it.
//!
//! | room | what is in it |
//! |---|---|
//! | `backlog` | the tail of the stream, for replicas that come back |
//! | `master` | what a master does for its replicas (RP-2 … RP-7, RP-16 … RP-22) |
//! | `replica` | how a replica gets and keeps the stream (RP-8 … RP-15, RP-20, RP-21) |
//! | `formed` | links that stand when a run begins |
//! | `roles` | what promotion and demotion do to the stream (RP-25 … RP-31) |
//!
//! Elections need only offsets and the age of the link, but both come from a real stream: commands with their RESP
//! length, so that an equal (id, offset) means equal data. Snapshots are taken in no time and are as long as the data.

mod backlog;
mod formed;
mod master;
mod replica;
mod roles;

use std::collections::BTreeMap;
use std::sync::Arc;

use rcsim_protocol::{Command, Offset, ReplicationId};

pub(crate) use backlog::Backlog;
pub(crate) use master::{AttachedReplica, ReplicaState};
pub(crate) use replica::MasterLink;

use crate::keyspace::Keyspace;
use crate::node::ConnectionId;

/// The whole data set at one point of the stream (RP-18).
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The stream.
    pub id: ReplicationId,
    /// The point.
    pub offset: Offset,
    /// The data.
    pub keyspace: Keyspace,
}

impl Snapshot {
    /// Its length on the wire, in bytes: what is in it, and the frame of an RDB file.
    pub fn wire_len(&self) -> u64 {
        200 + self.keyspace.snapshot_len()
    }
}

/// A piece of the stream: whole commands.
#[derive(Clone, Debug)]
pub struct StreamChunk {
    /// The commands, in order.
    pub commands: Vec<Command>,
}

impl StreamChunk {
    /// One command.
    pub(crate) fn one(command: Command) -> Arc<StreamChunk> {
        Arc::new(StreamChunk { commands: vec![command] })
    }

    /// Its length on the wire, in bytes.
    pub fn wire_len(&self) -> u64 {
        self.commands.iter().map(Command::resp_len).sum()
    }
}

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
        }
    }

    /// Of a node that has long been part of a stream; `cron_loops` passes of the replication cron ago it started.
    pub(crate) fn formed(
        id: ReplicationId,
        offset: Offset,
        backlog_len: u64,
        now_s: i64,
        cron_loops: u64,
    ) -> Replication {
        let backlog = Some(Backlog::starting_at(offset, backlog_len));
        Replication {
            offset,
            backlog,
            last_io_s: now_s,
            needs_select: false,
            cron_loops,
            ..Replication::new(id)
        }
    }

    /// How long I have had no word from my master, in seconds (EL-3).
    pub(crate) fn silent_for(&self, cached_s: i64) -> i64 {
        cached_s - if self.link.is_up() { self.last_io_s } else { self.down_since_s }
    }
}
