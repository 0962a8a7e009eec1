//! How a cluster stands at time 0: formed and stable, or as bare processes that just started.
//!
//! A formed cluster is built as it would be after a long quiet time, not run up to it: tables complete, links up, PONGs
//! of all ages up to half the node timeout, replicas in step. Config epochs are as `redis-cli --cluster create` leaves
//! them: 1, 2, 3 … in the order of the nodes, and the greatest is everybody's current epoch.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use rcsim_devices::{Disk, DiskSettings, End, HostIx, WallClock};
use rcsim_engine::{Distribution, Schedule, Span};
use rcsim_node::boot::{FormedMember, FormedTable};
use rcsim_node::{Boot, Formed, Node, Outside};
use rcsim_protocol::{Epoch, NodeId, NodeIx, Offset, ReplicationId, Settings, Slot, SlotSet};
use rcsim_scenario::{self as scenario, Member, MemberRole, NodeOverride, Ratio};

use crate::agenda::Happening;
use crate::host::{Host, NodeChance, RunningProcess, ip_of};
use crate::sockets::Use;
use crate::world::World;

/// The client port of every node, unless its settings say otherwise.
const PORT: u16 = 6379;
/// The offset at which the streams of a formed cluster stand: twenty replication pings (RP-3).
const FORMED_OFFSET: Offset = Offset(280);
/// The first timer of a process comes 1 ms after its start.
const FIRST_CRON: Span = Span::from_millis(1);
/// The period of the timer, over which the phases of the processes of a formed cluster are spread.
const CRON_US: u64 = 100_000;

/// Puts all hosts into the world, with their processes.
pub(crate) fn populate(world: &mut World, schedule: &mut Schedule<Happening>) {
    let members = world.scenario.cluster.members();
    for member in &members {
        add_host(world, &member.name);
    }
    if world.scenario.cluster.formed {
        form(world, &members, schedule);
    }
    for (place, member) in members.iter().enumerate() {
        if member.role == MemberRole::Bare {
            world.boot_first(place, schedule);
        }
    }
}

fn add_host(world: &mut World, name: &str) {
    let ix = world.network.add_host();
    let spec = world.scenario.cluster.node(name).cloned().unwrap_or_default();
    let disk = DiskSettings {
        fsync: distribution(&world.scenario.disk.fsync),
        write: Distribution::Constant(Span::ZERO),
    };
    let ip = ip_of(ix.0, 0);
    world.host_by_ip.insert(ip, ix);
    let host = Host {
        name: name.to_owned(),
        ix,
        ip,
        settings: settings(&world.scenario.cluster.settings, &spec),
        clock: clock(&spec),
        disk: Disk::new(&world.streams, name, disk),
        chance: NodeChance(world.stream("node", name)),
        lateness: world.stream("lateness of the timer", name),
        disk_operations: 0,
        trap: None,
        has_power: true,
        paused: false,
        slows: Vec::new(),
        drifts: Vec::new(),
        own_drift: spec.clock.drift.0,
        inputs_held: 0,
        life: 0,
        holds: 0,
        booting: false,
        process: None,
        identity: None,
    };
    world.hosts.push(host);
}

/// The settings of a node: Redis' defaults, then those of the cluster, then its own. The scenario was checked, so
/// none is refused.
fn settings(cluster: &[(String, String)], spec: &NodeOverride) -> Settings {
    let mut settings = Settings { cluster_enabled: true, port: PORT, ..Settings::default() };
    for (name, value) in cluster.iter().chain(&spec.settings) {
        settings
            .set(name, value)
            .unwrap_or_else(|error| panic!("the scenario was checked, but {name}: {error}"));
    }
    settings
}

fn clock(spec: &NodeOverride) -> WallClock {
    let offset_ms = (spec.clock.offset.as_nanos() / 1_000_000) as i64;
    let mut clock = WallClock::new(offset_ms);
    clock.set_drift(rcsim_engine::Nanos::ZERO, spec.clock.drift.0);
    clock
}

// ---- a formed cluster -----------------------------------------------------------------------------------------

fn form(world: &mut World, members: &[Member], schedule: &mut Schedule<Happening>) {
    let table = table(world, members);
    let shared = FormedTable::from(table.clone());
    let placed: Vec<usize> =
        (0..members.len()).filter(|place| members[*place].role != MemberRole::Bare).collect();
    for (index, &place) in placed.iter().enumerate() {
        start_formed(world, place, index, &table, &shared, schedule);
    }
    for (index, &place) in placed.iter().enumerate() {
        for (other_index, &other) in placed.iter().enumerate() {
            if place != other {
                connect(world, (place, table[index].id), (other, table[other_index].id));
            }
        }
        if let Some(master) = table[index].master {
            let master = placed[table.iter().position(|member| member.id == master).unwrap_or(0)];
            follow(world, place, master);
        }
    }
}

/// The common table of all members (bare nodes are not in it).
fn table(world: &mut World, members: &[Member]) -> Vec<FormedMember> {
    let mut ids: BTreeMap<&str, NodeIx> = BTreeMap::new();
    for member in members {
        let mut stream = world.stream("node id", &member.name);
        let id = NodeId::from_random([stream.next_u64(), stream.next_u64(), stream.next_u64()]);
        ids.insert(&member.name, world.registry.node(id));
    }
    let mut table = Vec::new();
    for (place, member) in members.iter().enumerate().filter(|(_, member)| member.role != MemberRole::Bare) {
        let (slots, master) = match &member.role {
            MemberRole::Master(ranges) => (slot_set(ranges), None),
            MemberRole::Replica(master) => (SlotSet::empty(), ids.get(master.as_str()).copied()),
            MemberRole::Bare => (SlotSet::empty(), None),
        };
        table.push(FormedMember {
            id: ids[member.name.as_str()],
            address: world.hosts[place].address(),
            master,
            config_epoch: Epoch(table.len() as u64 + 1),
            slots,
        });
    }
    // A replica shows its master's epoch, though it was given one of its own (EP-8).
    table
}

fn slot_set(ranges: &[scenario::SlotRange]) -> SlotSet {
    ranges.iter().flat_map(|range| (range.first..=range.last).filter_map(Slot::new)).collect()
}

fn start_formed(
    world: &mut World,
    place: usize,
    index: usize,
    table: &[FormedMember],
    shared: &FormedTable,
    schedule: &mut Schedule<Happening>,
) {
    let master = table[index].master.unwrap_or(table[index].id);
    let shard = world.registry.id(master).short();
    let mut stream = world.stream("replication id", &shard);
    let replication_id =
        ReplicationId::from_random([stream.next_u64(), stream.next_u64(), stream.next_u64()]);
    let host = &mut world.hosts[place];
    let address = host.address();
    let mut effects = std::mem::take(&mut world.effects);
    let formed = Formed {
        settings: host.settings.clone(),
        port: address.port,
        cport: address.cport,
        me: table[index].id,
        table: shared.clone(),
        current_epoch: Epoch(table.len() as u64),
        offset: FORMED_OFFSET,
        replication_id,
    };
    let node = Node::formed(
        formed,
        &mut Outside {
            now_ms: host.clock.wall_ms(schedule.now()),
            registry: &mut world.registry,
            chance: &mut host.chance,
            effects: &mut effects,
        },
    );
    let file = host.settings.cluster_config_file.clone();
    host.disk.install(&file, node.nodes_conf(&world.registry).into_bytes());
    for (name, content) in node.formed_files() {
        host.disk.install(&name, content);
    }
    host.process = Some(Box::new(RunningProcess::new(node)));
    host.identity = Some(table[index].id);
    world.place_of.insert(table[index].id, rcsim_observe::Place(place as u32));
    world.apply(place, effects.drain(), schedule);
    world.effects = effects;
    world.listen(place, true);
    let host = &mut world.hosts[place];
    let phase = Span::from_micros(host.lateness.below_u64(CRON_US));
    schedule.after(phase, Happening::Cron { place: place as u32, life: host.life });
}

/// The link that one member has to another.
fn connect(world: &mut World, (from, from_id): (usize, NodeIx), (to, to_id): (usize, NodeIx)) {
    let (from_ip, to_ip) = (world.hosts[from].ip, world.hosts[to].ip);
    let cport = world.hosts[to].address().cport;
    let conn = world.network.establish(HostIx(from as u32), HostIx(to as u32), cport);
    let now = rcsim_engine::Nanos::ZERO;
    for (place, peer, remote, local, end) in
        [(from, to_id, to_ip, from_ip, End::Opener), (to, from_id, from_ip, to_ip, End::Acceptor)]
    {
        let host = &mut world.hosts[place];
        let now_ms = host.clock.wall_ms(now);
        let Some(process) = &mut host.process else { continue };
        let link = process.node.formed_link(peer, remote, local, end == End::Acceptor, now_ms);
        process.sockets.set_link(link, conn, end);
        world.network.set_label(conn, end, Use::Link(link).label());
    }
}

/// The replication link of a replica.
fn follow(world: &mut World, replica: usize, master: usize) {
    let (replica_address, master_address) = (world.hosts[replica].address(), world.hosts[master].address());
    let conn = world.network.establish(HostIx(replica as u32), HostIx(master as u32), master_address.port);
    world.network.set_label(conn, End::Opener, Use::Master.label());
    if let Some(process) = &mut world.hosts[replica].process {
        process.sockets.master = Some(conn);
        let master_ip = master_address.ip.expect("a host has an address");
        process.node.formed_replication_to(SocketAddr::new(master_ip, master_address.port));
    }
    if let Some(process) = &mut world.hosts[master].process {
        let client = process.sockets.add_client(conn);
        let remote = SocketAddr::new(replica_address.ip.expect("a host has an address"), 32_768);
        process.node.formed_replication_from(client, remote, replica_address.port);
        world.network.set_label(conn, End::Acceptor, Use::Client(client).label());
    }
}

// ---- processes that start -------------------------------------------------------------------------------------

impl World {
    /// A process of a cluster that is not formed: it starts at time 0.
    fn boot_first(&mut self, place: usize, schedule: &mut Schedule<Happening>) {
        self.hosts[place].booting = true;
        let life = self.hosts[place].life;
        schedule.at(rcsim_engine::Nanos::ZERO, Happening::Boot { place: place as u32, life });
    }

    /// A process has started and reads its nodes.conf (BT-1).
    pub(crate) fn boot(&mut self, place: usize, life: u32, schedule: &mut Schedule<Happening>) {
        let host = &mut self.hosts[place];
        if host.life != life || !std::mem::take(&mut host.booting) {
            return;
        }
        let address = host.address();
        let config = host.disk.read(&host.settings.cluster_config_file).map(<[u8]>::to_vec);
        let files =
            host.disk.names().filter_map(|name| Some((name.to_owned(), host.disk.read(name)?.to_vec())));
        let files = files.collect();
        let boot =
            Boot { settings: host.settings.clone(), port: address.port, cport: address.cport, config, files };
        let mut effects = std::mem::take(&mut self.effects);
        let node = Node::boot(
            boot,
            &mut Outside {
                now_ms: host.clock.wall_ms(schedule.now()),
                registry: &mut self.registry,
                chance: &mut host.chance,
                effects: &mut effects,
            },
        );
        match node {
            Ok(node) => {
                host.process = Some(Box::new(RunningProcess::new(node)));
                self.listen(place, true);
                let late = self.hosts[place].lateness.below_u64(1_000);
                schedule.after(
                    FIRST_CRON + Span::from_micros(late),
                    Happening::Cron { place: place as u32, life },
                );
                self.apply(place, effects.drain(), schedule);
            }
            Err(error) => {
                effects = rcsim_node::Effects::new();
                let why = error.cause();
                let place = rcsim_observe::Place(place as u32);
                self.record(Some(place), rcsim_observe::Event::Exited { why }, schedule);
            }
        }
        self.effects = effects;
    }

    /// Opens or closes both ports of a node.
    pub(crate) fn listen(&mut self, place: usize, listening: bool) {
        let host = &self.hosts[place];
        let (ix, address) = (host.ix, host.address());
        self.network.set_listening(ix, address.port, listening);
        self.network.set_listening(ix, address.cport, listening);
        // LK-8: the bus probes silent peers.
        let keepalive = (2 * host.settings.cluster_node_timeout / 1000).max(1) as u64;
        self.network.set_keepalive(address.cport, Span::from_secs(keepalive));
    }
}

// ---- quantities of the scenario -------------------------------------------------------------------------------

/// The longest one-way time of the scenario's network in good health, in ns.
pub fn longest_latency_ns(scenario: &scenario::Scenario) -> u64 {
    distribution(&scenario.network.latency).maximum().0
}

/// A distribution of the scenario as the engine draws it. The scenario was checked, so none is refused.
pub(crate) fn distribution(spec: &scenario::Distribution) -> Distribution {
    let span = |span: &scenario::Span| Span(span.as_nanos());
    let built = match spec {
        scenario::Distribution::Constant(time) => Ok(Distribution::Constant(span(time))),
        scenario::Distribution::Uniform(low, high) => Distribution::uniform(span(low), span(high)),
        scenario::Distribution::Exponential { mean, min } => {
            Ok(Distribution::Exponential { minimum: span(min), mean: span(mean) - span(min) })
        }
        scenario::Distribution::Bimodal { usual, other, share } => {
            Distribution::bimodal(distribution(usual), distribution(other), per_million(*share))
        }
        scenario::Distribution::Quantiles(points) => {
            let points: Vec<(u32, Span)> =
                points.iter().map(|(tenths, time)| (u32::from(*tenths) * 1_000, span(time))).collect();
            Distribution::empirical(&points)
        }
    };
    built.unwrap_or_else(|error| panic!("the scenario was checked, but {spec:?}: {error}"))
}

/// A ratio in millionths, rounded to the nearest.
pub(crate) fn per_million(ratio: Ratio) -> u32 {
    let (above, below) = (u64::from(ratio.numerator), u64::from(ratio.denominator));
    ((above * 1_000_000 + below / 2) / below) as u32
}
