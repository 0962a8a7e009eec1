//! COMMAND: what the node tells of its commands is what Redis 7.0.15 tells of them.

use rcsim_protocol::Reply;

use super::support::Bench;

/// What a server told: a line for each command and each subcommand.
const CAPTURED: &str = include_str!("../data/commands-7.0.15.txt");

/// The lines of what COMMAND tells of one command and its subcommands, in the form of the captured ones.
fn lines(reply: &Reply, lines: &mut Vec<String>) {
    let Reply::Array(parts) = reply else { panic!("{reply}") };
    let words = |part: &Reply| part.to_string().trim_matches(['[', ']']).to_owned();
    let uses = match &parts[8] {
        Reply::Set(places) => match places.first() {
            Some(Reply::Map(pairs)) => words(&pairs[0].1),
            _ => String::new(),
        },
        other => panic!("{other}"),
    };
    let shown: Vec<String> = (0..8).map(|part| words(&parts[part])).collect();
    lines.push(format!("{}|{uses}", shown.join("|").replacen('|', " ", usize::from(shown[0].contains('|')))));
    if let Reply::Set(subcommands) = &parts[9] {
        subcommands.iter().for_each(|subcommand| self::lines(subcommand, lines));
    }
}

#[test]
fn every_command_is_declared_as_in_redis() {
    let Reply::Array(all) = Bench::formed(0).ask("COMMAND") else { panic!("an array") };
    let mut declared = Vec::new();
    all.iter().for_each(|command| lines(command, &mut declared));
    assert!(declared.len() > 100, "{}", declared.len());
    let captured: Vec<&str> = CAPTURED.lines().filter(|line| !line.starts_with('#')).collect();
    let differing: Vec<&String> = declared.iter().filter(|line| !captured.contains(&line.as_str())).collect();
    assert!(differing.is_empty(), "{differing:#?}");
}

#[test]
fn cm_1_command_answers_what_libraries_ask() {
    let mut node = Bench::formed(0);
    let Reply::Integer(count) = node.ask("COMMAND COUNT") else { panic!("a number") };
    let Reply::Array(all) = node.ask("COMMAND INFO") else { panic!("an array") };
    assert_eq!(all.len() as i64, count);
    let mut shown = |command: &str| node.ask(command).to_string();
    assert_eq!(shown("COMMAND INFO nope get|x"), "[(nil) (nil)]");
    assert_eq!(shown("COMMAND GETKEYS mset a 1 b 2"), "[a b]");
    assert_eq!(shown("COMMAND GETKEYSANDFLAGS set a b"), "[[a [OW update]]]");
    assert_eq!(shown("COMMAND GETKEYSANDFLAGS set a b get"), "[[a [RW access update]]]");
    assert_eq!(shown("COMMAND GETKEYS ping x"), "-ERR The command has no key arguments");
    assert_eq!(shown("COMMAND GETKEYS config get"), "-ERR The command has no key arguments");
    assert_eq!(shown("COMMAND GETKEYS nope x"), "-ERR Invalid command specified");
    assert_eq!(shown("COMMAND GETKEYS config nope x"), "-ERR Invalid command specified");
    assert_eq!(shown("COMMAND GETKEYS get a b"), "-ERR Invalid number of arguments specified for command");
    assert_eq!(shown("COMMAND LIST FILTERBY ACLCAT transaction"), "[discard exec multi unwatch watch]");
    assert_eq!(shown("COMMAND LIST FILTERBY PATTERN ex*"), "[exec exists expire expireat expiretime]");
    assert_eq!(shown("COMMAND LIST x"), "-ERR syntax error");
    assert!(shown("COMMAND DOCS config|get").contains("since=2.0.0 group=server"));
}
