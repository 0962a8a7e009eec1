//! The events that the engine's queue holds.

use rcsim_devices::Wire;
use rcsim_node::{ConnectionId, Work};

use crate::payload::Payload;

/// Something that is due at a point of virtual time. `life` says which process of a place is meant: what was due for
/// an earlier one is void.
#[derive(Clone, Debug)]
pub enum Happening {
    /// The network's own business, or a delivery.
    Wire(Wire<Payload>),
    /// The 100 ms timer of a process.
    Cron {
        /// Number of the place.
        place: u32,
        /// Which process there.
        life: u32,
    },
    /// A process goes on that was held by its disk or by a slow turn of its loop.
    Ready {
        /// Number of the place.
        place: u32,
        /// Which process there.
        life: u32,
        /// Which hold of it.
        hold: u32,
    },
    /// What a thread or a child of a process asked of the disk is due.
    Disk {
        /// Number of the place.
        place: u32,
        /// Which process there.
        life: u32,
        /// Which task of it.
        task: u32,
    },
    /// Work of a process, or of its child, that takes time is done.
    Work {
        /// Number of the place.
        place: u32,
        /// Which process there.
        life: u32,
        /// What was done.
        done: Done,
    },
    /// A process that was started has read its configuration.
    Boot {
        /// Number of the place.
        place: u32,
        /// Which process there.
        life: u32,
    },
    /// A client asked to be woken, or begins.
    Client {
        /// Number of the client.
        client: u32,
    },
    /// A timeline entry acts.
    Act {
        /// Number of the entry.
        entry: u32,
        /// The place of the event that set it off.
        it: Option<u32>,
        /// How many times it acted before, for `every`.
        round: u32,
    },
    /// A fault of limited length ends.
    End {
        /// Number of the active fault.
        active: u32,
    },
}

/// Work that takes time.
#[derive(Clone, Copy, Debug)]
pub enum Done {
    /// The child of a process has made a part of a snapshot.
    Child(u32, Work),
    /// A process has loaded a data set.
    Load(u32),
    /// The kernel may have got rid of what it kept for a connection.
    Socket(ConnectionId),
}

impl From<Wire<Payload>> for Happening {
    fn from(wire: Wire<Payload>) -> Happening {
        Happening::Wire(wire)
    }
}
