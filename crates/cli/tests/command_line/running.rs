//! `rcsim run`: formats, options, seeds, the reproduction line, standard input, broken pipes.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::Value;

use crate::binary::{Ended, command, rcsim, run_text, scratch};

/// A failover in a few seconds, under clients.
const CRASH: &str = r#"{
  "name": "a crash",
  "cluster": { "settings": { "cluster-node-timeout": "1s" } },
  "clients": [{ "name": "c1", "rate": "20/s" }],
  "timeline": [{ "at": "2s", "crash": "n1" }],
  "until": "12s"
}"#;

/// The keys of the one object, in order: scripts rely on them.
const KEYS: [&str; 18] = [
    "format",
    "scenario",
    "seed",
    "verdict",
    "exit",
    "fingerprint",
    "sim_ms",
    "events",
    "messages",
    "wall_ms",
    "findings",
    "faults",
    "coverage",
    "clients",
    "losses",
    "failovers",
    "nodes",
    "expectations",
];

const FAILOVER_KEYS: [&str; 14] = [
    "master",
    "cause",
    "down_at_ms",
    "first_pfail_ms",
    "first_fail_ms",
    "fail_known_by_all_ms",
    "election_scheduled_ms",
    "election_started_ms",
    "promoted_ms",
    "slots_agreed_ms",
    "cluster_ok_ms",
    "winner",
    "epoch",
    "votes",
];

fn keys(object: &Value) -> Vec<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn object(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout)
        .unwrap_or_else(|error| panic!("one object: {error}\n{}", ended.stdout))
}

fn fingerprint(ended: &Ended) -> String {
    let value = object(ended);
    value["fingerprint"].as_str().expect("a fingerprint is text").to_owned()
}

#[test]
fn without_arguments_the_default_scenario_is_run_and_told() {
    for arguments in [[].as_slice(), &["run"]] {
        let ended = rcsim(arguments);
        assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
        for told in [
            "a master dies and comes back",
            "wins the election",
            "verdict: passed (exit code 0)",
            "fingerprint ",
        ] {
            assert!(ended.stdout.contains(told), "{told} is told:\n{}", ended.stdout);
        }
        assert_eq!(ended.last_line(), "rcsim run --seed 1");
    }
}

#[test]
fn the_last_line_repeats_the_run() {
    let file = scratch("repeated.json");
    fs::write(&file, CRASH).expect("a scratch file");
    let path = file.to_str().expect("a plain path");
    let first = rcsim(&["run", path, "--seed", "0x2a", "--set", "cluster.replicas=2", "--until", "9s"]);
    let line = first.last_line().to_owned();
    let words: Vec<&str> = line.split(' ').collect();
    assert_eq!(words[0], "rcsim");
    let again = rcsim(&words[1..]);
    let of = |ended: &Ended| {
        let line = ended.stdout.lines().find(|line| line.starts_with("fingerprint "));
        line.and_then(|line| line.split([' ', ',']).nth(1)).expect("a fingerprint").to_owned()
    };
    assert_eq!((of(&first), first.code), (of(&again), again.code), "{line}");
}

#[test]
fn json_is_exactly_one_object_with_the_promised_keys_in_their_order() {
    let ended = run_text(CRASH, &["--format", "json", "--seed", "18446744073709551615"]);
    assert_eq!(ended.stdout.lines().count(), 1, "one line");
    let value = object(&ended);
    assert_eq!(keys(&value), KEYS);
    assert_eq!(value["format"], 1);
    assert_eq!(value["seed"], "18446744073709551615", "text, for many readers damage large numbers");
    assert_eq!(value["exit"], ended.code);
    assert_eq!(value["sim_ms"], 12_000);
    assert_eq!(
        keys(&value["clients"]),
        ["ok", "failed", "unknown", "lost_acknowledged", "stale_reads", "stalest_ms"]
    );
    assert_eq!(keys(&value["faults"][0]), ["id", "kind", "fired", "effect"]);
    assert_eq!(keys(&value["failovers"][0]), FAILOVER_KEYS);
    assert_eq!(keys(&value["nodes"][0]), ["name", "role", "config_epoch", "slots", "state"]);
    assert_eq!(value["failovers"][0]["master"], "n1");
    assert_eq!(value["failovers"][0]["winner"], "n4");
    assert_eq!(value["nodes"].as_array().map(Vec::len), Some(6));
    assert!(value["coverage"]["election-won"].as_u64() >= Some(1), "{}", value["coverage"]);
}

#[test]
fn findings_have_the_promised_keys() {
    let ended =
        run_text(r#"{ "name": "x", "until": "3s", "expect": [{ "event": "fail" }] }"#, &["--format", "json"]);
    assert_eq!(keys(&object(&ended)["findings"][0]), ["id", "kind", "at_ms", "nodes", "text"]);
}

#[test]
fn ndjson_is_an_object_per_event_and_then_the_summary_and_so_is_a_trace() {
    let file = scratch("trace.ndjson");
    let path = file.to_str().expect("a plain path");
    let ended = run_text(CRASH, &["--format", "ndjson", "--trace", path]);
    let lines = |text: &str| -> Vec<Value> {
        text.lines().map(|line| serde_json::from_str(line).expect("each line is an object")).collect()
    };
    let (shown, traced) = (lines(&ended.stdout), lines(&fs::read_to_string(&file).expect("the trace")));
    let (summary, events) = shown.split_last().expect("lines");
    assert_eq!(keys(summary), KEYS);
    assert!(events.len() > 20);
    for event in events {
        assert_eq!(keys(event)[..3], ["at_ms", "node", "event"], "{event}");
    }
    assert!(
        events.windows(2).all(|pair| pair[0]["at_ms"].as_f64() <= pair[1]["at_ms"].as_f64()),
        "in order of time"
    );
    assert_eq!(traced[..events.len()], *events);
    assert_eq!(traced.len(), shown.len());
}

#[test]
fn whoever_looks_the_run_is_the_same() {
    let plain = fingerprint(&run_text(CRASH, &["--format", "json"]));
    let file = scratch("looking.ndjson");
    let traced =
        run_text(CRASH, &["--format", "json", "-vv", "--trace", file.to_str().expect("a plain path")]);
    assert_eq!(fingerprint(&traced), plain);
    let twice = run_text(CRASH, &["--format", "json", "--twice"]);
    assert_eq!((fingerprint(&twice), twice.code), (plain.clone(), 0));
    assert!(twice.stderr.contains(&format!("both runs have the fingerprint {plain}")), "{}", twice.stderr);
}

#[test]
fn seeds_are_decimal_or_hexadecimal_and_the_environment_may_name_one() {
    let json = |seed: &str| fingerprint(&run_text(CRASH, &["--format", "json", "--seed", seed]));
    assert_eq!(json("0x10"), json("16"));
    assert_ne!(json("16"), json("17"));
    let ended: Ended = command(&["run", "lessons/hello", "--until", "2s", "--format", "json"])
        .env("RCSIM_SEED", "0x10")
        .output()
        .expect("the binary starts")
        .into();
    assert_eq!(object(&ended)["seed"], "16");
}

#[test]
fn set_replaces_a_value_and_until_ends_the_run_earlier() {
    let ended = run_text(CRASH, &["--format", "json", "--set", "cluster.masters=5", "--until", "1s"]);
    let value = object(&ended);
    assert_eq!(value["sim_ms"], 1_000);
    assert_eq!(value["nodes"].as_array().map(Vec::len), Some(10));
    let told = run_text(CRASH, &["--set", "cluster.settings.cluster-node-timeout=2000"]);
    assert!(
        told.last_line().ends_with("--set cluster.settings.cluster-node-timeout=2000"),
        "{}",
        told.last_line()
    );
}

#[test]
fn quiet_says_less_and_verbose_more() {
    let lines = |arguments: &[&str]| run_text(CRASH, arguments).stdout.lines().count();
    let (quiet, usual, verbose, everything) = (lines(&["-q"]), lines(&[]), lines(&["-v"]), lines(&["-vv"]));
    assert!(
        quiet < usual && usual < verbose && verbose < everything,
        "{quiet} {usual} {verbose} {everything}"
    );
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let run = |arguments: &[&str], variable: Option<&str>| -> bool {
        let mut command = command(&["run", "lessons/hello", "--until", "2s"]);
        command.args(arguments);
        if let Some(variable) = variable {
            command.env(variable, "1");
        }
        let ended: Ended = command.output().expect("the binary starts").into();
        ended.stdout.contains('\u{1b}')
    };
    assert!(!run(&[], None), "a pipe gets none");
    assert!(run(&[], Some("CLICOLOR_FORCE")));
    assert!(run(&["--color", "always"], None));
    assert!(!run(&[], Some("NO_COLOR")));
    assert!(!run(&["--color", "never"], Some("CLICOLOR_FORCE")));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let mut child = command(&["run", "lessons/kill-a-master", "--format", "ndjson"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line comes");
    assert!(line.starts_with('{'));
    let ended = child.wait_with_output().expect("the command ends");
    assert_eq!((ended.status.code(), ended.stderr), (Some(0), Vec::new()));
}

#[test]
fn a_trace_that_cannot_be_written_is_told_before_the_run() {
    let ended = rcsim(&["run", "--trace", "no/such/folder/trace.ndjson"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""));
    assert!(ended.stderr.contains("cannot write no/such/folder/trace.ndjson"), "{}", ended.stderr);
}
