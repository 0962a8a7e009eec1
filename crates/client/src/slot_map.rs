//! Who owns which slot, as CLUSTER SLOTS and redirections tell it (rules CM-7, RD-16).

use std::net::{IpAddr, SocketAddr};

use rcsim_protocol::{Reply, SLOT_COUNT, Slot};

/// "Nobody" in the table of owners.
const NOBODY: u16 = u16::MAX;

/// A client's idea of the cluster: owners of slots, and all nodes that it heard of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotMap {
    /// Addresses of masters and replicas, each once, in the order of the reply.
    nodes: Vec<SocketAddr>,
    /// By slot: index into `nodes`.
    owners: Vec<u16>,
}

impl Default for SlotMap {
    fn default() -> SlotMap {
        SlotMap { nodes: Vec::new(), owners: vec![NOBODY; usize::from(SLOT_COUNT)] }
    }
}

impl SlotMap {
    /// The map that a reply to CLUSTER SLOTS describes; `asked` is the node that sent it, and stands for endpoints
    /// that are empty or null. `None` if the reply has another shape or names no owner at all.
    pub fn parse(reply: &Reply, asked: SocketAddr) -> Option<SlotMap> {
        let Reply::Array(ranges) = reply else { return None };
        let mut map = SlotMap::default();
        for range in ranges {
            map.add_range(range, asked)?;
        }
        (!map.nodes.is_empty()).then_some(map)
    }

    /// The owner of a slot, if one is known.
    pub fn owner(&self, slot: Slot) -> Option<SocketAddr> {
        self.nodes.get(usize::from(self.owners[slot.index()])).copied()
    }

    /// Notes that a slot belongs to this node: what MOVED says.
    pub fn set_owner(&mut self, slot: Slot, owner: SocketAddr) {
        self.owners[slot.index()] = self.index(owner);
    }

    /// All nodes of the map, replicas included, each once.
    pub fn nodes(&self) -> &[SocketAddr] {
        &self.nodes
    }

    /// One entry of the reply: first slot, last slot, master, replicas …
    fn add_range(&mut self, range: &Reply, asked: SocketAddr) -> Option<()> {
        let Reply::Array(parts) = range else { return None };
        let [Reply::Integer(first), Reply::Integer(last), nodes @ ..] = parts.as_slice() else { return None };
        let slot = |number: i64| u16::try_from(number).ok().and_then(Slot::new);
        let (first, last) = (slot(*first)?, slot(*last)?);
        for (position, node) in nodes.iter().enumerate() {
            // An endpoint that is no address (`?`, a hostname) cannot be dialled: such a node stays unknown.
            let Some(address) = node_address(node, asked) else { continue };
            let index = self.index(address);
            if position == 0 {
                self.owners[first.index()..=last.index().max(first.index())].fill(index);
            }
        }
        Some(())
    }

    fn index(&mut self, node: SocketAddr) -> u16 {
        let known = self.nodes.iter().position(|known| *known == node);
        known.unwrap_or_else(|| {
            self.nodes.push(node);
            self.nodes.len() - 1
        }) as u16
    }
}

/// The address in `[endpoint, port, id, …]`.
fn node_address(node: &Reply, asked: SocketAddr) -> Option<SocketAddr> {
    let Reply::Array(fields) = node else { return None };
    let [endpoint, Reply::Integer(port), ..] = fields.as_slice() else { return None };
    let ip = match endpoint {
        Reply::Null => asked.ip(),
        Reply::Bulk(text) => endpoint_ip(std::str::from_utf8(text).ok()?, asked)?,
        _ => return None,
    };
    Some(SocketAddr::new(ip, u16::try_from(*port).ok().filter(|port| *port != 0)?))
}

/// The address that an endpoint's text names; an empty one names the node that was asked.
pub(crate) fn endpoint_ip(text: &str, asked: SocketAddr) -> Option<IpAddr> {
    if text.is_empty() { Some(asked.ip()) } else { text.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(endpoint: Reply, port: i64) -> Reply {
        Reply::Array(vec![endpoint, Reply::Integer(port), Reply::bulk("id"), Reply::Array(Vec::new())])
    }

    fn address(text: &str) -> SocketAddr {
        text.parse().expect("a socket address")
    }

    #[test]
    fn cm_7_masters_own_and_replicas_are_known() {
        let range = vec![
            Reply::Integer(5),
            Reply::Integer(7),
            node(Reply::bulk("10.0.0.1"), 7001),
            node(Reply::bulk("10.0.0.2"), 7002),
        ];
        let map = SlotMap::parse(&Reply::Array(vec![Reply::Array(range)]), address("10.0.0.9:7009"))
            .expect("a map");
        let owner = |slot| Slot::new(slot).and_then(|slot| map.owner(slot));
        assert_eq!([owner(4), owner(5), owner(7), owner(8)], [None, owner(5), owner(5), None]);
        assert_eq!(owner(5), Some(address("10.0.0.1:7001")));
        assert_eq!(map.nodes(), [address("10.0.0.1:7001"), address("10.0.0.2:7002")]);
    }

    #[test]
    fn rd_16_an_unnamed_endpoint_is_the_node_that_was_asked() {
        for unnamed in [Reply::Null, Reply::bulk("")] {
            let range = vec![Reply::Integer(0), Reply::Integer(0), node(unnamed, 7001)];
            let reply = Reply::Array(vec![Reply::Array(range)]);
            let map = SlotMap::parse(&reply, address("10.0.0.9:7009")).expect("a map");
            assert_eq!(map.nodes(), [address("10.0.0.9:7001")]);
        }
    }

    #[test]
    fn an_answer_without_owners_is_no_map() {
        let asked = address("10.0.0.9:7009");
        assert_eq!(SlotMap::parse(&Reply::Array(Vec::new()), asked), None);
        assert_eq!(SlotMap::parse(&Reply::err("unknown command"), asked), None);
        let beyond = Reply::Array(vec![Reply::Integer(0), Reply::Integer(16384), node(Reply::Null, 1)]);
        assert_eq!(SlotMap::parse(&Reply::Array(vec![beyond]), asked), None);
    }
}
