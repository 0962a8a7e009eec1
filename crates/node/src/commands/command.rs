//! COMMAND: what there is to know about the commands themselves.
//!
//! All of it is read from the table. Commands come in the order of their names; Redis shows them in that of a hash
//! table. Of DOCS there are summary, group and age; the syntax of arguments is left out. Rules: CM-1, RD-2.

use rcsim_protocol::{Command, Reply};

use super::Answer;
use super::config::matches;
use super::docs::documented;
use super::find::{find, find_subcommand, fits, look_up_name};
use super::key_places::KeyPlaces;
use super::syntax_error;
use super::table::{COMMANDS, Declaration, server};
use super::text::text;
use crate::node::Node;
use crate::outside::Outside;

/// The subcommands of COMMAND.
pub(super) const SUBCOMMANDS: &[Declaration] = &[
    server("command|count", 2, "loading stale @connection", Node::command_count),
    server("command|docs", -2, "loading stale @connection", Node::command_docs)
        .tips("nondeterministic_output_order"),
    server("command|getkeys", -4, "loading stale @connection", Node::command_getkeys),
    server("command|getkeysandflags", -4, "loading stale @connection", Node::command_getkeysandflags),
    server("command|help", 2, "loading stale @connection", Node::command_help),
    server("command|info", -2, "loading stale @connection", Node::command_info)
        .tips("nondeterministic_output_order"),
    server("command|list", -2, "loading stale @connection", Node::command_list)
        .tips("nondeterministic_output_order"),
];

const HELP: &[&str] = &[
    "COMMAND <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "(no subcommand)",
    "    Return details about all Redis commands.",
    "COUNT",
    "    Return the total number of commands in this Redis server.",
    "LIST",
    "    Return a list of all commands in this Redis server.",
    "INFO [<command-name> ...]",
    "    Return details about multiple Redis commands.",
    "    If no command names are given, documentation details for all",
    "    commands are returned.",
    "DOCS [<command-name> ...]",
    "    Return documentation details about multiple Redis commands.",
    "    If no command names are given, documentation details for all",
    "    commands are returned.",
    "GETKEYS <full-command>",
    "    Return the keys from a full Redis command.",
    "GETKEYSANDFLAGS <full-command>",
    "    Return the keys and the access flags from a full Redis command.",
    "HELP",
    "    Prints this help.",
];

/// Which commands are listed.
type Filter = Box<dyn Fn(&Declaration) -> bool>;

impl Node {
    pub(super) fn command_command(&mut self, _: &Command, _: &mut Outside<'_>) -> Answer {
        Ok(Reply::Array(COMMANDS.iter().map(described).collect()))
    }

    pub(super) fn command_count(&mut self, _: &Command, _: &mut Outside<'_>) -> Answer {
        Ok(Reply::Integer(COMMANDS.len() as i64))
    }

    pub(super) fn command_info(&mut self, command: &Command, out: &mut Outside<'_>) -> Answer {
        if command.len() == 2 {
            return self.command_command(command, out);
        }
        let named = command.words().skip(2).map(|name| named(name).map_or(Reply::Null, described));
        Ok(Reply::Array(named.collect()))
    }

    pub(super) fn command_list(&mut self, command: &Command, _: &mut Outside<'_>) -> Answer {
        let wanted: Filter = match command.len() {
            2 => Box::new(|_| true),
            5 if command.is(2, "filterby") => filter(command)?,
            _ => return Err(syntax_error()),
        };
        let all = COMMANDS.iter().flat_map(|known| std::iter::once(known).chain(known.subcommands));
        let shown = all.filter(|known| command.len() > 2 || !known.name.contains('|'));
        Ok(Reply::Array(shown.filter(|known| wanted(known)).map(|known| Reply::bulk(known.name)).collect()))
    }

    pub(super) fn command_docs(&mut self, command: &Command, _: &mut Outside<'_>) -> Answer {
        let shown: Vec<&'static Declaration> = match command.len() {
            2 => COMMANDS.iter().collect(),
            _ => command.words().skip(2).filter_map(named).collect(),
        };
        let documented = |known: &'static Declaration| (Reply::bulk(known.name), documentation(known));
        Ok(Reply::Map(shown.into_iter().map(documented).collect()))
    }

    pub(super) fn command_getkeys(&mut self, command: &Command, _: &mut Outside<'_>) -> Answer {
        let (inner, known) = examined(command)?;
        Ok(Reply::Array(known.keys.of(&inner).map(Reply::bulk).collect()))
    }

    pub(super) fn command_getkeysandflags(&mut self, command: &Command, _: &mut Outside<'_>) -> Answer {
        let (inner, known) = examined(command)?;
        let gets = known.name == "set" && (3..inner.len()).any(|index| inner.is(index, "get"));
        let uses = if known.name == "set" && !gets { "OW update" } else { known.keys.uses };
        let words = uses.split(' ').filter(|word| *word != "variable_flags");
        let uses = Reply::Set(words.map(status).collect());
        let shown = |key| Reply::Array(vec![Reply::bulk(key), uses.clone()]);
        Ok(Reply::Array(known.keys.of(&inner).map(shown).collect()))
    }

    pub(super) fn command_help(&mut self, _: &Command, _: &mut Outside<'_>) -> Answer {
        Ok(Reply::Array(HELP.iter().copied().map(status).collect()))
    }
}

fn status(word: &'static str) -> Reply {
    Reply::simple(word)
}

/// What is declared for a name, `config|get` included.
fn named(name: &[u8]) -> Option<&'static Declaration> {
    match name.iter().position(|letter| *letter == b'|') {
        None => find(name),
        Some(bar) => find_subcommand(find(&name[..bar])?, &name[bar + 1..]),
    }
}

/// The command that stands behind the words of this one, if it has keys.
fn examined(command: &Command) -> Result<(Command, &'static Declaration), Reply> {
    let inner = Command::new(command.words().skip(2));
    let known = look_up_name(&inner).map_err(|_| Reply::err("Invalid command specified"))?;
    if !known.keys.any() || known.keys.uses == "not_key" {
        return Err(Reply::err("The command has no key arguments"));
    }
    if !fits(known.arity, inner.len()) {
        return Err(Reply::err("Invalid number of arguments specified for command"));
    }
    Ok((inner, known))
}

fn filter(command: &Command) -> Result<Filter, Reply> {
    let wanted = text(command, 4).to_ascii_lowercase();
    Ok(if command.is(3, "pattern") {
        Box::new(move |known| matches(wanted.as_bytes(), known.name.as_bytes()))
    } else if command.is(3, "aclcat") {
        Box::new(move |known| known.flags.groups().any(|group| group[1..] == wanted))
    } else if command.is(3, "module") {
        Box::new(|_| false)
    } else {
        return Err(syntax_error());
    })
}

/// The ten parts of what COMMAND INFO tells about a command.
fn described(known: &Declaration) -> Reply {
    let KeyPlaces { first, last, step, .. } = known.keys;
    let number = |number: i8| Reply::Integer(i64::from(number));
    let tips = known.tips.split(' ').filter(|tip| !tip.is_empty());
    Reply::Array(vec![
        Reply::bulk(known.name),
        Reply::Integer(i64::from(known.arity)),
        Reply::Set(known.flags.words().map(status).collect()),
        number(first),
        number(last),
        number(step),
        Reply::Set(known.flags.groups().map(status).collect()),
        Reply::Set(tips.map(Reply::bulk).collect()),
        Reply::Set(known.keys.any().then(|| key_specification(known.keys)).into_iter().collect()),
        Reply::Set(known.subcommands.iter().map(described).collect()),
    ])
}

/// Where the keys are, in the long form: where they begin, and how far they go from there.
fn key_specification(keys: KeyPlaces) -> Reply {
    let map = |pairs: Vec<(&'static str, Reply)>| {
        Reply::Map(pairs.into_iter().map(|(name, value)| (Reply::bulk(name), value)).collect())
    };
    let number = |number: i8| Reply::Integer(i64::from(number));
    let last = if keys.last < 0 { keys.last } else { keys.last - keys.first };
    let begin = map(vec![("type", Reply::bulk("index")), ("spec", map(vec![("index", number(keys.first))]))]);
    let range = map(vec![("lastkey", number(last)), ("keystep", number(keys.step)), ("limit", number(0))]);
    map(vec![
        ("flags", Reply::Set(keys.uses.split(' ').map(status).collect())),
        ("begin_search", begin),
        ("find_keys", map(vec![("type", Reply::bulk("range")), ("spec", range)])),
    ])
}

fn documentation(known: &'static Declaration) -> Reply {
    let mut parts = Vec::new();
    if let Some(docs) = documented(known.name) {
        for (name, value) in [("summary", docs.summary), ("since", docs.since), ("group", docs.group)] {
            parts.push((Reply::bulk(name), Reply::bulk(value)));
        }
    }
    if !known.subcommands.is_empty() {
        let inner = known.subcommands.iter();
        let inner = inner.map(|known| (Reply::bulk(known.name), documentation(known))).collect();
        parts.push((Reply::bulk("subcommands"), Reply::Map(inner)));
    }
    Reply::Map(parts)
}
