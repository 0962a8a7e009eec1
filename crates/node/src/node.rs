//! The node's state, and [`Node::handle`]: one input in, its effects out.
//!
//! Owns what Redis keeps in its cluster-wide structure (rules CS-1 … CS-16) and in its replication state. Every
//! other room of this crate is an `impl Node` about one noun. Never: does anything by itself between two inputs.

use std::collections::BTreeMap;
use std::net::IpAddr;

use rcsim_observe::reason::{CannotFailover, ExitCause, NoMigration, StateHold};
use rcsim_protocol::bus::{Header, MessageKind};
use rcsim_protocol::{AddressIx, Epoch, NodeFlags, NodeId, NodeIx, Settings};

use crate::before_sleep::Deferred;
use crate::clients::Clients;
use crate::commands::Execution;
use crate::effect::Effect;
use crate::election::Candidacy;
use crate::input::{BusInput, ClientInput, Input, MasterInput};
use crate::keyspace::Keyspace;
use crate::link::{LinkId, Links};
use crate::manual_failover::ManualFailover;
use crate::migration::Migration;
use crate::outside::Outside;
use crate::persistence::Persistence;
use crate::replica_migration::Orphans;
use crate::replication::Replication;
use crate::slots::SlotTable;
use crate::stats::Stats;
use crate::view::View;

/// The name of a client connection between a node and the outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u32);

/// The clocks of one node (rules CK-1 … CK-5).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    /// Fresh, in ms.
    pub(crate) now_ms: i64,
    /// As of the last cron tick or command, in ms (CK-2).
    pub(crate) cached_ms: i64,
}

impl Clock {
    /// The cached time in whole seconds (CK-3).
    pub(crate) fn cached_s(&self) -> i64 {
        self.cached_ms / 1000
    }

    /// The fresh time in whole seconds (CK-4).
    pub(crate) fn now_s(&self) -> i64 {
        self.now_ms / 1000
    }
}

/// How many messages of each kind were sent and received (CS-14, CM-31).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct MessageCounts {
    pub(crate) sent: [u64; MessageKind::ALL.len()],
    pub(crate) received: [u64; MessageKind::ALL.len()],
    pub(crate) buffer_limit_exceeded: u64,
}

/// A Redis Cluster node.
#[derive(Clone, Debug)]
pub struct Node {
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) view: View,
    pub(crate) links: Links,
    pub(crate) slots: SlotTable,
    /// `currentEpoch` (CS-1).
    pub(crate) current_epoch: Epoch,
    /// `lastVoteEpoch` (CS-2).
    pub(crate) last_vote_epoch: Epoch,
    /// Whether the cluster is up in my view (CS-3).
    pub(crate) state_ok: bool,
    /// Masters with slots, as of the last state update (CS-4).
    pub(crate) size: u32,
    /// Banned ids and until when, in seconds (CS-8, GS-14).
    pub(crate) banned: BTreeMap<NodeId, i64>,
    /// Nodes with PFAIL as of the last cron pass (CS-13).
    pub(crate) pfail_count: u32,
    pub(crate) candidacy: Candidacy,
    pub(crate) manual_failover: ManualFailover,
    pub(crate) counts: MessageCounts,
    pub(crate) process: ProcessMemory,
    pub(crate) deferred: Deferred,
    pub(crate) replication: Replication,
    pub(crate) keyspace: Keyspace,
    pub(crate) clients: Clients,
    pub(crate) execution: Execution,
    pub(crate) persistence: Persistence,
    pub(crate) stats: Stats,
    pub(crate) migration: Migration,
}

/// What lives only as long as the process (CS-16).
#[derive(Clone, Debug, Default)]
pub(crate) struct ProcessMemory {
    /// When it started, in ms.
    pub(crate) started_ms: i64,
    /// When the cluster state was evaluated first (ST-2).
    pub(crate) first_state_update: Option<i64>,
    /// When the node last saw itself in a minority; 0 = never (ST-7).
    pub(crate) last_minority: i64,
    /// Cron passes so far (CR-1).
    pub(crate) cron_iteration: u64,
    /// Last "cannot fail over" reason told.
    pub(crate) told_cannot_failover: Option<std::mem::Discriminant<CannotFailover>>,
    /// Last "does not migrate" reason told.
    pub(crate) told_no_migration: Option<std::mem::Discriminant<NoMigration>>,
    /// Last delay of the state told.
    pub(crate) told_hold: Option<StateHold>,
    /// The address that my headers tell, with what it was made of.
    pub(crate) announced: Option<(AddressIx, Option<IpAddr>, AddressIx)>,
    /// What the cron knows of orphaned masters, until the topology changes.
    pub(crate) orphans: Orphans,
    /// The process has ended; nothing happens any more.
    pub(crate) exited: bool,
}

impl Node {
    /// Handles one input: changes the state, and adds what is to be done to `out.effects`, in order.
    pub fn handle(&mut self, input: Input, out: &mut Outside<'_>) {
        if self.process.exited {
            return;
        }
        self.clock.now_ms = out.now_ms;
        match input {
            Input::Cron => self.server_cron(out),
            Input::Bus(link, input) => self.bus_input(link, input, out),
            Input::Client(connection, input) => {
                if matches!(input, ClientInput::Command(_)) {
                    self.clock.cached_ms = out.now_ms;
                }
                self.client_input(connection, input, out);
            }
            Input::Master(input) => {
                if matches!(input, MasterInput::Feed(_)) {
                    self.clock.cached_ms = out.now_ms;
                }
                self.master_input(input, out);
            }
            Input::Exchanged(exchanged) => return self.exchanged(exchanged, out),
            Input::Disk(answer) => return self.disk_answered(answer, out),
            Input::Child { child, work } => self.child_worked(child, work, out),
            Input::Loaded { load } => {
                self.clock.cached_ms = out.now_ms;
                if !self.start_loaded(load, out) {
                    self.loaded(load, out);
                }
            }
        }
        if !self.migration.is_running() {
            self.end_of_turn(out);
        }
    }

    fn bus_input(&mut self, link: LinkId, input: BusInput, out: &mut Outside<'_>) {
        match input {
            BusInput::Connected { local } => self.link_connected(link, local, out),
            BusInput::Closed => self.link_lost(link, out),
            BusInput::Received(message) => {
                self.process_packet(link, &message, out);
                out.effects.recycle(message);
            }
        }
    }

    /// Ends the process.
    pub(crate) fn exit(&mut self, why: ExitCause, out: &mut Outside<'_>) {
        self.process.exited = true;
        out.tell(rcsim_observe::Event::Exited { why });
        out.effects.push(Effect::Exit(why));
    }

    /// Reads what a message on this link with this header is going to need, for a caller who wants it in the caches; the
    /// result means nothing.
    #[inline]
    pub fn glance(&self, link: LinkId, header: &Header) -> u64 {
        let master = header.master.map_or(0, |master| self.view.glance(master));
        let link = self.links.get(link).map_or(0, |link| link.ctime as u64);
        let mine = self.my_master().map_or(0, |master| self.view.glance(master));
        self.view.glance(header.sender) ^ master ^ mine ^ link
    }

    /// My own interned id.
    pub fn me(&self) -> NodeIx {
        self.view.me()
    }

    /// The settings in force.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The node timeout in ms (CF-3).
    pub(crate) fn node_timeout(&self) -> i64 {
        self.settings.cluster_node_timeout
    }

    /// Whether I am a master.
    pub(crate) fn am_master(&self) -> bool {
        self.view.flags(self.me()).any(NodeFlags::MASTER)
    }

    /// My master, if I am a replica and know it.
    pub(crate) fn my_master(&self) -> Option<NodeIx> {
        self.view.peer(self.me()).master
    }

    /// The master of my shard: myself, or my master if I am a replica (SO-1).
    pub(crate) fn shard_master(&self) -> Option<NodeIx> {
        if self.am_master() { Some(self.me()) } else { self.my_master() }
    }

    /// Whether the node is a master in my view.
    pub(crate) fn is_master(&self, node: NodeIx) -> bool {
        self.view.flags(node).any(NodeFlags::MASTER)
    }

    /// Whether the node is FAIL in my view.
    pub(crate) fn has_failed(&self, node: NodeIx) -> bool {
        self.view.flags(node).any(NodeFlags::FAIL)
    }

    /// How many slots the node has in my view.
    pub(crate) fn slot_count(&self, node: NodeIx) -> u16 {
        self.view.peer(node).slots.len()
    }

    /// Votes or reports that make a majority of the masters with slots (FD-6, EL-11, ST-5).
    pub(crate) fn quorum(&self) -> u32 {
        self.size / 2 + 1
    }
}
