//! Who is meant by a target word, at the moment when the entry acts.
//!
//! Roles are those of the nodes' own views. What is drawn comes from the entry's own stream, so that another entry, more
//! or less, changes nothing here.

use rcsim_devices::HostIx;
use rcsim_engine::Stream;
use rcsim_observe::{NodeGlimpse, Place, Process};
use rcsim_protocol::{NodeFlags, NodeIx, Slot, key_slot};
use rcsim_scenario::{SlotRef, Target};

use crate::world::World;

impl World {
    /// The hosts that a target word means. `*` means nobody here: it has a meaning only beside other groups.
    pub(crate) fn resolve(
        &self,
        target: &Target,
        entry: usize,
        round: u32,
        it: Option<Place>,
    ) -> Vec<HostIx> {
        let one = |place: Option<usize>| place.map(|place| HostIx(place as u32)).into_iter().collect();
        match target {
            Target::Node(name) => one(self.hosts.iter().position(|host| host.name == *name)),
            Target::Client(name) => one(self
                .clients
                .iter()
                .position(|client| client.name == *name)
                .map(|at| at + self.hosts.len())),
            Target::List(targets) => {
                let all = targets.iter().flat_map(|target| self.resolve(target, entry, round, it));
                distinct(all.collect())
            }
            Target::MasterOf(slot) => one(self.master_of_slot(slot)),
            Target::MasterOfNode(node) => {
                let nodes = self.resolve(node, entry, round, it);
                distinct(nodes.into_iter().map(|node| self.master_of_place(node)).collect())
            }
            Target::ReplicaOf(node) => {
                let masters = self.resolve(node, entry, round, it);
                distinct(masters.into_iter().filter_map(|master| self.replica_of_place(master)).collect())
            }
            Target::One => {
                self.draw(entry, round).pick(&self.live_places(|_| true)).copied().into_iter().collect()
            }
            Target::Minority => self.draw_masters(entry, round, |masters| masters.saturating_sub(1) / 2),
            Target::Majority => self.draw_masters(entry, round, |masters| masters / 2 + 1),
            Target::Masters => self.live_places(serves_slots),
            Target::Replicas => self.live_places(|node| !flagged(node, NodeFlags::MASTER)),
            Target::All => (0..self.hosts.len() as u32).map(HostIx).collect(),
            Target::Rest => Vec::new(),
            Target::It => it.map(|place| HostIx(place.0)).into_iter().collect(),
        }
    }

    /// The nodes that a target word of an expectation means now; words that draw mean the same ones each time.
    pub fn places_meant(&self, target: &Target) -> Vec<Place> {
        let hosts = self.resolve(target, usize::MAX, 0, None);
        hosts
            .into_iter()
            .filter(|host| (host.0 as usize) < self.hosts.len())
            .map(|host| Place(host.0))
            .collect()
    }

    /// The groups of a partition: `*` is everybody whom no other group names, and a client without a place of its own
    /// stands with the node that it is near to.
    pub(crate) fn resolve_groups(
        &self,
        groups: &[Vec<Target>],
        entry: usize,
        round: u32,
        it: Option<Place>,
    ) -> Vec<Vec<HostIx>> {
        let named = |group: &Vec<Target>| self.resolve(&Target::List(group.clone()), entry, round, it);
        let mut resolved: Vec<Vec<HostIx>> = groups.iter().map(named).collect();
        for (index, spec) in self.scenario.clients.iter().enumerate() {
            let client = HostIx((self.hosts.len() + index) as u32);
            let near =
                spec.near.as_ref().and_then(|near| self.hosts.iter().position(|host| host.name == *near));
            let Some(near) = near.filter(|_| !resolved.iter().flatten().any(|host| *host == client)) else {
                continue;
            };
            for group in resolved.iter_mut().filter(|group| group.contains(&HostIx(near as u32))) {
                group.push(client);
            }
        }
        let everybody = (0..(self.hosts.len() + self.clients.len()) as u32).map(HostIx);
        let rest: Vec<HostIx> =
            everybody.filter(|host| !resolved.iter().flatten().any(|named| named == host)).collect();
        for (group, targets) in resolved.iter_mut().zip(groups) {
            if targets.contains(&Target::Rest) {
                group.extend(&rest);
            }
        }
        resolved
    }

    /// The stream of an entry's own draws.
    pub(crate) fn draw(&self, entry: usize, round: u32) -> Stream {
        let id = self.scenario.timeline.get(entry).map_or("", |entry| entry.id.as_str());
        self.streams.stream("timeline", &[id, &round.to_string()])
    }

    fn draw_masters(&self, entry: usize, round: u32, count: impl FnOnce(usize) -> usize) -> Vec<HostIx> {
        let mut masters = self.live_places(serves_slots);
        self.draw(entry, round).shuffle(&mut masters);
        let count = count(masters.len());
        masters.truncate(count);
        masters.sort_unstable();
        masters
    }

    fn live_places(&self, wanted: impl Fn(&dyn NodeGlimpse) -> bool) -> Vec<HostIx> {
        let running = self.hosts.iter().filter(|host| host.process_state() == Process::Running);
        let wanted =
            running.filter(|host| host.process.as_ref().is_some_and(|process| wanted(&process.node)));
        wanted.map(|host| host.ix).collect()
    }

    /// The live node that believes that it owns the slot; of several the one with the greatest config epoch.
    fn master_of_slot(&self, slot: &SlotRef) -> Option<usize> {
        let slot = match slot {
            SlotRef::Key(key) => key_slot(key.as_bytes()),
            SlotRef::Slot(number) => Slot::new(*number)?,
        };
        let owners = self.live_places(|node| node.owner(slot) == Some(node.me()));
        let epoch =
            |host: &HostIx| self.hosts[host.0 as usize].process.as_ref().map(|it| it.node.config_epoch());
        owners.into_iter().max_by_key(epoch).map(|host| host.0 as usize)
    }

    fn master_of_place(&self, host: HostIx) -> HostIx {
        let node = self.hosts.get(host.0 as usize).and_then(|host| host.process.as_ref());
        let master = node.and_then(|process| process.node.peer(process.node.me())?.master);
        master.and_then(|master| self.place_of.get(&master)).map_or(host, |place| HostIx(place.0))
    }

    fn replica_of_place(&self, master: HostIx) -> Option<HostIx> {
        let id: NodeIx = self.hosts.get(master.0 as usize)?.identity?;
        let follows = |node: &dyn NodeGlimpse| node.peer(node.me()).is_some_and(|me| me.master == Some(id));
        self.live_places(follows).into_iter().next()
    }
}

fn flagged(node: &dyn NodeGlimpse, flags: NodeFlags) -> bool {
    node.peer(node.me()).is_some_and(|me| me.flags.any(flags))
}

fn serves_slots(node: &dyn NodeGlimpse) -> bool {
    node.peer(node.me()).is_some_and(|me| me.flags.any(NodeFlags::MASTER) && !me.slots.is_empty())
}

fn distinct(mut hosts: Vec<HostIx>) -> Vec<HostIx> {
    hosts.sort_unstable();
    hosts.dedup();
    hosts
}
