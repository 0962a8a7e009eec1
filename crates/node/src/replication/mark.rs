//! Marks in the stream: points at which a node says what data it has, so that who watches can compare.
//!
//! Rules: RP-1, RP-4. Whether a point is marked depends on its offset alone, so all nodes mark the same ones; besides,
//! the ends of a whole synchronisation and changes of the name are marked. A master marks at the end of a turn,
//! when all that the turn changed is in the stream; a replica between two commands. Nothing in the node depends on marks.

use rcsim_observe::{DataPoint, Digest, Event};

use crate::node::Node;
use crate::outside::Outside;

/// One point in so many is marked.
const ONE_IN: u64 = 32;

impl Node {
    /// Marks this point, if it is one to be marked.
    pub(super) fn mark_stream(&self, out: &mut Outside<'_>) {
        let offset = self.replication.offset.0 as u64;
        let mixed = offset.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        if mixed.is_multiple_of(ONE_IN) {
            self.mark_this_point(out);
        }
    }

    /// Marks this point, whatever it is.
    pub(super) fn mark_this_point(&self, out: &mut Outside<'_>) {
        if let Some(DataPoint { stream, offset, data }) = self.data_at() {
            out.tell(Event::StreamMark { stream, offset, data });
        }
    }

    /// The data, and where in the stream they are from; `None` if they are not those of one point: before the first
    /// replica (RP-2), while a data set is loaded, and after a write of a replica's own (RP-5).
    pub(crate) fn data_at(&self) -> Option<DataPoint> {
        let replication = &self.replication;
        let is_whole = replication.backlog.is_some() && !self.is_loading() && !replication.strayed;
        is_whole.then(|| DataPoint {
            stream: replication.id,
            offset: replication.offset,
            data: Digest(self.keyspace.digest()),
        })
    }

    /// Deletes keys behind the back of the stream (SO-11, AO-19), and says so.
    pub(crate) fn delete_silently(
        &mut self,
        delete: impl FnOnce(&mut crate::keyspace::Keyspace),
        out: &mut Outside<'_>,
    ) {
        let before = self.keyspace.len();
        delete(&mut self.keyspace);
        let keys = (before - self.keyspace.len()) as u64;
        if keys > 0 {
            out.tell(Event::KeysDropped { keys });
        }
    }
}
