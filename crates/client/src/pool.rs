//! One connection per node, questions answered in order, time limits.
//!
//! Reads from replicas have a connection of their own, which begins with READONLY. Questions to a node that is still
//! being connected wait unsent. The oldest question of a connection sets its time limit: a connection on which an answer
//! is overdue is given up as a whole, because what still came on it could not be told apart from the answers to later
//! questions.

use std::collections::VecDeque;
use std::net::SocketAddr;

use rcsim_protocol::Command;

use crate::exchange::ClientEffect;

/// What a reply will be the answer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// CLUSTER SLOTS or CLUSTER SHARDS.
    Map,
    /// ASKING or READONLY; the reply tells nothing.
    Preface,
    /// A command of an operation, by its number.
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

/// A node, and whether it is asked as a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    pub(crate) readonly: bool,
}

/// All connections of one client.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    /// By number, ascending: there are few, and a new one has the greatest.
    connections: Vec<Connection>,
    next: u32,
    timeout_ns: u64,
    /// Nothing is overdue before this.
    deadline_ns: Option<u64>,
}

#[derive(Clone, Debug)]
struct Connection {
    number: u32,
    peer: Peer,
    open: bool,
    /// Answers that are awaited, with their time limits.
    pending: VecDeque<(Question, u64)>,
    /// Commands that wait for the connection; the last ones of `pending`.
    unsent: Vec<Command>,
}

impl Pool {
    pub(crate) fn new(timeout_ns: u64) -> Pool {
        Pool { connections: Vec::new(), next: 0, timeout_ns, deadline_ns: None }
    }

    /// Puts a question to a node, over the connection that there is or over a new one.
    pub(crate) fn ask(
        &mut self,
        peer: Peer,
        question: Question,
        command: Command,
        now_ns: u64,
        effects: &mut Vec<ClientEffect>,
    ) {
        let deadline_ns = now_ns + self.timeout_ns;
        self.deadline_ns = Some(self.deadline_ns.map_or(deadline_ns, |known| known.min(deadline_ns)));
        let index = self.connection_to(peer, deadline_ns, effects);
        let connection = &mut self.connections[index];
        if connection.open {
            effects.push(ClientEffect::Send { conn: connection.number, command });
        } else {
            connection.unsent.push(command);
        }
        connection.pending.push_back((question, deadline_ns));
    }

    /// A connection stands: what waited for it is sent, and the time for the replies begins.
    pub(crate) fn connected(&mut self, conn: u32, now_ns: u64, effects: &mut Vec<ClientEffect>) {
        let Some(index) = self.index(conn) else { return };
        let connection = &mut self.connections[index];
        connection.open = true;
        connection.pending.iter_mut().for_each(|(_, deadline_ns)| *deadline_ns = now_ns + self.timeout_ns);
        effects.extend(connection.unsent.drain(..).map(|command| ClientEffect::Send { conn, command }));
    }

    /// What a reply on this connection answers, and who sent it; `None` if nothing was asked there.
    pub(crate) fn answered(&mut self, conn: u32) -> Option<(Peer, Question)> {
        let index = self.index(conn)?;
        let connection = &mut self.connections[index];
        Some((connection.peer, connection.pending.pop_front()?.0))
    }

    /// Forgets a connection; `None` if it was forgotten before.
    pub(crate) fn remove(&mut self, conn: u32) -> Option<Lost> {
        let connection = self.connections.remove(self.index(conn)?);
        let questions = connection.pending.iter().map(|(question, _)| *question).collect();
        Some(Lost { sent: connection.open, questions })
    }

    /// A connection whose oldest question should have been answered by now.
    pub(crate) fn overdue(&mut self, now_ns: u64) -> Option<u32> {
        if self.deadline_ns.is_none_or(|deadline| deadline > now_ns) {
            return None;
        }
        let oldest =
            |connection: &Connection| connection.pending.front().map(|(_, deadline_ns)| *deadline_ns);
        self.deadline_ns = self.connections.iter().filter_map(oldest).min();
        let late = |connection: &&Connection| oldest(connection).is_some_and(|deadline| deadline <= now_ns);
        self.connections.iter().find(late).map(|connection| connection.number)
    }

    /// No question will be overdue before this, in ns.
    pub(crate) fn deadline_ns(&self) -> Option<u64> {
        self.deadline_ns
    }

    fn index(&self, conn: u32) -> Option<usize> {
        self.connections.binary_search_by_key(&conn, |connection| connection.number).ok()
    }

    fn connection_to(&mut self, peer: Peer, deadline_ns: u64, effects: &mut Vec<ClientEffect>) -> usize {
        if let Some(index) = self.connections.iter().position(|connection| connection.peer == peer) {
            return index;
        }
        let number = self.next;
        self.next += 1;
        let mut connection =
            Connection { number, peer, open: false, pending: VecDeque::new(), unsent: Vec::new() };
        if peer.readonly {
            connection.pending.push_back((Question::Preface, deadline_ns));
            connection.unsent.push(Command::new(["READONLY"]));
        }
        self.connections.push(connection);
        effects.push(ClientEffect::Connect { conn: number, address: peer.address });
        self.connections.len() - 1
    }
}
