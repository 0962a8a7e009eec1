//! What an invariant can be asked.

use rcsim_observe::{Glimpse, NodeGlimpse, Place, Process, Record};
use rcsim_protocol::NodeIx;

use crate::catalogue::Description;
use crate::facts::Facts;
use crate::findings::Findings;

/// What an invariant looks at: the shared facts and the world at this instant.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) glimpse: &'a dyn Glimpse,
    pub(crate) now_ns: u64,
}

/// What every invariant can do because it is plain data.
pub(crate) trait Fork {
    /// A copy that goes on by itself.
    fn fork(&self) -> Box<dyn Invariant>;
}

impl<T: Invariant + Clone + 'static> Fork for T {
    fn fork(&self) -> Box<dyn Invariant> {
        Box::new(self.clone())
    }
}

impl Clone for Box<dyn Invariant> {
    fn clone(&self) -> Box<dyn Invariant> {
        self.as_ref().fork()
    }
}

/// One promise, with what has to be remembered to judge it.
pub(crate) trait Invariant: Fork + Send {
    /// What it is about.
    fn description(&self) -> &'static Description;

    /// First look at the world.
    fn begin(&mut self, _scene: Scene<'_>) {}

    /// One of the events that it listens to happened; the world is as it is after it.
    fn observe(&mut self, record: &Record, scene: Scene<'_>, findings: &mut Findings);

    /// When it wants to judge next, in ns.
    fn due_ns(&self, _facts: &Facts) -> Option<u64> {
        None
    }

    /// The time that `due_ns` named has come.
    fn judge(&mut self, _scene: Scene<'_>, _findings: &mut Findings) {}

    /// The run is over: last look, whatever the time.
    fn finish(&mut self, _scene: Scene<'_>, _findings: &mut Findings) {}

    /// Whether something that it promises was neither kept nor broken when the run ended.
    fn is_unjudged(&self, facts: &Facts) -> bool {
        self.due_ns(facts).is_some()
    }
}

impl<'a> Scene<'a> {
    /// The node at a place, if its process runs.
    pub(crate) fn running(self, place: Place) -> Option<&'a dyn NodeGlimpse> {
        if self.glimpse.process(place) == Process::Running { self.glimpse.node(place) } else { None }
    }

    /// All places whose process runs, with their nodes.
    pub(crate) fn all_running(self) -> impl Iterator<Item = (Place, &'a dyn NodeGlimpse)> {
        self.facts.places().filter_map(move |place| Some((place, self.running(place)?)))
    }

    /// The place where the process of this node id runs now, with the node.
    pub(crate) fn find_running(self, node: NodeIx) -> Option<(Place, &'a dyn NodeGlimpse)> {
        let place = self.glimpse.place_of(node)?;
        let found = self.running(place).filter(|found| found.me() == node)?;
        Some((place, found))
    }

    /// Whether packets go both ways between two places.
    pub(crate) fn connected(self, a: Place, b: Place) -> bool {
        a == b || (self.glimpse.reaches(a, b) && self.glimpse.reaches(b, a))
    }

    /// A name for people: `n4`, or the first characters of an id that belongs to no place.
    pub(crate) fn name(self, node: NodeIx) -> String {
        match self.glimpse.place_of(node) {
            Some(place) => place.to_string(),
            None => self.glimpse.id(node).short(),
        }
    }

    /// The places of these nodes, as far as they have any.
    pub(crate) fn places_of(self, nodes: impl IntoIterator<Item = NodeIx>) -> Vec<Place> {
        nodes.into_iter().filter_map(|node| self.glimpse.place_of(node)).collect()
    }
}
