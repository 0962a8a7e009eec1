//! What a snapshot on the disk knows of the stream, and what a restart makes of it.
//!
//! Rules: RB-4. Keeps: a replica that comes back from a snapshot may go on in the stream behind it; a master that does
//! goes on under a new name, with the old one as its past, so that its replicas may.

use rcsim_protocol::Command;

use crate::keyspace::Bytes;
use crate::node::Node;
use crate::rdb::StreamPosition;
use crate::replication::Backlog;

impl Node {
    /// The place in the stream that a snapshot of now has, if it has one: as a master with replicas, or as a replica that
    /// has or had its master's stream.
    pub(crate) fn stream_position(&self) -> Option<StreamPosition> {
        let replication = &self.replication;
        let is_known = if self.follows() {
            replication.link.is_up() || replication.cached.is_some()
        } else {
            replication.backlog.is_some()
        };
        is_known.then_some(StreamPosition { id: replication.id, offset: replication.offset })
    }

    /// The data come from a snapshot with this place in a stream; the `expired` keys were left out of it. A master tells
    /// its replicas of those.
    pub(crate) fn restore_stream(&mut self, position: StreamPosition, expired: Vec<Bytes>) {
        let is_master = self.am_master();
        let now_s = self.clock.cached_s();
        let replication = &mut self.replication;
        replication.offset = position.offset;
        if !is_master {
            replication.id = position.id;
            return;
        }
        replication.previous = Some((position.id, position.offset.plus(1)));
        replication.backlog = Some(Backlog::starting_at(position.offset));
        replication.no_replicas_since_s = now_s;
        for key in expired {
            self.feed_with_select(Command::new([&b"DEL"[..], &key]));
        }
    }
}
