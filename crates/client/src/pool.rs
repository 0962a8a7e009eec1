//! One connection per node, questions answered in order, time limits.
//!
//! Questions to a node that is still being connected wait unsent. The oldest question of a connection sets its time
//! limit: a connection on which an answer is overdue is given up as a whole, because what still came on it could not
//! be told apart from the answers to later questions.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use rcsim_protocol::Command;

use crate::exchange::ClientEffect;

/// What a reply will be the answer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// CLUSTER SLOTS.
    Map,
    /// ASKING; its reply tells nothing.
    Asking,
    /// The command of an operation, by its number.
    Operation(u32),
}

/// A connection that is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lost {
    /// Whether its questions had been sent.
    pub(crate) sent: bool,
    /// The questions without answer, oldest first.
    pub(crate) questions: Vec<Question>,
}

/// All connections of one client.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    connections: BTreeMap<u32, Connection>,
    by_address: BTreeMap<SocketAddr, u32>,
    next: u32,
    timeout_ns: u64,
}

#[derive(Clone, Debug)]
struct Connection {
    address: SocketAddr,
    open: bool,
    pending: VecDeque<Pending>,
}

#[derive(Clone, Debug)]
struct Pending {
    question: Question,
    /// The words, until they are sent.
    command: Option<Command>,
    deadline_ns: u64,
}

impl Pool {
    pub(crate) fn new(timeout_ns: u64) -> Pool {
        Pool { connections: BTreeMap::new(), by_address: BTreeMap::new(), next: 0, timeout_ns }
    }

    /// Puts a question to a node, over the connection that there is or over a new one.
    pub(crate) fn ask(
        &mut self,
        address: SocketAddr,
        question: Question,
        command: Command,
        now_ns: u64,
        effects: &mut Vec<ClientEffect>,
    ) {
        let conn = self.connection_to(address, effects);
        let connection = self.connections.get_mut(&conn).expect("a connection listed by address exists");
        let deadline_ns = now_ns + self.timeout_ns;
        let command = if connection.open {
            effects.push(ClientEffect::Send { conn, command });
            None
        } else {
            Some(command)
        };
        connection.pending.push_back(Pending { question, command, deadline_ns });
    }

    /// A connection stands: what waited for it is sent, and the time for the replies begins.
    pub(crate) fn connected(&mut self, conn: u32, now_ns: u64, effects: &mut Vec<ClientEffect>) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        connection.open = true;
        for pending in &mut connection.pending {
            pending.deadline_ns = now_ns + self.timeout_ns;
            effects.extend(pending.command.take().map(|command| ClientEffect::Send { conn, command }));
        }
    }

    /// What a reply on this connection answers, and who sent it; `None` if nothing was asked there.
    pub(crate) fn answered(&mut self, conn: u32) -> Option<(SocketAddr, Question)> {
        let connection = self.connections.get_mut(&conn).filter(|connection| connection.open)?;
        Some((connection.address, connection.pending.pop_front()?.question))
    }

    /// Forgets a connection; `None` if it was forgotten before.
    pub(crate) fn remove(&mut self, conn: u32) -> Option<Lost> {
        let connection = self.connections.remove(&conn)?;
        self.by_address.remove(&connection.address);
        let questions = connection.pending.iter().map(|pending| pending.question).collect();
        Some(Lost { sent: connection.open, questions })
    }

    /// A connection whose oldest question should have been answered by now.
    pub(crate) fn overdue(&self, now_ns: u64) -> Option<u32> {
        let late = |(conn, connection): (&u32, &Connection)| {
            connection.deadline_ns().is_some_and(|deadline| deadline <= now_ns).then_some(*conn)
        };
        self.connections.iter().find_map(late)
    }

    /// When the next question will be overdue, in ns.
    pub(crate) fn deadline_ns(&self) -> Option<u64> {
        self.connections.values().filter_map(Connection::deadline_ns).min()
    }

    fn connection_to(&mut self, address: SocketAddr, effects: &mut Vec<ClientEffect>) -> u32 {
        if let Some(conn) = self.by_address.get(&address) {
            return *conn;
        }
        let conn = self.next;
        self.next += 1;
        self.connections.insert(conn, Connection { address, open: false, pending: VecDeque::new() });
        self.by_address.insert(address, conn);
        effects.push(ClientEffect::Connect { conn, address });
        conn
    }
}

impl Connection {
    fn deadline_ns(&self) -> Option<u64> {
        self.pending.front().map(|pending| pending.deadline_ns)
    }
}
