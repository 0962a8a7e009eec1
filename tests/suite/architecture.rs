//! The invariants of `docs/architecture.md` that no compiler holds: arrows between crates, headers, citations, links.

use std::collections::BTreeSet;
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

use crate::repository::{files, read, root};

/// What a crate may use: crates of this repository, and crates of others.
struct Arrows {
    name: &'static str,
    ours: &'static [&'static str],
    others: &'static [&'static str],
}

const fn arrows(
    name: &'static str,
    ours: &'static [&'static str],
    others: &'static [&'static str],
) -> Arrows {
    Arrows { name, ours, others }
}

/// From the bottom to the top. Beside the house stand `xtask`, which may use anything, and this package.
const HOUSE: &[Arrows] = &[
    arrows("engine", &[], &["rand", "rand_chacha", "xxhash-rust"]),
    arrows("protocol", &[], &["crc16", "smallvec"]),
    arrows("observe", &["protocol"], &[]),
    arrows("devices", &["engine"], &["petgraph"]),
    arrows("node", &["protocol", "observe"], &["crc", "indexmap"]),
    arrows("client", &["protocol", "observe"], &[]),
    arrows("scenario", &["protocol", "observe"], &["serde_json", "jsonc-parser", "annotate-snippets"]),
    arrows(
        "world",
        &["engine", "protocol", "observe", "devices", "node", "client", "scenario"],
        &["petgraph"],
    ),
    arrows("check", &["protocol", "observe"], &["petgraph"]),
    arrows("report", &["protocol", "observe"], &["petgraph", "serde_json"]),
    arrows("runner", &["engine", "protocol", "observe", "world", "check", "scenario"], &[]),
    arrows(
        "rcsim",
        &["engine", "protocol", "observe", "scenario", "world", "check", "report", "runner"],
        &["proptest", "serde_json"],
    ),
    arrows(
        "cli",
        &["protocol", "observe", "scenario", "report", "runner", "rcsim"],
        &["clap", "clap_complete", "clap_mangen", "ctrlc", "anstream", "anstyle", "serde_json"],
    ),
];

/// Packages that no other one uses.
const BESIDE: [&str; 2] = ["rcsim-xtask", "rcsim-tests"];

/// The crates a run consists of: what they do depends on their input alone.
const DETERMINISTIC: [&str; 10] =
    ["engine", "protocol", "observe", "devices", "node", "client", "scenario", "world", "check", "runner"];

/// Crates that bring threads, clocks, chance of the machine or an order by address into whatever uses them.
const FOREIGN_TO_A_RUN: [&str; 15] = [
    "ahash",
    "chrono",
    "crossbeam-channel",
    "crossbeam-utils",
    "fastrand",
    "getrandom",
    "instant",
    "jiff",
    "num_cpus",
    "parking_lot",
    "rayon",
    "rayon-core",
    "time",
    "tokio",
    "web-time",
];

/// Words that do the same without a dependency. `clippy.toml` has the types; this also finds what it cannot see.
const FOREIGN_WORDS: [&str; 10] = [
    "std::env",
    "std::fs",
    "std::process",
    "std::thread",
    "std::time",
    "thread_local!",
    "HashMap",
    "HashSet",
    "f32",
    "f64",
];

// ---- arrows -----------------------------------------------------------------------------------------------------

fn metadata() -> Metadata {
    let mut command = MetadataCommand::new();
    command.manifest_path(root().join("Cargo.toml")).no_deps().other_options(vec!["--offline".to_owned()]);
    command.exec().expect("cargo metadata reads the workspace")
}

/// `engine` for `rcsim-engine`; the library that people depend on is plain `rcsim`.
fn short(package: &str) -> &str {
    package.strip_prefix("rcsim-").unwrap_or(package)
}

fn house(package: &Package) -> Option<&'static Arrows> {
    HOUSE.iter().find(|arrows| arrows.name == short(&package.name))
}

#[test]
fn every_crate_uses_only_what_its_row_allows() {
    let mut wrong = Vec::new();
    let metadata = metadata();
    for package in metadata.packages.iter().filter(|package| !BESIDE.contains(&package.name.as_str())) {
        let row =
            house(package).unwrap_or_else(|| panic!("{} has no row in the table of arrows", package.name));
        for dependency in package.dependencies.iter().filter(|it| it.kind != DependencyKind::Development) {
            let allowed = match dependency.path {
                Some(_) if BESIDE.contains(&dependency.name.as_str()) => false,
                Some(_) => row.ours.contains(&short(&dependency.name)),
                None => row.others.contains(&dependency.name.as_str()),
            };
            if !allowed {
                wrong.push(format!("{} must not use {}", row.name, dependency.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn arrows_point_down_only() {
    for (index, row) in HOUSE.iter().enumerate() {
        for used in row.ours {
            let below = HOUSE[..index].iter().any(|other| other.name == *used);
            assert!(below, "{} uses {used}, which does not stand below it", row.name);
        }
    }
}

#[test]
fn folder_name_is_crate_name_and_every_crate_is_in_the_documentation() {
    let documentation = read("docs/architecture.md");
    for package in &metadata().packages {
        let folder = package.manifest_path.parent().and_then(|folder| folder.file_name());
        assert_eq!(folder, Some(short(&package.name)), "{}", package.manifest_path);
        let row = format!("| `{}` |", short(&package.name));
        let beside = package.name.as_str() == "rcsim-tests";
        assert!(beside || documentation.contains(&row), "docs/architecture.md has no row `{row}`");
    }
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    for manifest in files("crates", "Cargo.toml").into_iter().chain(["tests/Cargo.toml".to_owned()]) {
        assert!(
            read(&manifest).contains("[lints]\nworkspace = true\n"),
            "{manifest} does not take the lints"
        );
    }
}

/// Every crate that a crate comes to use when it is built, itself included.
fn built_with(name: &str) -> BTreeSet<String> {
    let package = format!("rcsim-{name}");
    let arguments = ["tree", "--offline", "--edges", "normal", "--prefix", "none", "--package", &package];
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(root()).output();
    let output = output.expect("cargo tree runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).expect("names are text");
    lines.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn nothing_that_a_run_is_built_with_brings_threads_clocks_or_chance() {
    for name in DETERMINISTIC {
        let built = built_with(name);
        assert!(built.contains(&format!("rcsim-{name}")), "{name} is found: {built:?}");
        let foreign: Vec<_> = FOREIGN_TO_A_RUN.iter().filter(|foreign| built.contains(**foreign)).collect();
        assert!(foreign.is_empty(), "{name} comes to use {foreign:?}");
    }
}

#[test]
fn nothing_in_a_run_names_threads_clocks_files_or_floats() {
    let mut wrong = Vec::new();
    for name in DETERMINISTIC {
        for path in files(&format!("crates/{name}/src"), ".rs") {
            for (number, line) in read(&path).lines().enumerate() {
                let code = line.split("//").next().unwrap_or_default();
                let foreign = FOREIGN_WORDS.iter().find(|word| has_word(code, word));
                wrong.extend(foreign.map(|word| format!("{path}:{}: {word}", number + 1)));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn has_word(text: &str, word: &str) -> bool {
    let part_of_name = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(word).any(|(at, _)| {
        !part_of_name(text[..at].chars().next_back()) && !part_of_name(text[at + word.len()..].chars().next())
    })
}

// ---- files ------------------------------------------------------------------------------------------------------

/// A room that does not fit into this many lines holds two nouns.
const LONGEST_FILE: usize = 600;
/// A longer header introduces more than one room …
const LONGEST_HEADER: usize = 25;
/// … which is what the table of contents of a crate does, with an example of its use if it is a library for others.
const LONGEST_CONTENTS: usize = 60;

fn sources() -> Vec<String> {
    files("crates", ".rs").into_iter().chain(files("tests", ".rs")).collect()
}

#[test]
fn every_file_says_at_its_head_what_it_is_for_and_can_be_read_in_one_sitting() {
    let mut wrong = Vec::new();
    for path in sources() {
        let text = read(&path);
        let header = text.lines().take_while(|line| line.starts_with("//!")).count();
        let lines = text.lines().count();
        let contents = path.ends_with("/lib.rs") || path.ends_with("/main.rs");
        let longest = if contents { LONGEST_CONTENTS } else { LONGEST_HEADER };
        if !(1..=longest).contains(&header) {
            wrong.push(format!("{path}: a header of {header} lines"));
        }
        if lines > LONGEST_FILE {
            wrong.push(format!("{path}: {lines} lines"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_repository_stands_alone() {
    // In pieces, so that this file does not find itself.
    let private = [concat!("../", "shared"), concat!("/wo", "rk/"), concat!("/ro", "ot/")];
    let mut wrong = Vec::new();
    // In a worktree of git `.git` is a file, and not of the repository.
    for path in files("", "").into_iter().filter(|path| path != ".git") {
        let Ok(text) = std::fs::read_to_string(root().join(&path)) else { continue };
        let found = private.iter().find(|private| text.contains(**private));
        wrong.extend(found.map(|private| format!("{path} mentions {private}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

// ---- citations and links ----------------------------------------------------------------------------------------

/// The anchors `<a id="..."></a>` of a text.
fn anchors(text: &str) -> BTreeSet<String> {
    text.split("<a id=\"").skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

fn is_id(text: &str) -> bool {
    let (prefix, number) = text.split_once('-').unwrap_or_default();
    (2..=3).contains(&prefix.len())
        && prefix.bytes().all(|byte| byte.is_ascii_uppercase())
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Everything in a line that looks like `FD-6`; a weakness keeps its `W-` in front.
fn citations(line: &str) -> impl Iterator<Item = &str> {
    let words = line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
    words.filter(|word| is_id(word.strip_prefix("W-").unwrap_or(word)))
}

#[test]
fn every_cited_rule_and_weakness_exists() {
    let rules: BTreeSet<String> = files("docs/rules", ".md")
        .iter()
        .flat_map(|path| anchors(&read(path)))
        .filter(|id| is_id(id))
        .collect();
    let prefixes: BTreeSet<&str> = rules.iter().filter_map(|id| id.split('-').next()).collect();
    assert!(rules.len() > 500, "the rules were found: {}", rules.len());
    let weaknesses = anchors(&read("docs/known-weaknesses.md"));
    let known = |id: &str| match id.strip_prefix("W-") {
        Some(_) => weaknesses.contains(id),
        None => rules.contains(id) || weaknesses.contains(&format!("W-{id}")),
    };
    let mut wrong = Vec::new();
    for path in sources().into_iter().chain(files("docs", ".md")).chain(files("tests/transcripts", ".txt")) {
        for (number, line) in read(&path).lines().enumerate() {
            let cited = citations(line).filter(|id| {
                let prefix = id.trim_start_matches("W-").split('-').next().unwrap_or_default();
                prefixes.contains(prefix) && !known(id)
            });
            wrong.extend(cited.map(|id| format!("{path}:{}: {id}", number + 1)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_invariant_is_documented() {
    let documentation = read("docs/invariants.md");
    for invariant in rcsim_runner::invariants() {
        assert!(
            has_word(&documentation, invariant.id),
            "docs/invariants.md does not mention {}",
            invariant.id
        );
    }
}

/// The anchor that a heading gets where Markdown is shown.
fn slug(heading: &str) -> String {
    let kept =
        heading.trim_start_matches('#').trim().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[test]
fn every_link_in_the_documentation_leads_somewhere() {
    let mut wrong = Vec::new();
    for path in files("", ".md") {
        let text = read(&path);
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") || link.contains([' ', '`']) {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.clone() } else { normal(folder, file) };
            if !root().join(&target).exists() {
                wrong.push(format!("{path}: {link}: there is no {target}"));
            } else if !anchor.is_empty() && target.ends_with(".md") {
                let text = read(&target);
                let headings = text.lines().filter(|line| line.starts_with('#')).map(slug);
                if !anchors(&text).contains(anchor) && !headings.into_iter().any(|heading| heading == anchor)
                {
                    wrong.push(format!("{path}: {link}: {target} has no such place"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The path of a file relative to a folder, without `..`.
fn normal(folder: &str, file: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in file.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[test]
fn the_default_run_and_the_tests_are_the_first_two_commands_of_the_readme() {
    let readme = read("README.md");
    let command =
        |command: &str| readme.find(command).unwrap_or_else(|| panic!("README.md lacks `{command}`"));
    assert!(command("cargo run --release") < command("cargo test"));
}
