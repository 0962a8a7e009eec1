//! Clients, and who serves a key.
//!
//! Owns what is known of each client connection, and the pause of writes. Rules: RD-2 … RD-16, MF-11, MF-12, CM-3.
//! The decision is taken before anything else about a command is looked at (RD-12).

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

use rcsim_protocol::bus::MessageKind;
use rcsim_protocol::settings::EndpointType;
use rcsim_protocol::{Command, NodeIx, Reply, Slot, key_slot};

use crate::effect::{ClientOutput, Effect};
use crate::input::ClientInput;
use crate::node::{ConnectionId, Node};
use crate::outside::Outside;

/// What is known of one client connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Session {
    remote: SocketAddr,
    /// READONLY was said (CM-3).
    pub(crate) read_only: bool,
    /// ASKING was said for the next command (RD-14).
    pub(crate) asking: bool,
}

/// All client connections.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clients {
    sessions: BTreeMap<ConnectionId, Session>,
    /// Writes wait until then, in ms; 0 = they do not (MF-11).
    paused_until: i64,
    /// Commands that wait, in order.
    postponed: VecDeque<(ConnectionId, Command)>,
    /// The debug filter: bus messages of this kind are dropped on arrival (PK-5).
    pub(crate) dropped_kind: Option<MessageKind>,
}

impl Clients {
    /// Somebody connected.
    pub(crate) fn open(&mut self, connection: ConnectionId, remote: SocketAddr) {
        self.sessions.insert(connection, Session { remote, read_only: false, asking: false });
    }

    /// What is known of a connection, to change it.
    pub(crate) fn session_mut(&mut self, connection: ConnectionId) -> Option<&mut Session> {
        self.sessions.get_mut(&connection)
    }

    /// Where a connection comes from.
    pub(crate) fn ip(&self, connection: ConnectionId) -> Option<IpAddr> {
        self.sessions.get(&connection).map(|session| session.remote.ip())
    }

    /// Writes wait; the end only moves forward (MF-14).
    pub(crate) fn pause_writes_until(&mut self, time: i64) {
        self.paused_until = self.paused_until.max(time);
    }

    /// Writes wait no longer.
    pub(crate) fn unpause(&mut self) {
        self.paused_until = 0;
    }

    /// Whether writes wait.
    pub(crate) fn writes_paused(&self) -> bool {
        self.paused_until != 0
    }

    /// A command waits for the end of the pause.
    pub(crate) fn postpone(&mut self, connection: ConnectionId, command: Command) {
        self.postponed.push_back((connection, command));
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
            ClientInput::Opened { remote } => self.clients.open(connection, remote),
            ClientInput::Closed => self.forget_client(connection),
            ClientInput::Command(command) => self.run_command(connection, command, out),
            ClientInput::Writable { room } => self.socket_takes(connection, room, out),
        }
    }

    fn run_command(&mut self, connection: ConnectionId, command: Command, out: &mut Outside<'_>) {
        let asking = command.is(0, "asking");
        if let Some(reply) = self.dispatch(connection, &command, out) {
            out.effects.post(Effect::Client(connection, ClientOutput::Reply(reply)));
        }
        if !asking && let Some(session) = self.clients.session_mut(connection) {
            session.asking = false;
        }
    }

    fn forget_client(&mut self, connection: ConnectionId) {
        self.clients.sessions.remove(&connection);
        self.clients.postponed.retain(|(waiting, _)| *waiting != connection);
        self.forget_replica(connection);
    }

    /// Closes a client connection.
    pub(crate) fn drop_client(&mut self, connection: ConnectionId, out: &mut Outside<'_>) {
        self.forget_client(connection);
        out.effects.post(Effect::Client(connection, ClientOutput::Close));
    }

    /// The pause ends by itself when its time is over (CK-2).
    pub(crate) fn expire_pause(&mut self) {
        if self.clients.writes_paused() && self.clients.paused_until < self.clock.cached_ms {
            self.clients.unpause();
        }
    }

    /// Runs what waited for the end of the pause, once it is over (MF-12).
    pub(crate) fn run_postponed(&mut self, out: &mut Outside<'_>) {
        if self.clients.writes_paused() {
            return;
        }
        for (connection, command) in std::mem::take(&mut self.clients.postponed) {
            self.run_command(connection, command, out);
        }
    }

    /// Who is to serve a command with these keys (RD-2 … RD-12): `None` if it is me, else what the client is told.
    pub(crate) fn redirection(
        &self,
        connection: ConnectionId,
        keys: &[&[u8]],
        is_write: bool,
        out: &Outside<'_>,
    ) -> Option<Reply> {
        let (first, rest) = keys.split_first()?;
        let slot = key_slot(first);
        let Some(owner) = self.slots.owner(slot) else {
            return Some(Reply::error("CLUSTERDOWN Hash slot not served"));
        };
        if rest.iter().any(|key| key_slot(key) != slot) {
            return Some(Reply::error("CROSSSLOT Keys in request don't hash to the same slot"));
        }
        self.refused_while_down(is_write).or_else(|| self.route(connection, keys, is_write, slot, owner, out))
    }

    /// The cluster is down in my view (RD-6).
    fn refused_while_down(&self, is_write: bool) -> Option<Reply> {
        if self.state_ok {
            return None;
        }
        if !self.settings.cluster_allow_reads_when_down {
            return Some(Reply::error("CLUSTERDOWN The cluster is down"));
        }
        let text = "CLUSTERDOWN The cluster is down and only accepts read commands";
        is_write.then(|| Reply::error(text))
    }

    /// Open slots, READONLY replicas, and MOVED (RD-8 … RD-11).
    fn route(
        &self,
        connection: ConnectionId,
        keys: &[&[u8]],
        is_write: bool,
        slot: Slot,
        owner: NodeIx,
        out: &Outside<'_>,
    ) -> Option<Reply> {
        let mine = owner == self.me();
        let missing = keys.iter().filter(|key| !self.is_there(key)).count();
        let several = keys.iter().any(|key| key != &keys[0]);
        let try_again = || Reply::error("TRYAGAIN Multiple keys request during rehashing of slot");
        let session = self.clients.sessions.get(&connection);
        if let Some(target) = self.slots.migrating.get(&slot).filter(|_| mine && missing > 0) {
            let split = missing < keys.len();
            return Some(if split { try_again() } else { self.point_to("ASK", slot, *target, out) });
        }
        let asking = session.is_some_and(|session| session.asking);
        if !mine && asking && self.slots.importing.contains_key(&slot) {
            return (several && missing > 0).then(try_again);
        }
        let reads_here = session.is_some_and(|session| session.read_only) && !is_write && !self.am_master();
        if mine || (reads_here && self.my_master() == Some(owner)) {
            return None;
        }
        Some(self.point_to("MOVED", slot, owner, out))
    }

    /// `MOVED 3999 127.0.0.1:6381` (RD-16).
    fn point_to(&self, word: &str, slot: Slot, node: NodeIx, out: &Outside<'_>) -> Reply {
        let address = out.registry.address_of(self.view.address(node));
        let endpoint = match self.settings.cluster_preferred_endpoint_type {
            EndpointType::Ip => address.ip_text(),
            EndpointType::Hostname => self.hostname_of(node).unwrap_or("?").to_owned(),
            EndpointType::UnknownEndpoint => String::new(),
        };
        Reply::error(format!("{word} {slot} {endpoint}:{}", address.port))
    }

    /// The hostname of a node, mine included.
    pub(crate) fn hostname_of(&self, node: NodeIx) -> Option<&str> {
        let hostname = if node == self.me() {
            self.settings.cluster_announce_hostname.as_deref()
        } else {
            self.view.peer(node).rest().hostname.as_deref()
        };
        hostname.filter(|name| !name.is_empty())
    }
}
