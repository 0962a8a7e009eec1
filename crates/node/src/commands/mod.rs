//! The commands: how one is run for a client.
//!
//! | room | what is in it |
//! |---|---|
//! | `table`, `find`, `flags`, `key_places` | what is declared for each command, and how it is found |
//! | `admission` | the checks before a command, in their order |
//! | `access` | how commands get at the data, and what they leave to replicas and to the append-only file |
//! | all others | the commands themselves |
//!
//! Rules: CM-1, RD-12, RD-13, RD-14. Texts were compared with a running 7.0.15. Keeps: what a command, or a whole
//! transaction, did is propagated before the next one runs.

mod access;
mod admission;
mod client;
mod cluster;
mod command;
mod config;
mod connection;
mod debug;
mod docs;
mod expiry;
mod find;
mod flags;
mod greeting;
mod info;
mod key_places;
mod keys;
mod list_edits;
mod lists;
mod migrate;
mod object;
mod persistence;
mod pubsub;
mod restore;
mod scan;
mod strings;
mod table;
mod text;
mod transactions;
mod wait;

use rcsim_protocol::{Command, Reply};

use crate::node::{ConnectionId, Node};
use crate::outside::Outside;
pub(crate) use access::Execution;
use admission::Admission;
use find::wrong_arity;
pub(crate) use flags::Flags;
pub(crate) use persistence::{Known, known};
pub(crate) use table::Declaration;
use table::Run;
use text::shown;

/// A reply, or an error as reply: so that `?` ends a command.
type Answer = Result<Reply, Reply>;

impl Node {
    /// Runs a command of a client, or refuses it, or lets it wait.
    pub(crate) fn process_command(
        &mut self,
        connection: ConnectionId,
        command: Command,
        out: &mut Outside<'_>,
    ) {
        let declaration = match find::look_up(&command) {
            Ok(declaration) => declaration,
            Err(error) => {
                self.refuse_unread(connection, &command, error, out);
                return self.end_command(connection, command.is(0, "asking"), out);
            }
        };
        let Some(session) = self.clients.session(connection) else { return };
        match self.admit(connection, session, declaration, &command, out) {
            Admission::Run => self.run_for(connection, declaration, &command, out),
            Admission::Queue => self.queue(connection, declaration, command, out),
            Admission::Postpone => return self.clients.postpone(connection, command),
            Admission::Redirect(reply) => {
                self.stats.rejected(declaration.name);
                self.redirect(connection, declaration, reply, out);
            }
            Admission::Refuse(error) => {
                self.stats.rejected(declaration.name);
                self.refuse(connection, declaration.name == "exec", error, out);
            }
        }
        self.end_command(connection, declaration.name == "asking", out);
    }

    /// Runs a command that a client may run now, and answers it if there is an answer now.
    fn run_for(
        &mut self,
        connection: ConnectionId,
        declaration: &Declaration,
        command: &Command,
        out: &mut Outside<'_>,
    ) {
        if let Some(session) = self.clients.session_mut(connection) {
            session.last_command = declaration.name;
        }
        let reply = self.call(connection, declaration, command, out);
        self.end_execution(out);
        let offset = self.replication.offset;
        if let Some(session) = self.clients.session_mut(connection) {
            session.wrote_until = offset;
        }
        if let Some(reply) = reply {
            self.answer(connection, reply, out);
        }
    }

    /// Runs a command; `None`: there is no reply now, because it waits or the reply comes by itself.
    fn call(
        &mut self,
        connection: ConnectionId,
        declaration: &Declaration,
        command: &Command,
        out: &mut Outside<'_>,
    ) -> Option<Reply> {
        let reply = match declaration.run {
            Run::Data(run) => Some(self.execute(run, declaration.flags.any(Flags::READONLY), command)),
            Run::Server(run) => Some(run(self, command, out).unwrap_or_else(|error| error)),
            Run::Session(run) => run(self, connection, command, out),
            Run::Container => panic!("{command} has no subcommand, and its arity let it pass"),
        };
        self.stats.called(declaration.name, reply.as_ref().is_some_and(Reply::is_error));
        reply
    }

    /// Counts a command of the replication stream.
    pub(crate) fn count_streamed(&mut self, command: &Command) {
        if let Ok(declaration) = find::look_up_name(command) {
            self.stats.called(declaration.name, false);
        }
    }

    /// What was said for one command is over: ASKING, which counts for a whole transaction too (RD-14), and, if it was
    /// answered, CLIENT REPLY SKIP.
    fn end_command(&mut self, connection: ConnectionId, is_asking: bool, out: &mut Outside<'_>) {
        let Some(session) = self.clients.session_mut(connection) else { return };
        if !is_asking && session.transaction.is_none() {
            session.asking = false;
        }
        if session.blocked.is_none() {
            session.end_reply();
        }
        if session.is_closing {
            self.drop_client(connection, out);
        }
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

/// Of a command that is made of subcommands: this one is known, but not with so many words.
fn unknown_form(command: &Command, container: &str) -> Reply {
    let name = shown(command.word(1).unwrap_or_default(), 128);
    Reply::err(format_args!(
        "unknown subcommand or wrong number of arguments for '{name}'. Try {container} HELP."
    ))
}
