//! CLUSTER SLOTS and SHARDS: who serves what, for clients.
//!
//! Rules: CM-7, CM-8, CF-15, RD-16.

use rcsim_protocol::settings::EndpointType;
use rcsim_protocol::{Command, NodeFlags, NodeIx, Offset, Reply, Slot};

use crate::commands::Answer;
use crate::node::Node;
use crate::outside::Outside;

impl Node {
    /// One entry per maximal run of slots with one owner, ascending.
    pub(super) fn cluster_slots(&mut self, _: &Command, out: &mut Outside<'_>) -> Answer {
        let entry = |(first, last, owner): &(Slot, Slot, NodeIx)| {
            let bounds = [first, last].map(|slot| Reply::Integer(slot.number().into()));
            let replicas =
                self.view.peer(*owner).rest().replicas.iter().filter(|node| self.is_usable_replica(**node));
            let nodes = [owner].into_iter().chain(replicas).map(|node| self.slots_node(*node, out));
            Reply::Array(bounds.into_iter().chain(nodes).collect())
        };
        Ok(Reply::Array(self.owned_runs().iter().map(entry).collect()))
    }

    fn owned_runs(&self) -> Vec<(Slot, Slot, NodeIx)> {
        let mut runs: Vec<(Slot, Slot, NodeIx)> = Vec::new();
        for slot in Slot::all() {
            let Some(owner) = self.slots.owner(slot) else { continue };
            match runs.last_mut() {
                Some((_, last, same)) if *same == owner && last.number() + 1 == slot.number() => *last = slot,
                _ => runs.push((slot, slot, owner)),
            }
        }
        runs
    }

    /// A replica is worth telling if it is not FAIL and has some of its master's data (CM-7).
    fn is_usable_replica(&self, node: NodeIx) -> bool {
        !self.has_failed(node) && self.offset_of(node) != Offset::ZERO
    }

    /// The replication offset of a node, as I know it.
    fn offset_of(&self, node: NodeIx) -> Offset {
        if node != self.me() {
            self.view.peer(node).repl_offset
        } else if self.am_master() {
            self.replication.offset
        } else {
            self.replica_offset()
        }
    }

    /// Endpoint, port, id, and the names that are not the endpoint.
    fn slots_node(&self, node: NodeIx, out: &Outside<'_>) -> Reply {
        let preferred = self.settings.cluster_preferred_endpoint_type;
        let endpoint = match preferred {
            EndpointType::UnknownEndpoint => Reply::Null,
            EndpointType::Ip | EndpointType::Hostname => Reply::bulk(self.endpoint(node, out)),
        };
        let address = out.registry.address_of(self.view.address(node));
        let mut other_names = Vec::new();
        if preferred != EndpointType::Ip {
            other_names.push((Reply::bulk("ip"), Reply::bulk(address.ip_text())));
        }
        if let Some(hostname) = self.hostname_of(node).filter(|_| preferred != EndpointType::Hostname) {
            other_names.push((Reply::bulk("hostname"), Reply::bulk(hostname)));
        }
        let id = Reply::bulk(out.registry.id(node).as_bytes());
        Reply::Array(vec![endpoint, Reply::Integer(address.port.into()), id, Reply::Map(other_names)])
    }

    /// What clients are told to connect to (CF-15).
    fn endpoint(&self, node: NodeIx, out: &Outside<'_>) -> String {
        match self.settings.cluster_preferred_endpoint_type {
            EndpointType::Ip => out.registry.address_of(self.view.address(node)).ip_text(),
            EndpointType::Hostname => self.hostname_of(node).unwrap_or("?").to_owned(),
            EndpointType::UnknownEndpoint => String::new(),
        }
    }

    /// One entry per master, with or without slots (CM-8).
    pub(super) fn cluster_shards(&mut self, _: &Command, out: &mut Outside<'_>) -> Answer {
        let masters = self.view.order().iter().filter(|node| self.is_master(**node));
        let shard = |master: &NodeIx| {
            let peer = self.view.peer(*master);
            let bounds = peer.slots.runs().into_iter().flat_map(|(first, last)| [first, last]);
            let slots = bounds.map(|slot| Reply::Integer(slot.number().into())).collect();
            let members = [master].into_iter().chain(&peer.rest().replicas);
            let nodes = members.map(|node| self.shards_node(*node, out)).collect();
            Reply::Map(vec![
                (Reply::bulk("slots"), Reply::Array(slots)),
                (Reply::bulk("nodes"), Reply::Array(nodes)),
            ])
        };
        Ok(Reply::Array(masters.map(shard).collect()))
    }

    fn shards_node(&self, node: NodeIx, out: &Outside<'_>) -> Reply {
        let address = out.registry.address_of(self.view.address(node));
        let (is_master, offset) = (self.is_master(node), self.offset_of(node));
        let health = if self.view.flags(node).any(NodeFlags::FAIL) {
            "fail"
        } else if !is_master && offset == Offset::ZERO {
            "loading"
        } else {
            "online"
        };
        let entries = [
            ("id", Some(Reply::bulk(out.registry.id(node).as_bytes()))),
            ("port", Some(Reply::Integer(address.port.into()))),
            ("ip", Some(Reply::bulk(address.ip_text()))),
            ("endpoint", Some(Reply::bulk(self.endpoint(node, out)))),
            ("hostname", self.hostname_of(node).map(Reply::bulk)),
            ("role", Some(Reply::bulk(if is_master { "master" } else { "replica" }))),
            ("replication-offset", Some(Reply::Integer(offset.0))),
            ("health", Some(Reply::bulk(health))),
        ];
        let present = entries.into_iter().filter_map(|(name, value)| Some((Reply::bulk(name), value?)));
        Reply::Map(present.collect())
    }
}
