//! Who owns which slot, as CLUSTER SLOTS and redirections tell it (rules CM-7, CM-8, RD-16).

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

use rcsim_protocol::{Reply, SLOT_COUNT, Slot};

/// "Nobody" in the table of owners.
const NOBODY: u16 = u16::MAX;

/// A client's idea of the cluster: owners of slots with their replicas, and all nodes that it heard of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotMap {
    /// Addresses of masters and replicas, each once, in the order of the reply.
    nodes: Vec<SocketAddr>,
    /// By slot: index into `nodes`.
    owners: Vec<u16>,
    /// By owner's index: indices of its replicas.
    replicas: Vec<Vec<u16>>,
}

impl Default for SlotMap {
    fn default() -> SlotMap {
        SlotMap { nodes: Vec::new(), owners: vec![NOBODY; usize::from(SLOT_COUNT)], replicas: Vec::new() }
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

    /// The map that a reply to CLUSTER SHARDS describes. A shard whose master is not `online` has no owner.
    pub fn parse_shards(reply: &Reply, asked: SocketAddr) -> Option<SlotMap> {
        let Reply::Array(shards) = reply else { return None };
        let mut map = SlotMap::default();
        for shard in shards {
            map.add_shard(shard, asked)?;
        }
        (!map.nodes.is_empty()).then_some(map)
    }

    /// The owner of a slot, if one is known.
    pub fn owner(&self, slot: Slot) -> Option<SocketAddr> {
        self.nodes.get(usize::from(self.owners[slot.index()])).copied()
    }

    /// The replicas of the owner of a slot.
    pub fn replicas(&self, slot: Slot) -> impl ExactSizeIterator<Item = SocketAddr> {
        let owner = usize::from(self.owners[slot.index()]);
        let replicas = self.replicas.get(owner).map(Vec::as_slice).unwrap_or_default();
        replicas.iter().map(|replica| self.nodes[usize::from(*replica)])
    }

    /// Notes that a slot belongs to this node: what MOVED says.
    pub fn set_owner(&mut self, slot: Slot, owner: SocketAddr) {
        self.owners[slot.index()] = self.index(owner);
    }

    /// All nodes of the map, replicas included, each once.
    pub fn nodes(&self) -> &[SocketAddr] {
        &self.nodes
    }

    /// One entry of CLUSTER SLOTS: first slot, last slot, master, replicas …
    fn add_range(&mut self, range: &Reply, asked: SocketAddr) -> Option<()> {
        let Reply::Array(parts) = range else { return None };
        let [Reply::Integer(first), Reply::Integer(last), nodes @ ..] = parts.as_slice() else { return None };
        let slots = slot(*first)?..=slot(*last)?;
        // An endpoint that is no address (`?`, a hostname) cannot be dialled: such a node stays unknown.
        let master = nodes.first().and_then(|node| node_address(node, asked));
        let replicas = nodes.iter().skip(1).filter_map(|node| node_address(node, asked));
        self.add_owner(&[slots], master, replicas.collect());
        Some(())
    }

    /// One entry of CLUSTER SHARDS: the slots of a shard in pairs, and its nodes.
    fn add_shard(&mut self, shard: &Reply, asked: SocketAddr) -> Option<()> {
        let Reply::Array(bounds) = field(shard, "slots")? else { return None };
        let pair = |pair: &[Reply]| match pair {
            [Reply::Integer(first), Reply::Integer(last)] => Some(slot(*first)?..=slot(*last)?),
            _ => None,
        };
        let slots = bounds.chunks(2).map(pair).collect::<Option<Vec<_>>>()?;
        let Reply::Array(nodes) = field(shard, "nodes")? else { return None };
        let mut master = None;
        let mut replicas = Vec::new();
        for node in nodes.iter().filter(|node| text(field(node, "health")) == Some("online")) {
            let Some(Reply::Integer(port)) = field(node, "port") else { return None };
            let Some(ip) = text(field(node, "ip")).and_then(|ip| endpoint_ip(ip, asked)) else { continue };
            let Ok(port) = u16::try_from(*port) else { continue };
            match text(field(node, "role")) {
                Some("master") => master = Some(SocketAddr::new(ip, port)),
                _ => replicas.push(SocketAddr::new(ip, port)),
            }
        }
        self.add_owner(&slots, master, replicas);
        Some(())
    }

    fn add_owner(
        &mut self,
        slots: &[RangeInclusive<Slot>],
        master: Option<SocketAddr>,
        replicas: Vec<SocketAddr>,
    ) {
        let owner = master.map(|master| self.index(master));
        let replicas: Vec<u16> = replicas.into_iter().map(|replica| self.index(replica)).collect();
        let Some(owner) = owner else { return };
        for range in slots {
            let (first, last) = (range.start().index(), range.end().index());
            self.owners[first..=last.max(first)].fill(owner);
        }
        self.replicas.resize(self.nodes.len(), Vec::new());
        self.replicas[usize::from(owner)] = replicas;
    }

    fn index(&mut self, node: SocketAddr) -> u16 {
        let known = self.nodes.iter().position(|known| *known == node);
        known.unwrap_or_else(|| {
            self.nodes.push(node);
            self.nodes.len() - 1
        }) as u16
    }
}

fn slot(number: i64) -> Option<Slot> {
    u16::try_from(number).ok().and_then(Slot::new)
}

/// A field of a map, which RESP2 sends as a flat list of names and values.
fn field<'a>(map: &'a Reply, name: &str) -> Option<&'a Reply> {
    match map {
        Reply::Map(pairs) => {
            pairs.iter().find_map(|(key, value)| (text(Some(key)) == Some(name)).then_some(value))
        }
        Reply::Array(flat) => {
            flat.chunks_exact(2).find_map(|pair| (text(Some(&pair[0])) == Some(name)).then_some(&pair[1]))
        }
        _ => None,
    }
}

fn text(reply: Option<&Reply>) -> Option<&str> {
    match reply? {
        Reply::Bulk(bytes) => std::str::from_utf8(bytes).ok(),
        Reply::Simple(text) => Some(text),
        _ => None,
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
        let replicas: Vec<SocketAddr> =
            Slot::new(6).map(|slot| map.replicas(slot).collect()).unwrap_or_default();
        assert_eq!(replicas, [address("10.0.0.2:7002")]);
    }

    #[test]
    fn cm_8_shards_name_their_slots_in_pairs_and_a_master_that_failed_owns_nothing() {
        let node = |port: i64, role: &str, health: &str| {
            let fields = [
                ("id", Reply::bulk("x")),
                ("port", Reply::Integer(port)),
                ("ip", Reply::bulk("10.0.0.1")),
                ("role", Reply::bulk(role)),
                ("health", Reply::bulk(health)),
            ];
            Reply::Array(fields.into_iter().flat_map(|(name, value)| [Reply::bulk(name), value]).collect())
        };
        let shard = |slots: &[i64], nodes| {
            let slots = slots.iter().map(|slot| Reply::Integer(*slot)).collect();
            Reply::Array(vec![
                Reply::bulk("slots"),
                Reply::Array(slots),
                Reply::bulk("nodes"),
                Reply::Array(nodes),
            ])
        };
        let reply = Reply::Array(vec![
            shard(&[0, 4, 9, 9], vec![node(7004, "replica", "online"), node(7001, "master", "online")]),
            shard(&[5, 8], vec![node(7002, "master", "fail"), node(7005, "replica", "online")]),
        ]);
        let map = SlotMap::parse_shards(&reply, address("10.0.0.9:7009")).expect("a map");
        let owner = |slot| Slot::new(slot).and_then(|slot| map.owner(slot));
        assert_eq!([owner(0), owner(4), owner(9)], [Some(address("10.0.0.1:7001")); 3]);
        assert_eq!([owner(5), owner(10)], [None; 2]);
        assert_eq!(map.nodes().len(), 3);
        assert_eq!(SlotMap::parse_shards(&Reply::ok(), address("10.0.0.9:7009")), None);
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
