//! The fixed order in which a packet is processed.
//!
//! Rules: PK-1 … PK-27; the checks on bytes (PK-2 … PK-4, PK-6) are the codec's. Each step is a call into the room
//! of its noun; this room only keeps the order. It matters: the PONG is built before the packet's own claims count
//! (PK-10), and a vote request sees the epoch that its own header brought (PK-26).

use rcsim_observe::Event;
use rcsim_observe::reason::Ignored;
use rcsim_protocol::bus::{Body, Header, Heartbeat, Message};
use rcsim_protocol::{NodeFlags, NodeIx};

use crate::link::LinkId;
use crate::node::Node;
use crate::outside::Outside;

impl Node {
    /// Processes one packet that came in on a link.
    pub(crate) fn process_packet(&mut self, link: LinkId, message: &Message, out: &mut Outside<'_>) {
        if self.links.get(link).is_none() {
            return;
        }
        self.counts.received[message.kind() as usize] += 1;
        if self.clients.dropped_kind == Some(message.kind()) {
            return self.ignore(message, Ignored::Filtered, out);
        }
        let sender = self.resolve_sender(link, &message.header, out);
        if let Some(sender) = sender {
            self.view.peer_mut(sender).data_received = out.now_ms;
            if !self.view.flags(sender).any(NodeFlags::HANDSHAKE) {
                self.learn_from_header(sender, &message.header, out);
            }
        }
        match (&message.body, sender) {
            (Body::Ping(heartbeat) | Body::Pong(heartbeat) | Body::Meet(heartbeat), sender) => {
                self.process_heartbeat(link, sender, message, heartbeat, out);
            }
            (_, None) => self.ignore(message, Ignored::UnknownSender, out),
            (body, Some(sender)) => self.process_notice(link, sender, message, body, out),
        }
    }

    /// FAIL, UPDATE, votes, MFSTART and pub/sub messages: from known senders only (PK-19 … PK-25).
    fn process_notice(
        &mut self,
        link: LinkId,
        sender: NodeIx,
        message: &Message,
        body: &Body,
        out: &mut Outside<'_>,
    ) {
        let ignored = match body {
            Body::Fail(subject) => self.fail_announced(*subject, sender, out),
            Body::AuthRequest => {
                self.consider_vote(sender, &message.header, out);
                Ok(())
            }
            Body::AuthAck => self.count_vote(sender, &message.header, out),
            Body::MfStart => self.pause_for(sender, link, out),
            Body::Update(update) => self.process_update(sender, update, out),
            Body::Publish(channel, message) => {
                self.deliver_to_all(channel, message, out);
                Ok(())
            }
            Body::PublishShard(channel, message) => {
                self.deliver_in_shard(channel, message, out);
                Ok(())
            }
            // There are no modules that it could be for.
            Body::Module(..) => Ok(()),
            Body::Ping(_) | Body::Pong(_) | Body::Meet(_) => {
                unreachable!("heartbeats are processed elsewhere")
            }
        };
        if let Err(why) = ignored {
            self.ignore(message, why, out);
        }
    }

    pub(crate) fn ignore(&mut self, message: &Message, why: Ignored, out: &mut Outside<'_>) {
        out.tell(Event::PacketIgnored { kind: message.kind(), sender: message.header.sender, why });
    }

    /// Whose packet it is: the link's node if that is past its handshake, else the header's (PK-7, LK-6).
    fn resolve_sender(&mut self, link: LinkId, header: &Header, out: &mut Outside<'_>) -> Option<NodeIx> {
        let record = self.links.get(link)?;
        if let Some(node) = record.node
            && !self.view.flags(node).any(NodeFlags::HANDSHAKE)
        {
            return Some(node);
        }
        let unbound = record.node.is_none();
        let sender = Some(header.sender).filter(|sender| self.view.knows(*sender) && *sender != self.me());
        if let Some(sender) = sender.filter(|_| unbound) {
            self.bind_inbound(link, sender, out);
        }
        sender
    }

    /// What every packet of a known node tells: epochs and its offset (PK-9).
    fn learn_from_header(&mut self, sender: NodeIx, header: &Header, out: &mut Outside<'_>) {
        self.current_epoch = self.current_epoch.max(header.current_epoch);
        let peer = self.view.peer_mut(sender);
        if header.config_epoch > peer.config_epoch {
            peer.config_epoch = header.config_epoch;
            self.deferred.save_durably();
        }
        self.view.peer_mut(sender).repl_offset = header.offset;
        if header.paused && !self.am_master() && self.my_master() == Some(sender) {
            self.learn_paused_offset(header.offset, out);
        }
    }

    fn process_heartbeat(
        &mut self,
        link: LinkId,
        sender: Option<NodeIx>,
        message: &Message,
        heartbeat: &Heartbeat,
        out: &mut Outside<'_>,
    ) {
        let (header, body) = (&message.header, &message.body);
        if !matches!(body, Body::Pong(_)) {
            self.discover_own_ip(link, message, out);
            let is_me = header.sender == self.me();
            if matches!(body, Body::Meet(_)) && sender.is_none() && !is_me {
                self.met_by(link, header, out);
                self.process_gossip(None, &heartbeat.gossip, out);
            }
            self.send_pong(link, out);
        }
        let Some(outbound) = self.check_identity(link, header, out) else { return };
        if let Some(sender) = sender {
            self.view.set_flags(sender, NodeFlags::NOFAILOVER, header.flags.any(NodeFlags::NOFAILOVER));
            let in_handshake = self.view.flags(sender).any(NodeFlags::HANDSHAKE);
            if matches!(body, Body::Ping(_)) && !in_handshake {
                self.update_address(sender, link, header, out);
            }
        }
        if matches!(body, Body::Pong(_))
            && let Some(node) = outbound
        {
            self.pong_arrived(node, out);
        }
        let Some(sender) = sender else { return };
        self.learn_role(sender, header, out);
        self.learn_slots(sender, header, out);
        self.resolve_epoch_collision(sender, header, out);
        self.process_gossip(Some(sender), &heartbeat.gossip, out);
        self.learn_hostname(sender, heartbeat);
    }

    /// On an outbound link: is it who I think it is (PK-11)? Returns the link's node if the link is outbound, `None`
    /// inside if it is inbound, and nothing at all if the link is gone.
    fn check_identity(
        &mut self,
        link: LinkId,
        header: &Header,
        out: &mut Outside<'_>,
    ) -> Option<Option<NodeIx>> {
        let record = self.links.get(link)?;
        let Some(node) = record.node.filter(|_| !record.inbound) else { return Some(None) };
        if self.view.flags(node).any(NodeFlags::HANDSHAKE) {
            return self.complete_handshake(link, node, header, out).map(Some);
        }
        if node != header.sender {
            self.lose_address(node, header.sender, out);
            return None;
        }
        Some(Some(node))
    }

    /// A PONG on my own link: the node is alive (PK-13).
    fn pong_arrived(&mut self, node: NodeIx, out: &mut Outside<'_>) {
        self.view.set_pong_received(node, out.now_ms);
        self.view.set_ping_sent(node, 0);
        if self.view.flags(node).any(NodeFlags::PFAIL) {
            self.view.set_flags(node, NodeFlags::PFAIL, false);
            self.deferred.save();
            self.deferred.update_state = true;
            out.tell(Event::PfailCleared { subject: node });
        } else if self.has_failed(node) {
            self.consider_clearing_fail(node, out);
        }
    }

    /// Master or replica, and of whom (PK-14).
    fn learn_role(&mut self, sender: NodeIx, header: &Header, out: &mut Outside<'_>) {
        let was_master = self.is_master(sender);
        let Some(master) = header.master else {
            if !was_master {
                self.set_node_as_master(sender);
                self.deferred.save();
                self.deferred.update_state = true;
                out.tell(Event::RoleSeen { node: sender, master: None, is_master: true, was_master });
            }
            return;
        };
        if was_master {
            self.unassign_all(sender, rcsim_observe::reason::BindCause::OwnerDemoted, out);
            self.view.set_flags(sender, NodeFlags::MASTER | NodeFlags::MIGRATE_TO, false);
            self.view.set_flags(sender, NodeFlags::SLAVE, true);
            self.deferred.save();
            self.deferred.update_state = true;
        }
        let recorded = self.view.peer(sender).master;
        if self.view.knows(master) && recorded != Some(master) {
            if let Some(recorded) = recorded {
                self.detach(sender, recorded);
            }
            self.attach(sender, master);
            self.deferred.save();
            out.tell(Event::RoleSeen { node: sender, master: Some(master), is_master: false, was_master });
        } else if was_master {
            out.tell(Event::RoleSeen { node: sender, master: None, is_master: false, was_master });
        }
    }

    /// The hostname comes with the extension, and goes when a heartbeat lacks it (PK-18).
    fn learn_hostname(&mut self, sender: NodeIx, heartbeat: &Heartbeat) {
        if self.view.knows(sender) {
            self.view.set_hostname(sender, &heartbeat.hostname);
        }
    }
}
