//! Transactions: MULTI, EXEC, DISCARD, WATCH, UNWATCH, and what ends one early.
//!
//! Rules: RD-1, RD-13. Keeps: nothing comes between two commands of a transaction; a transaction with an error in the
//! queue, or with a watched key that has changed, runs none of them.

use rcsim_protocol::{Command, Reply};

use super::find;
use super::table::Declaration;
use crate::clients::{Transaction, Watch};
use crate::keyspace::Bytes;
use crate::node::{ConnectionId, Node};
use crate::outside::Outside;

impl Node {
    pub(super) fn multi_command(
        &mut self,
        connection: ConnectionId,
        _: &Command,
        _: &mut Outside<'_>,
    ) -> Option<Reply> {
        let session = self.clients.session_mut(connection)?;
        if session.transaction.is_some() {
            return Some(Reply::err("MULTI calls can not be nested"));
        }
        session.transaction = Some(Transaction::default());
        Some(Reply::ok())
    }

    /// Queues a command. Nothing is kept that will not run: behind an error, or when a watched key was touched already.
    pub(super) fn queue(
        &mut self,
        connection: ConnectionId,
        declaration: &'static Declaration,
        command: Command,
        out: &mut Outside<'_>,
    ) {
        let watched = self.clients.session(connection).map(|session| session.watched.as_slice());
        let is_vain = watched.is_some_and(|watched| self.watched_key_touched(watched));
        if let Some(transaction) = self.transaction_mut(connection)
            && !transaction.aborted
            && !is_vain
        {
            transaction.push(declaration, command);
        }
        self.answer(connection, Reply::simple("QUEUED"), out);
    }

    pub(super) fn exec_command(
        &mut self,
        connection: ConnectionId,
        _: &Command,
        out: &mut Outside<'_>,
    ) -> Option<Reply> {
        let session = self.clients.session(connection)?;
        let Some(transaction) = &session.transaction else {
            return Some(Reply::err("EXEC without MULTI"));
        };
        let (aborted, overtaken) = (transaction.aborted, self.watched_key_changed(&session.watched));
        let transaction = self.end_transaction(connection)?;
        if aborted {
            let text = "EXECABORT Transaction discarded because of previous errors.";
            return Some(Reply::error(text));
        }
        if overtaken {
            return Some(Reply::NullArray);
        }
        self.execution.collected = Some((connection, Vec::with_capacity(transaction.queued().len())));
        for (declaration, command) in transaction.queued() {
            if let Some(reply) = self.call(connection, declaration, command, out) {
                self.answer(connection, reply, out);
            }
        }
        self.execution.collected.take().map(|(_, replies)| Reply::Array(replies))
    }

    pub(super) fn discard_command(
        &mut self,
        connection: ConnectionId,
        _: &Command,
        _: &mut Outside<'_>,
    ) -> Option<Reply> {
        Some(match self.end_transaction(connection) {
            Some(_) => Reply::ok(),
            None => Reply::err("DISCARD without MULTI"),
        })
    }

    pub(super) fn watch_command(
        &mut self,
        connection: ConnectionId,
        command: &Command,
        _: &mut Outside<'_>,
    ) -> Option<Reply> {
        let session = self.clients.session(connection)?;
        if session.transaction.is_some() {
            return Some(Reply::err("WATCH inside MULTI is not allowed"));
        }
        let mut watched: Vec<Watch> = Vec::new();
        for key in command.words().skip(1) {
            let mut known = session.watched.iter().chain(&watched);
            if known.any(|watch| &*watch.key == key) {
                continue;
            }
            let key = Bytes::from(key);
            let was_expired = self.keyspace.get(&key).is_some_and(|entry| self.is_hidden(entry));
            watched.push(Watch { changes: self.keyspace.watch(&key), key, was_expired });
        }
        self.clients.session_mut(connection)?.watched.extend(watched);
        Some(Reply::ok())
    }

    pub(super) fn unwatch_command(
        &mut self,
        connection: ConnectionId,
        _: &Command,
        _: &mut Outside<'_>,
    ) -> Option<Reply> {
        self.unwatch_all(connection);
        Some(Reply::ok())
    }

    /// A client watches nothing any more.
    pub(crate) fn unwatch_all(&mut self, connection: ConnectionId) {
        let Some(session) = self.clients.session_mut(connection) else { return };
        for watch in std::mem::take(&mut session.watched) {
            self.keyspace.unwatch(&watch.key);
        }
    }

    /// A client's transaction is over, and with it what it watched.
    pub(super) fn end_transaction(&mut self, connection: ConnectionId) -> Option<Transaction> {
        let transaction = self.clients.session_mut(connection)?.transaction.take()?;
        self.unwatch_all(connection);
        Some(transaction)
    }

    /// Whether a watched key is not any more what it was. That a key which had expired already is deleted at last does
    /// not count.
    fn watched_key_changed(&self, watched: &[Watch]) -> bool {
        let has_expired = |watch: &Watch| {
            !watch.was_expired && self.keyspace.get(&watch.key).is_some_and(|entry| self.is_hidden(entry))
        };
        self.watched_key_touched(watched) || watched.iter().any(has_expired)
    }

    /// The same, but for what has expired and is still there.
    pub(super) fn watched_key_touched(&self, watched: &[Watch]) -> bool {
        watched.iter().any(|watch| {
            let changes = self.keyspace.changes(&watch.key) - watch.changes;
            let expired_before = watch.was_expired && changes == 1 && self.keyspace.get(&watch.key).is_none();
            changes > 0 && !expired_before
        })
    }

    /// A client gets an error in place of what it asked for; its transaction, if it has one, will not run (RD-13).
    pub(super) fn refuse(
        &mut self,
        connection: ConnectionId,
        is_exec: bool,
        error: Reply,
        out: &mut Outside<'_>,
    ) {
        if let Some(transaction) = self.transaction_mut(connection) {
            transaction.aborted = true;
        }
        let reply = match error {
            Reply::Error(text) if is_exec => {
                self.end_transaction(connection);
                Reply::error(format!("EXECABORT Transaction discarded because of: {text}"))
            }
            error => error,
        };
        self.answer(connection, reply, out);
    }

    /// The same for what is no command, or has not the words that it needs. Redis shows such an error to EXEC without its
    /// code.
    pub(super) fn refuse_unread(
        &mut self,
        connection: ConnectionId,
        command: &Command,
        error: Reply,
        out: &mut Outside<'_>,
    ) {
        if let Ok(declaration) = find::look_up_name(command) {
            self.stats.rejected(declaration.name);
        }
        match error {
            Reply::Error(text) if command.is(0, "exec") => {
                let bare = text.strip_prefix("ERR ").unwrap_or(&text).to_owned();
                self.refuse(connection, true, Reply::error(bare), out);
            }
            error => self.refuse(connection, false, error, out),
        }
    }

    /// A client is sent elsewhere: a transaction that was to run is given up, another one will not run (RD-13).
    pub(super) fn redirect(
        &mut self,
        connection: ConnectionId,
        declaration: &Declaration,
        reply: Reply,
        out: &mut Outside<'_>,
    ) {
        if declaration.name == "exec" {
            self.end_transaction(connection);
        } else if let Some(transaction) = self.transaction_mut(connection) {
            transaction.aborted = true;
        }
        self.answer(connection, reply, out);
    }

    fn transaction_mut(&mut self, connection: ConnectionId) -> Option<&mut Transaction> {
        self.clients.session_mut(connection)?.transaction.as_mut()
    }
}
