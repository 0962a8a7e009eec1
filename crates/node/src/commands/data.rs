//! Commands on registers: GET, SET, DEL, EXISTS, DBSIZE, FLUSHALL.
//!
//! Rules: RD-21, RP-2, RP-3. What changed something goes into the replication stream. SET takes no options
//! yet: they are answered with a syntax error.

use rcsim_protocol::{Command, Reply};

use crate::node::{ConnectionId, Node};
use crate::outside::Outside;

impl Node {
    pub(super) fn get_command(
        &mut self,
        _: ConnectionId,
        command: &Command,
        _: &mut Outside<'_>,
    ) -> Option<Reply> {
        let value = command.word(1).and_then(|key| self.keyspace.get(key));
        Some(value.map_or(Reply::Null, Reply::bulk))
    }

    pub(super) fn exists_command(
        &mut self,
        _: ConnectionId,
        command: &Command,
        _: &mut Outside<'_>,
    ) -> Option<Reply> {
        Some(Reply::Integer(self.count_existing(command)))
    }

    pub(super) fn dbsize_command(
        &mut self,
        _: ConnectionId,
        _: &Command,
        _: &mut Outside<'_>,
    ) -> Option<Reply> {
        Some(Reply::Integer(self.keyspace.len() as i64))
    }

    pub(super) fn set_command(
        &mut self,
        _: ConnectionId,
        command: &Command,
        out: &mut Outside<'_>,
    ) -> Option<Reply> {
        if command.len() != 3 {
            return Some(Reply::err("syntax error"));
        }
        self.write(command, out);
        Some(Reply::ok())
    }

    /// Counts the keys that were there, each once.
    pub(super) fn del_command(
        &mut self,
        _: ConnectionId,
        command: &Command,
        out: &mut Outside<'_>,
    ) -> Option<Reply> {
        let before = self.keyspace.len();
        if self.count_existing(command) > 0 {
            self.write(command, out);
        }
        Some(Reply::Integer((before - self.keyspace.len()) as i64))
    }

    pub(super) fn flushall_command(
        &mut self,
        _: ConnectionId,
        command: &Command,
        out: &mut Outside<'_>,
    ) -> Option<Reply> {
        let known_option = command.len() == 2 && (command.is(1, "sync") || command.is(1, "async"));
        if command.len() > 1 && !known_option {
            return Some(Reply::err("syntax error"));
        }
        self.write(command, out);
        Some(Reply::ok())
    }

    /// Repeated keys count repeatedly.
    fn count_existing(&self, command: &Command) -> i64 {
        command.words().skip(1).filter(|key| self.keyspace.get(key).is_some()).count() as i64
    }

    /// Changes the data, and tells my replicas.
    fn write(&mut self, command: &Command, out: &mut Outside<'_>) {
        self.apply_write(command);
        self.propagate(command.clone(), out);
    }
}
