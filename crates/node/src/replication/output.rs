//! What a master hands to the sockets of its replicas at the end of each turn, and the limit of what may pile up.
//!
//! Rules: LP-2, LP-6, RP-6, RP-20, RP-22. All that a turn put into the stream leaves as one piece per replica, and replicas
//! that are equally far share it. A socket takes [`SOCKET_ROOM`] bytes and must then be asked whether it got rid of them;
//! what it does not take is the replica's output buffer.

use std::sync::Arc;

use rcsim_observe::reason::ReplicaDropped;
use rcsim_protocol::Offset;

use crate::effect::{ClientOutput, Effect};
use crate::node::{ConnectionId, Node};
use crate::outside::Outside;
use crate::replication::backlog::distance;
use crate::replication::master::{AttachedReplica, ReplicaState};
use crate::replication::{Feed, StreamChunk};

/// What the kernel keeps for a socket, in bytes: the most that Linux lets a send buffer grow to (`tcp_wmem`).
pub const SOCKET_ROOM: u64 = 4 * 1024 * 1024;

impl AttachedReplica {
    /// Hands something to the socket.
    pub(super) fn hand_over(
        &mut self,
        connection: ConnectionId,
        feed: Feed,
        now_s: i64,
        out: &mut Outside<'_>,
    ) {
        self.room = self.room.saturating_sub(feed.wire_len());
        self.wrote_s = now_s;
        out.effects.post(Effect::Client(connection, ClientOutput::Feed(feed)));
        if self.room == 0 && !self.is_clogged {
            self.is_clogged = true;
            out.effects.post(Effect::Client(connection, ClientOutput::TellWhenWritable));
        }
    }

    /// Whether the stream may be handed to its socket now.
    fn takes_stream(&self) -> bool {
        self.is_online() && !self.starts_on_ack && !self.is_clogged
    }
}

impl Node {
    /// Hands to every replica what it is due (LP-6); those whose buffer is too full are dropped.
    pub(crate) fn send_to_replicas(&mut self, out: &mut Outside<'_>) {
        if !std::mem::take(&mut self.replication.has_output) {
            return;
        }
        if !self.follows() {
            self.mark_stream(out);
        }
        let files = self.replication.replicas.iter();
        let gets_file = |state| matches!(state, ReplicaState::GetsFile(_));
        let files: Vec<ConnectionId> =
            files.filter(|(_, replica)| gets_file(replica.state)).map(|(id, _)| *id).collect();
        for connection in files {
            self.send_file(connection, out);
        }
        self.send_stream(out);
        self.replication.has_output = false;
        self.check_output_limits(out);
        self.trim_backlog();
    }

    fn send_stream(&mut self, out: &mut Outside<'_>) {
        let (end, now_s) = (self.replication.offset, self.clock.cached_s());
        let Some(backlog) = &self.replication.backlog else { return };
        let mut shared: Option<(Offset, Arc<StreamChunk>)> = None;
        for (connection, replica) in &mut self.replication.replicas {
            if replica.sent >= end || !replica.takes_stream() {
                continue;
            }
            let fits = distance(replica.sent, end) <= replica.room;
            let chunk = match &shared {
                Some((from, chunk)) if *from == replica.sent && fits => Arc::clone(chunk),
                _ => {
                    let (commands, to) = backlog.behind(replica.sent, replica.room);
                    let bytes = distance(replica.sent, to);
                    let chunk = Arc::new(StreamChunk { commands, bytes });
                    if to == end {
                        shared = Some((replica.sent, Arc::clone(&chunk)));
                    } else {
                        replica.room = bytes;
                    }
                    chunk
                }
            };
            replica.sent = replica.sent.plus(chunk.bytes);
            replica.hand_over(*connection, Feed::Stream(chunk), now_s, out);
        }
    }

    /// The socket of a replica takes something again.
    pub(crate) fn socket_takes(&mut self, connection: ConnectionId, room: u64, out: &mut Outside<'_>) {
        let Some(replica) = self.replication.replicas.get_mut(&connection) else { return };
        (replica.room, replica.is_clogged) = (room, false);
        self.replication.has_output = true;
        self.let_child_go_on(out);
    }

    /// Drops replicas that have too much to get: at once above the hard limit, in time above the soft one (RP-22). A
    /// hard limit below the size of the backlog is taken for that size.
    pub(super) fn check_output_limits(&mut self, out: &mut Outside<'_>) {
        let limits = self.settings.client_output_buffer_limit.replica;
        let hard = if limits.hard == 0 { u64::MAX } else { limits.hard.max(self.settings.repl_backlog_size) };
        let soft = if limits.soft == 0 { u64::MAX } else { limits.soft };
        let (end, now_s) = (self.replication.offset, self.clock.cached_s());
        let mut dropped = Vec::new();
        for (connection, replica) in &mut self.replication.replicas {
            let buffered = if replica.accumulates() { distance(replica.sent, end) } else { 0 };
            if buffered < soft {
                replica.over_soft_limit_since_s = None;
            } else {
                replica.over_soft_limit_since_s.get_or_insert(now_s);
            }
            let since = replica.over_soft_limit_since_s;
            if buffered >= hard || since.is_some_and(|since| now_s - since > limits.soft_seconds) {
                dropped.push(*connection);
            }
        }
        for connection in dropped {
            self.drop_replica(connection, ReplicaDropped::OutputLimit, out);
        }
    }

    fn trim_backlog(&mut self) {
        let (end, limit) = (self.replication.offset, self.settings.repl_backlog_size);
        let replicas = self.replication.replicas.values().filter(|replica| replica.accumulates());
        let needed = replicas.map(|replica| replica.sent).min().unwrap_or(end);
        if let Some(backlog) = &mut self.replication.backlog {
            backlog.trim(limit, needed);
        }
    }
}
