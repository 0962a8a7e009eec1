//! Which connection of the network belongs to which link, client or master of a process.
//!
//! Owns both directions of that mapping: from the end of a connection to its use, and from a use to its connection.
//! An end that a process closed has no use any more, so what still arrives for it is dropped.

use std::collections::BTreeMap;

use rcsim_devices::{ConnId, End};
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
    /// A connection of a client process, by the client's own number.
    Own(u32),
}

/// The uses of all ends of all connections.
#[derive(Clone, Debug, Default)]
pub(crate) struct Uses {
    /// By place of the connection: its generation, and the use of each end.
    ends: Vec<(u32, [Option<Use>; 2])>,
    /// By place and generation: connections that are over for the network, whose place has a new user, while what
    /// they brought still lies in the inbox of a process that is held.
    over: BTreeMap<(u32, u32), [Option<Use>; 2]>,
}

impl Uses {
    pub(crate) fn get(&self, conn: ConnId, end: End) -> Option<Use> {
        match self.ends.get(conn.place() as usize) {
            Some((generation, ends)) if *generation == conn.generation() => ends[index(end)],
            _ if self.over.is_empty() => None,
            _ => self.over.get(&(conn.place(), conn.generation()))?[index(end)],
        }
    }

    pub(crate) fn set(&mut self, conn: ConnId, end: End, meaning: Option<Use>) {
        let place = conn.place() as usize;
        if self.ends.len() <= place {
            self.ends.resize(place + 1, (0, [None; 2]));
        }
        let (generation, ends) = &mut self.ends[place];
        if conn.generation() < *generation {
            return self.set_over(conn, end, meaning);
        }
        if *generation != conn.generation() {
            if ends.iter().any(Option::is_some) {
                self.over.insert((conn.place(), *generation), *ends);
            }
            (*generation, *ends) = (conn.generation(), [None; 2]);
        }
        ends[index(end)] = meaning;
    }

    /// A connection that is over gets no new uses; when it has lost its last one it is forgotten.
    fn set_over(&mut self, conn: ConnId, end: End, meaning: Option<Use>) {
        let key = (conn.place(), conn.generation());
        let Some(ends) = self.over.get_mut(&key) else { return };
        ends[index(end)] = meaning;
        if ends.iter().all(Option::is_none) {
            self.over.remove(&key);
        }
    }
}

fn index(end: End) -> usize {
    usize::from(end == End::Acceptor)
}

/// The connections of one process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sockets {
    /// By place of the link.
    links: Vec<Option<(LinkId, ConnId, End)>>,
    /// Connections that others opened to its client port.
    pub(crate) clients: BTreeMap<ConnectionId, ConnId>,
    /// The connection to its master.
    pub(crate) master: Option<ConnId>,
    next_client: u32,
}

impl Sockets {
    pub(crate) fn link(&self, link: LinkId) -> Option<(ConnId, End)> {
        let (known, conn, end) = (*self.links.get(link.slot as usize)?)?;
        (known == link).then_some((conn, end))
    }

    pub(crate) fn set_link(&mut self, link: LinkId, conn: ConnId, end: End) {
        let place = link.slot as usize;
        if self.links.len() <= place {
            self.links.resize(place + 1, None);
        }
        self.links[place] = Some((link, conn, end));
    }

    pub(crate) fn remove_link(&mut self, link: LinkId) -> Option<(ConnId, End)> {
        let found = self.link(link)?;
        self.links[link.slot as usize] = None;
        Some(found)
    }

    /// Every connection that it has, with its end of it.
    pub(crate) fn all(&self) -> impl Iterator<Item = (ConnId, End)> {
        let links = self.links().map(|(_, conn, end)| (conn, end));
        let clients = self.clients.values().map(|conn| (*conn, End::Acceptor));
        links.chain(clients).chain(self.master.map(|conn| (conn, End::Opener)))
    }

    /// All links, by place.
    pub(crate) fn links(&self) -> impl Iterator<Item = (LinkId, ConnId, End)> {
        self.links.iter().filter_map(|link| *link)
    }

    /// A name for a connection that a client opened.
    pub(crate) fn add_client(&mut self, conn: ConnId) -> ConnectionId {
        self.next_client += 1;
        let id = ConnectionId(self.next_client);
        self.clients.insert(id, conn);
        id
    }
}
