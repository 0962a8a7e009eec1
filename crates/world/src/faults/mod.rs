//! What the timeline does to the world, and how it is undone.
//!
//! | room | what is in it |
//! |---|---|
//! | `process` | crash, power-off, restart, pause |
//! | `network` | partition, cut, worse links |
//! | `machine` | clock, disk, slow loop |
//! | `command` | raw commands of an operator |
//!
//! Keeps: every fault of limited length ends by itself, and every open one at the final heal.

mod command;
mod machine;
mod network;
mod process;

use rcsim_devices::{DiskFaultId, HostIx, RuleId};
use rcsim_engine::{Schedule, Span};
use rcsim_observe::{Event, Place};
use rcsim_scenario::{Action, Edge, Entry, When};

use crate::agenda::Happening;
use crate::ledger::{Account, CommandResult};
use crate::world::World;

/// Faults under way, and the accounts of all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    pub(crate) accounts: Vec<Account>,
    /// Numbers of the entries that are checks.
    checks: Vec<usize>,
    active: Vec<Active>,
    pub(crate) commands: Vec<CommandResult>,
    /// Entries of expectations that are to be judged now.
    due_checks: Vec<u32>,
    /// Beginnings and ends of entries since they were last taken.
    edges: Vec<EntryEdge>,
    operator: command::Operator,
}

/// The beginning or the end of one firing of a timeline entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryEdge {
    /// Number of the entry.
    pub entry: u32,
    /// Which of both.
    pub edge: Edge,
    /// When, in virtual ns.
    pub at_ns: u64,
}

/// A fault under way, and what undoes it; nothing left to undo once it is over.
#[derive(Clone, Debug)]
struct Active {
    entry: usize,
    undo: Vec<Undo>,
}

/// What undoes a part of a fault.
#[derive(Clone, Copy, Debug)]
enum Undo {
    Rule(RuleId),
    /// Which host, and which process of it: a later one was not paused.
    Pause(HostIx, u32),
    Jump(usize, i64),
    Drift(usize),
    Disk(usize, DiskFaultId),
    Slow(usize),
}

/// What one firing of an entry works with.
#[derive(Clone, Copy, Debug)]
struct Firing {
    entry: usize,
    round: u32,
    it: Option<Place>,
}

impl Faults {
    pub(crate) fn new(entries: &[Entry]) -> Faults {
        let checks = entries.iter().enumerate().filter(|(_, entry)| matches!(entry.action, Action::Check(_)));
        Faults {
            accounts: vec![Account::default(); entries.len()],
            checks: checks.map(|(index, _)| index).collect(),
            ..Faults::default()
        }
    }

    /// The number under which the ledgers list an entry: checks are not among them.
    fn number_of(&self, entry: usize) -> u32 {
        (entry - self.checks.iter().filter(|check| **check < entry).count()) as u32
    }
}

impl World {
    /// An entry of the timeline acts.
    pub(crate) fn act(
        &mut self,
        entry: usize,
        it: Option<Place>,
        round: u32,
        schedule: &mut Schedule<Happening>,
    ) {
        self.schedule_next_round(entry, round, schedule);
        let spec = self.scenario.timeline[entry].clone();
        let firing = Firing { entry, round, it };
        self.faults.accounts[entry].started_ns.push(schedule.now().0);
        self.note_edge(entry, Edge::Begin, schedule);
        let told = !matches!(spec.action, Action::Check(_));
        if told {
            let fault = self.faults.number_of(entry);
            self.record(None, Event::FaultStarted { fault }, schedule);
        }
        let undo = self.perform(&spec.action, firing, schedule);
        if undo.is_empty() {
            return self.fault_over(entry, told, schedule);
        }
        let active = self.faults.active.len() as u32;
        self.faults.active.push(Active { entry, undo });
        if let Some(length) = spec.action.length() {
            schedule.after(Span(length.as_nanos()), Happening::End { active });
        }
    }

    /// Lets an action happen now, from outside the timeline: it is added to it under an id of its own (`crash-2`), and
    /// from then on it is a fault like any other, with a ledger. Returns the number of its entry.
    pub fn act_now(&mut self, action: Action, schedule: &mut Schedule<Happening>) -> u32 {
        let entry = self.scenario.timeline.len();
        let word = action.kind().word();
        let is_free = |id: &String| self.scenario.timeline.iter().all(|entry| entry.id != *id);
        let id = (1..).map(|number| format!("{word}-{number}")).find(is_free);
        let id = id.expect("there are more numbers than entries");
        let when = When::At(rcsim_scenario::Span::from_nanos(schedule.now().0));
        self.scenario.timeline.push(Entry { id, when, action, must_fire: true });
        self.faults.accounts.push(Account::default());
        self.act(entry, None, 0, schedule);
        entry as u32
    }

    fn fault_over(&mut self, entry: usize, told: bool, schedule: &mut Schedule<Happening>) {
        self.note_edge(entry, Edge::End, schedule);
        if told {
            let fault = self.faults.number_of(entry);
            self.record(None, Event::FaultEnded { fault }, schedule);
        }
    }

    fn perform(&mut self, action: &Action, firing: Firing, schedule: &mut Schedule<Happening>) -> Vec<Undo> {
        match action {
            Action::Crash(who) => self.crash_targets(who, firing, schedule),
            Action::PowerOff(who) => self.power_off_targets(who, firing, schedule),
            Action::Restart { who, disk, address } => {
                self.restart_targets(who, *disk, *address, firing, schedule)
            }
            Action::Pause { who, .. } => return self.pause_targets(who, firing, schedule),
            Action::Resume(who) => self.resume_targets(who, firing, schedule),
            Action::Partition { groups, .. } => return self.partition_groups(groups, firing),
            Action::Cut { from, to, .. } => return self.cut_path(from, to, firing),
            Action::Heal => self.heal_network(firing, schedule),
            Action::Network { .. } => return self.degrade_links(action, firing, schedule),
            Action::Clock { node, jump, drift, .. } => {
                return self.upset_clocks(node, *jump, *drift, action.length().is_some(), firing, schedule);
            }
            Action::Disk { node, fsync, writes_stall, full, .. } => {
                return self.upset_disks(node, fsync.as_ref(), *writes_stall, *full, firing);
            }
            Action::Slow { node, each_loop, .. } => return self.slow_down(node, *each_loop, firing),
            Action::Command { node, argv, .. } => self.run_raw_command(node, argv, firing, schedule),
            Action::Check(_) => {
                self.faults.due_checks.push(firing.entry as u32);
                self.faults.accounts[firing.entry].count("checks", 1);
            }
        }
        Vec::new()
    }

    /// A fault of limited length is over.
    pub(crate) fn end_fault(&mut self, active: usize, schedule: &mut Schedule<Happening>) {
        let Active { entry, undo } = &mut self.faults.active[active];
        let (entry, undo) = (*entry, std::mem::take(undo));
        if undo.is_empty() {
            return;
        }
        for part in undo {
            self.undo(entry, part, schedule);
        }
        self.fault_over(entry, true, schedule);
    }

    fn undo(&mut self, entry: usize, part: Undo, schedule: &mut Schedule<Happening>) {
        match part {
            Undo::Rule(rule) => {
                self.network.lift(rule);
            }
            Undo::Pause(host, life) => self.resume(entry, host, life, schedule),
            Undo::Jump(place, by_ns) => self.jump_clock(place, by_ns, schedule),
            Undo::Drift(place) => self.steady_clock(entry, place, schedule),
            Undo::Disk(place, fault) => {
                let answers = self.hosts[place].disk.lift(schedule.now(), fault);
                self.disk_moves_on(place, &answers, schedule);
            }
            Undo::Slow(place) => self.speed_up(entry, place),
        }
    }

    /// Ends every fault that is still open, except dead processes: those are the scenario's intention. Says whether
    /// there was any.
    pub fn final_heal(&mut self, schedule: &mut Schedule<Happening>) -> bool {
        let open: Vec<usize> = (0..self.faults.active.len())
            .filter(|active| !self.faults.active[*active].undo.is_empty())
            .collect();
        for active in &open {
            self.end_fault(*active, schedule);
        }
        if !open.is_empty() {
            self.record(None, Event::Healed, schedule);
        }
        !open.is_empty()
    }

    fn note_edge(&mut self, entry: usize, edge: Edge, schedule: &Schedule<Happening>) {
        self.faults.edges.push(EntryEdge { entry: entry as u32, edge, at_ns: schedule.now().0 });
    }

    /// Beginnings and ends of timeline entries since the last call, in order.
    pub fn take_firings(&mut self) -> Vec<EntryEdge> {
        std::mem::take(&mut self.faults.edges)
    }

    /// Whether there is anything new to take for those who watch.
    pub fn has_news(&self) -> bool {
        self.has_records() || !self.faults.edges.is_empty() || !self.faults.commands.is_empty()
    }

    /// The `check` entries that acted since the last call: numbers of timeline entries.
    pub fn take_due_checks(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.faults.due_checks)
    }

    /// Whether any fault of the timeline is open now.
    pub fn has_open_fault(&self) -> bool {
        self.faults.active.iter().any(|active| !active.undo.is_empty())
    }

    fn hosts_of(&mut self, who: &rcsim_scenario::Target, firing: Firing) -> Vec<HostIx> {
        let hosts = self.resolve(who, firing.entry, firing.round, firing.it);
        self.note_targets(firing.entry, &hosts);
        hosts
    }

    /// The places among the targets; clients are left out.
    fn places_of(&mut self, who: &rcsim_scenario::Target, firing: Firing) -> Vec<usize> {
        let hosts = self.hosts_of(who, firing);
        hosts.into_iter().map(|host| host.0 as usize).filter(|place| *place < self.hosts.len()).collect()
    }

    fn note_targets(&mut self, entry: usize, hosts: &[HostIx]) {
        for host in hosts {
            let name = self.host_name(*host);
            let targets = &mut self.faults.accounts[entry].targets;
            if !targets.contains(&name) {
                targets.push(name);
            }
        }
    }

    fn host_name(&self, host: HostIx) -> String {
        match (host.0 as usize).checked_sub(self.hosts.len()) {
            None => self.hosts[host.0 as usize].name.clone(),
            Some(client) => self.clients[client].name.clone(),
        }
    }
}
