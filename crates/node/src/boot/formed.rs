//! Nodes that have long been members of a quiet cluster when a run begins.
//!
//! Keeps: such a node is as it would be after a long run without faults. Its table is complete, its state is
//! ok, nobody is suspected, every PONG is younger than half the node timeout (CR-6), and its nodes.conf
//! agrees.

use std::net::IpAddr;
use std::sync::Arc;

use rcsim_protocol::{Address, Epoch, NodeFlags, NodeIx, Offset, ReplicationId, Settings, SlotSet};

use super::effective;
use crate::effect::Effects;
use crate::link::LinkId;
use crate::node::Node;
use crate::outside::Outside;
use crate::replication::Replication;
use crate::slots::SlotTable;

/// A formed cluster has stood for an hour.
const FORMED_FOR_MS: i64 = 3_600_000;
/// A random ping comes on every tenth tick of the cron (CR-5): the node stands anywhere between two.
const CRON_PHASES: u32 = 10;

/// A member of a cluster that has stood for long.
#[derive(Clone, Debug)]
pub struct Formed {
    /// Its settings; `cluster-enabled`, `port` and `cluster-port` are brought in line with the rest of this.
    pub settings: Settings,
    /// The port on which it serves clients.
    pub port: u16,
    /// The port of the cluster bus.
    pub cport: u16,
    /// Its own id; one of the members.
    pub me: NodeIx,
    /// All members, itself included.
    pub table: FormedTable,
    /// `currentEpoch`.
    pub current_epoch: Epoch,
    /// Where the stream of every master with replicas stands; of one without, at 0 (RP-2).
    pub offset: Offset,
    /// The name of the stream that it produces or applies.
    pub replication_id: ReplicationId,
}

/// What all members of a formed cluster know of one of them.
#[derive(Clone, Debug)]
pub struct FormedMember {
    /// Its id.
    pub id: NodeIx,
    /// Its address.
    pub address: Address,
    /// Its master, if it is a replica; a member, too.
    pub master: Option<NodeIx>,
    /// Its config epoch.
    pub config_epoch: Epoch,
    /// Its slots.
    pub slots: SlotSet,
}

/// What all members of a formed cluster know alike. Made once and shared: a thousand nodes hold one slot
/// table, until one of them learns something new.
#[derive(Clone, Debug)]
pub struct FormedTable {
    members: Arc<[FormedMember]>,
    slots: SlotTable,
}

impl From<Vec<FormedMember>> for FormedTable {
    fn from(members: Vec<FormedMember>) -> FormedTable {
        let mut slots = SlotTable::new();
        for member in &members {
            for slot in member.slots.iter() {
                slots.set_owner(slot, Some(member.id));
            }
        }
        FormedTable { members: members.into(), slots }
    }
}

impl Node {
    /// A node that has long been in a quiet cluster. Its links, and those of its replication, are still to be
    /// made: [`Node::formed_link`], [`Node::formed_replication_to`], [`Node::formed_replication_from`].
    ///
    /// Panics if `me` is not a member, or a master is not.
    pub fn formed(formed: Formed, out: &mut Outside<'_>) -> Node {
        let Formed { settings, port, cport, me, table, current_epoch, offset, replication_id } = formed;
        let members = &table.members;
        assert!(members.iter().any(|member| member.id == me), "{me:?} is to be one of the members");
        let settings = effective(settings, port, cport);
        let mut node = Node::blank(settings, me, NodeFlags::MYSELF, replication_id, out.now_ms);
        for member in members.iter() {
            node.add_member(member, out);
        }
        node.slots = table.slots.clone();
        node.relate(members, offset);
        node.current_epoch = current_epoch;
        node.take_configured_no_failover();
        node.view.shuffle(|bound| out.chance.below(bound));
        if node.is_in_stream(me) {
            let now_s = node.clock.now_s();
            // Everybody's replication pings come at other times.
            let loops = u64::from(out.chance.below(CRON_PHASES));
            node.replication = Replication::formed(replication_id, offset, now_s, loops);
        }
        node.process.cron_iteration = u64::from(out.chance.below(CRON_PHASES));
        node.process.started_ms = out.now_ms - FORMED_FOR_MS;
        node.process.first_state_update = Some(out.now_ms - FORMED_FOR_MS);
        node.form_log();
        node.come_to_rest(out);
        node
    }

    fn add_member(&mut self, member: &FormedMember, out: &mut Outside<'_>) {
        let address = out.registry.address(member.address);
        if !self.view.knows(member.id) {
            self.view.insert(member.id, NodeFlags::NONE, address, out.now_ms - FORMED_FOR_MS);
            let oldest = u32::try_from(self.node_timeout() / 2).unwrap_or(u32::MAX).max(1);
            let age = i64::from(out.chance.below(oldest));
            self.view.set_pong_received(member.id, out.now_ms - age);
        }
        let role = if member.master.is_some() { NodeFlags::SLAVE } else { NodeFlags::MASTER };
        self.view.set_address(member.id, address);
        self.view.set_flags(member.id, role, true);
        let peer = self.view.peer_mut(member.id);
        peer.config_epoch = member.config_epoch;
        peer.data_received = out.now_ms;
    }

    /// Who follows whom, who owns what, and what the streams came to. Masters with replicas are targets of
    /// others' replicas (RM-3).
    fn relate(&mut self, members: &[FormedMember], offset: Offset) {
        for member in members {
            if let Some(master) = member.master {
                self.attach(member.id, master);
            }
        }
        for member in members {
            self.view.set_slots(member.id, member.slots.clone());
            let followed = !self.view.peer(member.id).rest().replicas.is_empty();
            self.view.set_flags(member.id, NodeFlags::MIGRATE_TO, followed);
            if self.is_in_stream(member.id) && member.id != self.me() {
                self.view.peer_mut(member.id).repl_offset = offset;
            }
        }
    }

    /// Whether a node produces or applies a stream: a master does from its first replica on (RP-2).
    fn is_in_stream(&self, node: NodeIx) -> bool {
        let peer = self.view.peer(node);
        peer.master.is_some() || !peer.rest().replicas.is_empty()
    }

    /// Evaluates the state, for which nobody is listening, and leaves nothing to be done.
    fn come_to_rest(&mut self, out: &mut Outside<'_>) {
        let mut unheard = Effects::new();
        self.update_state(&mut Outside {
            now_ms: out.now_ms,
            registry: &mut *out.registry,
            chance: &mut *out.chance,
            effects: &mut unheard,
        });
        self.deferred = crate::before_sleep::Deferred::default();
    }

    /// A link of a formed cluster stands since long: the outbound one to a member, or the `inbound` one from
    /// it. `remote` and `local` are the IPs of both ends. Gives it the id under which the outside names it
    /// from now on.
    ///
    /// Panics if the peer is not in the table.
    pub fn formed_link(
        &mut self,
        peer: NodeIx,
        remote: IpAddr,
        local: IpAddr,
        inbound: bool,
        now_ms: i64,
    ) -> LinkId {
        let id = self.accept_link(remote, local, now_ms - FORMED_FOR_MS);
        let link = self.links.get_mut(id).expect("the link was made just now");
        link.node = Some(peer);
        link.inbound = inbound;
        if inbound {
            self.view.set_inbound_link(peer, Some(id));
        } else {
            self.view.set_link(peer, Some(id));
        }
        id
    }
}
