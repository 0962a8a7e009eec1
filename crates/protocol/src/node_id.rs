//! Node ids: the 40 characters that name a node for ever (rule ND-2).

use std::fmt;
use std::str::FromStr;

/// The name of a node: 40 characters. A node draws hex digits for itself; what others send is not checked
/// beyond its length (rule GS-13), and text input may use `[a-z0-9]` (rule ND-2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId([u8; 40]);

/// A text that is not 40 characters of `[a-z0-9]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidNodeId;

impl fmt::Display for InvalidNodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a node id is 40 characters of a-z and 0-9")
    }
}

impl std::error::Error for InvalidNodeId {}

impl NodeId {
    /// Forty zero bytes: "nobody" in a header's `slaveof` field (rule WR-2).
    pub const NOBODY: NodeId = NodeId([0; 40]);

    /// The id made of these raw bytes, as they stand on the wire.
    pub const fn from_bytes(bytes: [u8; 40]) -> NodeId {
        NodeId(bytes)
    }

    /// The raw bytes, as they stand on the wire.
    pub const fn as_bytes(&self) -> &[u8; 40] {
        &self.0
    }

    /// The id of 40 lower-case hex digits that these 160 bits give.
    pub fn from_random(bits: [u64; 3]) -> NodeId {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 40];
        for (index, character) in text.iter_mut().enumerate() {
            *character = HEX[(bits[index / 16] >> (index % 16 * 4) & 15) as usize];
        }
        NodeId(text)
    }

    /// Its first eight characters, for people.
    pub fn short(&self) -> String {
        String::from_utf8_lossy(&self.0[..8]).into_owned()
    }
}

impl FromStr for NodeId {
    type Err = InvalidNodeId;

    fn from_str(text: &str) -> Result<NodeId, InvalidNodeId> {
        let bytes: [u8; 40] = text.as_bytes().try_into().map_err(|_| InvalidNodeId)?;
        let legal = bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if legal { Ok(NodeId(bytes)) } else { Err(InvalidNodeId) }
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeId({self})")
    }
}
