//! `eventually`: a state is reached within its bound, and kept until the next entry of the timeline acts.

use rcsim_observe::{Event, Record};
use rcsim_scenario::Expectation;
use rcsim_world::World;

use crate::expectations::instant;

/// One bound of an expectation; it may be armed several times, once per firing of what it counts from.
#[derive(Debug, Default)]
pub(super) struct Bound {
    due_ns: Vec<u64>,
    /// The state was reached in time and is to be kept.
    kept: bool,
    met: u32,
    failed: Option<(u64, String)>,
}

impl Bound {
    /// From now on the state has to be reached by `due_ns`.
    pub(super) fn arm(&mut self, due_ns: u64) {
        self.due_ns.push(due_ns);
    }

    /// What it counted from is void.
    pub(super) fn disarm(&mut self) {
        self.due_ns.clear();
    }

    /// An entry acts: the state need not be kept any longer.
    pub(super) fn released(&mut self) {
        self.kept = false;
    }

    /// When the next bound is over.
    pub(super) fn next_due_ns(&self) -> Option<u64> {
        self.due_ns.iter().copied().min()
    }

    /// Judges the bounds that are over.
    pub(super) fn tick(&mut self, spec: &Expectation, world: &World, now_ns: u64) {
        let due = self.due_ns.len();
        self.due_ns.retain(|due_ns| *due_ns > now_ns);
        if self.due_ns.len() == due {
            return;
        }
        match instant::state(spec, world, now_ns) {
            Ok(()) => {
                self.met += 1;
                self.kept = true;
            }
            Err(why) => {
                self.failed.get_or_insert((now_ns, why));
            }
        }
    }

    /// A record may end a state that is to be kept.
    pub(super) fn observe(&mut self, record: &Record, spec: &Expectation, world: &World) {
        if !self.kept || !may_end_a_state(&record.event) {
            return;
        }
        if let Err(why) = instant::state(spec, world, record.at_ns) {
            self.kept = false;
            self.failed.get_or_insert((record.at_ns, format!("it was reached, but not kept: {why}")));
        }
    }

    /// What became of it; `None` if it was never judged.
    pub(super) fn outcome(&self) -> Option<Result<String, (u64, String)>> {
        match (&self.failed, self.met) {
            (Some(failed), _) => Some(Err(failed.clone())),
            (None, 0) => None,
            (None, 1) => Some(Ok("in time".to_owned())),
            (None, times) => Some(Ok(format!("in time, {times} times"))),
        }
    }
}

fn may_end_a_state(event: &Event) -> bool {
    matches!(
        event,
        Event::StateFail { .. }
            | Event::StateOk
            | Event::Pfail { .. }
            | Event::Fail { .. }
            | Event::FailReceived { .. }
            | Event::SlotsMoved { .. }
            | Event::RoleSeen { .. }
            | Event::Promoted { .. }
            | Event::Reconfigured { .. }
            | Event::ReplicationDown { .. }
            | Event::NodeAdded { .. }
            | Event::NodeRemoved { .. }
            | Event::ConfigEpochChanged { .. }
    )
}
