//! The scenarios of the repository are read, say what they expect, and survive being written.

use std::fs;
use std::path::{Path, PathBuf};

use rcsim_scenario::{Diagnostics, check, parse};

use crate::vocabulary;

fn scenarios() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let mut files = Vec::new();
    for folder in ["lessons", "library"] {
        let entries = fs::read_dir(root.join(folder)).expect("the scenarios are there");
        files.extend(entries.map(|entry| entry.expect("a folder can be listed").path()));
    }
    files.sort();
    files
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("a scenario can be read")
}

#[test]
fn every_scenario_is_read_without_a_word() {
    let files = scenarios();
    assert!(files.len() >= 20);
    for path in files {
        let (scenario, diagnostics) = check(&read(&path), &path.to_string_lossy(), &vocabulary(), &[]);
        assert!(diagnostics.is_empty(), "{diagnostics}");
        let scenario = scenario.expect("no diagnostics, so there is a scenario");
        assert!(!scenario.expect.is_empty() && scenario.description.is_some(), "{}", path.display());
    }
}

#[test]
fn every_scenario_is_read_back_as_it_is_written() {
    for path in scenarios() {
        let name = path.to_string_lossy();
        let told = |diagnostics: Diagnostics| panic!("{diagnostics}");
        let scenario = parse(&read(&path), &name, &vocabulary()).unwrap_or_else(told);
        let written = scenario.to_json();
        assert_eq!(parse(&written, &name, &vocabulary()).unwrap_or_else(told), scenario);
        assert_eq!(parse(&written, &name, &vocabulary()).unwrap_or_else(told).to_json(), written);
    }
}
