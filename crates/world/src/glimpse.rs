//! The world as checkers and reports see it: read-only.

use rcsim_observe::summary::{Names, NodeSummary};
use rcsim_observe::{Glimpse, NodeGlimpse, Place, Process};
use rcsim_protocol::{Epoch, NodeFlags, NodeId, NodeIx, SlotSet};

use crate::world::World;

/// The world at a virtual time.
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    world: &'a World,
    now_ns: u64,
}

impl World {
    /// The world as it is at this virtual time, in ns, for those who only look.
    pub fn at(&self, now_ns: u64) -> At<'_> {
        At { world: self, now_ns }
    }

    /// What the interned numbers of this run stand for.
    pub fn names(&self) -> Names {
        let node = |index| (self.registry.id(NodeIx(index)), self.place_of.get(&NodeIx(index)).copied());
        Names {
            nodes: (0..self.registry.node_count()).map(node).collect(),
            places: self.hosts.iter().map(|host| host.name.clone()).collect(),
            clients: self.clients.iter().map(|client| client.name.clone()).collect(),
        }
    }

    /// The nodes as they stand, each in its own view.
    pub fn node_summaries(&self) -> Vec<NodeSummary> {
        let names = self.names();
        (0..self.hosts.len()).map(|place| self.node_summary(place, &names)).collect()
    }

    fn node_summary(&self, place: usize, names: &Names) -> NodeSummary {
        let host = &self.hosts[place];
        let node = host.process.as_ref().map(|process| &process.node);
        let me = node.and_then(|node| node.peer(node.me()));
        let master = me.as_ref().and_then(|me| me.master);
        let is_master = me.as_ref().is_some_and(|me| me.flags.any(NodeFlags::MASTER));
        let shown = master.and_then(|master| node?.peer(master)).or_else(|| me.clone());
        NodeSummary {
            name: host.name.clone(),
            role: match host.process_state() {
                Process::Down => "down",
                Process::Off => "off",
                Process::Paused => "paused",
                Process::Running if is_master => "master",
                Process::Running => "replica",
            },
            config_epoch: shown.map_or(Epoch::ZERO, |shown| shown.config_epoch),
            slots: me.map_or_else(SlotSet::empty, |me| me.slots),
            state: if node.is_some_and(NodeGlimpse::state_ok) { "ok" } else { "fail" },
            master: master.map(|master| names.node(master)),
        }
    }
}

impl Glimpse for At<'_> {
    fn now_ns(&self) -> u64 {
        self.now_ns
    }

    fn place_count(&self) -> u32 {
        self.world.hosts.len() as u32
    }

    fn place_of(&self, node: NodeIx) -> Option<Place> {
        self.world.place_of.get(&node).copied()
    }

    fn id(&self, node: NodeIx) -> NodeId {
        self.world.registry.id(node)
    }

    fn process(&self, place: Place) -> Process {
        self.world.hosts[place.index()].process_state()
    }

    fn node(&self, place: Place) -> Option<&dyn NodeGlimpse> {
        let process = self.world.hosts[place.index()].process.as_ref()?;
        Some(&process.node)
    }

    fn durable_last_vote_epoch(&self, place: Place) -> Option<Epoch> {
        let host = &self.world.hosts[place.index()];
        let bytes = host.disk.durable(&host.settings.cluster_config_file)?;
        rcsim_node::nodes_conf::parse(bytes).ok().map(|saved| saved.last_vote_epoch)
    }

    fn reaches(&self, from: Place, to: Place) -> bool {
        let host = |place: Place| self.world.hosts[place.index()].ix;
        self.world.network.reaches(host(from), host(to))
    }

    fn value(&self, place: Place, key: &[u8]) -> Option<Vec<u8>> {
        let process = self.world.hosts[place.index()].process.as_ref()?;
        process.node.value(key).map(<[u8]>::to_vec)
    }

    fn elements(&self, place: Place, key: &[u8]) -> Option<Vec<Vec<u8>>> {
        self.world.hosts[place.index()].process.as_ref()?.node.elements(key)
    }
}
