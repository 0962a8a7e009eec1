//! The findings of a run, each kind of situation once.

use std::collections::BTreeSet;

use rcsim_observe::{Finding, Place};

use crate::catalogue::Description;
use crate::invariant::Scene;

/// A promise that was found broken.
pub(crate) struct Broken {
    /// Which one.
    pub(crate) invariant: &'static Description,
    /// The places concerned, in any order.
    pub(crate) places: Vec<Place>,
    /// What was expected and what is, for people.
    pub(crate) text: String,
    /// The known weakness that explains it.
    pub(crate) known_as: Option<&'static str>,
}

/// Collects findings. The same promise broken at the same places for the same known reason is told once: a promise
/// that stays broken would otherwise fill the report.
#[derive(Clone, Default)]
pub(crate) struct Findings {
    list: Vec<Finding>,
    told: BTreeSet<(&'static str, Option<&'static str>, Vec<Place>)>,
}

impl Findings {
    pub(crate) fn report(&mut self, scene: Scene<'_>, broken: Broken) {
        let Broken { invariant, mut places, text, known_as } = broken;
        places.sort_unstable();
        places.dedup();
        if !self.told.insert((invariant.id, known_as, places.clone())) {
            return;
        }
        let led_by = scene.facts.trail.leading_to(&places);
        let (id, kind) = (invariant.id.to_owned(), invariant.kind);
        self.list.push(Finding { id, kind, at_ns: scene.now_ns, places, text, known_as, led_by });
    }

    pub(crate) fn take(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.list)
    }
}
