//! What data a node has, in short: enough to see that two nodes have the same, or not.

use std::fmt;

use rcsim_protocol::{Offset, ReplicationId};

/// A digest of all keys, values and times of expiry. Equal data have equal digests; different data, but for a chance of
/// 2^-64, have not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub u64);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The data of a node, and the point of a replication stream at which it has them (RP-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataPoint {
    /// The stream.
    pub stream: ReplicationId,
    /// The point in it.
    pub offset: Offset,
    /// The data.
    pub data: Digest,
}
