//! Which connection of the network belongs to which link, client or master of a process.
//!
//! Owns both directions of that mapping: what an end of a connection is to its process travels as its label and comes
//! back with everything that arrives there; from a link, a client or the master to its connection leads a table of the
//! process. An end that a process closed is in no table any more, so what still lies in its inbox from there is dropped.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use rcsim_devices::{ConnId, End, Label};
use rcsim_node::exchange::TargetId;
use rcsim_node::{ConnectionId, LinkId};

/// What the end of a connection is to its process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// A link of the cluster bus.
    Link(LinkId),
    /// A connection that a client or a replica opened.
    Client(ConnectionId),
    /// The connection to the master.
    Master,
    /// A connection to another node, for keys that leave.
    Target(TargetId),
    /// A connection of a client process, by the client's own number.
    Own(u32),
}

/// The kind of a use, in the top bits of its label.
const KIND_SHIFT: u32 = 60;
const LINK: u64 = 1;
const CLIENT: u64 = 2;
const MASTER: u64 = 3;
const OWN: u64 = 4;
const TARGET: u64 = 5;

impl Use {
    /// As the network keeps it.
    pub(crate) fn label(self) -> Label {
        let (kind, rest) = match self {
            Use::Link(link) => (LINK, u64::from(link.slot) << 32 | u64::from(link.generation.get())),
            Use::Client(client) => (CLIENT, u64::from(client.0)),
            Use::Master => (MASTER, 0),
            Use::Own(number) => (OWN, u64::from(number)),
            Use::Target(target) => (TARGET, u64::from(target.0)),
        };
        debug_assert!(rest >> KIND_SHIFT == 0, "{self:?} does not fit into a label");
        Label(kind << KIND_SHIFT | rest)
    }

    /// What a label says; `None` for one that was never set.
    pub(crate) fn of(label: Label) -> Option<Use> {
        let (kind, number) = (label.0 >> KIND_SHIFT, label.0 as u32);
        match kind {
            LINK => {
                let slot = (label.0 >> 32) as u32 & ((1 << (KIND_SHIFT - 32)) - 1);
                Some(Use::Link(LinkId { slot, generation: NonZeroU32::new(number)? }))
            }
            CLIENT => Some(Use::Client(ConnectionId(number))),
            MASTER => Some(Use::Master),
            OWN => Some(Use::Own(number)),
            TARGET => Some(Use::Target(TargetId(number))),
            _ => None,
        }
    }
}

/// The connections of one process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sockets {
    /// By place of the link.
    links: Vec<Option<LinkSocket>>,
    /// Connections that others opened to its client port.
    pub(crate) clients: BTreeMap<ConnectionId, ConnId>,
    /// The connection to its master.
    pub(crate) master: Option<ConnId>,
    /// Connections to other nodes, for keys that leave.
    pub(crate) targets: BTreeMap<TargetId, ConnId>,
    next_client: u32,
}

/// The end of a connection that is a link: which user of the link's place it belongs to, and the connection.
#[derive(Clone, Copy, Debug)]
struct LinkSocket {
    generation: NonZeroU32,
    conn: ConnId,
    end: End,
}

impl Sockets {
    #[inline]
    pub(crate) fn link(&self, link: LinkId) -> Option<(ConnId, End)> {
        let socket = (*self.links.get(link.slot as usize)?)?;
        (socket.generation == link.generation).then_some((socket.conn, socket.end))
    }

    /// What the end of a connection is to this process, as long as it has not closed it. A search: for what lay in the
    /// inbox while the process was held, and may have lost its meaning there.
    pub(crate) fn use_of(&self, conn: ConnId, end: End) -> Option<Use> {
        if self.master == Some(conn) && end == End::Opener {
            return Some(Use::Master);
        }
        let client = self.clients.iter().find(|(_, it)| **it == conn && end == End::Acceptor);
        let target = self.targets.iter().find(|(_, it)| **it == conn && end == End::Opener);
        if let Some((target, _)) = target {
            return Some(Use::Target(*target));
        }
        let link = || self.links().find(|(_, it, at)| (*it, *at) == (conn, end));
        client.map(|(client, _)| Use::Client(*client)).or_else(|| link().map(|(link, ..)| Use::Link(link)))
    }

    pub(crate) fn set_link(&mut self, link: LinkId, conn: ConnId, end: End) {
        let place = link.slot as usize;
        if self.links.len() <= place {
            self.links.resize(place + 1, None);
        }
        self.links[place] = Some(LinkSocket { generation: link.generation, conn, end });
    }

    pub(crate) fn remove_link(&mut self, link: LinkId) -> Option<(ConnId, End)> {
        let found = self.link(link)?;
        self.links[link.slot as usize] = None;
        Some(found)
    }

    /// All links, by place.
    pub(crate) fn links(&self) -> impl Iterator<Item = (LinkId, ConnId, End)> {
        self.links.iter().enumerate().filter_map(|(slot, socket)| {
            let LinkSocket { generation, conn, end } = (*socket)?;
            Some((LinkId { slot: slot as u32, generation }, conn, end))
        })
    }

    /// A name for a connection that a client opened.
    pub(crate) fn add_client(&mut self, conn: ConnId) -> ConnectionId {
        self.next_client += 1;
        let id = ConnectionId(self.next_client);
        self.clients.insert(id, conn);
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_says_what_it_was_made_of() {
        let link = LinkId { slot: 1_999, generation: NonZeroU32::MAX };
        for what in [Use::Link(link), Use::Client(ConnectionId(u32::MAX)), Use::Master, Use::Own(0)] {
            assert_eq!(Use::of(what.label()), Some(what));
        }
        assert_eq!(Use::of(Label::default()), None);
    }
}
