//! Building and sending messages.
//!
//! Rules: WR-2, WR-15 … WR-17, LK-3, LK-4, CR-16, CM-31. Every message is built once and shared. Never: decides
//! whether a message is due.

use std::sync::Arc;

use rcsim_protocol::bus::{Body, Header, Heartbeat, Message, Update};
use rcsim_protocol::{Address, AddressIx, NodeFlags, NodeIx};

use crate::effect::Effect;
use crate::link::LinkId;
use crate::node::Node;
use crate::outside::Outside;

impl Node {
    /// What every message says of me (WR-16).
    pub(crate) fn header(&mut self, out: &mut Outside<'_>) -> Header {
        let address = self.announced_address(out);
        let me = self.view.peer(self.me());
        let told = self.view.peer(me.master.unwrap_or(self.me()));
        Header {
            sender: self.me(),
            address,
            current_epoch: self.current_epoch,
            config_epoch: told.config_epoch,
            offset: self.shown_offset(),
            slots: told.slots.clone(),
            master: me.master,
            flags: self.view.flags(self.me()),
            cluster_failed: !self.state_ok,
            paused: self.am_master() && self.manual_failover.end != 0,
            force_ack: false,
        }
    }

    /// My address as headers tell it: the IP only if `cluster-announce-ip` is set (WR-2). Looked up again only when
    /// either has changed.
    fn announced_address(&mut self, out: &mut Outside<'_>) -> AddressIx {
        let (mine, ip) = (self.view.address(self.me()), self.settings.cluster_announce_ip);
        match self.process.announced {
            Some((known, known_ip, announced)) if (known, known_ip) == (mine, ip) => announced,
            _ => {
                let announced = out.registry.address(Address { ip, ..out.registry.address_of(mine) });
                self.process.announced = Some((mine, ip, announced));
                announced
            }
        }
    }

    /// Puts a message on a link; counted when queued, sent or not (CM-31).
    pub(crate) fn send(&mut self, link: LinkId, message: Arc<Message>, out: &mut Outside<'_>) {
        self.counts.sent[message.kind() as usize] += 1;
        out.effects.post(Effect::Send(link, message));
    }

    /// Sends a PING, or a MEET, on an outbound link. A PING is pending from now on, a MEET is not (HS-2, CR-16).
    pub(crate) fn send_heartbeat_request(
        &mut self,
        node: NodeIx,
        link: LinkId,
        meet: bool,
        out: &mut Outside<'_>,
    ) {
        let heartbeat = self.heartbeat(out);
        let body = if meet { Body::Meet(heartbeat) } else { Body::Ping(heartbeat) };
        if !meet {
            self.view.set_ping_sent(node, out.now_ms);
        }
        let header = self.header(out);
        self.send(link, Arc::new(Message { header, body }), out);
    }

    /// PINGs a node on my outbound link to it, if that exists.
    pub(crate) fn ping(&mut self, node: NodeIx, out: &mut Outside<'_>) {
        if let Some(link) = self.view.peer(node).link() {
            self.send_heartbeat_request(node, link, false, out);
        }
    }

    /// Sends a PONG on a link.
    pub(crate) fn send_pong(&mut self, link: LinkId, out: &mut Outside<'_>) {
        let body = Body::Pong(self.heartbeat(out));
        let header = self.header(out);
        self.send(link, Arc::new(Message { header, body }), out);
    }

    /// Sends a PING on any link without making it pending: the answer to MFSTART (PK-23, CR-16).
    pub(crate) fn send_ping_unaccounted(&mut self, link: LinkId, out: &mut Outside<'_>) {
        let body = Body::Ping(self.heartbeat(out));
        let header = self.header(out);
        self.send(link, Arc::new(Message { header, body }), out);
    }

    fn heartbeat(&mut self, out: &mut Outside<'_>) -> Heartbeat {
        let hostname = self.settings.cluster_announce_hostname.clone();
        Heartbeat { gossip: self.gossip_section(out), hostname }
    }

    /// PONGs to all nodes with an outbound link that are not in handshake (EL-18.6, MIG-7).
    pub(crate) fn broadcast_pong(&mut self, out: &mut Outside<'_>) {
        for node in self.view.others() {
            self.pong_unless_in_handshake(node, out);
        }
    }

    /// PONGs to the replicas of my master, or of myself (WR-17, EL-6).
    pub(crate) fn broadcast_pong_to_shard(&mut self, out: &mut Outside<'_>) {
        let shard = [Some(self.me()), self.my_master()];
        for node in self.view.others() {
            let peer = self.view.peer(node);
            if !self.is_master(node) && peer.master.is_some() && shard.contains(&peer.master) {
                self.pong_unless_in_handshake(node, out);
            }
        }
    }

    fn pong_unless_in_handshake(&mut self, node: NodeIx, out: &mut Outside<'_>) {
        if let Some(link) = self.view.peer(node).link()
            && !self.view.flags(node).any(NodeFlags::HANDSHAKE)
        {
            self.send_pong(link, out);
        }
    }

    /// Sends the same message to every node with an outbound link, connected or not, that is not in handshake
    /// (FD-11, EL-9).
    pub(crate) fn broadcast(&mut self, body: Body, force_ack: bool, out: &mut Outside<'_>) {
        let header = Header { force_ack, ..self.header(out) };
        let message = Arc::new(Message { header, body });
        for node in self.view.others() {
            if let Some(link) = self.view.peer(node).link()
                && !self.view.flags(node).any(NodeFlags::HANDSHAKE)
            {
                self.send(link, Arc::clone(&message), out);
            }
        }
    }

    /// Sends the same message to the other nodes of my shard with an outbound link (CM-29).
    pub(crate) fn broadcast_to_shard(&mut self, body: Body, out: &mut Outside<'_>) {
        let message = Arc::new(Message { header: self.header(out), body });
        let Some(master) = self.shard_master() else { return };
        for node in self.view.others() {
            let peer = self.view.peer(node);
            if let Some(link) = peer.link()
                && (node == master || peer.master == Some(master))
            {
                self.send(link, Arc::clone(&message), out);
            }
        }
    }

    /// Sends a message to one node on my outbound link; `false` if there is none, and the message is lost (LK-3).
    pub(crate) fn send_to(&mut self, node: NodeIx, body: Body, out: &mut Outside<'_>) -> bool {
        let Some(link) = self.view.peer(node).link() else { return false };
        let header = self.header(out);
        self.send(link, Arc::new(Message { header, body }), out);
        true
    }

    /// Tells a node who owns the slots of `owner`; not those that the owner stopped claiming (WR-15).
    pub(crate) fn send_update(&mut self, to: NodeIx, owner: NodeIx, out: &mut Outside<'_>) -> bool {
        let peer = self.view.peer(owner);
        let update = Update {
            node: owner,
            config_epoch: peer.config_epoch,
            slots: self.slots.still_claimed(&peer.slots),
        };
        self.send_to(to, Body::Update(update), out)
    }
}
