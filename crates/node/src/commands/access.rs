//! How commands get at the data, and what they leave to replicas and to the append-only file.
//!
//! Rules: RP-3, RP-5, RP-32, MF-9, RD-4. A master deletes an expired key that a command comes upon, and propagates the
//! DEL before the command; a replica, and a master whose clients are paused, only hides it. To the stream nothing is
//! hidden: the master knew. A command that changed something is propagated as it came, or as its handler says: what
//! depends on the time is written out. More than one command of one execution goes out inside MULTI and EXEC.

use rcsim_protocol::{Command, Reply};

use super::table::{DataHandler, Run};
use super::{find, wrong_type};
use crate::keyspace::{Bytes, Entry, Value};
use crate::node::{ConnectionId, Node};
use crate::outside::Outside;
use crate::replication::MasterLink;

/// What the running command has done so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Execution {
    /// Changes to the data since the start of the process, as Redis counts them for save points (RB-1).
    pub(crate) dirty: u64,
    /// The command is from the stream or from a file.
    replayed: bool,
    /// The command reads: what it looks up is counted.
    reads: bool,
    /// How the running command is to be propagated, if not as it came.
    instead: Option<Command>,
    /// Whose transaction runs, and the replies to its commands so far.
    pub(crate) collected: Option<(ConnectionId, Vec<Reply>)>,
    /// What is to be propagated when the execution ends.
    pending: Vec<Command>,
}

impl Execution {
    /// Whether the running command is one of a transaction.
    pub(super) fn is_inside_exec(&self) -> bool {
        self.collected.is_some()
    }
}

impl Node {
    /// Runs a command on data for a client; what it did is propagated when the execution ends.
    pub(super) fn execute(&mut self, run: DataHandler, reads: bool, command: &Command) -> Reply {
        let (dirty, pending) = (self.execution.dirty, self.execution.pending.len());
        self.keyspace.set_time(self.clock.cached_s());
        self.execution.reads = reads;
        let reply = run(self, command).unwrap_or_else(|error| error);
        self.execution.reads = false;
        let instead = self.execution.instead.take();
        // Expired keys that it came upon are among the changes, and are propagated already.
        let expired = self.execution.pending.len() - pending;
        if self.execution.dirty - dirty != expired as u64 {
            self.execution.pending.push(instead.unwrap_or_else(|| command.clone()));
        }
        reply
    }

    /// A command, or a whole transaction, has run: what it did is propagated.
    pub(super) fn end_execution(&mut self, out: &mut Outside<'_>) {
        if self.execution.pending.is_empty() {
            return;
        }
        let pending = std::mem::take(&mut self.execution.pending);
        let bracketed = pending.len() > 1;
        if bracketed {
            self.propagate(Command::new(["MULTI"]), out);
        }
        pending.into_iter().for_each(|command| self.propagate(command, out));
        if bracketed {
            self.propagate(Command::new(["EXEC"]), out);
        }
    }

    /// Runs a command of the replication stream or of an append-only file: without checks, without a reply, without
    /// propagating it. What is not about data does nothing.
    pub(crate) fn apply_write(&mut self, command: &Command) {
        let Some(Run::Data(run)) = find::find(command.name()).map(|found| found.run) else { return };
        self.execution.replayed = true;
        self.keyspace.set_time(self.clock.cached_s());
        // Its reply, an error included, is for nobody: the master has answered the client.
        let _ = run(self, command);
        self.execution.replayed = false;
        self.execution.instead = None;
        self.execution.pending.clear();
    }

    /// The running command changed something so many times.
    pub(crate) fn changed(&mut self, times: usize) {
        self.execution.dirty += times as u64;
    }

    /// The running command is to be propagated as this one.
    pub(super) fn replicate_as(&mut self, words: &[&[u8]]) {
        self.execution.instead = Some(Command::new(words));
    }

    /// What a key holds, if it has not expired, to use it; an expired one is deleted if that is mine to do.
    pub(super) fn look_up(&mut self, key: &[u8]) -> Option<&Entry> {
        let found = if self.drop_if_expired(key) { None } else { self.keyspace.get_to_use(key) };
        if self.execution.reads {
            self.stats.looked_up(found.is_some());
        }
        found
    }

    /// The same, but it is not used by that.
    pub(super) fn peek(&mut self, key: &[u8]) -> Option<&Entry> {
        let found = if self.drop_if_expired(key) { None } else { self.keyspace.get(key) };
        if self.execution.reads {
            self.stats.looked_up(found.is_some());
        }
        found
    }

    /// The same of a key that was not asked for by its name, so it is not counted either.
    pub(super) fn come_upon(&mut self, key: &[u8]) -> Option<&Entry> {
        if self.drop_if_expired(key) { None } else { self.keyspace.get(key) }
    }

    /// Whether a key has expired; it is deleted if that is mine to do.
    pub(super) fn drop_if_expired(&mut self, key: &[u8]) -> bool {
        self.keyspace.expiring_len() > 0 && self.expire_if_due(key)
    }

    /// Whether there is something at a key that has not expired; deletes nothing (RD-4).
    pub(crate) fn is_there(&self, key: &[u8]) -> bool {
        self.keyspace.get(key).is_some_and(|entry| !self.is_hidden(entry))
    }

    /// Whether an entry has expired in the eyes of whoever asks.
    pub(super) fn is_hidden(&self, entry: &Entry) -> bool {
        !self.execution.replayed && entry.is_expired(self.clock.cached_ms)
    }

    fn expire_if_due(&mut self, key: &[u8]) -> bool {
        if !self.keyspace.get(key).is_some_and(|entry| self.is_hidden(entry)) {
            return false;
        }
        if self.deletes_expired() {
            self.keyspace.remove(key);
            self.changed(1);
            self.stats.expired_keys += 1;
            self.execution.pending.push(Command::new([&b"DEL"[..], key]));
        }
        true
    }

    /// Whether what gets this time for its end is deleted at once: it is over, and I follow nobody.
    pub(super) fn ends_at_once(&self, until: i64) -> bool {
        until <= self.clock.cached_ms && self.replication.link == MasterLink::Off && !self.execution.replayed
    }

    /// Only a master deletes what has expired, and not while its clients are paused (RP-32, MF-9).
    fn deletes_expired(&self) -> bool {
        self.replication.link == MasterLink::Off && self.clients.paused().is_none()
    }

    /// Deletes what has expired, in the order of time. Redis finds such keys by sampling, so there they live on a
    /// little, hidden; here all that are due go with the next timer.
    pub(crate) fn delete_expired_keys(&mut self, out: &mut Outside<'_>) {
        if !self.deletes_expired() {
            return;
        }
        while let Some((at, key)) = self.keyspace.next_to_expire()
            && at < self.clock.cached_ms
        {
            let key = Bytes::clone(key);
            self.keyspace.remove(&key);
            self.changed(1);
            self.stats.expired_keys += 1;
            self.propagate(Command::new([&b"DEL"[..], &key]), out);
        }
    }

    /// The string at a key; an error if it holds something else.
    pub(super) fn string_at(&mut self, key: &[u8]) -> Result<Option<Bytes>, Reply> {
        match self.look_up(key).map(|entry| &entry.value) {
            None => Ok(None),
            Some(Value::String(bytes)) => Ok(Some(Bytes::clone(bytes))),
            Some(Value::List(_)) => Err(wrong_type()),
        }
    }

    /// The same for a command that writes, and tells what was there: that counts as reading.
    pub(super) fn old_string_at(&mut self, key: &[u8]) -> Result<Option<Bytes>, Reply> {
        let old = self.string_at(key);
        self.stats.looked_up(!matches!(old, Ok(None)));
        old
    }

    /// Puts a string at a key, which keeps the time of its end.
    pub(super) fn store_string(&mut self, key: &[u8], bytes: impl Into<Bytes>) {
        let expires_at_ms = self.keyspace.get(key).and_then(|entry| entry.expires_at_ms);
        self.keyspace.insert(key, Entry { value: Value::String(bytes.into()), expires_at_ms });
        self.changed(1);
    }
}
