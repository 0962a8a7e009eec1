//! A world under way, with the invariants watching.

use rcsim_check::{Checks, Setup};
use rcsim_engine::{Engine, Nanos};
use rcsim_observe::{Finding, Glimpse, Operation, Place, Record};
use rcsim_protocol::Reply;
use rcsim_scenario::{Action, Argument, Scenario, Span, Target};
use rcsim_world::{CommandResult, World};

use crate::{Builder, Error};

/// How long a command may take.
const REPLY_LIMIT: Span = Span::from_secs(1);

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
    replies: Vec<CommandResult>,
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
            replies: Vec::new(),
        };
        let (world, _) = simulation.engine.parts();
        simulation.checks.tick(&world.at(0));
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
        self.judge_before(at.0);
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
        self.judge_before(end.saturating_add(1));
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

    /// Types a command at the console of a node, beside the simulated network, and lets time pass until the reply comes:
    /// none if the process does not wait for its disk. `None` after a second without a reply: there is no process, it
    /// is paused, or it puts the command off. A word may be `id-of:n1`, `ip-of:n1` or `port-of:n1`.
    ///
    /// # Errors
    /// [`Error::UnknownNode`]
    ///
    /// # Panics
    /// If there is no word.
    pub fn command<W: AsRef<str>>(
        &mut self,
        node: &str,
        words: impl IntoIterator<Item = W>,
    ) -> Result<Option<Reply>, Error> {
        self.place(node)?;
        let argv: Vec<Argument> = words.into_iter().map(|word| Argument::from_text(word.as_ref())).collect();
        assert!(!argv.is_empty(), "a command has at least a name");
        let entry = self.act(Action::Command { node: Target::Node(node.to_owned()), argv, reply: None });
        let end = self.engine.now().0.saturating_add(REPLY_LIMIT.as_nanos());
        loop {
            if let Some(index) = self.replies.iter().position(|reply| reply.entry == entry) {
                return Ok(self.replies.swap_remove(index).reply);
            }
            if self.engine.next_at().is_none_or(|at| at.0 > end) {
                return Ok(None);
            }
            self.step();
        }
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
        self.replies.append(&mut world.take_command_results());
        // Nobody here waits for the beginning of entries, or for the checks of a scenario.
        (_, _) = (world.take_firings(), world.take_due_checks());
        let glimpse = world.at(now_ns);
        for record in &records {
            self.checks.observe(record, &glimpse);
        }
        self.records.extend(records);
        self.findings.extend(self.checks.take_findings());
    }

    /// Lets the invariants judge what is due before this time; nothing happens before it.
    fn judge_before(&mut self, limit_ns: u64) {
        let mut last = None;
        while let Some(due) =
            self.checks.next_deadline_ns().filter(|due| *due < limit_ns && last < Some(*due))
        {
            last = Some(due);
            let now = Nanos(due.max(self.engine.now().0));
            self.engine.run_until(now);
            self.checks.tick(&self.engine.world().at(now.0));
            self.findings.extend(self.checks.take_findings());
        }
    }
}
