//! nodes.conf: what a node remembers over a restart, in Redis' own text format.
//!
//! One line per node, as CLUSTER NODES shows it, and a line with the epochs. Writing is here, reading in
//! `parse`; what is made of it is `boot`'s. Rules: NC-2, NC-3, NC-5 … NC-11, CM-6, EP-8. Never: touches a
//! file.

mod corrupt;
mod parse;
pub(crate) mod words;

use std::fmt;

use rcsim_protocol::{Epoch, NodeFlags, NodeIx, Registry, Slot};

pub use corrupt::{CorruptConfig, Damage};
pub use parse::{SavedConfig, SavedNode, parse};

use crate::node::Node;

impl Node {
    /// The text of nodes.conf: all nodes but those in handshake, in the order of the table, then the epochs
    /// (NC-2).
    pub fn nodes_conf(&self, registry: &Registry) -> String {
        let saved = |node: &&NodeIx| !self.view.flags(**node).any(NodeFlags::HANDSHAKE);
        let lines = self.view.order().iter().filter(saved).map(|node| self.describe(*node, registry) + "\n");
        let (current, last_vote) = (self.current_epoch, self.last_vote_epoch);
        lines.collect::<String>() + &format!("vars currentEpoch {current} lastVoteEpoch {last_vote}\n")
    }

    /// The line about a node in the table, without its end (NC-3).
    pub(crate) fn describe(&self, subject: NodeIx, registry: &Registry) -> String {
        Line { node: self, subject, registry }.to_string()
    }

    /// The config epoch that is shown for a node: for a replica of a known master, the master's (EP-8).
    pub(crate) fn shown_epoch(&self, node: NodeIx) -> Epoch {
        let peer = self.view.peer(node);
        let shown = peer.master.filter(|_| self.view.flags(node).any(NodeFlags::SLAVE)).unwrap_or(node);
        self.view.peer(shown).config_epoch
    }
}

/// One line of nodes.conf.
struct Line<'a> {
    node: &'a Node,
    subject: NodeIx,
    registry: &'a Registry,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (view, subject) = (&self.node.view, self.subject);
        let (peer, flags) = (view.peer(subject), view.flags(subject));
        let address = self.registry.address_of(view.address(subject));
        write!(f, "{} {}:{}@{}", self.registry.id(subject), address.ip_text(), address.port, address.cport)?;
        if let Some(hostname) = self.node.hostname_of(subject) {
            write!(f, ",{hostname}")?;
        }
        let master =
            peer.master.map_or_else(|| "-".to_owned(), |master| self.registry.id(master).to_string());
        let (ping_sent, pong_received) = (peer.ping_sent(), view.pong_received(subject));
        let epoch = self.node.shown_epoch(subject);
        let reachable = peer.link().is_some() || flags.any(NodeFlags::MYSELF);
        let state = if reachable { "connected" } else { "disconnected" };
        write!(f, " {flags} {master} {ping_sent} {pong_received} {epoch} {state}")?;
        if !peer.slots.is_empty() {
            write!(f, " {}", peer.slots)?;
        }
        if flags.any(NodeFlags::MYSELF) { self.open_slots(f) } else { Ok(()) }
    }
}

impl Line<'_> {
    /// The open slots, ascending; of a slot that is both, only that it migrates (NC-3).
    fn open_slots(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (migrating, importing) = (&self.node.slots.migrating, &self.node.slots.importing);
        if migrating.is_empty() && importing.is_empty() {
            return Ok(());
        }
        Slot::all().try_for_each(|slot| match (migrating.get(&slot), importing.get(&slot)) {
            (Some(target), _) => write!(f, " [{slot}->-{}]", self.registry.id(*target)),
            (None, Some(source)) => write!(f, " [{slot}-<-{}]", self.registry.id(*source)),
            (None, None) => Ok(()),
        })
    }
}
