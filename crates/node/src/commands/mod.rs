//! The commands: one table, and the checks that come before each.
//!
//! The order of the checks is Redis': name, number of words, who serves the key, what is written can be
//! kept, enough replicas, a replica is read only, a replica without its master, the pause of writes; then
//! the command itself (RD-12, RP-23, CF-23, CF-24, MF-11). Rules: CM-1, CM-3, RD-20, RD-21. Texts were compared with a running 7.0.15. Not here
//! yet: data types but strings and lists, SCAN, WAIT, MIGRATE, transactions, scripts, pub/sub.

mod access;
mod cluster;
mod config;
mod connection;
mod expiry;
mod find;
mod info;
mod keys;
mod lists;
mod persistence;
mod strings;
mod text;

use rcsim_protocol::{Command, Reply};

use crate::node::{ConnectionId, Node};
use crate::outside::Outside;
pub(crate) use access::Execution;
pub(crate) use persistence::{Known, known};
use text::shown;

/// A reply, or an error as reply: so that `?` ends a command.
type Answer = Result<Reply, Reply>;

/// What runs a command; `None`: there is no reply now.
type Handler = fn(&mut Node, ConnectionId, &Command, &mut Outside<'_>) -> Option<Reply>;

/// What runs a command on data: it needs to know nothing of who asks. The replication stream runs these too.
type DataHandler = fn(&mut Node, &Command) -> Answer;

/// What runs a command.
#[derive(Clone, Copy)]
enum Run {
    Session(Handler),
    Data(DataHandler),
}

/// One command of the table.
struct Declaration {
    /// Its name, in lower case.
    name: &'static str,
    /// How many words it has with its name; if negative, at least so many.
    arity: i32,
    keys: Keys,
    /// Whether it changes data.
    is_write: bool,
    /// Whether a replica without its master runs it in any case (CF-24).
    is_stale: bool,
    run: Run,
}

/// Where the keys of a command are.
#[derive(Clone, Copy)]
enum Keys {
    None,
    /// The first word behind the name.
    First,
    /// All words behind the name.
    All,
    /// Every second word, from the first one behind the name.
    Pairs,
}

const COMMANDS: &[Declaration] = &[
    data_write("append", 3, Keys::First, Node::append_command),
    read("asking", 1, Keys::None, Node::asking_command),
    read("bgrewriteaof", 1, Keys::None, Node::bgrewriteaof_command),
    stale("cluster", -2, Node::cluster_command),
    stale("config", -2, Node::config_command),
    data_read("dbsize", 1, Keys::None, Node::dbsize_command),
    stale("debug", -2, Node::debug_command),
    data_write("decr", 2, Keys::First, Node::decr_command),
    data_write("decrby", 3, Keys::First, Node::decrby_command),
    data_write("del", -2, Keys::All, Node::del_command),
    stale("echo", 2, Node::echo_command),
    data_read("exists", -2, Keys::All, Node::exists_command),
    data_write("expire", -3, Keys::First, Node::expire_command),
    data_write("expireat", -3, Keys::First, Node::expireat_command),
    data_read("expiretime", 2, Keys::First, Node::expiretime_command),
    data_write("flushall", -1, Keys::None, Node::flushall_command),
    data_write("flushdb", -1, Keys::None, Node::flushdb_command),
    data_read("get", 2, Keys::First, Node::get_command),
    data_write("getdel", 2, Keys::First, Node::getdel_command),
    data_write("getex", -2, Keys::First, Node::getex_command),
    data_read("getrange", 4, Keys::First, Node::getrange_command),
    data_write("getset", 3, Keys::First, Node::getset_command),
    data_write("incr", 2, Keys::First, Node::incr_command),
    data_write("incrby", 3, Keys::First, Node::incrby_command),
    stale("info", -1, Node::info_command),
    data_read("keys", 2, Keys::None, Node::keys_command),
    data_read("lindex", 3, Keys::First, Node::lindex_command),
    data_read("llen", 2, Keys::First, Node::llen_command),
    data_write("lpop", -2, Keys::First, Node::lpop_command),
    data_write("lpush", -3, Keys::First, Node::lpush_command),
    data_write("lpushx", -3, Keys::First, Node::lpushx_command),
    data_read("lrange", 4, Keys::First, Node::lrange_command),
    data_read("mget", -2, Keys::All, Node::mget_command),
    data_write("mset", -3, Keys::Pairs, Node::mset_command),
    data_write("msetnx", -3, Keys::Pairs, Node::msetnx_command),
    data_write("persist", 2, Keys::First, Node::persist_command),
    data_write("pexpire", -3, Keys::First, Node::pexpire_command),
    data_write("pexpireat", -3, Keys::First, Node::pexpireat_command),
    data_read("pexpiretime", 2, Keys::First, Node::pexpiretime_command),
    read("ping", -1, Keys::None, Node::ping_command),
    data_write("psetex", 4, Keys::First, Node::psetex_command),
    read("psync", -3, Keys::None, Node::replication_command),
    data_read("pttl", 2, Keys::First, Node::pttl_command),
    stale("readonly", 1, Node::readonly_command),
    stale("readwrite", 1, Node::readwrite_command),
    stale("replconf", -1, Node::replication_command),
    stale("role", 1, Node::role_command),
    data_write("rpop", -2, Keys::First, Node::rpop_command),
    data_write("rpush", -3, Keys::First, Node::rpush_command),
    data_write("rpushx", -3, Keys::First, Node::rpushx_command),
    stale("select", 2, Node::select_command),
    data_write("set", -3, Keys::First, Node::set_command),
    data_write("setex", 4, Keys::First, Node::setex_command),
    data_write("setnx", 3, Keys::First, Node::setnx_command),
    data_write("setrange", 4, Keys::First, Node::setrange_command),
    data_read("strlen", 2, Keys::First, Node::strlen_command),
    read("sync", 1, Keys::None, Node::replication_command),
    data_read("touch", -2, Keys::All, Node::touch_command),
    data_read("ttl", 2, Keys::First, Node::ttl_command),
    data_read("type", 2, Keys::First, Node::type_command),
    data_write("unlink", -2, Keys::All, Node::unlink_command),
];

const fn read(name: &'static str, arity: i32, keys: Keys, run: Handler) -> Declaration {
    Declaration { name, arity, keys, is_write: false, is_stale: false, run: Run::Session(run) }
}

const fn data_read(name: &'static str, arity: i32, keys: Keys, run: DataHandler) -> Declaration {
    Declaration { name, arity, keys, is_write: false, is_stale: false, run: Run::Data(run) }
}

const fn data_write(name: &'static str, arity: i32, keys: Keys, run: DataHandler) -> Declaration {
    Declaration { name, arity, keys, is_write: true, is_stale: false, run: Run::Data(run) }
}

const fn stale(name: &'static str, arity: i32, run: Handler) -> Declaration {
    Declaration { name, arity, keys: Keys::None, is_write: false, is_stale: true, run: Run::Session(run) }
}

impl Keys {
    fn of(self, command: &Command) -> Vec<&[u8]> {
        let count = match self {
            Keys::None => 0,
            Keys::First => 1,
            Keys::All | Keys::Pairs => command.len(),
        };
        let step = if matches!(self, Keys::Pairs) { 2 } else { 1 };
        command.words().skip(1).take(count).step_by(step).collect()
    }
}

impl Node {
    /// Runs a command of a client; `None`: there is no reply now, because it waits or the reply comes by
    /// itself.
    pub(crate) fn dispatch(
        &mut self,
        connection: ConnectionId,
        command: &Command,
        out: &mut Outside<'_>,
    ) -> Option<Reply> {
        let Some(declaration) = find::find(command.name()) else {
            return Some(unknown_command(command));
        };
        if !fits(declaration.arity, command.len()) {
            return Some(wrong_arity(declaration.name));
        }
        if let Some(refusal) = self.refusal(connection, declaration, command, out) {
            return Some(refusal);
        }
        if declaration.is_write && self.clients.writes_paused() {
            self.clients.postpone(connection, command.clone());
            return None;
        }
        match declaration.run {
            Run::Session(run) => run(self, connection, command, out),
            Run::Data(run) => Some(self.execute(run, command, out)),
        }
    }

    fn refusal(
        &self,
        connection: ConnectionId,
        declaration: &Declaration,
        command: &Command,
        out: &Outside<'_>,
    ) -> Option<Reply> {
        let keys = declaration.keys.of(command);
        if let Some(reply) = self.redirection(connection, &keys, declaration.is_write, out) {
            return Some(reply);
        }
        if (declaration.is_write || declaration.name == "ping")
            && let Some(error) = self.persistence_error()
        {
            return Some(error);
        }
        let follows = self.follows();
        let refuse = |text: &'static str| Some(Reply::error(text));
        if declaration.is_write && !follows && self.lacks_good_replicas() {
            return refuse("NOREPLICAS Not enough good replicas to write.");
        }
        if declaration.is_write && follows && self.settings.replica_read_only {
            return refuse("READONLY You can't write against a read only replica.");
        }
        let cut_off = follows && !self.replication.link.is_up() && !self.settings.replica_serve_stale_data;
        if cut_off && !declaration.is_stale {
            let why = "Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
            return Some(Reply::error(format!("MASTERDOWN {why}")));
        }
        if self.is_loading() && !declaration.is_stale {
            return refuse("LOADING Redis is loading the dataset in memory");
        }
        None
    }
}

/// The key holds something else than the command is for.
fn wrong_type() -> Reply {
    Reply::error("WRONGTYPE Operation against a key holding the wrong kind of value")
}

/// An option that does not exist, or stands where it may not.
fn syntax_error() -> Reply {
    Reply::err("syntax error")
}

/// Whether a command may have so many words.
fn fits(arity: i32, words: usize) -> bool {
    let least = arity.unsigned_abs() as usize;
    if arity < 0 { words >= least } else { words == least }
}

fn wrong_arity(name: &str) -> Reply {
    Reply::err(format_args!("wrong number of arguments for '{name}' command"))
}

/// Names the command and its first arguments, up to 128 characters of both.
fn unknown_command(command: &Command) -> Reply {
    const LIMIT: usize = 128;
    let mut arguments = String::new();
    for word in command.words().skip(1) {
        if arguments.len() >= LIMIT {
            break;
        }
        arguments += &format!("'{}' ", shown(word, LIMIT - arguments.len()));
    }
    let name = shown(command.name(), LIMIT);
    Reply::err(format_args!("unknown command '{name}', with args beginning with: {arguments}"))
}

/// Of a command that is made of subcommands: this one is none.
fn unknown_subcommand(command: &Command, container: &str) -> Reply {
    let name = shown(command.word(1).unwrap_or_default(), 128);
    Reply::err(format_args!("unknown subcommand '{name}'. Try {container} HELP."))
}

/// Of a command that is made of subcommands: this one is known, but not with so many words.
fn unknown_form(command: &Command, container: &str) -> Reply {
    let name = shown(command.word(1).unwrap_or_default(), 128);
    Reply::err(format_args!(
        "unknown subcommand or wrong number of arguments for '{name}'. Try {container} HELP."
    ))
}
