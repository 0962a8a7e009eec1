//! What a master does for its replicas: PSYNC, snapshots, the stream, pings.
//!
//! Rules: RP-2, RP-3, RP-5 … RP-7, RP-14, RP-16 … RP-19, RP-22, MF-9.

use std::sync::Arc;

use rcsim_observe::Event;
use rcsim_protocol::{Command, Offset, ReplicationId, Reply};

use crate::effect::{ClientOutput, Effect};
use crate::node::{ConnectionId, Node};
use crate::outside::Outside;
use crate::replication::{Backlog, Snapshot, StreamChunk};

/// A replica that is connected to me.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AttachedReplica {
    pub(crate) state: ReplicaState,
    /// The port that it listens on, as it says.
    pub(crate) port: u16,
    /// The IP it comes from.
    pub(crate) ip: Option<std::net::IpAddr>,
    /// The greatest offset it acknowledged.
    pub(crate) ack: Offset,
    /// When it acknowledged last, in seconds.
    pub(crate) ack_s: i64,
}

/// How far a replica's synchronisation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReplicaState {
    /// It has said REPLCONF, but not PSYNC.
    Greeting,
    /// It waits for a snapshot, since this second (RP-18).
    WaitsForSnapshot(i64),
    /// It gets the stream.
    Online,
}

impl Node {
    /// REPLCONF and PSYNC, the commands by which a client turns into a replica; `None`: no reply is due now.
    pub(crate) fn replica_command(
        &mut self,
        connection: ConnectionId,
        command: &Command,
        out: &mut Outside<'_>,
    ) -> Option<Reply> {
        if command.is(0, "replconf") {
            self.replconf(connection, command)
        } else {
            self.psync(connection, command, out)
        }
    }

    fn replconf(&mut self, connection: ConnectionId, command: &Command) -> Option<Reply> {
        let number = command
            .word(2)
            .and_then(|word| std::str::from_utf8(word).ok())
            .and_then(|text| text.parse().ok());
        let (now_s, ip) = (self.clock.cached_s(), self.clients.ip(connection));
        if command.is(1, "ack") {
            let replica = self.replication.replicas.get_mut(&connection)?;
            replica.ack = replica.ack.max(Offset(number.unwrap_or(0)));
            replica.ack_s = now_s;
            return None;
        }
        if command.is(1, "listening-port") {
            let port = number.and_then(|port: i64| u16::try_from(port).ok()).unwrap_or(0);
            let state = ReplicaState::Greeting;
            let replica = AttachedReplica { state, port, ip, ack: Offset::ZERO, ack_s: now_s };
            self.replication.replicas.insert(connection, replica);
            return Some(Reply::ok());
        }
        let known = ["capa", "ip-address"].iter().any(|option| command.is(1, option));
        Some(if known {
            Reply::ok()
        } else {
            let option = command.word(1).map(String::from_utf8_lossy).unwrap_or_default();
            Reply::err(format_args!("Unrecognized REPLCONF option: {option}"))
        })
    }

    fn psync(&mut self, connection: ConnectionId, command: &Command, out: &mut Outside<'_>) -> Option<Reply> {
        if !self.am_master() && !self.replication.link.is_up() {
            return Some(Reply::Error(
                "NOMASTERLINK Can't SYNC while not connected with my master".to_owned(),
            ));
        }
        let text = |index| command.word(index).and_then(|word| std::str::from_utf8(word).ok());
        let asked_id = text(1).and_then(ReplicationId::parse);
        let asked_from = text(2).and_then(|text| text.parse::<i64>().ok()).unwrap_or(-1);
        let missing = asked_id.and_then(|id| self.partial_resync(id, asked_from));
        let now_s = self.clock.cached_s();
        let ip = self.clients.ip(connection);
        let greeting =
            AttachedReplica { state: ReplicaState::Greeting, port: 0, ip, ack: Offset::ZERO, ack_s: now_s };
        let replica = self.replication.replicas.entry(connection).or_insert(greeting);
        if let Some(commands) = missing {
            replica.state = ReplicaState::Online;
            out.tell(Event::PartialResync { offset: Offset(asked_from - 1) });
            let reply = Reply::Simple(format!("CONTINUE {}", self.replication.id));
            out.effects.post(Effect::Client(connection, ClientOutput::Reply(reply)));
            let chunk = Arc::new(StreamChunk { commands });
            out.effects.post(Effect::Client(connection, ClientOutput::Stream(chunk)));
            return None;
        }
        replica.state = ReplicaState::WaitsForSnapshot(now_s);
        self.start_backlog(out);
        self.send_due_snapshots(out);
        None
    }

    /// The commands that a replica misses, if it may go on where it stopped (RP-17). `from` is the first byte it wants.
    fn partial_resync(&self, id: ReplicationId, from: i64) -> Option<Vec<Command>> {
        let same = id == self.replication.id;
        let earlier =
            self.replication.previous.is_some_and(|(previous, end)| id == previous && from <= end.0);
        let backlog = self.replication.backlog.as_ref().filter(|_| same || earlier)?;
        backlog.since(Offset(from - 1))
    }

    /// The first replica makes the stream begin, under a new name (RP-2).
    fn start_backlog(&mut self, out: &mut Outside<'_>) {
        if self.replication.backlog.is_none() {
            self.replication.id = ReplicationId::from_random(out.chance.id_bits());
            self.replication.previous = None;
            let limit = self.settings.repl_backlog_size;
            self.replication.backlog = Some(Backlog::starting_at(self.replication.offset, limit));
        }
    }

    /// Sends a snapshot to those who wait, once the longest-waiting one has waited for the delay (RP-18).
    fn send_due_snapshots(&mut self, out: &mut Outside<'_>) {
        let now_s = self.clock.cached_s();
        let delay = if self.settings.repl_diskless_sync { self.settings.repl_diskless_sync_delay } else { 0 };
        let waiting = |replica: &AttachedReplica| match replica.state {
            ReplicaState::WaitsForSnapshot(since) => Some(now_s - since),
            _ => None,
        };
        let longest = self.replication.replicas.values().filter_map(waiting).max();
        if longest.is_none_or(|longest| longest < delay) {
            return;
        }
        let (id, offset) = (self.replication.id, self.replication.offset);
        let snapshot = Arc::new(Snapshot { id, offset, keyspace: self.keyspace.clone() });
        self.replication.needs_select = true;
        for (connection, replica) in &mut self.replication.replicas {
            if matches!(replica.state, ReplicaState::WaitsForSnapshot(_)) {
                replica.state = ReplicaState::Online;
                replica.ack_s = now_s;
                out.tell(Event::FullResync { offset });
                let reply = Reply::Simple(format!("FULLRESYNC {id} {offset}"));
                out.effects.post(Effect::Client(*connection, ClientOutput::Reply(reply)));
                let snapshot = Arc::clone(&snapshot);
                out.effects.post(Effect::Client(*connection, ClientOutput::Snapshot(snapshot)));
            }
        }
    }

    /// A write took place: it goes into the append-only file and into the stream (AO-4, RP-3).
    pub(crate) fn propagate(&mut self, command: Command, out: &mut Outside<'_>) {
        self.log_command(&command);
        if std::mem::take(&mut self.replication.needs_select) {
            self.feed(Command::new(["SELECT", "0"]), out);
        }
        self.feed(command, out);
    }

    /// Adds a command to the stream: offset, backlog, replicas. Nothing happens before the first replica (RP-2).
    pub(crate) fn feed(&mut self, command: Command, out: &mut Outside<'_>) {
        let Some(backlog) = &mut self.replication.backlog else { return };
        self.replication.offset = self.replication.offset.plus(command.resp_len());
        backlog.push(self.replication.offset, command.clone());
        let online =
            self.replication.replicas.iter().filter(|(_, replica)| replica.state == ReplicaState::Online);
        let mut chunk = None;
        for (connection, _) in online {
            let chunk = chunk.get_or_insert_with(|| StreamChunk::one(command.clone()));
            out.effects.post(Effect::Client(*connection, ClientOutput::Stream(Arc::clone(chunk))));
        }
    }

    /// Once per second, as a master (RP-3, RP-7, RP-18, RP-22).
    pub(crate) fn replication_cron_as_master(&mut self, loops: u64, out: &mut Outside<'_>) {
        let period = self.settings.repl_ping_replica_period.max(1) as u64;
        let paused = self.manual_failover.in_progress() && self.clients.writes_paused();
        if self.am_master() && loops.is_multiple_of(period) && self.has_replicas() && !paused {
            self.feed(Command::new(["PING"]), out);
        }
        self.drop_silent_replicas(out);
        self.send_due_snapshots(out);
        self.expire_backlog(out);
    }

    /// Whether anybody has asked for the stream.
    fn has_replicas(&self) -> bool {
        self.replication.replicas.values().any(|replica| replica.state != ReplicaState::Greeting)
    }

    fn drop_silent_replicas(&mut self, out: &mut Outside<'_>) {
        let (now_s, timeout) = (self.clock.now_s(), self.settings.repl_timeout);
        let silent = |replica: &AttachedReplica| {
            replica.state == ReplicaState::Online && now_s - replica.ack_s > timeout
        };
        let dropped: Vec<ConnectionId> = self
            .replication
            .replicas
            .iter()
            .filter(|(_, replica)| silent(replica))
            .map(|(id, _)| *id)
            .collect();
        for connection in dropped {
            self.drop_client(connection, out);
        }
    }

    /// A master without replicas for long gives up its backlog and the name of its stream (RP-7).
    fn expire_backlog(&mut self, out: &mut Outside<'_>) {
        let ttl = self.settings.repl_backlog_ttl;
        if self.has_replicas() {
            self.replication.no_replicas_since_s = self.clock.cached_s();
        }
        let since = self.replication.no_replicas_since_s;
        let idle = since != 0 && self.clock.cached_s() - since > ttl;
        if self.am_master() && ttl != 0 && idle && self.replication.backlog.is_some() {
            self.replication.backlog = None;
            self.replication.id = ReplicationId::from_random(out.chance.id_bits());
            self.replication.previous = None;
        }
    }

    /// Closes the connections of all my replicas; they may come back (RP-21, RP-25, RP-29).
    pub(crate) fn drop_replicas(&mut self, out: &mut Outside<'_>) {
        for connection in std::mem::take(&mut self.replication.replicas).into_keys() {
            self.drop_client(connection, out);
        }
    }
}
