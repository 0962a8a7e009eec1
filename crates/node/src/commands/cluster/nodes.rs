//! CLUSTER NODES, REPLICAS (and its old name SLAVES), LINKS.
//!
//! Rules: CM-6, CM-9, CM-11.

use rcsim_protocol::{Command, NodeIx, Reply};

use crate::commands::Answer;
use crate::link::Link;
use crate::node::Node;
use crate::outside::Outside;

impl Node {
    /// All nodes of the table, those in handshake included.
    pub(super) fn cluster_nodes(&mut self, _: &Command, out: &mut Outside<'_>) -> Answer {
        let line = |node: &NodeIx| self.describe(*node, out.registry) + "\n";
        Ok(Reply::verbatim(self.view.order().iter().map(line).collect::<String>()))
    }

    pub(super) fn cluster_replicas(&mut self, command: &Command, out: &mut Outside<'_>) -> Answer {
        let master = self.known_node(command, 2, out)?;
        if !self.is_master(master) {
            return Err(Reply::err("The specified node is not a master"));
        }
        let replicas = self.view.peer(master).rest().replicas.iter();
        Ok(Reply::Array(replicas.map(|node| Reply::bulk(self.describe(*node, out.registry))).collect()))
    }

    /// The links of each node of the table: mine to it, then its to me.
    pub(super) fn cluster_links(&mut self, _: &Command, out: &mut Outside<'_>) -> Answer {
        let links = self.view.order().iter().flat_map(|node| {
            let peer = self.view.peer(*node);
            [peer.link(), self.view.inbound_link(*node)].into_iter().flatten().map(move |link| (*node, link))
        });
        let shown = |(node, link)| Some(link_entry(self.links.get(link)?, out.registry.id(node).as_bytes()));
        Ok(Reply::Array(links.filter_map(shown).collect()))
    }
}

fn link_entry(link: &Link, node: &[u8]) -> Reply {
    let events = match (link.connected, link.unsent) {
        (false, _) => "",
        (true, 0) => "r",
        (true, _) => "rw",
    };
    let unsent = i64::from(link.unsent);
    let entries = [
        ("direction", Reply::bulk(if link.inbound { "from" } else { "to" })),
        ("node", Reply::bulk(node)),
        ("create-time", Reply::Integer(link.ctime)),
        ("events", Reply::bulk(events)),
        ("send-buffer-allocated", Reply::Integer(unsent)),
        ("send-buffer-used", Reply::Integer(unsent)),
    ];
    Reply::Map(entries.into_iter().map(|(name, value)| (Reply::bulk(name), value)).collect())
}
