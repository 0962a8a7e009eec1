//! The commands: one table that declares each of them once.
//!
//! A row has the name, the number of words, the flags, where the keys are, and what runs it; redirection, the other
//! checks and COMMAND read it here. Names, flags and key places are those of 7.0.15. Subcommands are declared in the
//! rooms of their commands. Rules: CM-1, RD-2, RD-12.

use rcsim_protocol::{Command, Reply};

use super::flags::Flags;
use super::key_places::{KeyPlaces, MOVABLE, NONE, all, one, pairs, source_and_destination};
use super::{Answer, client, cluster, command, config, object, pubsub};
use crate::clients::Topic;
use crate::node::{ConnectionId, Node};
use crate::outside::Outside;

/// What runs a command on data: it needs to know nothing of who asks. The replication stream runs these too.
pub(super) type DataHandler = fn(&mut Node, &Command) -> Answer;

/// What runs a command about the server, whoever asks.
pub(super) type ServerHandler = fn(&mut Node, &Command, &mut Outside<'_>) -> Answer;

/// What runs a command about the connection itself; `None`: there is no reply now.
pub(super) type SessionHandler = fn(&mut Node, ConnectionId, &Command, &mut Outside<'_>) -> Option<Reply>;

/// What runs a command.
#[derive(Clone, Copy, Debug)]
pub(super) enum Run {
    Data(DataHandler),
    Server(ServerHandler),
    Session(SessionHandler),
    /// Only its subcommands run.
    Container,
}

/// One command of the table.
#[derive(Debug)]
pub(crate) struct Declaration {
    /// Its name, in lower case; of a subcommand with the command before it: `config|get`.
    pub(super) name: &'static str,
    /// How many words it has with its name; if negative, at least so many.
    pub(super) arity: i32,
    pub(super) flags: Flags,
    pub(super) keys: KeyPlaces,
    /// What a client library may want to know, in the words of COMMAND INFO.
    pub(super) tips: &'static str,
    pub(super) subcommands: &'static [Declaration],
    pub(super) run: Run,
}

pub(super) const fn data(
    name: &'static str,
    arity: i32,
    flags: &str,
    keys: KeyPlaces,
    run: DataHandler,
) -> Declaration {
    Declaration {
        name,
        arity,
        flags: Flags::of(flags),
        keys,
        tips: "",
        subcommands: &[],
        run: Run::Data(run),
    }
}

pub(super) const fn server(name: &'static str, arity: i32, flags: &str, run: ServerHandler) -> Declaration {
    let flags = Flags::of(flags);
    Declaration { name, arity, flags, keys: NONE, tips: "", subcommands: &[], run: Run::Server(run) }
}

pub(super) const fn session(name: &'static str, arity: i32, flags: &str, run: SessionHandler) -> Declaration {
    let flags = Flags::of(flags);
    Declaration { name, arity, flags, keys: NONE, tips: "", subcommands: &[], run: Run::Session(run) }
}

const fn container(name: &'static str, subcommands: &'static [Declaration]) -> Declaration {
    Declaration {
        name,
        arity: -2,
        flags: Flags::NONE,
        keys: NONE,
        tips: "",
        subcommands,
        run: Run::Container,
    }
}

impl Declaration {
    /// Its flags.
    pub(crate) fn flags(&self) -> Flags {
        self.flags
    }

    /// The same, with these keys.
    pub(super) const fn keys(self, keys: KeyPlaces) -> Declaration {
        Declaration { keys, ..self }
    }

    /// The same, with these subcommands.
    pub(super) const fn subcommands(self, subcommands: &'static [Declaration]) -> Declaration {
        Declaration { subcommands, ..self }
    }

    /// The same, with these tips.
    pub(super) const fn tips(self, tips: &'static str) -> Declaration {
        Declaration { tips, ..self }
    }

    /// Its name without the command before it.
    pub(super) fn last_name(&self) -> &'static str {
        self.name.split_once('|').map_or(self.name, |(_, last)| last)
    }
}

/// All commands, in the order of their names.
pub(super) const COMMANDS: &[Declaration] = &[
    data("append", 3, "write denyoom fast @string", one("RW insert"), Node::append_command),
    session("asking", 1, "fast @connection", Node::asking_command),
    session("auth", -2, "noscript loading stale fast no_auth allow_busy @connection", Node::auth_command),
    server("bgrewriteaof", 1, "admin noscript no_async_loading", Node::bgrewriteaof_command),
    server("bgsave", -1, "admin noscript no_async_loading", Node::bgsave_command),
    container("client", client::SUBCOMMANDS),
    container("cluster", cluster::SUBCOMMANDS),
    server("command", -1, "loading stale @connection", Node::command_command)
        .tips("nondeterministic_output_order")
        .subcommands(command::SUBCOMMANDS),
    container("config", config::SUBCOMMANDS),
    data("dbsize", 1, "readonly fast @keyspace", NONE, Node::dbsize_command)
        .tips("request_policy:all_shards response_policy:agg_sum"),
    server("debug", -2, "admin noscript loading stale", Node::debug_command),
    data("decr", 2, "write denyoom fast @string", one("RW access update"), Node::decr_command),
    data("decrby", 3, "write denyoom fast @string", one("RW access update"), Node::decrby_command),
    data("del", -2, "write @keyspace", all("RM delete"), Node::del_command)
        .tips("request_policy:multi_shard response_policy:agg_sum"),
    session("discard", 1, "noscript loading stale fast allow_busy @transaction", Node::discard_command),
    data("dump", 2, "readonly @keyspace", one("RO access"), Node::dump_command)
        .tips("nondeterministic_output"),
    server("echo", 2, "loading stale fast @connection", Node::echo_command),
    session("exec", 1, "noscript loading stale skip_slowlog @transaction", Node::exec_command),
    data("exists", -2, "readonly fast @keyspace", all("RO"), Node::exists_command)
        .tips("request_policy:multi_shard response_policy:agg_sum"),
    data("expire", -3, "write fast @keyspace", one("RW update"), Node::expire_command),
    data("expireat", -3, "write fast @keyspace", one("RW update"), Node::expireat_command),
    data("expiretime", 2, "readonly fast @keyspace", one("RO access"), Node::expiretime_command),
    data("flushall", -1, "write @keyspace @dangerous", NONE, Node::flushall_command)
        .tips("request_policy:all_shards response_policy:all_succeeded"),
    data("flushdb", -1, "write @keyspace @dangerous", NONE, Node::flushdb_command)
        .tips("request_policy:all_shards response_policy:all_succeeded"),
    data("get", 2, "readonly fast @string", one("RO access"), Node::get_command),
    data("getdel", 2, "write fast @string", one("RW access delete"), Node::getdel_command),
    data("getex", -2, "write fast @string", one("RW access update"), Node::getex_command),
    data("getrange", 4, "readonly @string", one("RO access"), Node::getrange_command),
    data("getset", 3, "write denyoom fast @string", one("RW access update"), Node::getset_command),
    session("hello", -1, "noscript loading stale fast no_auth allow_busy @connection", Node::hello_command),
    data("incr", 2, "write denyoom fast @string", one("RW access update"), Node::incr_command),
    data("incrby", 3, "write denyoom fast @string", one("RW access update"), Node::incrby_command),
    server("info", -1, "loading stale @dangerous", Node::info_command)
        .tips("nondeterministic_output request_policy:all_shards response_policy:special"),
    data("keys", 2, "readonly @keyspace @dangerous", NONE, Node::keys_command)
        .tips("request_policy:all_shards nondeterministic_output_order"),
    server("lastsave", 1, "loading stale fast @admin @dangerous", Node::lastsave_command)
        .tips("nondeterministic_output"),
    data("lindex", 3, "readonly @list", one("RO access"), Node::lindex_command),
    data("linsert", 5, "write denyoom @list", one("RW insert"), Node::linsert_command),
    data("llen", 2, "readonly fast @list", one("RO"), Node::llen_command),
    data("lmove", 5, "write denyoom @list", source_and_destination(), Node::lmove_command),
    data("lpop", -2, "write fast @list", one("RW access delete"), Node::lpop_command),
    data("lpos", -3, "readonly @list", one("RO access"), Node::lpos_command),
    data("lpush", -3, "write denyoom fast @list", one("RW insert"), Node::lpush_command),
    data("lpushx", -3, "write denyoom fast @list", one("RW insert"), Node::lpushx_command),
    data("lrange", 4, "readonly @list", one("RO access"), Node::lrange_command),
    data("lrem", 4, "write @list", one("RW delete"), Node::lrem_command),
    data("lset", 4, "write denyoom @list", one("RW update"), Node::lset_command),
    data("ltrim", 4, "write @list", one("RW delete"), Node::ltrim_command),
    data("mget", -2, "readonly fast @string", all("RO access"), Node::mget_command)
        .tips("request_policy:multi_shard"),
    session("migrate", -6, "write movablekeys @keyspace @dangerous", Node::migrate_command)
        .keys(MOVABLE)
        .tips("nondeterministic_output"),
    data("mset", -3, "write denyoom @string", pairs("OW update"), Node::mset_command)
        .tips("request_policy:multi_shard response_policy:all_succeeded"),
    data("msetnx", -3, "write denyoom @string", pairs("OW insert"), Node::msetnx_command)
        .tips("request_policy:multi_shard response_policy:agg_min"),
    session("multi", 1, "noscript loading stale fast allow_busy @transaction", Node::multi_command),
    container("object", object::SUBCOMMANDS),
    data("persist", 2, "write fast @keyspace", one("RW update"), Node::persist_command),
    data("pexpire", -3, "write fast @keyspace", one("RW update"), Node::pexpire_command),
    data("pexpireat", -3, "write fast @keyspace", one("RW update"), Node::pexpireat_command),
    data("pexpiretime", 2, "readonly fast @keyspace", one("RO access"), Node::pexpiretime_command),
    session("ping", -1, "fast @connection", Node::ping_command)
        .tips("request_policy:all_shards response_policy:all_succeeded"),
    data("psetex", 4, "write denyoom @string", one("OW update"), Node::psetex_command),
    session("psubscribe", -2, "pubsub noscript loading stale", |node, who, command, out| {
        node.subscribe(who, Topic::Pattern, command, out)
    }),
    session("psync", -3, "admin noscript no_async_loading no_multi", Node::replication_command),
    data("pttl", 2, "readonly fast @keyspace", one("RO access"), Node::pttl_command)
        .tips("nondeterministic_output"),
    server("publish", 3, "pubsub loading stale fast may_replicate", Node::publish_command),
    container("pubsub", pubsub::SUBCOMMANDS),
    session("punsubscribe", -1, "pubsub noscript loading stale", |node, who, command, out| {
        node.unsubscribe(who, Topic::Pattern, command, out)
    }),
    session("quit", -1, "noscript loading stale fast no_auth allow_busy @connection", Node::quit_command),
    server("randomkey", 1, "readonly @keyspace", Node::randomkey_command)
        .tips("request_policy:all_shards nondeterministic_output"),
    session("readonly", 1, "loading stale fast @connection", Node::readonly_command),
    session("readwrite", 1, "loading stale fast @connection", Node::readwrite_command),
    session("replconf", -1, "admin noscript loading stale allow_busy", Node::replication_command),
    session("reset", 1, "noscript loading stale fast no_auth allow_busy @connection", Node::reset_command),
    data("restore", -4, "write denyoom @keyspace @dangerous", one("OW update"), Node::restore_command),
    data(
        "restore-asking",
        -4,
        "write denyoom asking @keyspace @dangerous",
        one("OW update"),
        Node::restore_command,
    ),
    server("role", 1, "noscript loading stale fast @admin @dangerous", Node::role_command),
    data("rpop", -2, "write fast @list", one("RW access delete"), Node::rpop_command),
    data("rpoplpush", 3, "write denyoom @list", source_and_destination(), Node::rpoplpush_command),
    data("rpush", -3, "write denyoom fast @list", one("RW insert"), Node::rpush_command),
    data("rpushx", -3, "write denyoom fast @list", one("RW insert"), Node::rpushx_command),
    session("save", 1, "admin noscript no_async_loading no_multi", Node::save_command),
    data("scan", -2, "readonly @keyspace", NONE, Node::scan_command)
        .tips("nondeterministic_output request_policy:special"),
    server("select", 2, "loading stale fast @connection", Node::select_command),
    data("set", -3, "write denyoom @string", one("RW access update variable_flags"), Node::set_command),
    data("setex", 4, "write denyoom @string", one("OW update"), Node::setex_command),
    data("setnx", 3, "write denyoom fast @string", one("OW insert"), Node::setnx_command),
    data("setrange", 4, "write denyoom @string", one("RW update"), Node::setrange_command),
    session("shutdown", -1, "admin noscript loading stale no_multi allow_busy", Node::shutdown_command),
    server("spublish", 3, "pubsub loading stale fast may_replicate", Node::spublish_command)
        .keys(one("not_key")),
    session("ssubscribe", -2, "pubsub noscript loading stale", |node, who, command, out| {
        node.subscribe(who, Topic::Shard, command, out)
    })
    .keys(all("not_key")),
    data("strlen", 2, "readonly fast @string", one("RO"), Node::strlen_command),
    session("subscribe", -2, "pubsub noscript loading stale", |node, who, command, out| {
        node.subscribe(who, Topic::Channel, command, out)
    }),
    data("substr", 4, "readonly @string", one("RO access"), Node::getrange_command),
    session("sunsubscribe", -1, "pubsub noscript loading stale", |node, who, command, out| {
        node.unsubscribe(who, Topic::Shard, command, out)
    })
    .keys(all("not_key")),
    session("sync", 1, "admin noscript no_async_loading no_multi", Node::replication_command),
    server("time", 1, "loading stale fast", Node::time_command).tips("nondeterministic_output"),
    data("touch", -2, "readonly fast @keyspace", all("RO"), Node::touch_command)
        .tips("request_policy:multi_shard response_policy:agg_sum"),
    data("ttl", 2, "readonly fast @keyspace", one("RO access"), Node::ttl_command)
        .tips("nondeterministic_output"),
    data("type", 2, "readonly fast @keyspace", one("RO"), Node::type_command),
    data("unlink", -2, "write fast @keyspace", all("RM delete"), Node::unlink_command)
        .tips("request_policy:multi_shard response_policy:agg_sum"),
    session("unsubscribe", -1, "pubsub noscript loading stale", |node, who, command, out| {
        node.unsubscribe(who, Topic::Channel, command, out)
    }),
    session("unwatch", 1, "noscript loading stale fast allow_busy @transaction", Node::unwatch_command),
    session("wait", 3, "noscript @connection", Node::wait_command)
        .tips("request_policy:all_shards response_policy:agg_min"),
    session("watch", -2, "noscript loading stale fast allow_busy @transaction", Node::watch_command)
        .keys(all("RO")),
];
