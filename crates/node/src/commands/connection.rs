//! Commands about the connection itself: PING, ECHO, TIME, SELECT, READONLY, READWRITE, ASKING; and REPLCONF and
//! PSYNC, by which a client turns into a replica.
//!
//! Rules: CM-3, RD-14, RD-20.

use rcsim_protocol::{Command, Reply};

use super::strings::word;
use super::text::required_integer;
use super::{Answer, wrong_arity};
use crate::clients::Session;
use crate::node::{ConnectionId, Node};
use crate::outside::Outside;

impl Node {
    /// Who listens to something is answered as by a message.
    pub(super) fn ping_command(
        &mut self,
        connection: ConnectionId,
        command: &Command,
        _: &mut Outside<'_>,
    ) -> Option<Reply> {
        let session = self.clients.session(connection)?;
        let listens = !session.subscribed.is_empty() && session.protocol == 2;
        Some(match (command.word(1), command.len()) {
            (_, 3..) => wrong_arity("ping"),
            (message, _) if listens => {
                Reply::Array(vec![Reply::bulk("pong"), Reply::bulk(message.unwrap_or_default())])
            }
            (None, _) => Reply::simple("PONG"),
            (Some(message), _) => Reply::bulk(message),
        })
    }

    pub(super) fn echo_command(&mut self, command: &Command, _: &mut Outside<'_>) -> Answer {
        Ok(Reply::bulk(word(command, 1)))
    }

    pub(super) fn select_command(&mut self, command: &Command, _: &mut Outside<'_>) -> Answer {
        match required_integer(command, 1)? {
            0 => Ok(Reply::ok()),
            _ => Err(Reply::err("SELECT is not allowed in cluster mode")),
        }
    }

    /// The time now, in whole seconds and microseconds. Clocks here count milliseconds.
    pub(super) fn time_command(&mut self, _: &Command, out: &mut Outside<'_>) -> Answer {
        let parts = [out.now_ms.div_euclid(1000), out.now_ms.rem_euclid(1000) * 1000];
        Ok(Reply::Array(parts.into_iter().map(|part| Reply::bulk(part.to_string())).collect()))
    }

    pub(super) fn readonly_command(
        &mut self,
        connection: ConnectionId,
        _: &Command,
        _: &mut Outside<'_>,
    ) -> Option<Reply> {
        self.set_session(connection, |session| session.read_only = true)
    }

    pub(super) fn readwrite_command(
        &mut self,
        connection: ConnectionId,
        _: &Command,
        _: &mut Outside<'_>,
    ) -> Option<Reply> {
        self.set_session(connection, |session| session.read_only = false)
    }

    pub(super) fn asking_command(
        &mut self,
        connection: ConnectionId,
        _: &Command,
        _: &mut Outside<'_>,
    ) -> Option<Reply> {
        self.set_session(connection, |session| session.asking = true)
    }

    fn set_session(&mut self, connection: ConnectionId, set: impl FnOnce(&mut Session)) -> Option<Reply> {
        self.clients.session_mut(connection).map(set);
        Some(Reply::ok())
    }

    pub(super) fn replication_command(
        &mut self,
        connection: ConnectionId,
        command: &Command,
        out: &mut Outside<'_>,
    ) -> Option<Reply> {
        self.replica_command(connection, command, out)
    }
}
