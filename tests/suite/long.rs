//! What takes minutes: `cargo test --release -p rcsim-tests -- --ignored`. RCSIM_SEEDS sets how many seeds of each
//! nemesis and of a manual failover under load are tried, PROPTEST_CASES how many generated plans.

use rcsim_observe::{Finding, Summary, Verdict};
use rcsim_runner::Options;
use rcsim_scenario::Scenario;

use crate::committed::{SCENARIOS, on_threads};
use crate::properties;

/// Seeds of each unless RCSIM_SEEDS says otherwise.
const SEEDS: u64 = 1_000;

fn seeds() -> Vec<u64> {
    let set = std::env::var("RCSIM_SEEDS").ok().and_then(|text| text.parse().ok());
    (1..=set.unwrap_or(SEEDS)).collect()
}

/// Findings that a faithful 7.0.15 would not show.
fn unexplained<'a>(scenario: &'a Scenario, run: &'a Summary) -> impl Iterator<Item = &'a Finding> {
    run.findings
        .iter()
        .filter(|it| it.known_as.is_none() && !scenario.known_weaknesses.contains(&it.id.to_owned()))
}

#[test]
#[ignore = "a thousand seeds of every nemesis take minutes"]
fn every_seed_of_every_nemesis_ends_without_an_unexplained_finding() {
    let mut tried = 0;
    for committed in SCENARIOS.iter().filter(|committed| committed.scenario.nemesis.is_some()) {
        let seeds = seeds();
        let wrong = on_threads(2, &seeds, |seed| {
            let run = rcsim_runner::run(&committed.scenario, &Options::seeded(*seed));
            let found: Vec<String> =
                unexplained(&committed.scenario, &run).map(|it| it.id.to_owned()).collect();
            let command = format!("rcsim run {} --seed {seed}", committed.name);
            (!found.is_empty()).then(|| format!("{command}: {}", found.join(" ")))
        });
        let wrong: Vec<String> = wrong.into_iter().flatten().collect();
        assert!(wrong.is_empty(), "{} of {} seeds\n{}", wrong.len(), seeds.len(), wrong.join("\n"));
        tried += seeds.len();
    }
    assert!(tried > 0, "no committed scenario has a nemesis");
}

#[test]
#[ignore = "a thousand seeds of a busy scenario take minutes"]
fn mf_8_a_manual_failover_under_load_loses_nothing_whatever_the_seed() {
    let name = "library/manual-failover-under-load";
    let committed = SCENARIOS.iter().find(|committed| committed.name == name).expect("it is committed");
    let seeds = seeds();
    let wrong = on_threads(2, &seeds, |seed| {
        let run = rcsim_runner::run(&committed.scenario, &Options::seeded(*seed));
        let lost = run.clients.lost_acknowledged;
        // That it passes says, too, that the failover came about.
        let is_right = lost == 0 && run.verdict == Verdict::Passed;
        (!is_right).then(|| format!("rcsim run {name} --seed {seed}: {}, {lost} lost", run.verdict.name()))
    });
    let wrong: Vec<String> = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{} of {} seeds\n{}", wrong.len(), seeds.len(), wrong.join("\n"));
}

#[test]
#[ignore = "hundreds of generated plans take minutes"]
fn many_generated_plans_leave_no_finding() {
    properties::hold(1, properties::cases(400));
    properties::hold(2, properties::cases(200));
}
