//! CLIENT: what a connection may say of itself, and of the others.
//!
//! | room | what is in it |
//! |---|---|
//! | `list` | LIST and INFO |
//! | `kill` | KILL |
//!
//! Client-side caching (CACHING, GETREDIR, TRACKING, TRACKINGINFO) and UNBLOCK are not there. Rules: MF-11.

mod kill;
mod list;

use rcsim_protocol::{Command, Reply};

use super::strings::word;
use super::syntax_error;
use super::table::{Declaration, server, session};
use super::text::timeout_end;
use super::{Answer, unknown_form};
use crate::clients::{PausePurpose, Paused, Replies, Session};
use crate::node::{ConnectionId, Node};
use crate::outside::Outside;

/// The subcommands of CLIENT.
pub(super) const SUBCOMMANDS: &[Declaration] = &[
    session("client|getname", 2, "noscript loading stale @connection", Node::client_getname),
    server("client|help", 2, "loading stale @connection", Node::client_help),
    session("client|id", 2, "noscript loading stale @connection", Node::client_id),
    session("client|info", 2, "noscript loading stale @connection", Node::client_info)
        .tips("nondeterministic_output"),
    session("client|kill", -3, "admin noscript loading stale @connection", Node::client_kill),
    server("client|list", -2, "admin noscript loading stale @connection", Node::client_list)
        .tips("nondeterministic_output"),
    session("client|no-evict", 3, "admin noscript loading stale @connection", Node::client_no_evict),
    server("client|pause", -3, "admin noscript loading stale @connection", Node::client_pause),
    session("client|reply", 3, "noscript loading stale @connection", Node::client_reply),
    session("client|setname", 3, "noscript loading stale @connection", Node::client_setname),
    server("client|unpause", 2, "admin noscript loading stale @connection", Node::client_unpause),
];

const HELP: &[&str] = &[
    "CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "GETNAME",
    "    Return the name of the current connection.",
    "ID",
    "    Return the ID of the current connection.",
    "INFO",
    "    Return information about the current client connection.",
    "KILL <ip:port>",
    "    Kill connection made from <ip:port>.",
    "KILL <option> <value> [<option> <value> [...]]",
    "    Kill connections. Options are:",
    "    * ADDR (<ip:port>|<unixsocket>:0)",
    "      Kill connections made from the specified address",
    "    * LADDR (<ip:port>|<unixsocket>:0)",
    "      Kill connections made to specified local address",
    "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
    "      Kill connections by type.",
    "    * USER <username>",
    "      Kill connections authenticated by <username>.",
    "    * SKIPME (YES|NO)",
    "      Skip killing current connection (default: yes).",
    "LIST [options ...]",
    "    Return information about client connections. Options:",
    "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
    "      Return clients of specified type.",
    "UNPAUSE",
    "    Stop the current client pause, resuming traffic.",
    "PAUSE <timeout> [WRITE|ALL]",
    "    Suspend all, or just write, clients for <timeout> milliseconds.",
    "REPLY (ON|OFF|SKIP)",
    "    Control the replies sent to the current connection.",
    "SETNAME <name>",
    "    Assign the name <name> to the current connection.",
    "NO-EVICT (ON|OFF)",
    "    Protect current client connection from eviction.",
    "HELP",
    "    Prints this help.",
];

/// The classes of clients that CLIENT LIST and KILL tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Normal,
    /// The connection to my master: it is none of my clients here, so nobody is in this class.
    Master,
    Replica,
    Pubsub,
}

impl Class {
    fn read(command: &Command, index: usize) -> Result<Class, Reply> {
        let known = [
            ("normal", Class::Normal),
            ("master", Class::Master),
            ("replica", Class::Replica),
            ("slave", Class::Replica),
            ("pubsub", Class::Pubsub),
        ];
        let found = known.into_iter().find(|(name, _)| command.is(index, name));
        found.map(|(_, class)| class).ok_or_else(|| {
            let name = String::from_utf8_lossy(word(command, index));
            Reply::err(format_args!("Unknown client type '{name}'"))
        })
    }
}

impl Node {
    fn client_help(&mut self, _: &Command, _: &mut Outside<'_>) -> Answer {
        Ok(Reply::Array(HELP.iter().map(|line| Reply::simple(*line)).collect()))
    }

    fn client_id(&mut self, connection: ConnectionId, _: &Command, _: &mut Outside<'_>) -> Option<Reply> {
        self.clients.session(connection).map(|session| Reply::Integer(session.id as i64))
    }

    fn client_getname(
        &mut self,
        connection: ConnectionId,
        _: &Command,
        _: &mut Outside<'_>,
    ) -> Option<Reply> {
        let name = &self.clients.session(connection)?.name;
        Some(if name.is_empty() { Reply::Null } else { Reply::bulk(name) })
    }

    fn client_setname(
        &mut self,
        connection: ConnectionId,
        command: &Command,
        _: &mut Outside<'_>,
    ) -> Option<Reply> {
        Some(match self.name_client(connection, word(command, 2)) {
            Ok(()) => Reply::ok(),
            Err(error) => error,
        })
    }

    /// Gives a client a name, or takes it from it with an empty one.
    pub(super) fn name_client(&mut self, connection: ConnectionId, name: &[u8]) -> Result<(), Reply> {
        if !name.iter().all(|letter| (b'!'..=b'~').contains(letter)) {
            return Err(Reply::err("Client names cannot contain spaces, newlines or special characters."));
        }
        if let Some(session) = self.clients.session_mut(connection) {
            session.name = String::from_utf8_lossy(name).into_owned();
        }
        Ok(())
    }

    /// Clients are never evicted here, so this is only shown.
    fn client_no_evict(
        &mut self,
        connection: ConnectionId,
        command: &Command,
        _: &mut Outside<'_>,
    ) -> Option<Reply> {
        let on = command.is(2, "on");
        if !on && !command.is(2, "off") {
            return Some(syntax_error());
        }
        self.clients.session_mut(connection)?.is_kept = on;
        Some(Reply::ok())
    }

    fn client_reply(
        &mut self,
        connection: ConnectionId,
        command: &Command,
        _: &mut Outside<'_>,
    ) -> Option<Reply> {
        let session: &mut Session = self.clients.session_mut(connection)?;
        if command.is(2, "on") {
            session.replies = Replies::On;
            return Some(Reply::ok());
        }
        if command.is(2, "off") {
            session.replies = Replies::Off;
        } else if !command.is(2, "skip") {
            return Some(syntax_error());
        } else if session.replies != Replies::Off {
            session.replies = Replies::SkipNext;
        }
        None
    }

    fn client_pause(&mut self, command: &Command, _: &mut Outside<'_>) -> Answer {
        if command.len() > 4 {
            return Err(unknown_form(command, "CLIENT"));
        }
        let what = match command.len() {
            4 if command.is(3, "write") => Paused::Writes,
            4 if !command.is(3, "all") => {
                return Err(Reply::err("CLIENT PAUSE mode must be WRITE or ALL"));
            }
            _ => Paused::All,
        };
        let now_ms = self.clock.cached_ms;
        let until = timeout_end(command, 2, now_ms)?.unwrap_or(now_ms);
        self.pause_clients(PausePurpose::Command, what, until);
        Ok(Reply::ok())
    }

    fn client_unpause(&mut self, _: &Command, _: &mut Outside<'_>) -> Answer {
        self.unpause_clients(PausePurpose::Command);
        Ok(Reply::ok())
    }
}
