//! The world, and what happens when an event is due.
//!
//! One direction, no way back: the queue gives an event; the network or a timer says whose it is; the process takes it
//! as an input; its effects are applied in order; the journal tells what was decided.

use std::collections::BTreeMap;
use std::net::IpAddr;

use rcsim_devices::{Delivery, HostIx, Network, Path};
use rcsim_engine::{Engine, Schedule, Span, Stream, Streams};
use rcsim_node::Effects;
use rcsim_observe::{Event, Operation, Place, Record};
use rcsim_protocol::{NodeIx, Registry};
use rcsim_scenario::Scenario;

use crate::agenda::Happening;
use crate::client_host::ClientHost;
use crate::faults::Faults;
use crate::formation;
use crate::host::Host;
use crate::journal::Journal;
use crate::ledger::CommandResult;
use crate::payload::Payload;
use crate::timeline::Timeline;

/// The period of the timer of a process (LP-7).
const CRON: Span = Span::from_millis(100);
/// The timer comes late by at least this, in µs: the time that the turn itself takes …
const LATENESS_MIN_US: u64 = 150;
/// … and at most this: the loop rounds its sleep up to whole ms. Real servers that nobody disturbs tick every 100.14 to
/// 101.14 ms, all values in between being about as frequent (traced in clusters of 12 and 48, 550 ticks each).
const LATENESS_MAX_US: u64 = 1_150;

/// A world under way.
#[derive(Clone, Debug)]
pub struct World {
    pub(crate) scenario: Scenario,
    pub(crate) streams: Streams,
    pub(crate) registry: Registry,
    pub(crate) network: Network<Payload>,
    pub(crate) hosts: Vec<Host>,
    pub(crate) clients: Vec<ClientHost>,
    pub(crate) host_by_ip: BTreeMap<IpAddr, HostIx>,
    /// Where the process of a node id lives or lived last.
    pub(crate) place_of: BTreeMap<NodeIx, Place>,
    pub(crate) journal: Journal,
    pub(crate) timeline: Timeline,
    pub(crate) faults: Faults,
    /// How many hosts moved to another address so far.
    pub(crate) moves: u32,
    pub(crate) effects: Effects,
}

/// Builds the world of a scenario and puts its first events on the agenda.
pub fn start(scenario: &Scenario, seed: u64) -> Engine<World> {
    let mut engine = Engine::new(World::new(scenario, seed));
    let (world, schedule) = engine.parts();
    formation::populate(world, schedule);
    world.start_clients(schedule);
    world.start_timeline(schedule);
    engine
}

impl World {
    fn new(scenario: &Scenario, seed: u64) -> World {
        let streams = Streams::new(seed);
        let path = Path {
            latency: formation::distribution(&scenario.network.latency),
            loss_per_million: formation::per_million(scenario.network.loss),
            bandwidth: scenario.network.bandwidth.map(|bandwidth| bandwidth.0),
        };
        World {
            network: Network::new(&streams, 0, path),
            timeline: Timeline::new(&scenario.timeline),
            faults: Faults::new(&scenario.timeline),
            scenario: scenario.clone(),
            streams,
            registry: Registry::new(),
            hosts: Vec::new(),
            clients: Vec::new(),
            host_by_ip: BTreeMap::new(),
            place_of: BTreeMap::new(),
            journal: Journal::default(),
            moves: 0,
            effects: Effects::new(),
        }
    }

    /// The records since the last call, in order.
    pub fn take_records(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.journal.fresh)
    }

    /// Whether there are records to take.
    pub fn has_records(&self) -> bool {
        !self.journal.fresh.is_empty()
    }

    /// The client operations that ended since the last call, in order.
    pub fn take_operations(&mut self) -> Vec<Operation> {
        std::mem::take(&mut self.journal.operations)
    }

    /// How often each event happened, by name.
    pub fn coverage(&self) -> &BTreeMap<&'static str, u64> {
        &self.journal.coverage
    }

    /// How many bus messages were sent.
    pub fn message_count(&self) -> u64 {
        self.journal.messages
    }

    /// The raw commands of the scenario with their replies, since the last call.
    pub fn take_command_results(&mut self) -> Vec<CommandResult> {
        std::mem::take(&mut self.faults.commands)
    }

    /// The name of a place in the scenario.
    pub fn place_name(&self, place: Place) -> &str {
        &self.hosts[place.index()].name
    }

    /// Notes an event, and lets the timeline act on it.
    pub(crate) fn record(&mut self, place: Option<Place>, event: Event, schedule: &mut Schedule<Happening>) {
        if let (Some(place), Event::Started { node, .. } | Event::IdentityChanged { node }) = (place, &event)
        {
            self.place_of.insert(*node, place);
            self.hosts[place.index()].identity = Some(*node);
        }
        self.trigger(place, &event, schedule);
        self.journal.record(place, event, schedule);
    }

    /// Sets the timer of a process; it comes a little late each time (LP-7: re-armed when its work is done).
    pub(crate) fn arm_cron(&mut self, place: usize, schedule: &mut Schedule<Happening>) {
        let host = &mut self.hosts[place];
        let late = Span::from_micros(host.lateness.between(LATENESS_MIN_US, LATENESS_MAX_US));
        schedule.after(CRON + late, Happening::Cron { place: place as u32, life: host.life });
    }

    /// A stream of chance for one purpose of one host.
    pub(crate) fn stream(&self, purpose: &str, name: &str) -> Stream {
        self.streams.stream(purpose, &[name])
    }

    fn deliver(&mut self, delivery: Delivery<Payload>, schedule: &mut Schedule<Happening>) {
        let host = delivery.host.0 as usize;
        match host.checked_sub(self.hosts.len()) {
            None => self.arrive(delivery, schedule),
            Some(client) => self.arrive_at_client(client, delivery.label, delivery.what, schedule),
        }
    }
}

impl rcsim_engine::World for World {
    type Event = Happening;

    fn look_ahead<'a>(&self, coming: impl Iterator<Item = &'a Happening>) {
        self.warm(coming);
    }

    fn handle(&mut self, _now: rcsim_engine::Nanos, event: Happening, schedule: &mut Schedule<Happening>) {
        match event {
            Happening::Wire(wire) => {
                if let Some(delivery) = self.network.pass(wire, schedule) {
                    self.deliver(delivery, schedule);
                }
            }
            Happening::Cron { place, life } => self.cron(place as usize, life, schedule),
            Happening::Ready { place, life, hold } => self.release(place as usize, life, hold, schedule),
            Happening::Disk { place, life, task } => {
                if self.hosts[place as usize].life == life {
                    self.disk_task_due(place as usize, task, schedule);
                }
            }
            Happening::Work { place, life, done } => self.work_done(place as usize, life, done, schedule),
            Happening::Boot { place, life } => self.boot(place as usize, life, schedule),
            Happening::Client { client } => self.wake_client(client as usize, schedule),
            Happening::Act { entry, it, round } => self.act(entry as usize, it.map(Place), round, schedule),
            Happening::End { active } => self.end_fault(active as usize, schedule),
        }
    }
}
