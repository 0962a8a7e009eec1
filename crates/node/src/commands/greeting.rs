//! How a client introduces itself, starts again, and leaves: AUTH, HELLO, RESET, QUIT.
//!
//! There is one user, `default`, whose password is `requirepass`. Replies are values here: which version of the
//! protocol a client speaks decides only how a gateway writes them. Texts were compared with a running 7.0.15.

use rcsim_protocol::{Command, Reply};

use super::strings::word;
use super::syntax_error;
use super::text::{integer, shown_word};
use crate::clients::Replies;
use crate::node::{ConnectionId, Node};
use crate::outside::Outside;

/// The user that there is.
const USER: &[u8] = b"default";

impl Node {
    pub(super) fn auth_command(
        &mut self,
        connection: ConnectionId,
        command: &Command,
        _: &mut Outside<'_>,
    ) -> Option<Reply> {
        let checked = match command.len() {
            2 if self.settings.requirepass.is_empty() => Err(Reply::err(
                "AUTH <password> called without any password configured for the default user. Are you sure your \
                 configuration is correct?",
            )),
            2 => self.authenticate(connection, USER, word(command, 1)),
            3 => self.authenticate(connection, word(command, 1), word(command, 2)),
            _ => Err(syntax_error()),
        };
        Some(checked.map_or_else(|error| error, |()| Reply::ok()))
    }

    fn authenticate(&mut self, connection: ConnectionId, user: &[u8], password: &[u8]) -> Result<(), Reply> {
        let expected = self.settings.requirepass.as_bytes();
        if user != USER || !(expected.is_empty() || expected == password) {
            let text = "WRONGPASS invalid username-password pair or user is disabled.";
            return Err(Reply::error(text));
        }
        if let Some(session) = self.clients.session_mut(connection) {
            session.authenticated = true;
        }
        Ok(())
    }

    /// The version of the protocol first, then options; what the server tells of itself.
    pub(super) fn hello_command(
        &mut self,
        connection: ConnectionId,
        command: &Command,
        _: &mut Outside<'_>,
    ) -> Option<Reply> {
        Some(self.hello(connection, command).unwrap_or_else(|error| error))
    }

    fn hello(&mut self, connection: ConnectionId, command: &Command) -> Result<Reply, Reply> {
        let version = match command.len() {
            1 => None,
            _ => Some(
                integer(command, 1)
                    .ok_or_else(|| Reply::err("Protocol version is not an integer or out of range"))?,
            ),
        };
        if version.is_some_and(|version| !(2..=3).contains(&version)) {
            return Err(Reply::error("NOPROTO unsupported protocol version"));
        }
        let mut index = 2;
        while index < command.len() {
            let left = command.len() - index - 1;
            if command.is(index, "auth") && left >= 2 {
                self.authenticate(connection, word(command, index + 1), word(command, index + 2))?;
                index += 3;
            } else if command.is(index, "setname") && left >= 1 {
                self.name_client(connection, word(command, index + 1))?;
                index += 2;
            } else {
                let option = shown_word(command, index);
                return Err(Reply::err(format_args!("Syntax error in HELLO option '{option}'")));
            }
        }
        if !self.clients.session(connection).is_some_and(|session| session.authenticated) {
            return Err(Reply::Error(
                "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> \
                 <pass> option can be used to authenticate the client and select the RESP protocol version at \
                 the same time"
                    .into(),
            ));
        }
        Ok(self.introduction(connection, version))
    }

    fn introduction(&mut self, connection: ConnectionId, version: Option<i64>) -> Reply {
        let role = if self.follows() { "replica" } else { "master" };
        let (mut protocol, mut id) = (2, 0);
        if let Some(session) = self.clients.session_mut(connection) {
            session.protocol = version.unwrap_or(session.protocol);
            (protocol, id) = (session.protocol, session.id as i64);
        }
        let told = [
            ("server", Reply::bulk("redis")),
            ("version", Reply::bulk("7.0.15")),
            ("proto", Reply::Integer(protocol)),
            ("id", Reply::Integer(id)),
            ("mode", Reply::bulk("cluster")),
            ("role", Reply::bulk(role)),
            ("modules", Reply::Array(Vec::new())),
        ];
        Reply::Map(told.into_iter().map(|(name, value)| (Reply::bulk(name), value)).collect())
    }

    /// The connection is as if it had just been opened.
    pub(super) fn reset_command(
        &mut self,
        connection: ConnectionId,
        _: &Command,
        _: &mut Outside<'_>,
    ) -> Option<Reply> {
        self.end_transaction(connection);
        self.unwatch_all(connection);
        self.clients.stop_listening_to_all(connection);
        let authenticated = self.settings.requirepass.is_empty();
        let session = self.clients.session_mut(connection)?;
        (session.read_only, session.asking) = (false, false);
        (session.protocol, session.replies) = (2, Replies::On);
        session.authenticated = authenticated;
        session.name.clear();
        Some(Reply::simple("RESET"))
    }

    /// The connection is closed behind the reply.
    pub(super) fn quit_command(
        &mut self,
        connection: ConnectionId,
        _: &Command,
        out: &mut Outside<'_>,
    ) -> Option<Reply> {
        self.answer(connection, Reply::ok(), out);
        self.drop_client(connection, out);
        None
    }
}
