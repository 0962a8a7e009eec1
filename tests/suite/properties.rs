//! Whatever is done to a small cluster: no panic, no finding that a faithful 7.0.15 would not show, and the same again.
//!
//! Plans are generated, not seeds, so that a failing one shrinks to a short list of operations and is printed as a
//! scenario. PROPTEST_CASES sets how many are tried.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rcsim_observe::{FindingKind, Summary};
use rcsim_runner::Options;
use rcsim_scenario::{
    Action, Address, Argument, ClientSpec, DiskContents, Entry, Rate, Scenario, Span, Target, When,
};

/// How many plans are tried unless PROPTEST_CASES says otherwise.
const CASES: u32 = 24;
/// Everything is whole again after this many seconds.
const FAULTS_UNTIL_S: u64 = 30;
/// The run ends after this many.
const UNTIL_S: u64 = 60;

/// What is done.
#[derive(Clone, Debug)]
enum Deed {
    Crash(usize),
    Restart(usize),
    Pause(usize, u64),
    Partition(Vec<bool>, u64),
    Cut(usize, usize, u64),
    Failover(usize, &'static str),
}

/// A deed and when it is done, in ms.
type Plan = Vec<(u64, Deed)>;

fn deed(nodes: usize) -> impl Strategy<Value = Deed> {
    let ms = || 200_u64..8_000;
    prop_oneof![
        3 => (0..nodes).prop_map(Deed::Crash),
        2 => (0..nodes).prop_map(Deed::Restart),
        2 => (0..nodes, ms()).prop_map(|(node, ms)| Deed::Pause(node, ms)),
        2 => (vec(any::<bool>(), nodes), ms()).prop_map(|(sides, ms)| Deed::Partition(sides, ms)),
        2 => (0..nodes, 1..nodes, ms()).prop_map(move |(from, on, ms)| Deed::Cut(from, (from + on) % nodes, ms)),
        1 => (0..nodes, prop::sample::select(vec!["", "FORCE", "TAKEOVER"])).prop_map(|(node, form)| Deed::Failover(node, form)),
    ]
}

fn plan(nodes: usize) -> impl Strategy<Value = Plan> {
    vec((2_000..FAULTS_UNTIL_S * 1_000 - 8_000, deed(nodes)), 1..7)
}

/// The plan as a scenario: three masters, a client, and every process up again when the faults are over.
fn scenario(plan: &Plan, replicas: u16) -> Scenario {
    let mut scenario = Scenario::named("a generated plan");
    scenario.cluster.replicas = replicas;
    scenario.cluster.settings = vec![("cluster-node-timeout".to_owned(), "1000".to_owned())];
    scenario.clients =
        vec![ClientSpec { rate: Rate { count: 20, per: Span::from_secs(1) }, ..ClientSpec::named("c1") }];
    scenario.until = Span::from_secs(UNTIL_S);
    let nodes = scenario.node_names();
    let mut add = |at_ms: u64, action: Action| {
        let id = format!("{}-{}", action.kind().word(), scenario.timeline.len() + 1);
        let when = When::At(Span::from_millis(at_ms));
        scenario.timeline.push(Entry { id, when, must_fire: false, action });
    };
    for (at_ms, deed) in plan {
        add(*at_ms, action(deed, &nodes));
    }
    for node in &nodes {
        add(FAULTS_UNTIL_S * 1_000, restart(node));
    }
    scenario
}

fn restart(node: &str) -> Action {
    Action::Restart { who: Target::Node(node.to_owned()), disk: DiskContents::Kept, address: Address::Same }
}

fn action(deed: &Deed, nodes: &[String]) -> Action {
    let target = |node: &usize| Target::Node(nodes[*node].clone());
    let length = |ms: &u64| Some(Span::from_millis(*ms));
    match deed {
        Deed::Crash(node) => Action::Crash(target(node)),
        Deed::Restart(node) => restart(&nodes[*node]),
        Deed::Pause(node, ms) => Action::Pause { who: target(node), length: length(ms) },
        Deed::Partition(sides, ms) => {
            let first = (0..nodes.len())
                .filter(|node| *node == 0 || sides[*node])
                .map(|node| target(&node))
                .collect();
            Action::Partition { groups: vec![first, vec![Target::Rest]], length: length(ms) }
        }
        Deed::Cut(from, to, ms) => Action::Cut { from: target(from), to: target(to), length: length(ms) },
        Deed::Failover(node, form) => {
            let words = ["CLUSTER", "FAILOVER", form];
            let argv =
                words.iter().filter(|word| !word.is_empty()).map(|word| Argument::Text((*word).to_owned()));
            Action::Command { node: target(node), argv: argv.collect(), reply: None }
        }
    }
}

fn findings(run: &Summary) -> Vec<String> {
    let counts =
        run.findings.iter().filter(|it| it.known_as.is_none() && it.kind != FindingKind::Expectation);
    counts.map(|it| format!("{} at {} ms: {}", it.id, it.at_ns / 1_000_000, it.text)).collect()
}

/// Tries so many plans on a cluster of three masters with so many replicas each.
pub(crate) fn hold(replicas: u16, cases: u32) {
    let nodes = 3 + 3 * usize::from(replicas);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&(plan(nodes), any::<u64>()), |(plan, seed)| {
        let scenario = scenario(&plan, replicas);
        let run = rcsim_runner::run(&scenario, &Options::seeded(seed));
        let found = findings(&run);
        let text = scenario.to_json();
        prop_assert!(found.is_empty(), "seed {}: {:#?}\n{}", seed, found, text);
        let again = rcsim_runner::run(&scenario, &Options::seeded(seed));
        prop_assert_eq!(run.fingerprint, again.fingerprint, "seed {}\n{}", seed, text);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// PROPTEST_CASES, if it is set.
pub(crate) fn cases(usually: u32) -> u32 {
    let set = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    set.unwrap_or(usually)
}

#[test]
fn a_plan_against_three_masters_with_one_replica_each_leaves_no_finding() {
    hold(1, cases(CASES));
}

#[test]
fn a_plan_against_three_masters_with_two_replicas_each_leaves_no_finding() {
    hold(2, cases(CASES / 2));
}

#[test]
fn the_plan_as_a_scenario_can_be_written_and_read() {
    let plan =
        vec![(2_000, Deed::Crash(0)), (3_000, Deed::Cut(1, 2, 500)), (4_000, Deed::Failover(3, "FORCE"))];
    let scenario = scenario(&plan, 1);
    assert_eq!(crate::committed::parse(&scenario.to_json(), "plan.json"), scenario);
}
