//! What goes into a client and what comes out.

use std::net::SocketAddr;

use rcsim_observe::Operation;
use rcsim_protocol::{Command, Reply};

/// Something that happens to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientInput {
    /// It begins; once.
    Start,
    /// The time came that a [`ClientEffect::Wake`] named. One too many does no harm.
    Wake,
    /// A connection that it asked for stands.
    Connected(u32),
    /// A connection is gone or did not come about: refused, reset, or closed by the node.
    Closed(u32),
    /// The next reply on a connection.
    Reply(u32, Reply),
}

/// Something that a client wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientEffect {
    /// A connection to this address, under this number. Numbers are the client's own and never used twice.
    Connect {
        /// The number.
        conn: u32,
        /// Whereto.
        address: SocketAddr,
    },
    /// A command on a connection that stands. Replies come in the order of the commands.
    Send {
        /// The connection.
        conn: u32,
        /// The command.
        command: Command,
    },
    /// A connection is given up; what still comes on it is ignored.
    Close {
        /// The connection.
        conn: u32,
    },
    /// The client wants a [`ClientInput::Wake`] at this virtual time. An earlier one that is still pending may be
    /// dropped or delivered.
    Wake {
        /// When, in ns.
        at_ns: u64,
    },
    /// An operation is over.
    Done {
        /// What was asked and told; `answered_by` is empty, because a client knows addresses and no places.
        operation: Operation,
        /// The address of the node that answered last, if one did.
        answered_by: Option<SocketAddr>,
    },
}
