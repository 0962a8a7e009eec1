//! A master's snapshots: when one is begun, who shares it, how its bytes get to the replicas.
//!
//! Rules: RP-18 … RP-20, RP-22. A child makes the snapshot, one at a time, from the data as it was at the fork; meanwhile
//! the stream goes on and is kept for those who wait. Diskless, the child's bytes go to all replicas at the pace of the
//! slowest; with a file, each replica gets it at its own pace when it is complete. Never: says how long anything takes;
//! the world does.

use std::sync::Arc;

use rcsim_observe::Event;
use rcsim_protocol::Reply;

use crate::effect::{ClientOutput, Effect, Work};
use crate::node::{ConnectionId, Node};
use crate::outside::Outside;
use crate::replication::master::ReplicaState;
use crate::replication::{BulkPiece, Feed, Snapshot};

/// The child's bytes come, and a file is sent, in pieces of at most this size.
const PIECE: u64 = 256 * 1024;
/// What a snapshot has besides its keys: header, auxiliary fields, checksum.
const FRAME: u64 = 200;
/// What a key takes in memory besides its bytes and those of its value; measured with short strings.
const KEY_OVERHEAD: u64 = 80;

/// A snapshot that is being made.
#[derive(Clone, Debug)]
pub(crate) struct FullSync {
    pub(crate) snapshot: Arc<Snapshot>,
    /// Which child it is; what comes from an earlier one is void.
    child: u32,
    /// How much of it the child has made.
    made: u64,
    /// The child is at work on the next piece (else it waits until all sockets take something).
    is_working: bool,
    /// All is made; the next tick of the timer takes note of it.
    is_done: bool,
}

impl Node {
    /// A replica needs a whole data set (RP-18, RP-19).
    pub(super) fn full_resync_asked(&mut self, connection: ConnectionId, out: &mut Outside<'_>) {
        if let Some(sync) = &self.replication.full_sync {
            // RP-19: a file can be shared by whom it is promised to already has the stream from its start.
            let waits = |replica: &&super::AttachedReplica| replica.state == ReplicaState::WaitsForEnd;
            let promised = self.replication.replicas.values().any(|replica| waits(&replica));
            if !sync.snapshot.streamed && !sync.is_done && promised {
                let snapshot = Arc::clone(&sync.snapshot);
                self.promise(connection, &snapshot, out);
            }
            return;
        }
        let delayed = self.settings.repl_diskless_sync && self.settings.repl_diskless_sync_delay > 0;
        if !delayed && !self.has_child() {
            self.start_snapshot(out);
        }
    }

    /// Begins a snapshot if the longest-waiting replica has waited for the delay, or enough wait (RP-18).
    pub(super) fn start_due_snapshot(&mut self, out: &mut Outside<'_>) {
        if self.has_child() {
            return;
        }
        let now_s = self.clock.cached_s();
        let waiting = |replica: &super::AttachedReplica| match replica.state {
            ReplicaState::WaitsForStart(since) => Some(now_s - since),
            _ => None,
        };
        let waits = self.replication.replicas.values().filter_map(waiting);
        let (count, longest) = waits.fold((0, 0), |(count, longest), wait| (count + 1, wait.max(longest)));
        let enough = self.settings.repl_diskless_sync_max_replicas;
        let is_due = !self.settings.repl_diskless_sync
            || (enough > 0 && count >= enough)
            || longest >= self.settings.repl_diskless_sync_delay;
        if count > 0 && is_due {
            self.start_snapshot(out);
        }
    }

    /// Forks the child, and promises the snapshot to all who wait.
    fn start_snapshot(&mut self, out: &mut Outside<'_>) {
        let (length, keys) = (FRAME + self.keyspace.snapshot_len(), self.keyspace.len() as u64);
        let snapshot = Arc::new(Snapshot {
            id: self.replication.id,
            offset: self.replication.offset,
            keyspace: self.keyspace.clone(),
            length,
            keys,
            streamed: self.settings.repl_diskless_sync,
        });
        self.mark_this_point(out);
        out.effects.push(Effect::Fork { memory: length + keys * KEY_OVERHEAD });
        self.stats.forks += 1;
        self.replication.children += 1;
        let child = self.replication.children;
        self.replication.full_sync = Some(FullSync {
            snapshot: Arc::clone(&snapshot),
            child,
            made: 0,
            is_working: false,
            is_done: false,
        });
        self.let_child_go_on(out);
        let waits = |state| matches!(state, ReplicaState::WaitsForStart(_));
        let replicas = self.replication.replicas.iter();
        let waiting: Vec<ConnectionId> =
            replicas.filter(|(_, replica)| waits(replica.state)).map(|(id, _)| *id).collect();
        for connection in waiting {
            self.promise(connection, &snapshot, out);
        }
    }

    /// A replica gets this snapshot, and then the stream from there.
    fn promise(&mut self, connection: ConnectionId, snapshot: &Snapshot, out: &mut Outside<'_>) {
        let Some(replica) = self.replication.replicas.get_mut(&connection) else { return };
        (replica.state, replica.sent) = (ReplicaState::WaitsForEnd, snapshot.offset);
        replica.wrote_s = self.clock.cached_s();
        self.replication.needs_select = true;
        let (id, offset) = (snapshot.id, snapshot.offset);
        out.tell(Event::FullResync { offset });
        let reply = Reply::simple(format!("FULLRESYNC {id} {offset}"));
        out.effects.post(Effect::Client(connection, ClientOutput::Reply(reply)));
    }

    /// The child has made another piece.
    pub(crate) fn child_worked(&mut self, child: u32, work: Work, out: &mut Outside<'_>) {
        let Some(sync) = self.replication.full_sync.as_mut().filter(|sync| sync.child == child) else {
            return;
        };
        let bytes = work.bytes;
        sync.made += bytes;
        sync.is_working = false;
        sync.is_done = sync.made >= sync.snapshot.length;
        if sync.snapshot.streamed {
            let piece =
                Arc::new(BulkPiece { snapshot: Arc::clone(&sync.snapshot), bytes, received: sync.made });
            self.send_piece(&piece, out);
        }
        self.let_child_go_on(out);
    }

    /// The same piece for all who get the snapshot from the child.
    fn send_piece(&mut self, piece: &Arc<BulkPiece>, out: &mut Outside<'_>) {
        let now_s = self.clock.cached_s();
        for (connection, replica) in &mut self.replication.replicas {
            if replica.state == ReplicaState::WaitsForEnd {
                let feed = Feed::Bulk(Arc::clone(piece));
                replica.hand_over(*connection, feed, now_s, out);
            }
        }
    }

    /// The child makes the next piece, unless it writes to sockets and one of them is full.
    pub(super) fn let_child_go_on(&mut self, out: &mut Outside<'_>) {
        let Some(sync) = &mut self.replication.full_sync else { return };
        let clogged = |replica: &super::AttachedReplica| {
            replica.state == ReplicaState::WaitsForEnd && replica.is_clogged
        };
        let blocked = sync.snapshot.streamed && self.replication.replicas.values().any(clogged);
        if sync.is_working || sync.is_done || blocked {
            return;
        }
        sync.is_working = true;
        let bytes = PIECE.min(sync.snapshot.length - sync.made);
        let work = Work { bytes, keys: sync.snapshot.keys * bytes / sync.snapshot.length };
        out.effects.push(Effect::Child { child: sync.child, work });
    }

    /// The timer finds that the child has ended: its replicas are online, or get the file now (RP-20).
    pub(crate) fn reap_snapshot_child(&mut self) {
        let Some(sync) = self.replication.full_sync.take_if(|sync| sync.is_done) else { return };
        let now_s = self.clock.cached_s();
        for replica in self.replication.replicas.values_mut() {
            if replica.state != ReplicaState::WaitsForEnd {
                continue;
            }
            if sync.snapshot.streamed {
                (replica.state, replica.ack_s, replica.starts_on_ack) = (ReplicaState::Online, now_s, true);
            } else {
                replica.state = ReplicaState::GetsFile(0);
                replica.file = Some(Arc::clone(&sync.snapshot));
            }
        }
        self.replication.has_output = true;
        self.refresh_good_replicas();
    }

    /// Sends a replica as much of the file as its socket takes; it is online when all was handed over (RP-20).
    pub(super) fn send_file(&mut self, connection: ConnectionId, out: &mut Outside<'_>) {
        let now_s = self.clock.cached_s();
        let Some(replica) = self.replication.replicas.get_mut(&connection) else { return };
        let Some(snapshot) = replica.file.clone() else { return };
        while let ReplicaState::GetsFile(done) = replica.state
            && !replica.is_clogged
        {
            let bytes = PIECE.min(snapshot.length - done);
            let received = done + bytes;
            let piece = BulkPiece { snapshot: Arc::clone(&snapshot), bytes, received };
            replica.state = ReplicaState::GetsFile(received);
            replica.hand_over(connection, Feed::Bulk(Arc::new(piece)), now_s, out);
            if received >= snapshot.length {
                (replica.state, replica.ack_s, replica.file) = (ReplicaState::Online, now_s, None);
                self.replication.has_output = true;
            }
        }
        self.refresh_good_replicas();
    }

    /// Nobody waits for the snapshot any more: the child is killed.
    pub(super) fn abandon_useless_snapshot(&mut self) {
        let waits = |state| state == ReplicaState::WaitsForEnd;
        if !self.replication.replicas.values().any(|replica| waits(replica.state)) {
            self.replication.full_sync = None;
        }
    }
}
