//! Commands on keys of any type, and on all of them.
//!
//! Rules: RD-21. The keys of KEYS come in their own order, where Redis has that of a hash table.

use rcsim_protocol::{Command, Reply};

use super::config::matches;
use super::strings::word;
use super::{Answer, syntax_error};
use crate::node::Node;

impl Node {
    /// Repeated keys count repeatedly.
    pub(super) fn exists_command(&mut self, command: &Command) -> Answer {
        let there = command.words().skip(1).filter(|key| self.peek(key).is_some());
        Ok(Reply::Integer(there.count() as i64))
    }

    /// The same, and they are used.
    pub(super) fn touch_command(&mut self, command: &Command) -> Answer {
        let there = command.words().skip(1).filter(|key| self.look_up(key).is_some());
        Ok(Reply::Integer(there.count() as i64))
    }

    pub(super) fn unlink_command(&mut self, command: &Command) -> Answer {
        self.del_command(command)
    }

    /// Counts the keys that were there, each once.
    pub(super) fn del_command(&mut self, command: &Command) -> Answer {
        let mut deleted = 0;
        for key in command.words().skip(1) {
            if self.look_up(key).is_some() {
                self.keyspace.remove(key);
                self.changed(1);
                deleted += 1;
            }
        }
        Ok(Reply::Integer(deleted))
    }

    pub(super) fn type_command(&mut self, command: &Command) -> Answer {
        let name = self.peek(word(command, 1)).map_or("none", |entry| entry.value.type_name());
        Ok(Reply::simple(name))
    }

    pub(super) fn dbsize_command(&mut self, _: &Command) -> Answer {
        Ok(Reply::Integer(self.keyspace.len() as i64))
    }

    pub(super) fn keys_command(&mut self, command: &Command) -> Answer {
        let found = self
            .keyspace
            .entries()
            .filter(|(key, entry)| !self.is_hidden(entry) && matches(word(command, 1), key));
        Ok(Reply::Array(found.map(|(key, _)| Reply::bulk(key)).collect()))
    }

    /// Also replaces the snapshot on the disk.
    pub(super) fn flushall_command(&mut self, command: &Command) -> Answer {
        self.flushdb_command(command).inspect(|_| self.note_flush())
    }

    /// Counts as a change even if there was nothing.
    pub(super) fn flushdb_command(&mut self, command: &Command) -> Answer {
        let known_option = command.len() == 2 && (command.is(1, "sync") || command.is(1, "async"));
        if command.len() > 1 && !known_option {
            return Err(syntax_error());
        }
        self.changed(self.keyspace.len().max(1));
        self.keyspace.clear();
        Ok(Reply::ok())
    }
}
