//! A run is a value of scenario, seed and version: `docs/determinism.md`, question by question.

use std::collections::BTreeMap;

use rcsim_engine::{Engine, Nanos};
use rcsim_observe::{Event, Record, Summary};
use rcsim_runner::{Keep, Options};
use rcsim_scenario::{ClientSpec, Scenario, Wire};
use rcsim_world::{Happening, World};

use crate::committed::{RUNS, SCENARIOS, on_threads, parse};

/// A cluster that suffers a random fault plan, small enough to be run many times.
const UNDER_NEMESIS: &str = r#"{
  "name": "under a nemesis",
  "cluster": { "settings": { "cluster-node-timeout": "1s" } },
  "clients": [{ "name": "c1", "rate": "50/s" }],
  "nemesis": { "from": "5s", "to": "25s", "faults": { "crash": 1, "pause": 2, "partition": 1, "cut": 1, "network": 1 } },
  "until": "30s"
}"#;

fn run(scenario: &Scenario, seed: u64) -> Summary {
    rcsim_runner::run(scenario, &Options::seeded(seed))
}

#[test]
fn a_second_run_in_the_same_process_is_the_same_and_so_is_one_that_keeps_every_record() {
    let again = on_threads(2, &SCENARIOS, |committed| committed.run(Keep::All));
    for ((committed, first), second) in SCENARIOS.iter().zip(&*RUNS).zip(&again) {
        assert_eq!(first.fingerprint, second.fingerprint, "{}", committed.name);
        assert_eq!(first.verdict, second.verdict, "{}", committed.name);
        assert_eq!((first.events, first.messages), (second.events, second.messages), "{}", committed.name);
        assert_eq!(first.coverage, second.coverage, "{}", committed.name);
        let all = second.records.iter();
        assert!(
            is_part_of(&first.records, all),
            "{}: the story is a part of all that happened",
            committed.name
        );
    }
}

fn is_part_of<'a>(part: &[Record], mut all: impl Iterator<Item = &'a Record>) -> bool {
    part.iter().all(|record| all.any(|other| other == record))
}

#[test]
fn eight_threads_give_what_one_gives() {
    // Each scenario runs on two threads at a time that differ.
    let doubled: Vec<usize> = (0..SCENARIOS.len()).chain((0..SCENARIOS.len()).rev()).collect();
    let fingerprints = on_threads(8, &doubled, |index| SCENARIOS[*index].run(Keep::Story).fingerprint);
    for (index, fingerprint) in doubled.iter().zip(fingerprints) {
        assert_eq!(RUNS[*index].fingerprint, fingerprint, "{}", SCENARIOS[*index].name);
    }
}

#[test]
fn the_codec_loses_nothing() {
    let checked = on_threads(2, &SCENARIOS, |committed| {
        let scenario = Scenario { wire: Wire::Checked, ..committed.scenario.clone() };
        run(&scenario, committed.seed).fingerprint
    });
    for ((committed, fast), checked) in SCENARIOS.iter().zip(&*RUNS).zip(checked) {
        assert_eq!(fast.fingerprint, checked, "{} with \"wire\": \"checked\"", committed.name);
    }
}

#[test]
fn another_seed_is_another_run() {
    let committed = &SCENARIOS[0];
    assert_ne!(run(&committed.scenario, committed.seed + 1).fingerprint, RUNS[0].fingerprint);
}

#[test]
fn a_plan_that_is_written_out_runs_as_the_nemesis_that_drew_it() {
    let scenario = parse(UNDER_NEMESIS, "nemesis.json");
    for seed in [1, 7, u64::MAX] {
        let plan = rcsim_runner::plan(&scenario, seed);
        assert!(
            plan.nemesis.is_none() && !plan.timeline.is_empty(),
            "the faults are drawn into the timeline"
        );
        let read_back = parse(&plan.to_json(), "plan.json");
        assert_eq!(run(&read_back, seed).fingerprint, run(&scenario, seed).fingerprint, "seed {seed}");
    }
}

#[test]
fn a_plan_does_not_depend_on_clients_and_a_longer_one_begins_like_a_shorter_one() {
    let scenario = parse(UNDER_NEMESIS, "nemesis.json");
    let mut without_client = scenario.clone();
    without_client.clients.clear();
    let mut longer = scenario.clone();
    longer.nemesis.as_mut().expect("it has a nemesis").to = rcsim_scenario::Span::from_secs(28);
    longer.until = rcsim_scenario::Span::from_secs(40);
    let (plan, longer) = (rcsim_runner::plan(&scenario, 3).timeline, rcsim_runner::plan(&longer, 3).timeline);
    assert_eq!(rcsim_runner::plan(&without_client, 3).timeline, plan);
    let begins = |entries: &[rcsim_scenario::Entry]| {
        entries.iter().map(|entry| entry.when.clone()).collect::<Vec<_>>()
    };
    let (short, long) = (begins(&plan), begins(&longer));
    assert_eq!(
        short[..short.len() - 1],
        long[..short.len() - 1],
        "all but the last, which the end may have cut short"
    );
}

// ---- keyed streams: what is added or taken away changes no other draw -------------------------------------------

/// When each process has its first timer, and the ids of all nodes: what is drawn before anything happens.
fn first_draws(engine: &Engine<World>) -> (BTreeMap<u32, Nanos>, Vec<String>) {
    let phase = |(at, _, event): (Nanos, u64, &Happening)| match event {
        Happening::Cron { place, .. } => Some((*place, at)),
        _ => None,
    };
    let names = engine.world().names();
    (
        engine.upcoming().filter_map(phase).collect(),
        names.nodes.iter().map(|(id, _)| id.to_string()).collect(),
    )
}

#[test]
fn a_client_changes_no_id_and_no_phase() {
    let quiet = Scenario::named("quiet");
    let mut busy = quiet.clone();
    busy.clients = vec![ClientSpec::named("c1"), ClientSpec::named("c2")];
    let (phases, ids) = first_draws(&rcsim_world::start(&quiet, 5));
    assert_eq!((phases.len(), ids.len()), (6, 6), "six timers and six ids are drawn");
    assert_eq!(first_draws(&rcsim_world::start(&busy, 5)), (phases, ids));
}

#[test]
fn another_node_changes_no_id_and_no_phase_of_the_others() {
    let mut scenario = Scenario::named("six nodes");
    let (phases, ids) = first_draws(&rcsim_world::start(&scenario, 5));
    scenario.cluster.extra = 1;
    let (more_phases, more_ids) = first_draws(&rcsim_world::start(&scenario, 5));
    assert_eq!(more_ids[..ids.len()], ids);
    assert!(phases.iter().all(|phase| more_phases.get(phase.0) == Some(phase.1)));
}

/// All that happened, faults of the timeline left out, until a time.
fn story_until(scenario: &Scenario, until_ns: u64) -> Vec<Record> {
    let options = Options { keep: Keep::All, ..Options::seeded(9) };
    let records = rcsim_runner::run(scenario, &options).records;
    let own =
        |record: &Record| record.at_ns < until_ns && !matches!(record.event, Event::FaultStarted { .. });
    records.into_iter().filter(own).collect()
}

#[test]
fn without_a_later_fault_everything_before_it_is_as_it_was() {
    let text = |second: &str| {
        format!(
            r#"{{ "name": "two faults", "cluster": {{ "settings": {{ "cluster-node-timeout": "1s" }} }},
                 "timeline": [{{ "at": "5s", "crash": "n1" }}{second}], "until": "25s" }}"#
        )
    };
    let one = parse(&text(""), "one.json");
    let two = parse(&text(r#", { "at": "15s", "pause": "n2", "for": "3s" }"#), "two.json");
    let (one, two) = (story_until(&one, 15_000_000_000), story_until(&two, 15_000_000_000));
    assert!(one.len() > 20, "a failover is told");
    assert_eq!(one, two);
}

#[test]
fn a_client_that_is_taken_away_changes_no_election() {
    let text = |clients: &str| {
        format!(
            r#"{{ "name": "a crash", "cluster": {{ "settings": {{ "cluster-node-timeout": "1s" }} }},
                 "clients": [{clients}], "timeline": [{{ "at": "5s", "crash": "n1" }}], "until": "15s" }}"#
        )
    };
    let election = |clients: &str| -> Vec<(u64, String)> {
        let records = story_until(&parse(&text(clients), "crash.json"), u64::MAX);
        let told = |record: &Record| {
            let name = record.event.name();
            let part = ["pfail", "fail", "election-started", "vote-granted", "election-won", "promoted"]
                .contains(&name);
            part.then(|| (record.at_ns, format!("{:?} {name}", record.place)))
        };
        records.iter().filter_map(told).collect()
    };
    let quiet = election("");
    assert!(quiet.iter().any(|(_, what)| what.ends_with("promoted")), "a replica takes over: {quiet:?}");
    assert_eq!(election(r#"{ "name": "c1", "near": "n5", "rate": "20/s" }"#), quiet);
}
