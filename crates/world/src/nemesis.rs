//! Random fault plans, drawn before the run into explicit timeline entries.
//!
//! During a run nothing about its faults is random: what was drawn can be written out as a scenario, edited, and shrunk.
//! Every fault has a stream of its own, by number, so that a longer plan begins like a shorter one.

use rcsim_engine::{Stream, Streams};
use rcsim_scenario::{
    Action, Address, DiskContents, Distribution, Entry, FsyncFault, Nemesis, NemesisFault, Ppm, Ratio,
    Scenario, Shift, Span, Target, When,
};

/// The scenario with its nemesis drawn into the timeline. One without a nemesis stays as it is.
pub fn plan(scenario: &Scenario, seed: u64) -> Scenario {
    let mut planned = scenario.clone();
    let Some(nemesis) = planned.nemesis.take() else { return planned };
    let nodes = planned.node_names();
    let mut plan = Plan {
        streams: Streams::new(seed),
        nodes,
        hit_at_once: if nemesis.keep_majority {
            (usize::from(planned.cluster.masters) - 1) / 2
        } else {
            usize::MAX
        },
        nemesis,
        open: Vec::new(),
        entries: Vec::new(),
        number: 0,
    };
    plan.draw();
    planned.timeline.append(&mut plan.entries);
    planned
}

/// A fault that is not over yet at the time of the draw.
struct Open {
    until: u64,
    nodes: Vec<usize>,
}

struct Plan {
    streams: Streams,
    nemesis: Nemesis,
    nodes: Vec<String>,
    /// So many nodes may suffer at the same time.
    hit_at_once: usize,
    open: Vec<Open>,
    entries: Vec<Entry>,
    number: u32,
}

/// Faults shorter than this are not worth a try.
const SHORTEST_NS: u64 = 1_000_000;

impl Plan {
    fn draw(&mut self) {
        let mut at = self.nemesis.from.as_nanos();
        loop {
            self.number += 1;
            let mut chance = self.streams.stream("nemesis", &[&self.number.to_string()]);
            let (shortest, longest) = self.nemesis.gap;
            if self.number > 1 {
                at = at
                    .saturating_add(chance.between(shortest.as_nanos(), longest.as_nanos()).max(SHORTEST_NS));
            }
            let left = self.nemesis.to.as_nanos().saturating_sub(at);
            if left <= SHORTEST_NS {
                return;
            }
            let (shortest, longest) = self.nemesis.length;
            let length = chance.between(shortest.as_nanos(), longest.as_nanos()).clamp(SHORTEST_NS, left);
            // Whole microseconds read better, and cost nothing.
            let (at, length) = (at / 1_000 * 1_000, length / 1_000 * 1_000);
            self.open.retain(|open| open.until > at);
            if self.open.len() < self.nemesis.at_most_at_once as usize {
                let fault = self.draw_family(&mut chance);
                self.add_fault(fault, at, length, &mut chance);
            }
        }
    }

    fn draw_family(&self, chance: &mut Stream) -> NemesisFault {
        let total: u32 = self.nemesis.faults.iter().map(|(_, weight)| weight).sum();
        let mut drawn = chance.below(total.max(1));
        for (fault, weight) in &self.nemesis.faults {
            if drawn < *weight {
                return *fault;
            }
            drawn -= weight;
        }
        self.nemesis.faults[0].0
    }

    /// Nodes that do not suffer from anything at the moment, as many as may be added, in random order.
    fn victims(&self, chance: &mut Stream) -> Vec<usize> {
        let suffering: Vec<usize> = self.open.iter().flat_map(|open| open.nodes.iter().copied()).collect();
        let mut free: Vec<usize> = (0..self.nodes.len()).filter(|node| !suffering.contains(node)).collect();
        chance.shuffle(&mut free);
        free.truncate(self.hit_at_once.saturating_sub(suffering.len()));
        free
    }

    fn add_fault(&mut self, fault: NemesisFault, at: u64, length: u64, chance: &mut Stream) {
        let victims = self.victims(chance);
        let Some(&victim) = victims.first() else { return };
        let span = Some(Span::from_nanos(length));
        let node = || Target::Node(self.nodes[victim].clone());
        let peer = self.nodes
            [(victim + 1 + chance.below(self.nodes.len() as u32 - 1) as usize) % self.nodes.len()]
        .clone();
        let mut hit = vec![victim];
        let action = match fault {
            NemesisFault::Crash => Action::Crash(node()),
            NemesisFault::PowerOff => Action::PowerOff(node()),
            NemesisFault::Pause => Action::Pause { who: node(), length: span },
            NemesisFault::Partition => {
                let most = victims.len().min(self.nodes.len() / 2) as u32;
                hit = victims[..=chance.below(most.max(1)) as usize].to_vec();
                let group = hit.iter().map(|node| Target::Node(self.nodes[*node].clone())).collect();
                Action::Partition { groups: vec![group, vec![Target::Rest]], length: span }
            }
            NemesisFault::Cut => {
                let ends = if chance.chance(1, 2) {
                    (node(), Target::Node(peer))
                } else {
                    (Target::Node(peer), node())
                };
                Action::Cut { from: ends.0, to: ends.1, length: span }
            }
            NemesisFault::Network => worse_link(node(), Target::Node(peer), span, chance),
            NemesisFault::Clock => upset_clock(node(), span, chance),
            NemesisFault::Disk => {
                let slow = Distribution::Constant(Span::from_millis(chance.between(20, 2_000)));
                let fsync = match chance.below(4) {
                    0 => Some(FsyncFault::Stall),
                    1 => Some(FsyncFault::Slow(slow)),
                    2 => Some(FsyncFault::Fail),
                    _ => None,
                };
                Action::Disk { node: node(), full: fsync.is_none(), writes_stall: false, fsync, length: span }
            }
            NemesisFault::Slow => Action::Slow {
                node: node(),
                each_loop: Span::from_millis(chance.between(2, 150)),
                length: span,
            },
        };
        // A process may end itself when its disk fails; one that runs is not started a second time.
        let dies = matches!(action, Action::Crash(_) | Action::PowerOff(_) | Action::Disk { .. });
        let restarted = Target::Node(self.nodes[victim].clone());
        self.add_entry(at, action);
        if dies {
            let (disk, address) = (DiskContents::Kept, Address::Same);
            self.add_entry(at + length, Action::Restart { who: restarted, disk, address });
        }
        self.open.push(Open { until: at + length, nodes: hit });
    }

    fn add_entry(&mut self, at: u64, action: Action) {
        let id = format!("nemesis-{}-{}", self.number, action.kind().word());
        // Whether a drawn fault bites is chance, and no fault of the scenario.
        self.entries.push(Entry { id, when: When::At(Span::from_nanos(at)), action, must_fire: false });
    }
}

fn worse_link(one: Target, other: Target, length: Option<Span>, chance: &mut Stream) -> Action {
    let slow = Distribution::Uniform(Span::from_millis(5), Span::from_millis(chance.between(20, 400)));
    let loss = Ratio { numerator: chance.between(1, 30) as u32, denominator: 100 };
    let lossy = chance.chance(1, 2);
    Action::Network {
        between: (one, other),
        latency: (!lossy).then_some(slow),
        loss: lossy.then_some(loss),
        drop: Vec::new(),
        refuse: false,
        reset: chance.chance(1, 4),
        bandwidth: None,
        one_way: false,
        length,
    }
}

fn upset_clock(node: Target, length: Option<Span>, chance: &mut Stream) -> Action {
    let jump = Shift { back: chance.chance(1, 2), by: Span::from_millis(chance.between(100, 20_000)) };
    let drift = Ppm(chance.between(0, 20_000) as i32 - 10_000);
    let jumps = chance.chance(1, 2);
    Action::Clock { node, jump: jumps.then_some(jump), drift: (!jumps).then_some(drift), length }
}
