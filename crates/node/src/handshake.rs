//! Joining: MEET, the handshake that finds out who is there, and addresses that change.
//!
//! Rules: HS-1 … HS-13, GS-14 (the ban after a FORGET), ND-22. Never: takes roles or slots from a packet.

use std::net::IpAddr;

use rcsim_observe::Event;
use rcsim_observe::reason::{AddressSource, Arrival, Departure, LinkDown};
use rcsim_protocol::bus::{Header, Message};
use rcsim_protocol::{Address, NodeFlags, NodeId, NodeIx};

use crate::link::LinkId;
use crate::node::Node;
use crate::outside::Outside;

/// How long a forgotten id is banned, in seconds (GS-14).
const BAN_S: i64 = 60;
/// A handshake lasts at least this long, in ms (HS-8).
const MIN_HANDSHAKE_MS: i64 = 1000;

impl Node {
    /// CLUSTER MEET: a handshake begins, unless one with this address is going on (HS-1).
    pub(crate) fn start_handshake(&mut self, address: Address, out: &mut Outside<'_>) {
        let pending = self.view.order().iter().any(|node| {
            self.view.flags(*node).any(NodeFlags::HANDSHAKE)
                && out.registry.address_of(self.view.address(*node)).same_place(&address)
        });
        if !pending {
            let flags = NodeFlags::HANDSHAKE | NodeFlags::MEET;
            self.add_in_handshake(address, flags, Arrival::Meet, out);
        }
    }

    /// A stranger sent a MEET: I shall connect back to find out who it is (HS-4). One record per MEET.
    pub(crate) fn met_by(&mut self, link: LinkId, header: &Header, out: &mut Outside<'_>) {
        let address = self.sender_address(link, header, out);
        self.add_in_handshake(address, NodeFlags::HANDSHAKE, Arrival::MetBy, out);
        self.deferred.save();
    }

    fn add_in_handshake(&mut self, address: Address, flags: NodeFlags, how: Arrival, out: &mut Outside<'_>) {
        let temporary = out.registry.node(NodeId::from_random(out.chance.id_bits()));
        let address = out.registry.address(address);
        self.view.insert(temporary, flags, address, out.now_ms);
        out.tell(Event::NodeAdded { node: temporary, how });
    }

    /// How long a handshake may last, in ms (HS-8).
    pub(crate) fn handshake_timeout(&self) -> i64 {
        self.node_timeout().max(MIN_HANDSHAKE_MS)
    }

    /// The first answer on an outbound link to a node in handshake (HS-6). Returns the node that the rest of the
    /// packet's bookkeeping is for, or `None` if the link is gone.
    pub(crate) fn complete_handshake(
        &mut self,
        link: LinkId,
        temporary: NodeIx,
        header: &Header,
        out: &mut Outside<'_>,
    ) -> Option<NodeIx> {
        if self.view.knows(header.sender) {
            if header.sender != self.me() {
                self.update_address(header.sender, link, header, out);
            }
            self.delete_node(temporary, Departure::AlreadyKnown, out);
            return None;
        }
        let node = header.sender;
        self.view.rename(temporary, node);
        self.slots.rename(temporary, node);
        if let Some(link) = self.links.get_mut(link) {
            link.node = Some(node);
        }
        self.view.set_flags(node, NodeFlags::HANDSHAKE, false);
        self.view.set_flags(node, header.flags & (NodeFlags::MASTER | NodeFlags::SLAVE), true);
        self.deferred.save();
        out.tell(Event::HandshakeCompleted { temporary, node });
        Some(node)
    }

    /// Somebody else answers at the address of a node: its address is unknown from now on (HS-7).
    pub(crate) fn lose_address(&mut self, node: NodeIx, got: NodeIx, out: &mut Outside<'_>) {
        self.view.set_flags(node, NodeFlags::NOADDR, true);
        self.view.set_address(node, rcsim_protocol::AddressIx::BLANK);
        self.free_outbound(node, LinkDown::IdMismatch, out);
        self.deferred.save();
        out.tell(Event::IdMismatch { expected: node, got });
    }

    /// A packet may tell that its sender moved (HS-9). Not one that came on my own link to it: I know that address.
    pub(crate) fn update_address(
        &mut self,
        node: NodeIx,
        link: LinkId,
        header: &Header,
        out: &mut Outside<'_>,
    ) -> bool {
        if self.view.peer(node).link() == Some(link) {
            return false;
        }
        let address = self.sender_address(link, header, out);
        if address.ip.is_none() || out.registry.address_of(self.view.address(node)).same_place(&address) {
            return false;
        }
        let index = out.registry.address(address);
        self.view.set_address(node, index);
        self.free_outbound(node, LinkDown::AddressChanged, out);
        self.view.set_flags(node, NodeFlags::NOADDR, false);
        out.tell(Event::AddressChanged { node, address: index, source: AddressSource::Packet });
        if !self.am_master() && self.my_master() == Some(node) {
            self.follow_address_of(node, out);
        }
        self.deferred.save();
        self.deferred.update_state = true;
        true
    }

    /// Where a packet's sender is: the IP that it announces, else the socket's; the ports of the header.
    fn sender_address(&self, link: LinkId, header: &Header, out: &Outside<'_>) -> Address {
        let announced = out.registry.address_of(header.address);
        let socket = self.links.get(link).and_then(crate::link::Link::remote);
        Address { ip: announced.ip.or(socket), ..announced }
    }

    /// On a MEET, or on a PING while it is unknown, the socket tells my own IP (HS-10).
    pub(crate) fn discover_own_ip(&mut self, link: LinkId, message: &Message, out: &mut Outside<'_>) {
        let mine = out.registry.address_of(self.view.address(self.me()));
        let is_meet = matches!(message.body, rcsim_protocol::bus::Body::Meet(_));
        if self.settings.cluster_announce_ip.is_some() || !(is_meet || mine.ip.is_none()) {
            return;
        }
        let local = self.links.get(link).and_then(crate::link::Link::local);
        if let Some(ip) = local.filter(|ip| mine.ip != Some(*ip)) {
            self.set_own_ip(ip, out);
        }
    }

    /// Takes an IP as my own.
    pub(crate) fn set_own_ip(&mut self, ip: IpAddr, out: &mut Outside<'_>) {
        let mine = out.registry.address_of(self.view.address(self.me()));
        let address = out.registry.address(Address { ip: Some(ip), ..mine });
        self.view.set_address(self.me(), address);
        self.deferred.save();
        out.tell(Event::AddressChanged { node: self.me(), address, source: AddressSource::Socket });
    }

    /// Takes a node out of the table, and out of everything that points to it (ND-22).
    pub(crate) fn delete_node(&mut self, node: NodeIx, why: Departure, out: &mut Outside<'_>) {
        assert!(node != self.me(), "a node does not delete itself");
        self.slots.close_towards(node);
        self.unassign_all(node, rcsim_observe::reason::BindCause::OwnerForgotten, out);
        for other in self.view.others() {
            if !self.view.peer(other).reports().is_empty() {
                self.view.edit_reports(other, |reports| reports.retain(|report| report.reporter != node));
            }
        }
        for replica in std::mem::take(&mut self.view.peer_mut(node).rest_mut().replicas) {
            self.view.peer_mut(replica).master = None;
        }
        if let Some(master) = self.view.peer_mut(node).master.take() {
            self.detach(node, master);
        }
        let (outbound, inbound) = (self.view.peer(node).link(), self.view.inbound_link(node));
        for link in [outbound, inbound].into_iter().flatten() {
            self.free_link(link, LinkDown::PeerRemoved, out);
        }
        self.view.remove(node);
        out.tell(Event::NodeRemoved { node, why });
    }

    /// Bans an id from coming back by gossip (GS-14).
    pub(crate) fn ban(&mut self, id: NodeId) {
        self.lift_old_bans();
        self.banned.insert(id, self.clock.now_s() + BAN_S);
    }

    /// Whether an id is banned (GS-14). Expired bans are lifted on the way.
    pub(crate) fn is_banned(&mut self, id: NodeId) -> bool {
        self.lift_old_bans();
        self.banned.contains_key(&id)
    }

    fn lift_old_bans(&mut self) {
        let now = self.clock.cached_s();
        self.banned.retain(|_, until| *until >= now);
    }
}
