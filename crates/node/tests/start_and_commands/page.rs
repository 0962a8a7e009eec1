//! `docs/commands.md`: which commands of Redis 7.0.15 there are, and which are refused as unknown. The page is written
//! from what the node itself tells, and held by a test.

use std::collections::BTreeMap;
use std::fmt::Write;

use rcsim_protocol::{Reply, RespVersion};

use super::support::Bench;

/// What a server told of its commands.
const CAPTURED: &str = include_str!("../data/commands-7.0.15.txt");
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/commands.md");

/// What differs from 7.0.15.
const DIFFERENCES: [(&str, &str); 8] = [
    ("auth", "there is one user, `default`"),
    ("command", "summaries of COMMAND DOCS are our own, and arguments are not described"),
    ("dump", "how a list is cut into nodes does not depend on its history ([data on disk](data-formats.md))"),
    ("hello", "the version is kept; who turns replies into bytes obeys it"),
    ("info", "fewer sections"),
    ("keys", "another order: that of names, not of a hash table"),
    ("restore", "strings and lists only"),
    ("scan", "another order than that of a hash table"),
];

/// Groups of commands, as in COMMAND INFO; the first that fits is taken.
const GROUPS: [&str; 12] = [
    "hyperloglog",
    "bitmap",
    "geo",
    "stream",
    "sortedset",
    "set",
    "hash",
    "list",
    "string",
    "scripting",
    "pubsub",
    "keyspace",
];

/// One line of what was captured.
struct Line {
    name: &'static str,
    arity: i64,
    flags: &'static str,
    groups: &'static str,
}

fn captured() -> Vec<Line> {
    let line = |line: &'static str| {
        let fields: Vec<&str> = line.split('|').collect();
        let arity = fields[1].parse().expect("a number");
        Line { name: fields[0], arity, flags: fields[2], groups: fields[6] }
    };
    CAPTURED.lines().filter(|line| !line.starts_with('#')).map(line).collect()
}

fn words(arity: i64) -> String {
    if arity < 0 { format!("{} or more", -arity) } else { arity.to_string() }
}

/// The names of all commands and subcommands that the node has: `config get`.
fn declared(node: &mut Bench) -> Vec<String> {
    fn names(command: &Reply, all: &mut Vec<String>) {
        let Reply::Array(parts) = command else { panic!("{command} is no description of a command") };
        all.push(parts[0].to_string().replace('|', " "));
        if let Reply::Array(subcommands) = &parts[9] {
            subcommands.iter().for_each(|subcommand| names(subcommand, all));
        }
    }
    let told = node.ask("COMMAND").as_received(RespVersion::Resp2);
    let Reply::Array(commands) = told else { panic!("COMMAND tells a list") };
    let mut all = Vec::new();
    commands.iter().for_each(|command| names(command, &mut all));
    all
}

fn page(captured: &[Line], declared: &[String]) -> String {
    let is_there = |line: &&Line| declared.iter().any(|name| name == line.name);
    let (there, missing): (Vec<&Line>, Vec<&Line>) = captured.iter().partition(is_there);
    let mut text =
        "# Commands\n\n<!-- Written by a test: RCSIM_BLESS=1 cargo test -p rcsim-node page -->\n\n"
            .to_owned();
    text += "Which commands of Redis 7.0.15 a simulated node has. A command that is not there is answered as by a server\n\
             that does not know it: `ERR unknown command`. Replies are compared with real servers word for word\n\
             ([transcripts](../tests/data/golden/README.md)); names, numbers of words, flags and places of keys with\n\
             what such a server tells of itself.\n\n";
    text += "## There\n\n`Words` counts the name, and of a subcommand the command before it.\n\n\
             | Command | Words | Flags | What differs |\n|---|---|---|---|\n";
    for line in &there {
        let differs =
            DIFFERENCES.iter().find(|(name, _)| *name == line.name).map_or("", |(_, differs)| *differs);
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {differs} |",
            line.name.to_uppercase(),
            words(line.arity),
            line.flags
        );
    }
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in &missing {
        let group = match line.name.split_once(' ') {
            Some((container, _)) if there.iter().any(|line| line.name == container) => {
                format!("subcommands of {}", container.to_uppercase())
            }
            // With the container its subcommands are missing, too.
            Some(_) => continue,
            None => {
                let has =
                    |group: &&&str| line.groups.split(' ').any(|it| it.strip_prefix('@') == Some(**group));
                GROUPS.iter().find(has).map_or("server", |group| *group).to_owned()
            }
        };
        groups.entry(group).or_default().push(format!("`{}`", line.name.to_uppercase()));
    }
    text += "\n## Not there\n\n| Group | Commands |\n|---|---|\n";
    for (group, names) in groups {
        let _ = writeln!(text, "| {group} | {} |", names.join(" "));
    }
    text
}

#[test]
fn the_page_of_commands_says_what_there_is() {
    let mut node = Bench::formed(0);
    let text = page(&captured(), &declared(&mut node));
    if std::env::var_os("RCSIM_BLESS").is_some() {
        std::fs::write(PAGE, &text).expect("the page can be written");
    }
    let written = std::fs::read_to_string(PAGE).expect("the page is there");
    assert!(written == text, "docs/commands.md is out of date: RCSIM_BLESS=1 cargo test -p rcsim-node page");
}

#[test]
fn cm_1_what_is_not_there_is_refused_as_unknown() {
    let (mut node, captured) = (Bench::formed(0), captured());
    let declared = declared(&mut node);
    assert_eq!(captured.len(), 366, "every command of a server and every subcommand");
    let is_there = |name: &str| declared.iter().any(|declared| declared == name);
    for line in captured.iter().filter(|line| !is_there(line.name)) {
        let (container, subcommand) = line.name.split_once(' ').unwrap_or((line.name, ""));
        let expected = match is_there(container) {
            true => format!("ERR unknown subcommand '{subcommand}'. Try {} HELP.", container.to_uppercase()),
            false if subcommand.is_empty() => {
                format!("ERR unknown command '{container}', with args beginning with: ")
            }
            false => format!("ERR unknown command '{container}', with args beginning with: '{subcommand}' "),
        };
        assert_eq!(node.ask(line.name), Reply::error(expected), "{}", line.name);
    }
    for (name, _) in DIFFERENCES {
        assert!(is_there(name), "{name} differs, so it is there");
    }
}
