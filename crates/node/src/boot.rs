//! How a node starts: from its nodes.conf, as a newcomer, or (see `formed`) as an old member of a quiet
//! cluster.
//!
//! Rules: BT-1, BT-4, BT-10, BT-11, NC-5, NC-10 … NC-15, HS-10, CK-6, CF-13, BS-6. What is loaded is `persistence`'s
//! (BT-7). Keeps: a new identity is durable before anything else happens (NC-5).

mod formed;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use rcsim_observe::Event;
use rcsim_observe::reason::ExitCause;
use rcsim_protocol::{Address, AddressIx, Epoch, NodeFlags, NodeId, NodeIx, ReplicationId, Settings, Slot};

pub use formed::{Formed, FormedMember, FormedTable};

use crate::before_sleep::Deferred;
use crate::clients::Clients;
use crate::election::Candidacy;
use crate::keyspace::Keyspace;
use crate::link::Links;
use crate::manual_failover::ManualFailover;
use crate::migration::Migration;
use crate::node::{Clock, MessageCounts, Node, ProcessMemory};
use crate::nodes_conf::{CorruptConfig, SavedConfig, SavedNode, parse};
use crate::outside::Outside;
use crate::persistence::{Files, Persistence};
use crate::replication::Replication;
use crate::slots::SlotTable;
use crate::stats::Stats;
use crate::view::View;

/// The distance from the client port to the bus port (CF-4).
const BUS_PORT_DISTANCE: u16 = 10000;

/// What a process finds when it starts.
#[derive(Clone, Debug)]
pub struct Boot {
    /// Its settings. `cluster-enabled`, `port` and `cluster-port` are brought in line with the rest of this.
    pub settings: Settings,
    /// The port on which it serves clients.
    pub port: u16,
    /// The port of the cluster bus.
    pub cport: u16,
    /// The content of its nodes.conf; `None` without a file.
    pub config: Option<Vec<u8>>,
    /// What else is on its disk.
    pub files: Files,
}

/// Why a process does not come up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BootError {
    /// Its nodes.conf cannot be read: it exits (NC-7) or crashes (NC-8).
    CorruptConfig(CorruptConfig),
}

impl BootError {
    /// How the process ends.
    pub fn cause(&self) -> ExitCause {
        match self {
            BootError::CorruptConfig(_) => ExitCause::ConfigCorrupt,
        }
    }
}

impl fmt::Display for BootError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BootError::CorruptConfig(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for BootError {}

impl From<CorruptConfig> for BootError {
    fn from(error: CorruptConfig) -> BootError {
        BootError::CorruptConfig(error)
    }
}

impl Node {
    /// A process starts (BT-1). Without a nodes.conf, or with an empty one, it is a new node (NC-5).
    ///
    /// # Errors
    ///
    /// A nodes.conf that cannot be read.
    pub fn boot(boot: Boot, out: &mut Outside<'_>) -> Result<Node, BootError> {
        let settings = effective(boot.settings, boot.port, boot.cport);
        let saved = boot.config.filter(|text| !text.is_empty()).map(|text| parse(&text)).transpose()?;
        let fresh = saved.is_none();
        let mut node = match saved {
            Some(saved) => Node::restored(settings, &saved, out),
            None => Node::newborn(settings, out),
        };
        if fresh {
            // Before the ports are filled in: the first file says `:0@0` (HS-10).
            node.save_config(true, out);
        }
        node.take_configured_ports(out);
        if let Some(ip) = node.settings.cluster_announce_ip {
            node.take_configured_ip(Some(ip), out);
        }
        node.take_configured_no_failover();
        node.view.shuffle(|bound| out.chance.below(bound));
        out.tell(Event::Started { node: node.me(), fresh });
        node.start_loading(&boot.files, out);
        node.end_of_turn(out);
        Ok(node)
    }

    /// A node that nobody knows, under a new id (NC-5).
    fn newborn(settings: Settings, out: &mut Outside<'_>) -> Node {
        let me = out.registry.node(NodeId::from_random(out.chance.id_bits()));
        let stream = ReplicationId::from_random(out.chance.id_bits());
        Node::blank(settings, me, NodeFlags::MYSELF | NodeFlags::MASTER, stream, out.now_ms)
    }

    /// A node as its nodes.conf remembers it (BT-10). Replication is off until the first cron (CR-8).
    fn restored(settings: Settings, saved: &SavedConfig, out: &mut Outside<'_>) -> Node {
        let myself = saved.nodes.iter().find(|node| node.flags.any(NodeFlags::MYSELF));
        let me = out.registry.node(myself.expect("the file was checked for the flag myself").id);
        let stream = ReplicationId::from_random(out.chance.id_bits());
        let mut node = Node::blank(settings, me, NodeFlags::NONE, stream, out.now_ms);
        for line in &saved.nodes {
            node.restore(line, out);
        }
        node.last_vote_epoch = saved.last_vote_epoch;
        node.current_epoch = saved.current_epoch;
        node.current_epoch = node.max_epoch();
        node
    }

    /// A node that believes nothing yet.
    fn blank(settings: Settings, me: NodeIx, flags: NodeFlags, stream: ReplicationId, now_ms: i64) -> Node {
        Node {
            settings,
            clock: Clock { now_ms, cached_ms: now_ms },
            view: View::new(me, flags, AddressIx::BLANK, now_ms),
            links: Links::default(),
            slots: SlotTable::new(),
            current_epoch: Epoch::ZERO,
            last_vote_epoch: Epoch::ZERO,
            state_ok: false,
            size: 1,
            banned: BTreeMap::new(),
            pfail_count: 0,
            candidacy: Candidacy::default(),
            manual_failover: ManualFailover::default(),
            counts: MessageCounts::default(),
            process: ProcessMemory { started_ms: now_ms, ..ProcessMemory::default() },
            deferred: Deferred::default(),
            replication: Replication::new(stream),
            keyspace: Keyspace::default(),
            execution: Default::default(),
            clients: Clients::default(),
            persistence: Persistence::starting_at(now_ms / 1000),
            stats: Stats::default(),
            migration: Migration::default(),
        }
    }

    /// Takes one line of nodes.conf into the table (NC-10 … NC-14).
    fn restore(&mut self, line: &SavedNode, out: &mut Outside<'_>) {
        let (node, now) = (self.placeholder(line.id, out), out.now_ms);
        let ip = line.ip.parse().ok();
        let address = Address { ip, port: line.port, cport: line.cport, pport: 0 };
        self.view.set_address(node, out.registry.address(address));
        self.view.set_hostname(node, &line.hostname.as_deref().map(Arc::from));
        self.view.set_flags(node, line.flags, true);
        if line.flags.any(NodeFlags::HANDSHAKE) {
            self.view.peer_mut(node).rest_mut().ctime = now;
        }
        if line.flags.any(NodeFlags::FAIL) {
            self.view.peer_mut(node).rest_mut().fail_time = now;
        }
        if let Some(master) = line.master {
            let master = self.placeholder(master, out);
            self.attach(node, master);
        }
        if line.ping_sent != 0 {
            self.view.set_ping_sent(node, now);
        }
        if line.pong_received != 0 {
            self.view.set_pong_received(node, now);
        }
        let follows = self.view.flags(node).any(NodeFlags::SLAVE) && self.view.peer(node).master.is_some();
        self.view.peer_mut(node).config_epoch = if follows { Epoch::ZERO } else { line.config_epoch };
        let free: Vec<Slot> = line.slots.iter().filter(|slot| self.slots.owner(*slot).is_none()).collect();
        self.rebind(&free, Some(node));
        for (slot, target) in &line.migrating {
            let target = self.placeholder(*target, out);
            self.slots.migrating.insert(*slot, target);
        }
        for (slot, source) in &line.importing {
            let source = self.placeholder(*source, out);
            self.slots.importing.insert(*slot, source);
        }
    }

    /// The record of a node that a line is about or refers to: a blank one if there is none yet (NC-11).
    fn placeholder(&mut self, id: NodeId, out: &mut Outside<'_>) -> NodeIx {
        let node = out.registry.node(id);
        if !self.view.knows(node) {
            self.view.insert(node, NodeFlags::NONE, AddressIx::BLANK, out.now_ms);
        }
        node
    }

    /// My ports are what the settings say, or announce (NC-14, CF-13).
    pub(crate) fn take_configured_ports(&mut self, out: &mut Outside<'_>) {
        let settings = &self.settings;
        let or = |announced: u16, real: u16| if announced == 0 { real } else { announced };
        let real_cport = or(settings.cluster_port, settings.port.wrapping_add(BUS_PORT_DISTANCE));
        let (port, cport) = (
            or(settings.cluster_announce_port, settings.port),
            or(settings.cluster_announce_bus_port, real_cport),
        );
        let mine = out.registry.address_of(self.view.address(self.me()));
        let address = out.registry.address(Address { port, cport, ..mine });
        self.view.set_address(self.me(), address);
    }

    /// My IP is what the settings announce; `None` if they no longer do, and it is to be found out again
    /// (HS-10).
    pub(crate) fn take_configured_ip(&mut self, ip: Option<std::net::IpAddr>, out: &mut Outside<'_>) {
        let mine = out.registry.address_of(self.view.address(self.me()));
        let address = out.registry.address(Address { ip, ..mine });
        self.view.set_address(self.me(), address);
    }

    /// My NOFAILOVER flag is what the settings say (FL-10, BS-6).
    pub(crate) fn take_configured_no_failover(&mut self) {
        let (me, before) = (self.me(), self.view.flags(self.me()));
        self.view.set_flags(me, NodeFlags::NOFAILOVER, self.settings.cluster_replica_no_failover);
        if self.view.flags(me) != before {
            self.deferred.save();
            self.deferred.update_state = true;
        }
    }
}

/// The settings as they are in force: a node of this crate is always one of a cluster.
fn effective(settings: Settings, port: u16, cport: u16) -> Settings {
    let cluster_port = if cport == port.wrapping_add(BUS_PORT_DISTANCE) { 0 } else { cport };
    Settings { cluster_enabled: true, port, cluster_port, ..settings }
}
