//! A world under way, with the invariants watching.

use rcsim_check::{Checks, Setup};
use rcsim_engine::{Engine, Nanos};
use rcsim_observe::{Finding, Glimpse, Operation, Place, Record};
use rcsim_protocol::{Command, Reply};
use rcsim_scenario::{Scenario, Span};
use rcsim_world::World;

use crate::{Builder, Error};

/// A simulated cluster that is stepped, looked at and broken by the code of a test. A clone is a fork: both go on by
/// themselves from the same state.
///
/// The invariants watch all the time; what they find is in [`Simulation::findings`].
#[derive(Clone)]
pub struct Simulation {
    pub(crate) engine: Engine<World>,
    pub(crate) checks: Checks,
    pub(crate) names: Vec<String>,
    pub(crate) records: Vec<Record>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) findings: Vec<Finding>,
}

impl Simulation {
    /// A builder with every default.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// The world of a scenario at time 0. Its timeline and its nemesis act as time goes on; its expectations, its end
    /// and its budget have no meaning here, use [`run`](crate::run) for them.
    pub fn from_scenario(scenario: &Scenario, seed: u64) -> Simulation {
        let scenario = rcsim_runner::plan(scenario, seed);
        let mut simulation = Simulation {
            engine: rcsim_world::start(&scenario, seed),
            checks: Checks::new(Setup { round_trip_ns: 2 * rcsim_world::longest_latency_ns(&scenario) }),
            names: scenario.node_names(),
            records: Vec::new(),
            operations: Vec::new(),
            findings: Vec::new(),
        };
        simulation.show();
        simulation
    }

    /// The virtual time since the start.
    pub fn now(&self) -> Span {
        Span::from_nanos(self.engine.now().0)
    }

    /// Lets the next event happen, whatever it is; `false` if nothing is left that could.
    pub fn step(&mut self) -> bool {
        let Some(at) = self.engine.next_at() else { return false };
        self.judge_up_to(at.0);
        self.engine.step();
        self.show();
        true
    }

    /// Lets this much virtual time pass.
    pub fn run_for(&mut self, span: Span) {
        self.run_until(span, |_| false);
    }

    /// Lets time pass until a condition holds, which is looked at after every event, but no longer than `limit`. Says
    /// whether it holds; the time then is that of the event that brought it about.
    pub fn run_until(&mut self, limit: Span, mut condition: impl FnMut(&dyn Glimpse) -> bool) -> bool {
        let end = self.engine.now().0.saturating_add(limit.as_nanos());
        if condition(&self.look()) {
            return true;
        }
        while self.engine.next_at().is_some_and(|at| at.0 <= end) {
            self.step();
            if condition(&self.look()) {
                return true;
            }
        }
        self.judge_up_to(end);
        self.engine.run_until(Nanos(end));
        false
    }

    /// The world as it is now: every node's own view, and the truth about processes and the network.
    pub fn look(&self) -> impl Glimpse {
        self.engine.world().at(self.engine.now().0)
    }

    /// The place of the node with this name, for [`Simulation::look`].
    ///
    /// # Errors
    /// [`Error::UnknownNode`]
    pub fn place(&self, node: &str) -> Result<Place, Error> {
        let found = self.names.iter().position(|name| name == node);
        let unknown = || Error::UnknownNode { name: node.to_owned(), known: self.names.clone() };
        found.map(|index| Place(index as u32)).ok_or_else(unknown)
    }

    /// Runs a command at the console of a node, beside the simulated network, and gives its reply; `None` if there was
    /// none: no process takes commands there now, or it put the command off.
    ///
    /// # Errors
    /// [`Error::UnknownNode`]
    ///
    /// # Panics
    /// If there is no word.
    pub fn command<W: AsRef<[u8]>>(
        &mut self,
        node: &str,
        words: impl IntoIterator<Item = W>,
    ) -> Result<Option<Reply>, Error> {
        let place = self.place(node)?;
        let (world, schedule) = self.engine.parts();
        let reply = world.run_command(place.index(), Command::new(words), schedule);
        self.show();
        Ok(reply)
    }

    /// Everything that happened so far, in order.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The operations of the clients that ended so far, in order.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// The broken promises so far, in order of time.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The fingerprint of everything so far, as 32 hex digits.
    pub fn fingerprint(&self) -> String {
        self.engine.fingerprint().to_string()
    }

    /// Shows the invariants what happened last.
    pub(crate) fn show(&mut self) {
        let now_ns = self.engine.now().0;
        let (world, _) = self.engine.parts();
        self.operations.append(&mut world.take_operations());
        let records = world.take_records();
        // Nobody here waits for the beginning of entries, for replies in the scenario, or for its checks.
        (_, _, _) = (world.take_firings(), world.take_command_results(), world.take_due_checks());
        let glimpse = world.at(now_ns);
        for record in &records {
            self.checks.observe(record, &glimpse);
        }
        self.records.extend(records);
        self.findings.extend(self.checks.take_findings());
    }

    /// Lets the invariants judge what is due until then.
    fn judge_up_to(&mut self, until_ns: u64) {
        while let Some(due) = self.checks.next_deadline_ns().filter(|due| *due <= until_ns) {
            let due = due.max(self.engine.now().0);
            self.engine.run_until(Nanos(due.min(until_ns)));
            self.checks.tick(&self.engine.world().at(self.engine.now().0));
            self.findings.extend(self.checks.take_findings());
            if self.checks.next_deadline_ns() == Some(due) {
                return;
            }
        }
    }
}
