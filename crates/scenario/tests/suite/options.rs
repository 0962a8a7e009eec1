//! `--set path=value`, and what holds without a word in the file.

use rcsim_scenario::{ClientSpec, Diagnostics, Scenario, Span, When, parse, parse_with};

use crate::vocabulary;

const TEXT: &str = r#"{
  "name": "x",
  "timeline": [ { "at": "20s", "crash": "n1", "id": "boom" } ], // a comment, and a trailing comma:
}"#;

fn set(options: &[(&str, &str)]) -> Result<Scenario, Diagnostics> {
    parse_with(TEXT, "x.json", &vocabulary(), options)
}

/// What is said about an option that leads nowhere.
pub(crate) fn broken_option() -> Diagnostics {
    set(&[("timeline.bang.at", "5s")]).expect_err("no entry is called bang")
}

#[test]
fn options_replace_make_and_find_by_id() {
    let options = [
        ("until", "90s"),
        ("cluster.settings.cluster-node-timeout", "2s"),
        ("timeline.boom.at", "30s"),
        ("seed", "0x10"),
        ("cluster.masters", "5"),
        ("wire", "checked"),
        ("clients", r#"[{ "name": "c1" }]"#),
    ];
    let scenario = set(&options).expect("every option is fine");
    assert_eq!(scenario.until, Span::from_secs(90));
    assert_eq!(scenario.cluster.settings, [("cluster-node-timeout".to_owned(), "2000".to_owned())]);
    assert_eq!(scenario.timeline[0].when, When::At(Span::from_secs(30)));
    assert_eq!((scenario.seed, scenario.cluster.masters), (Some(16), 5));
    assert_eq!(scenario.client_names(), ["c1"]);
}

#[test]
fn an_error_in_an_option_points_at_the_option() {
    let said = set(&[("until", "90")]).expect_err("90 has no unit").to_string();
    assert!(said.contains("--> --set:1:7") && said.contains("until=90"), "{said}");
    let said = broken_option().to_string();
    assert!(said.contains("this list has no element \"bang\"") && said.contains("--> --set:1:10"), "{said}");
}

#[test]
fn a_misspelt_path_is_an_unknown_key() {
    let said = set(&[("cluster.setings.x", "1")]).expect_err("there is no such key").to_string();
    assert!(said.contains("RC0101") && said.contains("did you mean \"settings\"?"), "{said}");
}

#[test]
fn what_the_file_does_not_say_has_the_defaults_of_the_model() {
    let text = r#"{ "name": "x", "clients": [ { "name": "c1" } ] }"#;
    let scenario = parse(text, "x.json", &vocabulary()).expect("a name is enough");
    assert_eq!(scenario, Scenario { clients: vec![ClientSpec::named("c1")], ..Scenario::named("x") });
}
