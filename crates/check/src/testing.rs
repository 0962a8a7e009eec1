//! A world made by hand, and a bench that drives the checks as a runner does.

use std::collections::{BTreeMap, BTreeSet};

use rcsim_observe::reason::{BindCause, PromotionCause};
use rcsim_observe::{DataPoint, Event, Finding, Glimpse, NodeGlimpse, PeerGlimpse, Place, Process, Record};
use rcsim_protocol::{
    AddressIx, Epoch, NodeFlags, NodeId, NodeIx, Offset, SLOT_COUNT, Settings, Slot, SlotSet,
};

use crate::checks::{Checks, Setup};

pub(crate) const MS: u64 = 1_000_000;
pub(crate) const SECOND: u64 = 1000 * MS;

/// The node that lives at this place from the beginning.
pub(crate) fn node(place: u32) -> NodeIx {
    NodeIx(place)
}

pub(crate) struct FakeNode {
    pub(crate) me: NodeIx,
    pub(crate) settings: Settings,
    pub(crate) current_epoch: Epoch,
    pub(crate) last_vote_epoch: Epoch,
    pub(crate) state_ok: bool,
    pub(crate) cluster_size: u32,
    pub(crate) replication_up: bool,
    pub(crate) data: Option<DataPoint>,
    pub(crate) owners: Vec<Option<NodeIx>>,
    pub(crate) peers: BTreeMap<NodeIx, PeerGlimpse>,
}

impl FakeNode {
    fn peer_mut(&mut self, node: NodeIx) -> &mut PeerGlimpse {
        self.peers.entry(node).or_insert(PeerGlimpse {
            flags: NodeFlags::MASTER,
            config_epoch: Epoch::ZERO,
            slots: SlotSet::empty(),
            master: None,
            address: AddressIx::BLANK,
            link: true,
        })
    }

    pub(crate) fn flag(&mut self, node: NodeIx, flag: NodeFlags) {
        self.peer_mut(node).flags |= flag;
    }

    /// In this view `node` is a replica of `master` and owns nothing.
    pub(crate) fn follow(&mut self, node: NodeIx, master: NodeIx) {
        let peer = self.peer_mut(node);
        peer.flags.set(NodeFlags::MASTER, false);
        peer.flags.set(NodeFlags::SLAVE, true);
        peer.master = Some(master);
    }

    /// In this view `node` is a master.
    pub(crate) fn lead(&mut self, node: NodeIx) {
        let peer = self.peer_mut(node);
        peer.flags.set(NodeFlags::MASTER, true);
        peer.flags.set(NodeFlags::SLAVE, false);
        peer.master = None;
    }

    /// In this view all slots of one node belong to another, at this epoch.
    pub(crate) fn move_slots(&mut self, from: u32, to: u32, epoch: Epoch) {
        let slots = std::mem::take(&mut self.peer_mut(node(from)).slots);
        self.lead(node(to));
        let gainer = self.peer_mut(node(to));
        gainer.config_epoch = epoch;
        for slot in slots.iter() {
            gainer.slots.insert(slot);
        }
        for slot in slots.iter() {
            self.owners[slot.index()] = Some(node(to));
        }
        self.current_epoch = self.current_epoch.max(epoch);
    }

    /// It owns nothing any more, in its own view.
    pub(crate) fn release_slots(&mut self) {
        let me = self.me;
        let slots = std::mem::take(&mut self.peer_mut(me).slots);
        slots.iter().for_each(|slot| self.owners[slot.index()] = None);
    }

    pub(crate) fn set_config_epoch(&mut self, epoch: Epoch) {
        let me = self.me;
        self.peer_mut(me).config_epoch = epoch;
    }
}

impl NodeGlimpse for FakeNode {
    fn me(&self) -> NodeIx {
        self.me
    }
    fn settings(&self) -> &Settings {
        &self.settings
    }
    fn current_epoch(&self) -> Epoch {
        self.current_epoch
    }
    fn config_epoch(&self) -> Epoch {
        self.peers[&self.me].config_epoch
    }
    fn last_vote_epoch(&self) -> Epoch {
        self.last_vote_epoch
    }
    fn state_ok(&self) -> bool {
        self.state_ok
    }
    fn cluster_size(&self) -> u32 {
        self.cluster_size
    }
    fn offset(&self) -> Offset {
        Offset::ZERO
    }
    fn data(&self) -> Option<DataPoint> {
        self.data
    }
    fn replication_up(&self) -> bool {
        self.replication_up
    }
    fn owner(&self, slot: Slot) -> Option<NodeIx> {
        self.owners[slot.index()]
    }
    fn accepts_write(&self, slot: Slot) -> bool {
        self.state_ok && self.owner(slot) == Some(self.me)
    }
    fn table(&self) -> Vec<NodeIx> {
        self.peers.keys().copied().collect()
    }
    fn peer(&self, node: NodeIx) -> Option<PeerGlimpse> {
        self.peers.get(&node).cloned()
    }
}

pub(crate) struct FakePlace {
    pub(crate) process: Process,
    pub(crate) node: FakeNode,
    pub(crate) durable_vote: Option<Epoch>,
}

pub(crate) struct FakeWorld {
    pub(crate) now_ns: u64,
    pub(crate) places: Vec<FakePlace>,
    unreachable: BTreeSet<Place>,
    mute: BTreeSet<Place>,
    /// What each place holds; the elements of a list stand side by side.
    pub(crate) values: BTreeMap<(Place, Vec<u8>), Vec<u8>>,
}

impl FakeWorld {
    /// Masters with the slots split between them and config epochs 1, 2, ...; then replicas, dealt round-robin.
    pub(crate) fn new(masters: u32, replicas: u32) -> FakeWorld {
        let places = (0..masters + replicas).map(|place| FakePlace {
            process: Process::Running,
            node: healthy_view(place, masters, replicas),
            durable_vote: None,
        });
        FakeWorld {
            now_ns: 0,
            places: places.collect(),
            unreachable: BTreeSet::new(),
            mute: BTreeSet::new(),
            values: BTreeMap::new(),
        }
    }

    /// Nothing goes to or comes from this place any more.
    pub(crate) fn cut_off(&mut self, place: u32) {
        self.unreachable.insert(Place(place));
    }

    /// The network of this place is whole again.
    pub(crate) fn join(&mut self, place: u32) {
        self.unreachable.remove(&Place(place));
    }

    /// Nothing that this place sends arrives any more.
    pub(crate) fn mute(&mut self, place: u32) {
        self.mute.insert(Place(place));
    }

    pub(crate) fn everywhere(&mut self, mut change: impl FnMut(&mut FakeNode)) {
        self.views_of(|view, _| change(view));
    }

    pub(crate) fn views_of(&mut self, mut change: impl FnMut(&mut FakeNode, u32)) {
        for (index, place) in self.places.iter_mut().enumerate() {
            change(&mut place.node, index as u32);
        }
    }

    /// `winner` becomes a master with the slots of `loser`, in its own view.
    pub(crate) fn take_over(&mut self, winner: u32, loser: u32, epoch: Epoch) {
        self.places[winner as usize].node.move_slots(loser, winner, epoch);
    }
}

fn healthy_view(place: u32, masters: u32, replicas: u32) -> FakeNode {
    let slots = u32::from(SLOT_COUNT);
    let owner_of = |slot: u32| node(slot * masters / slots);
    let mut view = FakeNode {
        me: node(place),
        settings: Settings { cluster_node_timeout: 5000, ..Settings::default() },
        current_epoch: Epoch(u64::from(masters)),
        last_vote_epoch: Epoch::ZERO,
        state_ok: true,
        cluster_size: masters,
        replication_up: place >= masters,
        data: None,
        owners: (0..slots).map(|slot| Some(owner_of(slot))).collect(),
        peers: BTreeMap::new(),
    };
    for master in 0..masters {
        let peer = view.peer_mut(node(master));
        peer.config_epoch = Epoch(u64::from(master) + 1);
        peer.slots = Slot::all().filter(|slot| owner_of(u32::from(slot.number())) == node(master)).collect();
    }
    for replica in masters..masters + replicas {
        view.follow(node(replica), node((replica - masters) % masters));
    }
    view.flag(node(place), NodeFlags::MYSELF);
    view
}

impl Glimpse for FakeWorld {
    fn now_ns(&self) -> u64 {
        self.now_ns
    }
    fn place_count(&self) -> u32 {
        self.places.len() as u32
    }
    fn place_of(&self, node: NodeIx) -> Option<Place> {
        let home = self.places.iter().position(|place| place.node.me == node).map(|index| index as u32);
        home.or((node.0 < self.place_count()).then_some(node.0)).map(Place)
    }
    fn id(&self, node: NodeIx) -> NodeId {
        NodeId::from_random([u64::from(node.0), 0, 0])
    }
    fn process(&self, place: Place) -> Process {
        self.places[place.index()].process
    }
    fn node(&self, place: Place) -> Option<&dyn NodeGlimpse> {
        let found = &self.places[place.index()];
        matches!(found.process, Process::Running | Process::Paused).then_some(&found.node as &dyn NodeGlimpse)
    }
    fn durable_last_vote_epoch(&self, place: Place) -> Option<Epoch> {
        self.places[place.index()].durable_vote
    }
    fn reaches(&self, from: Place, to: Place) -> bool {
        !self.unreachable.contains(&from) && !self.unreachable.contains(&to) && !self.mute.contains(&from)
    }
    fn value(&self, place: Place, key: &[u8]) -> Option<Vec<u8>> {
        self.values.get(&(place, key.to_vec())).cloned()
    }
    fn elements(&self, place: Place, key: &[u8]) -> Option<Vec<Vec<u8>>> {
        Some(self.value(place, key)?.split(|byte| *byte == b' ').map(<[u8]>::to_vec).collect())
    }
}

/// A world with its checks.
pub(crate) struct Bench {
    pub(crate) world: FakeWorld,
    pub(crate) checks: Checks,
    pub(crate) findings: Vec<Finding>,
}

impl Bench {
    /// A healthy cluster with a node timeout of 5 s.
    pub(crate) fn new(masters: u32, replicas: u32) -> Bench {
        let world = FakeWorld::new(masters, replicas);
        let mut checks = Checks::new(Setup::default());
        checks.tick(&world);
        Bench { world, checks, findings: Vec::new() }
    }

    pub(crate) fn event(&mut self, place: u32, event: Event) {
        match event {
            Event::Crashed => self.world.places[place as usize].process = Process::Down,
            Event::PoweredOff => self.world.places[place as usize].process = Process::Off,
            Event::Paused => self.world.places[place as usize].process = Process::Paused,
            Event::Started { .. } | Event::Resumed => {
                self.world.places[place as usize].process = Process::Running;
            }
            _ => (),
        }
        self.record(Some(Place(place)), event);
    }

    pub(crate) fn world_event(&mut self, event: Event) {
        self.record(None, event);
    }

    fn record(&mut self, place: Option<Place>, event: Event) {
        self.checks.observe(&Record { at_ns: self.world.now_ns, place, event }, &self.world);
        self.findings.extend(self.checks.take_findings());
    }

    pub(crate) fn crash(&mut self, place: u32) {
        self.event(place, Event::Crashed);
    }

    pub(crate) fn restart(&mut self, place: u32) {
        let node = self.world.places[place as usize].node.me;
        self.event(place, Event::Started { node, fresh: false });
    }

    /// The node at a place takes another id, in its own view.
    pub(crate) fn rename(&mut self, place: u32, id: u32) {
        let view = &mut self.world.places[place as usize].node;
        let myself = view.peers.remove(&view.me).expect("a node knows itself");
        view.me = NodeIx(id);
        view.peers.insert(view.me, PeerGlimpse { config_epoch: Epoch::ZERO, ..myself });
    }

    /// Lets time pass, judging whatever becomes due on the way.
    pub(crate) fn advance(&mut self, ns: u64) {
        let end_ns = self.world.now_ns + ns;
        while let Some(due_ns) = self.checks.next_deadline_ns().filter(|due| *due <= end_ns) {
            self.world.now_ns = self.world.now_ns.max(due_ns);
            self.checks.tick(&self.world);
            let next = self.checks.next_deadline_ns();
            assert!(next.is_none_or(|next| next > self.world.now_ns), "what is due at {due_ns} stays due");
        }
        self.world.now_ns = end_ns;
        self.findings.extend(self.checks.take_findings());
    }

    pub(crate) fn finish(&mut self) {
        self.checks.finish(&self.world);
        self.findings.extend(self.checks.take_findings());
    }

    /// How often an invariant was broken.
    pub(crate) fn broken(&self, id: &str) -> usize {
        self.findings.iter().filter(|finding| finding.id == id).count()
    }

    /// What the findings of an invariant are known as.
    pub(crate) fn known(&self, id: &str) -> Vec<Option<&'static str>> {
        self.findings.iter().filter(|finding| finding.id == id).map(|finding| finding.known_as).collect()
    }

    /// Whether an invariant would be unjudged if the run ended now.
    pub(crate) fn unjudged(&mut self, id: &str) -> bool {
        self.finish();
        self.checks.unjudged().contains(&id)
    }
}

/// A vote for a candidate whose master is dead.
pub(crate) fn grant(candidate: u32, master: u32, epoch: u64) -> Event {
    Event::VoteGranted {
        candidate: node(candidate),
        master: node(master),
        epoch: Epoch(epoch),
        forced: false,
        master_failed: true,
        answered: true,
    }
}

pub(crate) fn promoted(cause: PromotionCause, old_master: u32, epoch: u64) -> Event {
    Event::Promoted { cause, old_master: Some(node(old_master)), epoch: Epoch(epoch), slots: 5461 }
}

/// Slot 0 goes from the owner at epoch 1 to another at `to_epoch`, because of a heartbeat.
pub(crate) fn moved(from: u32, to: u32, to_epoch: u64, abandoned: bool) -> Event {
    Event::SlotsMoved {
        from: Some(node(from)),
        to: Some(node(to)),
        count: 1,
        first: 0,
        from_epoch: Epoch(1),
        to_epoch: Epoch(to_epoch),
        abandoned,
        cause: BindCause::Claim,
    }
}

pub(crate) fn role_seen(subject: u32, master: Option<u32>) -> Event {
    let (is_master, was_master) = (master.is_none(), master.is_some());
    Event::RoleSeen { node: node(subject), master: master.map(node), is_master, was_master }
}
