//! `check`, `plan`, `list`, `schema`, `bench`, `completions`, `man`.

use std::fs;

use crate::binary::{rcsim, rcsim_reading, run_text, scratch};

#[test]
fn the_committed_scenarios_are_well_formed() {
    let ended = rcsim(&["check", "scenarios"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{}", ended.stdout);
    assert!(ended.stdout.lines().count() >= 21, "{}", ended.stdout);
    assert!(ended.stdout.lines().all(|line| line.starts_with("ok")), "{}", ended.stdout);
}

#[test]
fn check_tells_every_file_and_fails_if_one_is_wrong() {
    let folder = scratch("checked");
    fs::create_dir_all(&folder).expect("a scratch folder");
    fs::write(folder.join("right.json"), r#"{ "name": "right" }"#).expect("a file");
    fs::write(folder.join("wrong.json"), r#"{ "name": "wrong", "untill": "5s" }"#).expect("a file");
    let ended = rcsim(&["check", folder.to_str().expect("a plain path")]);
    assert_eq!(ended.code, 2);
    let states: Vec<&str> = ended.stdout.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(states, ["ok", "error"]);
    assert!(ended.stderr.contains("until"), "{}", ended.stderr);
    let code = ended.stderr.split(['[', ']']).nth(1).expect("an error has a code");
    let explained = rcsim(&["check", "--explain", code]);
    assert!(explained.code == 0 && explained.stdout.starts_with(code), "{}", explained.stdout);
}

#[test]
fn a_plan_is_a_scenario_without_chance_in_its_faults_and_runs_the_same() {
    let scenario = r#"{ "name": "chance", "cluster": { "settings": { "cluster-node-timeout": "1s" } },
        "nemesis": { "from": "2s", "to": "12s", "faults": { "crash": 1, "pause": 1 } }, "until": "20s" }"#;
    let plan = rcsim_reading(scenario, &["plan", "-", "--seed", "5"]);
    assert_eq!(plan.code, 0, "{}", plan.stderr);
    assert!(!plan.stdout.contains("\"nemesis\"") && plan.stdout.contains("\"timeline\""), "{}", plan.stdout);
    let json = ["--seed", "5", "--format", "json"];
    let fingerprint = |text: &str| -> serde_json::Value {
        let ended = run_text(text, &json);
        let value: serde_json::Value = serde_json::from_str(&ended.stdout).expect("one object");
        value["fingerprint"].clone()
    };
    assert_eq!(fingerprint(&plan.stdout), fingerprint(scenario));
}

#[test]
fn every_catalogue_lists_and_explains_its_entries() {
    for (catalogue, entry) in [
        ("scenarios", "lessons/hello"),
        ("events", "vote-denied"),
        ("faults", "partition"),
        ("invariants", "S1"),
        ("settings", "cluster-node-timeout"),
    ] {
        let listed = rcsim(&["list", catalogue]);
        assert_eq!(listed.code, 0);
        assert!(
            listed.stdout.lines().any(|line| line.starts_with(&format!("{entry} "))),
            "{}",
            listed.stdout
        );
        let explained = rcsim(&["list", catalogue, "--explain", entry]);
        assert_eq!(explained.code, 0, "{}", explained.stderr);
        assert!(
            explained.stdout.starts_with(entry) && explained.stdout.lines().count() >= 2,
            "{}",
            explained.stdout
        );
    }
}

#[test]
fn the_schema_is_the_committed_one() {
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/scenario.schema.json");
    let committed = fs::read_to_string(committed).expect("the committed schema");
    assert_eq!(
        rcsim(&["schema"]).stdout,
        committed,
        "`rcsim schema > scenarios/scenario.schema.json` renews it"
    );
    let _: serde_json::Value = serde_json::from_str(&committed).expect("it is JSON");
}

#[test]
fn bench_with_clients_counts_their_operations() {
    let ended = rcsim(&["bench", "--clients", "2", "--seconds", "1"]);
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert!(ended.code == 0 && lines.len() == 2 && lines[0].contains("operations/s"), "{}", ended.stdout);
}

#[test]
fn bench_prints_a_line_per_size() {
    let ended = rcsim(&["bench", "--nodes", "6,12", "--seconds", "5"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let sizes: Vec<&str> =
        ended.stdout.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(sizes, ["6", "12"]);
}

#[test]
fn completions_and_manual_pages_are_made() {
    for shell in ["bash", "zsh", "fish"] {
        let ended = rcsim(&["completions", shell]);
        assert!(ended.code == 0 && ended.stdout.contains("rcsim"), "{shell}");
    }
    let page = rcsim(&["man"]);
    assert!(page.code == 0 && page.stdout.contains(".TH rcsim"), "{}", page.stdout);
    let folder = scratch("man");
    let ended = rcsim(&["man", "--out", folder.to_str().expect("a plain path")]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(fs::read_dir(&folder).expect("the folder was made").count() >= 8, "a page per command");
}

#[test]
fn help_begins_with_examples_and_ends_with_the_exit_codes() {
    for arguments in [["--help"].as_slice(), &["run", "--help"]] {
        let ended = rcsim(arguments);
        assert_eq!(ended.code, 0);
        let (examples, codes) = (ended.stdout.find("Examples:"), ended.stdout.find("Exit codes: 0 all held"));
        assert!(examples < ended.stdout.find("Usage:") && codes > examples, "{}", ended.stdout);
    }
    assert!(rcsim(&["--version"]).stdout.starts_with("rcsim "));
}
