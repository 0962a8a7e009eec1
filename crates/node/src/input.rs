//! What comes in: one input at a time, in the order in which the process would see it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use rcsim_protocol::bus::Message;
use rcsim_protocol::{Command, Reply};

use crate::disk::DiskAnswer;
use crate::effect::Work;
use crate::exchange::Exchanged;
use crate::link::LinkId;
use crate::node::ConnectionId;
use crate::replication::Feed;

/// Something that happens to a node.
#[derive(Clone, Debug)]
pub enum Input {
    /// The timer of the event loop, every 100 ms (rule LP-7).
    Cron,
    /// Something on a link of the cluster bus.
    Bus(LinkId, BusInput),
    /// Something on a client connection that somebody opened to this node.
    Client(ConnectionId, ClientInput),
    /// Something on the connection that this node, as a replica, opened to its master.
    Master(MasterInput),
    /// The other node answered, or did not: how an [exchange](crate::Effect::Exchange) ended.
    Exchanged(Exchanged),
    /// The disk answered a [request](crate::Effect::Disk). For one that a thread or a child waits for this may be handed
    /// in at any time, also while the process is held: it has no effects.
    Disk(DiskAnswer),
    /// The child has done what it was last told to.
    Child {
        /// Which child.
        child: u32,
        /// What it made.
        work: Work,
    },
    /// A data set is loaded.
    Loaded {
        /// Which loading.
        load: u32,
    },
}

/// Something that happens on a link of the cluster bus. A link that a peer opens begins with
/// [`Node::accept_link`](crate::Node::accept_link).
#[derive(Clone, Debug)]
pub enum BusInput {
    /// The link that this node opened is up.
    Connected {
        /// The local IP, as the socket has it.
        local: IpAddr,
    },
    /// The link is gone: refused, reset, closed by the peer, or an I/O error (rule LK-7).
    Closed,
    /// A message came in.
    Received(Arc<Message>),
}

/// Something that happens on a client connection.
#[derive(Clone, Debug)]
pub enum ClientInput {
    /// Somebody connected.
    Opened {
        /// From where.
        remote: SocketAddr,
    },
    /// A command came in.
    Command(Command),
    /// The socket takes something again.
    Writable {
        /// How many bytes.
        room: u64,
    },
    /// The connection is gone.
    Closed,
}

/// Something that happens on the connection to the master.
#[derive(Clone, Debug)]
pub enum MasterInput {
    /// It is up.
    Connected,
    /// It is gone, or could not be opened.
    Closed,
    /// The master answered a command.
    Reply(Reply),
    /// Something else came from it: a piece of a snapshot or of the stream.
    Feed(Feed),
}
