//! Node flags (rules FL-1 … FL-13).

use std::fmt;
use std::ops::{BitAnd, BitOr, BitOrAssign, Not};

/// The flag word of a node, with Redis' own bits.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeFlags(pub u16);

impl NodeFlags {
    /// No flag at all; printed `noflags`.
    pub const NONE: NodeFlags = NodeFlags(0);
    /// The node is a master (FL-1).
    pub const MASTER: NodeFlags = NodeFlags(1);
    /// The node is a replica (FL-2).
    pub const SLAVE: NodeFlags = NodeFlags(2);
    /// This node believes that it does not answer (FL-3).
    pub const PFAIL: NodeFlags = NodeFlags(4);
    /// A majority said that it does not answer (FL-4).
    pub const FAIL: NodeFlags = NodeFlags(8);
    /// The record describes the node itself (FL-5).
    pub const MYSELF: NodeFlags = NodeFlags(16);
    /// Its real id is not known yet (FL-6).
    pub const HANDSHAKE: NodeFlags = NodeFlags(32);
    /// Its address is not known any more (FL-7).
    pub const NOADDR: NodeFlags = NodeFlags(64);
    /// The first message to it has to be a MEET (FL-8).
    pub const MEET: NodeFlags = NodeFlags(128);
    /// A master that replicas may migrate to (FL-9).
    pub const MIGRATE_TO: NodeFlags = NodeFlags(256);
    /// A replica that will not stand for election (FL-10).
    pub const NOFAILOVER: NodeFlags = NodeFlags(512);

    /// In the order in which they are printed (rule FL-11).
    const PRINTED: [(NodeFlags, &'static str); 8] = [
        (NodeFlags::MYSELF, "myself"),
        (NodeFlags::MASTER, "master"),
        (NodeFlags::SLAVE, "slave"),
        (NodeFlags::PFAIL, "fail?"),
        (NodeFlags::FAIL, "fail"),
        (NodeFlags::HANDSHAKE, "handshake"),
        (NodeFlags::NOADDR, "noaddr"),
        (NodeFlags::NOFAILOVER, "nofailover"),
    ];

    /// Whether at least one of `flags` is set.
    pub const fn any(self, flags: NodeFlags) -> bool {
        self.0 & flags.0 != 0
    }

    /// Sets or clears `flags`.
    pub fn set(&mut self, flags: NodeFlags, on: bool) {
        if on { self.0 |= flags.0 } else { self.0 &= !flags.0 }
    }

    /// The flag that this word of nodes.conf names, if it is one (rule NC-11).
    pub fn from_word(word: &str) -> Option<NodeFlags> {
        if word == "noflags" {
            return Some(NodeFlags::NONE);
        }
        NodeFlags::PRINTED.iter().find(|(_, name)| *name == word).map(|(flag, _)| *flag)
    }
}

impl BitOr for NodeFlags {
    type Output = NodeFlags;
    fn bitor(self, other: NodeFlags) -> NodeFlags {
        NodeFlags(self.0 | other.0)
    }
}

impl BitOrAssign for NodeFlags {
    fn bitor_assign(&mut self, other: NodeFlags) {
        self.0 |= other.0;
    }
}

impl BitAnd for NodeFlags {
    type Output = NodeFlags;
    fn bitand(self, other: NodeFlags) -> NodeFlags {
        NodeFlags(self.0 & other.0)
    }
}

impl Not for NodeFlags {
    type Output = NodeFlags;
    fn not(self) -> NodeFlags {
        NodeFlags(!self.0)
    }
}

/// Comma-separated, in the order of rule FL-11; `noflags` if none of the printed ones is set.
impl fmt::Display for NodeFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (flag, name) in NodeFlags::PRINTED {
            if self.any(flag) {
                write!(f, "{separator}{name}")?;
                separator = ",";
            }
        }
        if separator.is_empty() { f.write_str("noflags") } else { Ok(()) }
    }
}

impl fmt::Debug for NodeFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeFlags({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fl_11_printing_order() {
        let flags = NodeFlags::FAIL | NodeFlags::MYSELF | NodeFlags::MASTER | NodeFlags::MIGRATE_TO;
        assert_eq!(flags.to_string(), "myself,master,fail");
        assert_eq!(NodeFlags::MEET.to_string(), "noflags");
    }
}
