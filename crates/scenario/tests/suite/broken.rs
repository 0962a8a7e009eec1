//! Broken files (`tests/broken/*.json`) and what is said about them (`*.txt` beside them).
//!
//! To write the answers anew after a change of words, and read them in the diff:
//! `cargo test -p rcsim-scenario --test suite -- --ignored write_`.

use std::fs;
use std::path::PathBuf;

use rcsim_scenario::{CODES, Colour, check};

use crate::vocabulary;

fn files() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/broken");
    let entries = fs::read_dir(folder).expect("the folder of broken files is there");
    let paths = entries.map(|entry| entry.expect("a folder can be listed").path());
    let mut files: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
    files.sort();
    files
}

/// What is said about a file.
fn answer(path: &PathBuf) -> String {
    let text = fs::read_to_string(path).expect("a broken file can be read");
    let name = path.file_name().and_then(|name| name.to_str()).expect("a file has a name");
    let (scenario, diagnostics) = check(&text, name, &vocabulary(), &[]);
    assert_eq!(scenario.is_some(), !diagnostics.has_errors(), "{name}");
    diagnostics.render(Colour::Plain)
}

#[test]
fn every_broken_file_is_answered_with_its_diagnostics() {
    for path in files() {
        let expected = fs::read_to_string(path.with_extension("txt")).unwrap_or_default();
        assert!(answer(&path) == expected, "{}:\n{}", path.display(), answer(&path));
    }
}

#[test]
fn every_code_is_shown_by_some_broken_file() {
    let mut answers: String = files().iter().map(answer).collect();
    answers += &crate::options::broken_option().to_string();
    for code in CODES {
        assert!(answers.contains(&format!("[{}]", code.id)), "no broken file shows {}", code.id);
    }
}

#[test]
fn codes_are_unique_and_ascend() {
    assert!(CODES.windows(2).all(|pair| pair[0].id < pair[1].id));
}

#[test]
fn colours_change_nothing_but_colour() {
    let text = r#"{ "name": 5 }"#;
    let (_, diagnostics) = check(text, "x.json", &vocabulary(), &[]);
    let coloured = diagnostics.render(Colour::Ansi);
    assert!(coloured.contains("\u{1b}["));
    let mut plain = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain += before;
        rest = after.split_once('m').expect("an escape sequence ends").1;
    }
    assert_eq!(plain + rest, diagnostics.render(Colour::Plain));
}

#[test]
fn positions_count_lines_and_characters_from_one() {
    let text = "{\n  \"description\": \"äöü\", \"name\": 5\n}";
    let (_, diagnostics) = check(text, "x.json", &vocabulary(), &[]);
    let first = diagnostics.iter().next().expect("a name is no number");
    assert_eq!(diagnostics.position(first), ("x.json", 2, 33));
    assert_eq!(first.pointer, "/name");
}

#[test]
#[ignore = "writes the expected answers"]
fn write_the_answers() {
    for path in files() {
        fs::write(path.with_extension("txt"), answer(&path)).expect("the answer can be written");
    }
}
