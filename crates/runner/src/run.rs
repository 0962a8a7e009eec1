//! The loop: the world goes on event by event, and everybody who judges is shown what happened.
//!
//! The run ends at the scenario's `until`. If a fault is still open then, it is healed, and the run goes on for as long
//! as the invariants need to judge the recovery. Judges look between two events and change nothing.

use rcsim_check::{Checks, Ledger, Setup, stale_reads};
use rcsim_engine::{Engine, Nanos};
use rcsim_observe::summary::{ClientTotals, Summary, Verdict};
use rcsim_observe::{Finding, FindingKind, Loss, Operation, Outcome, Record};
use rcsim_scenario::{Expectation, Scenario};
use rcsim_world::World;

use crate::expectations::{Clients, Expectations};
use crate::failovers::Failovers;
use crate::options::{Keep, Options};
use crate::story;

/// Without a budget of the scenario's own, a run ends undecided after so many events.
const EVENT_BUDGET: u64 = 2_000_000_000;

/// After so many events the caller is asked whether to go on.
const ASK_EVERY: u64 = 4096;

/// Runs a scenario and judges it.
pub fn run(scenario: &Scenario, options: &Options) -> Summary {
    run_while(scenario, options, &|| true)
}

/// Runs a scenario and judges it, as long as `go_on` says so. A run that is broken off is judged by what it showed so far,
/// and its verdict is at least [`Verdict::Unknown`].
pub fn run_while(scenario: &Scenario, options: &Options, go_on: &dyn Fn() -> bool) -> Summary {
    let scenario = crate::plan(scenario, options.seed);
    let mut run = Run::new(&scenario, options, go_on);
    let until = options.until_ns.unwrap_or(scenario.until.as_nanos());
    let mut in_budget = run.go_to(until);
    if in_budget && run.heal() {
        in_budget = run.go_to(run.checks.next_deadline_ns().unwrap_or(until).max(until));
        while in_budget && run.checks.next_deadline_ns().is_some_and(|due| due > run.now_ns()) {
            in_budget = run.go_to(run.checks.next_deadline_ns().unwrap_or(until));
        }
    }
    run.finish(in_budget)
}

struct Run<'a> {
    scenario: &'a Scenario,
    options: &'a Options,
    engine: Engine<World>,
    checks: Checks,
    expectations: Expectations<'a>,
    failovers: Failovers,
    ledger: Ledger,
    records: Vec<Record>,
    operations: Vec<Operation>,
    budget: u64,
    go_on: &'a dyn Fn() -> bool,
}

impl<'a> Run<'a> {
    fn new(scenario: &'a Scenario, options: &'a Options, go_on: &'a dyn Fn() -> bool) -> Run<'a> {
        let engine = rcsim_world::start(scenario, options.seed);
        let setup = Setup { round_trip_ns: 2 * rcsim_world::longest_latency_ns(scenario) };
        let mut run = Run {
            scenario,
            options,
            checks: Checks::new(setup),
            expectations: Expectations::new(scenario),
            failovers: Failovers::default(),
            ledger: Ledger::default(),
            records: Vec::new(),
            operations: Vec::new(),
            budget: scenario.budget.map_or(EVENT_BUDGET, |budget| budget.events),
            go_on,
            engine,
        };
        let (world, _) = run.engine.parts();
        run.checks.tick(&world.at(0));
        run.show();
        run
    }

    fn now_ns(&self) -> u64 {
        self.engine.now().0
    }

    /// Whether the run has to end here: the budget is used up, or the caller wants no more.
    fn is_broken_off(&self) -> bool {
        let handled = self.engine.handled();
        handled >= self.budget || (handled.is_multiple_of(ASK_EVERY) && !(self.go_on)())
    }

    /// Lets everything happen up to a time, and judges what falls due on the way. `false`: it was broken off.
    fn go_to(&mut self, until_ns: u64) -> bool {
        loop {
            let stop = self.next_stop(until_ns);
            if self.engine.next_at().is_some_and(|at| at.0 <= stop) {
                if self.is_broken_off() {
                    return false;
                }
                self.engine.step();
                self.show();
                continue;
            }
            self.engine.run_until(Nanos(stop));
            self.judge();
            if stop >= until_ns {
                return true;
            }
        }
    }

    /// When a judge wants to look next, at the latest at `until_ns`. Asked after every event, for any may bring a deadline
    /// nearer.
    fn next_stop(&self, until_ns: u64) -> u64 {
        let due = [self.checks.next_deadline_ns(), self.expectations.next_deadline_ns()];
        due.into_iter().flatten().filter(|due| *due > self.now_ns()).fold(until_ns, u64::min)
    }

    /// Shows the judges what happened in the last event.
    fn show(&mut self) {
        let now_ns = self.now_ns();
        let (world, _) = self.engine.parts();
        self.operations.append(&mut world.take_operations());
        if !world.has_news() {
            return;
        }
        let (records, firings) = (world.take_records(), world.take_firings());
        let (commands, due_checks) = (world.take_command_results(), world.take_due_checks());
        let glimpse = world.at(now_ns);
        for record in &records {
            self.checks.observe(record, &glimpse);
            self.failovers.observe(record, &glimpse);
            self.ledger.observe(record, &self.operations, &glimpse);
            self.expectations.observe(record, world);
        }
        let clients = Clients { operations: &self.operations, ledger: &mut self.ledger };
        self.expectations.note(&firings, &commands, &due_checks, clients, world, now_ns);
        let keep_all = self.options.keep == Keep::All;
        self.records.extend(records.into_iter().filter(|record| keep_all || story::is_part(record)));
    }

    /// Lets the judges look at a moment that they asked for.
    fn judge(&mut self) {
        let now_ns = self.now_ns();
        let world = self.engine.world();
        self.checks.tick(&world.at(now_ns));
        self.expectations.tick(world, now_ns);
    }

    /// The final heal; `false` if nothing was open.
    fn heal(&mut self) -> bool {
        let (world, schedule) = self.engine.parts();
        let healed = world.final_heal(schedule);
        self.show();
        healed
    }

    fn finish(mut self, in_budget: bool) -> Summary {
        let now_ns = self.now_ns();
        self.engine.parts().0.abandon_all_commands();
        self.show();
        let world = self.engine.world();
        let glimpse = world.at(now_ns);
        self.checks.finish(&glimpse);
        let mut findings = self.checks.take_findings();
        self.ledger.count(&self.operations, &glimpse);
        let losses = self.ledger.losses();
        let clients = totals(&self.operations, &losses);
        findings.extend(self.ledger.findings());
        let (expectations, missed) = self.expectations.finish(
            world,
            now_ns,
            &findings,
            &self.operations,
            &self.scenario.clients,
            &self.ledger,
        );
        findings.extend(missed);
        findings.sort_by_key(|finding| finding.at_ns);
        let faults = world.ledgers();
        let vacuous = faults.iter().any(|fault| fault.must_fire && !fault.fired());
        let judged =
            judgement(self.scenario, &findings).max(if vacuous { Verdict::Vacuous } else { Verdict::Passed });
        Summary {
            scenario: self.scenario.name.clone(),
            seed: self.options.seed,
            verdict: if in_budget { judged } else { judged.max(Verdict::Unknown) },
            fingerprint: self.engine.fingerprint().to_string(),
            sim_ns: now_ns,
            events: self.engine.handled(),
            messages: world.message_count(),
            findings,
            faults,
            coverage: world.coverage().clone(),
            clients,
            losses,
            failovers: self.failovers.finish(world),
            nodes: world.node_summaries(),
            expectations,
            records: self.records,
            operations: if self.options.operations { self.operations } else { Vec::new() },
            names: world.names(),
        }
    }
}

/// What the findings make of the run. Those that the scenario expects or allows, and those that a faithful 7.0.15 shows
/// as well, are told and do not count.
fn judgement(scenario: &Scenario, findings: &[Finding]) -> Verdict {
    let counts = findings.iter().filter(|finding| !is_excused(scenario, finding));
    counts.map(verdict_of).max().unwrap_or(Verdict::Passed)
}

fn is_excused(scenario: &Scenario, finding: &Finding) -> bool {
    let named = |name: &String| *name == finding.id || Some(name.as_str()) == finding.known_as;
    let expected = |expectation: &Expectation| matches!(expectation, Expectation::Finding(id) if named(id));
    finding.kind != FindingKind::Expectation
        && (finding.known_as.is_some()
            || scenario.known_weaknesses.iter().any(named)
            || scenario.expect.iter().any(expected))
}

fn verdict_of(finding: &Finding) -> Verdict {
    match finding.kind {
        FindingKind::Safety => Verdict::Violated,
        FindingKind::Liveness => Verdict::Liveness,
        FindingKind::Expectation if finding.id.ends_with("-late") => Verdict::Liveness,
        FindingKind::Expectation if finding.id.ends_with("-unseen") => Verdict::Vacuous,
        FindingKind::Expectation => Verdict::Violated,
    }
}

fn totals(operations: &[Operation], losses: &[Loss]) -> ClientTotals {
    let count = |wanted: fn(&Outcome) -> bool| {
        operations.iter().filter(|operation| wanted(&operation.outcome)).count() as u64
    };
    let stale = stale_reads(operations, losses);
    ClientTotals {
        ok: count(Outcome::is_ok),
        failed: count(|outcome| matches!(outcome, Outcome::Failed(_))),
        unknown: count(|outcome| matches!(outcome, Outcome::Unknown)),
        lost_acknowledged: losses.len() as u64,
        stale_reads: stale.len() as u64,
        stalest_ns: stale.iter().map(|read| read.behind_ns).max().unwrap_or(0),
    }
}
