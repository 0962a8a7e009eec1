//! What travels from a master to its replica besides replies.

use std::sync::Arc;

use rcsim_protocol::{Command, Offset, ReplicationId};

use crate::effect::Work;
use crate::keyspace::Keyspace;

/// The whole data set at one point of the stream (RP-18).
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The stream.
    pub id: ReplicationId,
    /// The point.
    pub offset: Offset,
    /// The data; a clone shares all values with the master's own.
    pub keyspace: Keyspace,
    /// Its length on the wire, in bytes.
    pub length: u64,
    /// How many keys it has.
    pub keys: u64,
    /// Whether it comes straight from the child (diskless): then the replica answers at once when it has it (RP-20).
    pub streamed: bool,
}

impl Snapshot {
    /// What it takes to make or to load it.
    pub(crate) fn work(&self) -> Work {
        Work { bytes: self.length, keys: self.keys }
    }
}

/// A piece of a snapshot on its way. The bytes are not there, only how many; the data comes with the last piece.
#[derive(Clone, Debug)]
pub struct BulkPiece {
    /// The snapshot.
    pub snapshot: Arc<Snapshot>,
    /// How many bytes this piece has.
    pub bytes: u64,
    /// How many bytes the replica has with it.
    pub received: u64,
}

impl BulkPiece {
    /// Whether the snapshot is complete with it.
    pub fn is_last(&self) -> bool {
        self.received >= self.snapshot.length
    }
}

/// A piece of the stream: whole commands, all that one turn of the loop has for one replica.
#[derive(Clone, Debug)]
pub struct StreamChunk {
    /// The commands, in order.
    pub commands: Vec<Command>,
    /// Their length as RESP, in bytes.
    pub bytes: u64,
}

/// Something from the master, for a replica.
#[derive(Clone, Debug)]
pub enum Feed {
    /// An empty line: the master is there, the snapshot is not yet (RP-18).
    KeepAlive,
    /// A piece of a snapshot.
    Bulk(Arc<BulkPiece>),
    /// A piece of the stream.
    Stream(Arc<StreamChunk>),
}

impl Feed {
    /// Its length on the wire, in bytes.
    pub fn wire_len(&self) -> u64 {
        match self {
            Feed::KeepAlive => 1,
            Feed::Bulk(piece) => piece.bytes,
            Feed::Stream(chunk) => chunk.bytes,
        }
    }
}
