//! Every committed scenario is well formed, passes, and gives its golden fingerprint.

use std::fmt::Write;

use rcsim_observe::Verdict;

use crate::committed::{RUNS, SCENARIOS};
use crate::repository::hold_golden;

const GOLDEN: &str = "tests/golden/fingerprints.txt";

#[test]
fn every_committed_scenario_passes() {
    let mut failures = String::new();
    for (committed, run) in SCENARIOS.iter().zip(&*RUNS) {
        if run.verdict != Verdict::Passed {
            let (name, verdict) = (&committed.name, run.verdict.name());
            writeln!(failures, "{name} --seed {}: {verdict}", committed.seed).expect("text");
            for finding in run.findings.iter().filter(|finding| finding.known_as.is_none()) {
                writeln!(failures, "    {} at {} ns: {}", finding.id, finding.at_ns, finding.text)
                    .expect("text");
            }
        }
    }
    assert!(failures.is_empty(), "`rcsim run NAME` shows the story of each\n{failures}");
}

#[test]
fn every_committed_scenario_has_its_golden_fingerprint() {
    let mut text =
        String::from("# scenario seed fingerprint; RCSIM_BLESS=1 cargo test -p rcsim-tests rewrites this\n");
    for (committed, run) in SCENARIOS.iter().zip(&*RUNS) {
        writeln!(text, "{} {} {}", committed.name, committed.seed, run.fingerprint).expect("text");
    }
    hold_golden(GOLDEN, &text);
}

#[test]
fn every_committed_scenario_expects_something_that_can_fail() {
    for committed in &*SCENARIOS {
        let judged = committed
            .scenario
            .timeline
            .iter()
            .any(|entry| matches!(entry.action, rcsim_scenario::Action::Check(_)));
        let by_chance = committed.scenario.nemesis.is_some();
        assert!(
            judged || by_chance || !committed.scenario.expect.is_empty(),
            "{} expects nothing, so it would pass whatever its faults do",
            committed.name
        );
        assert!(committed.scenario.description.is_some(), "{} does not say what it shows", committed.name);
    }
}

#[test]
fn scenarios_survive_being_written_and_read_again() {
    for committed in &*SCENARIOS {
        let again = crate::committed::parse(&committed.scenario.to_json(), &committed.name);
        assert_eq!(again, committed.scenario, "{}", committed.name);
    }
}

#[test]
fn the_committed_schema_is_the_one_that_the_format_makes() {
    hold_golden("scenarios/scenario.schema.json", &rcsim_scenario::schema_text());
}
