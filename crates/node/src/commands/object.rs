//! OBJECT: how Redis would keep a value.
//!
//! What is told is what 7.0.15 would tell of the same value with the same history; nothing here is kept in that form. A
//! value that came with a snapshot was used when its master used it. How often a value is used is not counted: with an
//! LFU policy FREQ tells what Redis gives to a new one.

use rcsim_protocol::settings::MaxmemoryPolicy;
use rcsim_protocol::{Command, Reply};

use super::Answer;
use super::key_places::KeyPlaces;
use super::strings::word;
use super::table::{Declaration, data, server};
use super::text::integer;
use crate::keyspace::Value;
use crate::node::Node;
use crate::outside::Outside;

/// The subcommands of OBJECT.
pub(super) const SUBCOMMANDS: &[Declaration] = &[
    data("object|encoding", 3, "readonly @keyspace", KEY, Node::object_encoding)
        .tips("nondeterministic_output"),
    data("object|freq", 3, "readonly @keyspace", KEY, Node::object_freq).tips("nondeterministic_output"),
    server("object|help", 2, "loading stale @keyspace", Node::object_help),
    data("object|idletime", 3, "readonly @keyspace", KEY, Node::object_idletime)
        .tips("nondeterministic_output"),
    data("object|refcount", 3, "readonly @keyspace", KEY, Node::object_refcount)
        .tips("nondeterministic_output"),
];

/// Behind the subcommand.
const KEY: KeyPlaces = KeyPlaces { first: 2, last: 2, step: 1, uses: "RO", movable: false };

const HELP: &[&str] = &[
    "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "ENCODING <key>",
    "    Return the kind of internal representation used in order to store the value",
    "    associated with a <key>.",
    "FREQ <key>",
    "    Return the access frequency index of the <key>. The returned integer is",
    "    proportional to the logarithm of the recent access frequency of the key.",
    "IDLETIME <key>",
    "    Return the idle time of the <key>, that is the approximated number of",
    "    seconds elapsed since the last access to the key.",
    "REFCOUNT <key>",
    "    Return the number of references of the value associated with the specified",
    "    <key>.",
    "HELP",
    "    Prints this help.",
];

/// The longest string that is kept together with what is known of it.
const LONGEST_EMBEDDED: usize = 44;
/// Whole numbers from 0 up to this are shared by all who hold them.
const SHARED: std::ops::Range<i64> = 0..10_000;
/// What Redis counts for a value that is new.
const NEW_FREQUENCY: i64 = 5;

impl Node {
    fn object_help(&mut self, _: &Command, _: &mut Outside<'_>) -> Answer {
        Ok(Reply::Array(HELP.iter().map(|line| Reply::simple(*line)).collect()))
    }

    fn object_encoding(&mut self, command: &Command) -> Answer {
        let key = word(command, 2);
        let number = self.kept_number(key);
        let edited = self.keyspace.is_edited(key);
        let encoding = self.peek(key).map(|entry| match &entry.value {
            Value::List(_) => "quicklist",
            Value::String(_) if number.is_some() => "int",
            Value::String(bytes) if bytes.len() <= LONGEST_EMBEDDED && !edited => "embstr",
            Value::String(_) => "raw",
        });
        Ok(encoding.map_or(Reply::Null, Reply::bulk))
    }

    fn object_refcount(&mut self, command: &Command) -> Answer {
        let key = word(command, 2);
        let shared = self.shares_numbers() && self.kept_number(key).is_some_and(|it| SHARED.contains(&it));
        let count = Reply::Integer(if shared { i32::MAX.into() } else { 1 });
        Ok(self.peek(key).map_or(Reply::Null, |_| count))
    }

    fn object_idletime(&mut self, command: &Command) -> Answer {
        let key = word(command, 2);
        let idle = if self.peek(key).is_some() { self.keyspace.idle_s(key) } else { None };
        match idle {
            None => Ok(Reply::Null),
            Some(_) if self.counts_use() => Err(Reply::err(
                "An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between \
                 policies at runtime LRU and LFU data will take some time to adjust.",
            )),
            Some(idle) => Ok(Reply::Integer(idle)),
        }
    }

    fn object_freq(&mut self, command: &Command) -> Answer {
        let counts_use = self.counts_use();
        match self.peek(word(command, 2)) {
            None => Ok(Reply::Null),
            Some(_) if counts_use => Ok(Reply::Integer(NEW_FREQUENCY)),
            Some(_) => Err(Reply::err(
                "An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching \
                 between policies at runtime LRU and LFU data will take some time to adjust.",
            )),
        }
    }

    /// The whole number that a string is kept as.
    fn kept_number(&self, key: &[u8]) -> Option<i64> {
        match &self.keyspace.get(key)?.value {
            Value::String(bytes) if !self.keyspace.is_edited(key) => integer(&Command::new([bytes]), 0),
            _ => None,
        }
    }

    /// Whether the policy is one that counts how often a value is used.
    fn counts_use(&self) -> bool {
        matches!(self.settings.maxmemory_policy, MaxmemoryPolicy::AllkeysLfu | MaxmemoryPolicy::VolatileLfu)
    }

    /// A value that is shared has no use of its own to be told, so with a limit some policies share none.
    fn shares_numbers(&self) -> bool {
        let by_use = matches!(
            self.settings.maxmemory_policy,
            MaxmemoryPolicy::AllkeysLru | MaxmemoryPolicy::VolatileLru
        );
        self.settings.maxmemory == 0 || !(by_use || self.counts_use())
    }
}
