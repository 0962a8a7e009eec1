//! What several invariants have to know, kept up to date with every record before they see it.

pub(crate) mod bits;
pub(crate) mod claims;
pub(crate) mod clock;
pub(crate) mod group;
pub(crate) mod timing;
pub(crate) mod trail;

use std::collections::{BTreeMap, BTreeSet};

use rcsim_observe::{Event, Glimpse, Place, Record};
use rcsim_protocol::NodeIx;

use self::claims::Claims;
use self::clock::Clock;
use self::timing::Timing;
use self::trail::Trail;

/// A process that does not answer: dead, without power, or stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Silence {
    pub(crate) node: NodeIx,
    pub(crate) since_ns: u64,
}

/// Facts about the run so far.
#[derive(Clone)]
pub(crate) struct Facts {
    pub(crate) timing: Timing,
    pub(crate) clock: Clock,
    pub(crate) claims: Claims,
    pub(crate) trail: Trail,
    /// By place: the node whose process runs or ran there last.
    identities: Vec<Option<NodeIx>>,
    /// By place: when the process there started or went on, in ns.
    awake_since: Vec<u64>,
    pub(crate) silent: BTreeMap<Place, Silence>,
    /// Places where the host lost its power at the end of the process' last life: what it read from its disk then may
    /// be torn.
    pub(crate) torn: BTreeSet<Place>,
}

impl Facts {
    pub(crate) fn new(timing: Timing) -> Facts {
        Facts {
            timing,
            clock: Clock::default(),
            claims: Claims::default(),
            trail: Trail::default(),
            identities: Vec::new(),
            awake_since: Vec::new(),
            silent: BTreeMap::new(),
            torn: BTreeSet::new(),
        }
    }

    /// First look at the world; does nothing later on.
    pub(crate) fn begin(&mut self, glimpse: &dyn Glimpse) {
        let count = glimpse.place_count();
        if self.identities.len() == count as usize {
            return;
        }
        self.timing.nodes = u64::from(count);
        self.awake_since.resize(count as usize, glimpse.now_ns());
        for place in (self.identities.len() as u32..count).map(Place) {
            let node = glimpse.node(place);
            node.into_iter().for_each(|node| self.timing.admit(node.settings()));
            self.identities.push(node.map(|node| node.me()));
            self.claims.look_at(place, glimpse);
        }
    }

    /// Takes a record in; the world is as it is after it.
    pub(crate) fn observe(&mut self, record: &Record, glimpse: &dyn Glimpse) {
        self.begin(glimpse);
        self.clock.observe(record);
        self.trail.observe(record);
        let Some(place) = record.place.filter(|place| place.index() < self.identities.len()) else { return };
        self.note_life(place, record);
        if let Event::Started { node, .. } | Event::IdentityChanged { node } = record.event {
            self.identities[place.index()] = Some(node);
            glimpse.node(place).into_iter().for_each(|node| self.timing.admit(node.settings()));
        }
        if Claims::may_change(&record.event, self.identity(place)) {
            self.claims.look_at(place, glimpse);
        }
    }

    fn note_life(&mut self, place: Place, record: &Record) {
        match record.event {
            Event::Paused => self.fall_silent(place, record.at_ns),
            Event::Crashed | Event::Exited { .. } => {
                self.torn.remove(&place);
                self.fall_silent(place, record.at_ns);
            }
            Event::PoweredOff => {
                self.torn.insert(place);
                self.fall_silent(place, record.at_ns);
            }
            Event::Started { .. } | Event::Resumed => {
                self.silent.remove(&place);
                self.awake_since[place.index()] = record.at_ns;
            }
            _ => (),
        }
    }

    fn fall_silent(&mut self, place: Place, at_ns: u64) {
        let Some(node) = self.identity(place) else { return };
        self.silent.entry(place).or_insert(Silence { node, since_ns: at_ns });
    }

    /// All places of the world.
    pub(crate) fn places(&self) -> impl Iterator<Item = Place> + use<> {
        (0..self.identities.len() as u32).map(Place)
    }

    /// The node whose process runs or ran last at a place.
    pub(crate) fn identity(&self, place: Place) -> Option<NodeIx> {
        self.identities.get(place.index()).copied().flatten()
    }

    /// Since when the process at a place is neither dead nor stopped, in ns; of use while it runs.
    pub(crate) fn awake_since(&self, place: Place) -> u64 {
        self.awake_since.get(place.index()).copied().unwrap_or_default()
    }
}
