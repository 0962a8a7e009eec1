//! WAIT: a client waits until so many replicas have acknowledged what it wrote.
//!
//! Rules: RP-24, RD-19, LP-2. Replicas are asked for their offset at the end of the turn, once for all who began to
//! wait in it. The answer promises nothing: who has acknowledged need not be who is elected.

use rcsim_protocol::{Command, Reply};

use super::text::{required_integer, timeout_end};
use crate::clients::{AckWait, Blocked};
use crate::node::{ConnectionId, Node};
use crate::outside::Outside;

impl Node {
    pub(super) fn wait_command(
        &mut self,
        connection: ConnectionId,
        command: &Command,
        out: &mut Outside<'_>,
    ) -> Option<Reply> {
        let wait = match self.ack_wait(connection, command, out) {
            Ok(wait) => wait,
            Err(error) => return Some(error),
        };
        let acknowledged = self.replication.acknowledged(wait.offset);
        if acknowledged >= wait.replicas || self.execution.is_inside_exec() {
            return Some(Reply::Integer(acknowledged));
        }
        self.clients.block(connection, Blocked::ForAcks(wait));
        self.replication.asks_for_acks = true;
        None
    }

    fn ack_wait(
        &self,
        connection: ConnectionId,
        command: &Command,
        out: &Outside<'_>,
    ) -> Result<AckWait, Reply> {
        if self.follows() {
            return Err(Reply::err(
                "WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is \
                 configured to be writable (which is not the default) writes to replicas are just local and are not \
                 propagated.",
            ));
        }
        let session = self.clients.session(connection);
        Ok(AckWait {
            offset: session.map(|session| session.wrote_until).unwrap_or_default(),
            replicas: required_integer(command, 1)?,
            until_ms: timeout_end(command, 2, out.now_ms)?,
        })
    }

    /// Answers those who have waited long enough, with what there is (LP-2).
    pub(crate) fn end_late_waits(&mut self, out: &mut Outside<'_>) {
        let now_ms = out.now_ms;
        self.answer_waits(|wait, _| wait.until_ms.is_some_and(|until_ms| until_ms < now_ms), out);
    }

    /// Answers those for whom enough replicas are far enough, and asks the replicas for the sake of those who are new
    /// (LP-2).
    pub(crate) fn serve_waits(&mut self, out: &mut Outside<'_>) {
        self.answer_waits(|wait, acknowledged| acknowledged >= wait.replicas, out);
        if self.replication.asks_for_acks && self.clients.paused().is_none() {
            self.replication.asks_for_acks = false;
            self.feed(Command::new(["REPLCONF", "GETACK", "*"]));
        }
    }

    fn answer_waits(&mut self, is_over: impl Fn(&AckWait, i64) -> bool, out: &mut Outside<'_>) {
        for (connection, wait) in self.clients.waiting_for_acks() {
            let acknowledged = self.replication.acknowledged(wait.offset);
            if is_over(&wait, acknowledged) {
                self.answer(connection, Reply::Integer(acknowledged), out);
                self.resume(connection, out);
            }
        }
    }

    /// I follow somebody now: who waits for my replicas waits in vain (RD-19).
    pub(crate) fn disconnect_waiting(&mut self, out: &mut Outside<'_>) {
        for (connection, _) in self.clients.waiting_for_acks() {
            let text = "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)";
            self.answer(connection, Reply::error(text), out);
            self.drop_client(connection, out);
        }
    }
}
