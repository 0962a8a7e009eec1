//! The two links of each pair.
//!
//! Owns the link records and the ids by which the outside names them. My outbound link carries my PING, MEET, FAIL,
//! vote requests and votes, UPDATE and broadcasts, and brings the PONGs; the inbound link carries the peer's, and my
//! PONGs in answer. Rules: LK-1 … LK-9. Never: reads a message.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;

use rcsim_observe::Event;
use rcsim_observe::reason::LinkDown;
use rcsim_protocol::{NodeFlags, NodeIx};

use crate::effect::Effect;
use crate::node::Node;
use crate::outside::Outside;

/// The name of a link between a node and the outside: a place in the node's table, and how often it was used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId {
    /// The place in the table; small, reused.
    pub slot: u32,
    /// How often the place was used; a stale id does not match.
    pub generation: NonZeroU32,
}

/// One link (LK-1).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    pub(crate) ctime: i64,
    /// The node it belongs to; `None` on a fresh inbound link (LK-5).
    pub(crate) node: Option<NodeIx>,
    pub(crate) inbound: bool,
    pub(crate) connected: bool,
    /// Bytes that wait to be sent, as last told by the outside.
    pub(crate) unsent: u32,
    remote: Option<Ipv4Addr>,
    local: Option<Ipv4Addr>,
}

impl Link {
    /// The peer's IP as the socket has it.
    pub(crate) fn remote(&self) -> Option<IpAddr> {
        self.remote.map(IpAddr::V4)
    }

    /// My own IP as the socket has it (HS-10).
    pub(crate) fn local(&self) -> Option<IpAddr> {
        self.local.map(IpAddr::V4)
    }
}

/// All links of a node.
#[derive(Clone, Debug, Default)]
pub(crate) struct Links {
    places: Vec<(NonZeroU32, Option<Link>)>,
    free: Vec<u32>,
}

impl Links {
    pub(crate) fn get(&self, id: LinkId) -> Option<&Link> {
        match self.places.get(id.slot as usize) {
            Some((generation, link)) if *generation == id.generation => link.as_ref(),
            _ => None,
        }
    }

    pub(crate) fn get_mut(&mut self, id: LinkId) -> Option<&mut Link> {
        match self.places.get_mut(id.slot as usize) {
            Some((generation, link)) if *generation == id.generation => link.as_mut(),
            _ => None,
        }
    }

    pub(crate) fn insert(&mut self, link: Link) -> LinkId {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.places.push((NonZeroU32::MIN, None));
            self.places.len() as u32 - 1
        });
        let place = &mut self.places[slot as usize];
        place.1 = Some(link);
        LinkId { slot, generation: place.0 }
    }

    pub(crate) fn remove(&mut self, id: LinkId) -> Option<Link> {
        let place = self.places.get_mut(id.slot as usize)?;
        if place.0 != id.generation {
            return None;
        }
        let link = place.1.take()?;
        place.0 = place.0.checked_add(1).unwrap_or(NonZeroU32::MIN);
        self.free.push(id.slot);
        Some(link)
    }

    /// All links with their ids, by place.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (LinkId, &Link)> {
        self.places.iter().enumerate().filter_map(|(slot, (generation, link))| {
            Some((LinkId { slot: slot as u32, generation: *generation }, link.as_ref()?))
        })
    }
}

impl Node {
    /// A peer opened a link: gives it the id under which the outside names it from now on. `remote` and `local` are
    /// the IPs of both ends as the socket has them (HS-4, HS-10).
    pub fn accept_link(&mut self, remote: IpAddr, local: IpAddr, now_ms: i64) -> LinkId {
        self.links.insert(Link {
            ctime: now_ms,
            node: None,
            inbound: true,
            connected: true,
            unsent: 0,
            remote: ipv4(remote),
            local: ipv4(local),
        })
    }

    /// The outside tells how many bytes wait to be sent on a link, before the cron looks at its limit (LK-9). No more than
    /// a reading: nothing happens by it.
    pub fn note_unsent(&mut self, link: LinkId, bytes: u64) {
        if let Some(link) = self.links.get_mut(link) {
            link.unsent = u32::try_from(bytes).unwrap_or(u32::MAX);
        }
    }

    /// Opens the outbound link to a node whose address is known (CR-3). The link exists from now on (LK-4).
    pub(crate) fn open_link(&mut self, node: NodeIx, out: &mut Outside<'_>) {
        let address = out.registry.address_of(self.view.address(node));
        let Some(ip) = address.ip else {
            // The connect fails at once: let failure detection begin (CR-3).
            if self.view.peer(node).ping_sent() == 0 {
                self.view.set_ping_sent(node, out.now_ms);
            }
            return;
        };
        let id = self.links.insert(Link {
            ctime: out.now_ms,
            node: Some(node),
            inbound: false,
            connected: false,
            unsent: 0,
            remote: ipv4(ip),
            local: None,
        });
        self.view.set_link(node, Some(id));
        out.effects.push(Effect::Connect(id, SocketAddr::new(ip, address.cport)));
    }

    /// The outbound link is up: say what was not said yet (HS-2, CR-13).
    pub(crate) fn link_connected(&mut self, id: LinkId, local: IpAddr, out: &mut Outside<'_>) {
        let Some(link) = self.links.get_mut(id) else { return };
        link.connected = true;
        link.local = ipv4(local);
        let Some(node) = link.node.filter(|node| self.view.knows(*node)) else { return };
        let pending = self.view.peer(node).ping_sent();
        let meet = self.view.flags(node).any(NodeFlags::MEET);
        self.send_heartbeat_request(node, id, meet, out);
        if pending != 0 {
            self.view.set_ping_sent(node, pending);
        }
        self.view.set_flags(node, NodeFlags::MEET, false);
        out.tell(Event::LinkUp { peer: node });
    }

    /// A link is gone by the outside's doing.
    pub(crate) fn link_lost(&mut self, id: LinkId, out: &mut Outside<'_>) {
        let Some(link) = self.links.get(id) else { return };
        let why = if link.connected { LinkDown::Broken } else { LinkDown::ConnectFailed };
        self.forget_link(id, why, out);
    }

    /// Closes a link by my own decision (LK-7: what was not sent is lost, a pending PING stays pending).
    pub(crate) fn free_link(&mut self, id: LinkId, why: LinkDown, out: &mut Outside<'_>) {
        if self.links.get(id).is_some() {
            self.forget_link(id, why, out);
            out.effects.push(Effect::Close(id));
        }
    }

    fn forget_link(&mut self, id: LinkId, why: LinkDown, out: &mut Outside<'_>) {
        out.effects.discard(id);
        let Some(link) = self.links.remove(id) else { return };
        let Some(node) = link.node.filter(|node| self.view.knows(*node)) else { return };
        if self.view.peer(node).link() == Some(id) {
            self.view.set_link(node, None);
        }
        if self.view.inbound_link(node) == Some(id) {
            self.view.set_inbound_link(node, None);
        }
        // A refused connect is retried every 100 ms (CR-4): not worth a word each time.
        if why != LinkDown::ConnectFailed {
            out.tell(Event::LinkDown { peer: node, why });
        }
    }

    /// Drops the outbound link of a node, if it has one.
    pub(crate) fn free_outbound(&mut self, node: NodeIx, why: LinkDown, out: &mut Outside<'_>) {
        if let Some(id) = self.view.peer(node).link() {
            self.free_link(id, why, out);
        }
    }

    /// Binds a fresh inbound link to the node that its first known header names (LK-5).
    pub(crate) fn bind_inbound(&mut self, id: LinkId, node: NodeIx, out: &mut Outside<'_>) {
        if let Some(older) = self.view.inbound_link(node) {
            self.free_link(older, LinkDown::Replaced, out);
        }
        if let Some(link) = self.links.get_mut(id) {
            link.node = Some(node);
            self.view.set_inbound_link(node, Some(id));
        }
    }
}

/// Hosts of the simulation have IPv4 addresses; an IPv6 peer is treated as one whose address the socket hides.
fn ipv4(ip: IpAddr) -> Option<Ipv4Addr> {
    match ip {
        IpAddr::V4(ip) => Some(ip),
        IpAddr::V6(_) => None,
    }
}
