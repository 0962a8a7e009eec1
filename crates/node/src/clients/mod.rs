//! Clients: what is known of each connection, whose turn it is, and who waits.
//!
//! | room | what is in it |
//! |---|---|
//! | `session` | what is known of one connection |
//! | `subscriptions` | who listens to which channels |
//! | `transaction` | what it has queued since MULTI |
//! | `pause` | whether commands wait for the end of a pause |
//!
//! Keeps: a connection is answered in the order of its commands. While one of them waits, those behind it wait too.
//! Rules: MF-11, MF-12, RD-14.

mod pause;
mod session;
mod subscriptions;
mod transaction;

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

use rcsim_protocol::bus::MessageKind;
use rcsim_protocol::{Command, Reply};

use crate::effect::{ClientOutput, Effect};
use crate::input::ClientInput;
use crate::node::{ConnectionId, Node};
use crate::outside::Outside;

pub(crate) use pause::{Pause, PausePurpose, Paused};
pub(crate) use session::{AckWait, Blocked, Replies, Session, Watch};
pub(crate) use subscriptions::{Subscribed, Subscriptions, Topic};
pub(crate) use transaction::Transaction;

/// All client connections.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clients {
    sessions: BTreeMap<ConnectionId, Session>,
    /// How many there have been.
    opened: u64,
    pub(crate) subscriptions: Subscriptions,
    pause: Pause,
    /// Those whose command waits for the end of the pause, in order.
    postponed: VecDeque<ConnectionId>,
    /// Those whose turn it is when the running MIGRATE has ended, in order (MG-1).
    stalled: VecDeque<ConnectionId>,
    /// Those that wait for replicas, the latest first.
    waits_for_acks: VecDeque<ConnectionId>,
    /// The debug filter: bus messages of this kind are dropped on arrival (PK-5).
    pub(crate) dropped_kind: Option<MessageKind>,
}

impl Clients {
    /// Somebody connected.
    pub(crate) fn open(
        &mut self,
        connection: ConnectionId,
        remote: SocketAddr,
        authenticated: bool,
        now_ms: i64,
    ) {
        self.opened += 1;
        self.sessions.insert(connection, Session::new(self.opened, remote, authenticated, now_ms));
    }

    /// How many connections there are.
    pub(crate) fn len(&self) -> usize {
        self.sessions.len()
    }

    /// All connections, in the order in which they were opened.
    pub(crate) fn sessions(&self) -> impl Iterator<Item = (ConnectionId, &Session)> {
        let mut all: Vec<_> = self.sessions.iter().map(|(id, session)| (*id, session)).collect();
        all.sort_by_key(|(_, session)| session.id);
        all.into_iter()
    }

    /// What is known of a connection.
    pub(crate) fn session(&self, connection: ConnectionId) -> Option<&Session> {
        self.sessions.get(&connection)
    }

    /// What is known of a connection, to change it.
    pub(crate) fn session_mut(&mut self, connection: ConnectionId) -> Option<&mut Session> {
        self.sessions.get_mut(&connection)
    }

    /// Where a connection comes from.
    pub(crate) fn ip(&self, connection: ConnectionId) -> Option<IpAddr> {
        self.sessions.get(&connection).map(|session| session.remote.ip())
    }

    /// Which commands wait, if any.
    pub(crate) fn paused(&self) -> Option<Paused> {
        self.pause.now()
    }

    /// A client listens to this no longer.
    pub(crate) fn stop_listening(&mut self, connection: ConnectionId, topic: Topic, name: &[u8]) {
        if let Some(session) = self.sessions.get_mut(&connection)
            && session.subscribed.remove(topic, name)
        {
            self.subscriptions.remove(topic, name, connection);
        }
    }

    /// A client listens to nothing any more.
    pub(crate) fn stop_listening_to_all(&mut self, connection: ConnectionId) {
        let Some(session) = self.sessions.get_mut(&connection) else { return };
        let subscribed = std::mem::take(&mut session.subscribed);
        for topic in [Topic::Channel, Topic::Pattern, Topic::Shard] {
            for name in subscribed.to(topic) {
                self.subscriptions.remove(topic, name, connection);
            }
        }
    }

    /// A client gets its answer later.
    pub(crate) fn block(&mut self, connection: ConnectionId, why: Blocked) {
        if let Some(session) = self.sessions.get_mut(&connection) {
            session.blocked = Some(why);
            if matches!(why, Blocked::ForAcks(_)) {
                self.waits_for_acks.push_front(connection);
            }
        }
    }

    /// Those that wait for replicas, with what they wait for, the latest first.
    pub(crate) fn waiting_for_acks(&self) -> Vec<(ConnectionId, AckWait)> {
        let wait = |connection: &ConnectionId| match self.sessions.get(connection)?.blocked {
            Some(Blocked::ForAcks(wait)) => Some((*connection, wait)),
            _ => None,
        };
        self.waits_for_acks.iter().filter_map(wait).collect()
    }

    /// A command waits for the end of the pause.
    pub(crate) fn postpone(&mut self, connection: ConnectionId, command: Command) {
        if let Some(session) = self.sessions.get_mut(&connection) {
            session.waiting.push_front(command);
            self.postponed.push_back(connection);
        }
        self.block(connection, Blocked::Paused);
    }
}

impl Node {
    /// Something happened on a client connection.
    pub(crate) fn client_input(
        &mut self,
        connection: ConnectionId,
        input: ClientInput,
        out: &mut Outside<'_>,
    ) {
        match input {
            ClientInput::Opened { remote } => self.accept_client(connection, remote, out),
            ClientInput::Closed => self.forget_client(connection),
            ClientInput::Writable { room } => self.socket_takes(connection, room, out),
            ClientInput::Command(command) => match self.heard_of(connection) {
                Some(session) if session.blocked.is_some() => session.waiting.push_back(command),
                Some(_) => self.process_command(connection, command, out),
                // It was closed from this side when the command was under way.
                None => {}
            },
        }
    }

    /// A client is let in, unless there are too many: with the links of the cluster, which count too.
    fn accept_client(&mut self, connection: ConnectionId, remote: SocketAddr, out: &mut Outside<'_>) {
        let all = self.clients.len() as u64 + self.cluster_connections();
        if all >= self.settings.maxclients.into() {
            self.stats.rejected_connections += 1;
            let error = Reply::err("max number of clients + cluster connections reached");
            out.effects.post(Effect::Client(connection, ClientOutput::Reply(error)));
            return out.effects.post(Effect::Client(connection, ClientOutput::Close));
        }
        self.stats.connections += 1;
        let authenticated = self.settings.requirepass.is_empty();
        self.clients.open(connection, remote, authenticated, self.clock.cached_ms);
    }

    /// Closes clients that have been silent for longer than `timeout` allows. Who waits, listens, or replicates may be
    /// silent.
    pub(crate) fn close_idle_clients(&mut self, out: &mut Outside<'_>) {
        let (limit, now_s) = (i64::from(self.settings.timeout), self.clock.cached_s());
        if limit == 0 {
            return;
        }
        let replicas = &self.replication.replicas;
        let is_idle = |connection: &ConnectionId, session: &Session| {
            let may_be_silent = session.blocked.is_some()
                || !session.subscribed.is_empty()
                || replicas.contains_key(connection);
            !may_be_silent && now_s - session.last_ms / 1000 > limit
        };
        let sessions = self.clients.sessions().filter(|(connection, session)| is_idle(connection, session));
        let idle: Vec<ConnectionId> = sessions.map(|(connection, _)| connection).collect();
        for connection in idle {
            self.drop_client(connection, out);
        }
    }

    /// A client that sends something now.
    fn heard_of(&mut self, connection: ConnectionId) -> Option<&mut Session> {
        let now_ms = self.clock.cached_ms;
        let session = self.clients.session_mut(connection)?;
        session.last_ms = now_ms;
        Some(session)
    }

    /// Answers a command, if the client is still there and wants that, or if it is pushed; within EXEC that is a part of its
    /// reply.
    pub(crate) fn answer(&mut self, connection: ConnectionId, reply: Reply, out: &mut Outside<'_>) {
        self.stats.replied(&reply);
        let collected = self.execution.collected.as_mut().filter(|(runs, _)| *runs == connection);
        if let Some((_, collected)) = collected {
            return collected.push(reply);
        }
        let is_pushed = matches!(reply, Reply::Push(_));
        let wants = |session: &Session| session.replies == Replies::On || is_pushed;
        if self.clients.session(connection).is_some_and(wants) {
            out.effects.post(Effect::Client(connection, ClientOutput::Reply(reply)));
        }
    }

    /// A client that waited is free: the commands that came meanwhile are its next ones.
    pub(crate) fn resume(&mut self, connection: ConnectionId, out: &mut Outside<'_>) {
        let Some(session) = self.clients.session_mut(connection) else { return };
        let reason = session.blocked.take();
        if reason.is_some_and(|reason| reason != Blocked::Paused) {
            session.end_reply();
        }
        if let Some(Blocked::ForAcks(_)) = reason {
            self.clients.waits_for_acks.retain(|waiting| *waiting != connection);
        }
        if self.migration.is_running() {
            return self.clients.stalled.push_back(connection);
        }
        while let Some(session) = self.clients.session_mut(connection)
            && session.blocked.is_none()
            && let Some(command) = session.waiting.pop_front()
        {
            self.process_command(connection, command, out);
        }
    }

    /// Those whose turn came while the process did nothing but MIGRATE.
    pub(crate) fn resume_stalled(&mut self, out: &mut Outside<'_>) {
        for connection in std::mem::take(&mut self.clients.stalled) {
            self.resume(connection, out);
        }
    }

    /// A connection is gone.
    fn forget_client(&mut self, connection: ConnectionId) {
        self.unwatch_all(connection);
        self.clients.stop_listening_to_all(connection);
        self.clients.sessions.remove(&connection);
        self.clients.postponed.retain(|waiting| *waiting != connection);
        self.clients.waits_for_acks.retain(|waiting| *waiting != connection);
        self.clients.stalled.retain(|waiting| *waiting != connection);
        self.forget_replica(connection);
    }

    /// Closes a client connection.
    pub(crate) fn drop_client(&mut self, connection: ConnectionId, out: &mut Outside<'_>) {
        self.forget_client(connection);
        out.effects.post(Effect::Client(connection, ClientOutput::Close));
    }

    /// Clients wait from now on until a time, in ms.
    pub(crate) fn pause_clients(&mut self, purpose: PausePurpose, what: Paused, until: i64) {
        self.clients.pause.begin(purpose, what, until, self.clock.cached_ms);
    }

    /// Clients need not wait any longer for this purpose (MF-12).
    pub(crate) fn unpause_clients(&mut self, purpose: PausePurpose) {
        self.clients.pause.end(purpose, self.clock.cached_ms);
    }

    /// The pause ends by itself when its time is over (CK-2).
    pub(crate) fn expire_pause(&mut self) {
        self.clients.pause.expire(self.clock.cached_ms);
    }

    /// Runs what waited for the end of the pause, once it is over or has become milder (MF-12).
    pub(crate) fn run_postponed(&mut self, out: &mut Outside<'_>) {
        if self.clients.postponed.is_empty() || self.clients.paused() == Some(Paused::All) {
            return;
        }
        // Those that still have to wait come to the end of the line again, in the same order.
        for connection in std::mem::take(&mut self.clients.postponed) {
            self.resume(connection, out);
        }
    }
}
