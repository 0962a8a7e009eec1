//! When the entries of the timeline act: at a time, every so often, or when an event is seen.

use std::collections::BTreeMap;

use rcsim_engine::{Nanos, Schedule, Span};
use rcsim_observe::{Event, Place};
use rcsim_scenario::{Entry, Target, When};

use crate::agenda::Happening;
use crate::world::World;

/// What the entries wait for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timeline {
    /// Entries that wait for an event of this name, and how many such events they have seen.
    waiting: BTreeMap<String, Vec<(u32, u32)>>,
}

impl Timeline {
    pub(crate) fn new(entries: &[Entry]) -> Timeline {
        let mut waiting: BTreeMap<String, Vec<(u32, u32)>> = BTreeMap::new();
        for (index, entry) in entries.iter().enumerate() {
            if let When::On { event, .. } = &entry.when {
                waiting.entry(event.clone()).or_default().push((index as u32, 0));
            }
        }
        Timeline { waiting }
    }
}

impl World {
    /// Puts the entries with a time on the agenda.
    pub(crate) fn start_timeline(&mut self, schedule: &mut Schedule<Happening>) {
        for (entry, spec) in self.scenario.timeline.iter().enumerate() {
            let at = match &spec.when {
                When::At(at) => *at,
                When::Every { from, .. } => *from,
                When::On { .. } => continue,
            };
            let act = Happening::Act { entry: entry as u32, it: None, round: 0 };
            schedule.at(Nanos(at.as_nanos()), act);
        }
    }

    /// Lets the entries that wait for this event act, or count it.
    pub(crate) fn trigger(
        &mut self,
        place: Option<Place>,
        event: &Event,
        schedule: &mut Schedule<Happening>,
    ) {
        let Some(mut waiting) = self.timeline.waiting.remove(event.name()) else { return };
        for (entry, seen) in &mut waiting {
            let When::On { node, nth, after, .. } = self.scenario.timeline[*entry as usize].when.clone()
            else {
                continue;
            };
            if *seen < nth && self.concerns(*entry, node.as_ref(), place) {
                *seen += 1;
                if *seen == nth {
                    let act = Happening::Act { entry: *entry, it: place.map(|place| place.0), round: 0 };
                    schedule.after(Span(after.as_nanos()), act);
                }
            }
        }
        self.timeline.waiting.insert(event.name().to_owned(), waiting);
    }

    fn concerns(&self, entry: u32, node: Option<&Target>, place: Option<Place>) -> bool {
        let Some(target) = node else { return true };
        let Some(place) = place else { return false };
        self.resolve(target, entry as usize, 0, None).iter().any(|host| host.0 == place.0)
    }

    /// Puts the next round of an `every` entry on the agenda.
    pub(crate) fn schedule_next_round(
        &mut self,
        entry: usize,
        round: u32,
        schedule: &mut Schedule<Happening>,
    ) {
        let When::Every { every, from, to, times } = &self.scenario.timeline[entry].when else { return };
        let next = round + 1;
        let at = from.as_nanos().saturating_add(every.as_nanos().saturating_mul(u64::from(next)));
        let in_time = to.is_none_or(|to| at <= to.as_nanos()) && at <= self.scenario.until.as_nanos();
        if in_time && times.is_none_or(|times| next < times) {
            schedule.at(Nanos(at), Happening::Act { entry: entry as u32, it: None, round: next });
        }
    }
}
