//! The exit codes of `docs/exit-codes.md`, each by a small scenario. Code 4 would need a broken rcsim, and 70 another.

use crate::binary::{Ended, rcsim, run_text};

fn ends_with(scenario: &str, code: i32, verdict: &str) -> Ended {
    let ended = run_text(scenario, &[]);
    assert_eq!(ended.code, code, "{}\n{}", ended.stdout, ended.stderr);
    let line = ended.stdout.lines().find(|line| line.starts_with("verdict: ")).expect("a verdict is told");
    assert!(line.starts_with(&format!("verdict: {verdict} (exit code {code})")), "{line}");
    assert_eq!(ended.last_line(), "rcsim run - --seed 1", "the last line repeats the run");
    ended
}

#[test]
fn a_run_in_which_everything_held_is_0() {
    ends_with(r#"{ "name": "quiet", "until": "5s" }"#, 0, "passed");
}

#[test]
fn a_broken_expectation_is_1_and_its_finding_is_told() {
    let ended = ends_with(
        r#"{ "name": "never", "cluster": { "settings": { "cluster-node-timeout": "1s" } },
             "timeline": [{ "at": "2s", "pause": "n1", "for": "3s" }],
             "expect": [{ "never": "pfail" }], "until": "10s" }"#,
        1,
        "violated",
    );
    assert!(ended.stdout.contains("pfail is never seen"), "{}", ended.stdout);
}

#[test]
fn a_late_recovery_is_3() {
    ends_with(
        r#"{ "name": "late", "timeline": [{ "at": "2s", "crash": "n1" }],
             "expect": [{ "eventually": "cluster-ok", "within": "1s", "of": "crash" }], "until": "40s" }"#,
        3,
        "liveness",
    );
}

#[test]
fn a_fault_that_never_bites_is_5_unless_it_need_not() {
    let scenario = |must_fire: bool| {
        format!(
            r#"{{ "name": "vacuous", "until": "5s",
                  "timeline": [{{ "when": {{ "event": "promoted" }}, "crash": "n1", "must-fire": {must_fire} }}] }}"#
        )
    };
    ends_with(&scenario(true), 5, "vacuous");
    ends_with(&scenario(false), 0, "passed");
}

#[test]
fn an_expected_event_that_never_comes_is_5() {
    ends_with(r#"{ "name": "unseen", "expect": [{ "event": "promoted" }], "until": "5s" }"#, 5, "vacuous");
}

#[test]
fn a_spent_budget_is_6() {
    ends_with(r#"{ "name": "budget", "budget": { "events": 100 }, "until": "60s" }"#, 6, "unknown");
}

#[test]
fn a_misspelt_key_is_2_and_shows_place_and_suggestion() {
    let ended = run_text("{\n  \"name\": \"x\",\n  \"clutser\": {}\n}\n", &[]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("<stdin>:3:3"), "{}", ended.stderr);
    assert!(ended.stderr.contains("cluster"), "it proposes the word: {}", ended.stderr);
    assert!(ended.stderr.contains('^'), "a caret points at it: {}", ended.stderr);
    assert_eq!(ended.stdout, "", "nothing was run");
}

#[test]
fn several_errors_are_told_at_once() {
    let ended = run_text(
        r#"{ "name": "x", "clutser": {}, "until": "soon", "timeline": [{ "at": "5s", "crash": "n9" }] }"#,
        &[],
    );
    assert_eq!(ended.code, 2);
    assert_eq!(ended.stderr.matches("error[RC").count(), 3, "{}", ended.stderr);
}

#[test]
fn what_does_not_exist_is_2() {
    for arguments in [
        ["run", "no-such-file.json"].as_slice(),
        &["run", "kill-a-master"],
        &["run", "scenarios"],
        &["run", "--no-such-option"],
        &["run", "--seed", "seven"],
        &["run", "--until", "1.5s"],
        &["run", "--set", "cluster"],
        &["run", "--set", "cluster.mastres=4"],
        &["no-such-command"],
        &["plan"],
        &["check"],
        &["list", "no-such-catalogue"],
        &["list", "events", "--explain", "no-such-event"],
    ] {
        let ended = rcsim(arguments);
        assert_eq!(ended.code, 2, "{arguments:?}: {}{}", ended.stdout, ended.stderr);
        assert!(!ended.stderr.is_empty(), "{arguments:?} says why");
    }
    assert!(rcsim(&["run", "kill-a-master"]).stderr.contains("did you mean lessons/kill-a-master?"));
}
