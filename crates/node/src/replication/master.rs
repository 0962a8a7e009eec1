//! What a master does for its replicas: REPLCONF and PSYNC, the stream, pings, time-outs.
//!
//! Rules: RP-2, RP-3, RP-5 … RP-7, RP-14, RP-16, RP-17, RP-22, RP-23, MF-9. Snapshots are in `full_sync`, what goes to
//! sockets in `output`.

use std::sync::Arc;

use rcsim_observe::Event;
use rcsim_observe::reason::ReplicaDropped;
use rcsim_protocol::{Command, Offset, ReplicationId, Reply};

use crate::effect::{ClientOutput, Effect};
use crate::node::{ConnectionId, Node};
use crate::outside::Outside;
use crate::replication::output::SOCKET_ROOM;
use crate::replication::{Backlog, Feed, Snapshot};

/// A replica that is connected to me.
#[derive(Clone, Debug)]
pub(crate) struct AttachedReplica {
    pub(crate) state: ReplicaState,
    /// The port that it listens on, as it says.
    pub(crate) port: u16,
    /// The address it comes from, or says that it has.
    pub(crate) ip: String,
    /// The greatest offset it acknowledged.
    pub(crate) ack: Offset,
    /// When it acknowledged last, in seconds.
    pub(crate) ack_s: i64,
    /// How much of the stream was handed to its socket.
    pub(crate) sent: Offset,
    /// The stream begins only when it has acknowledged something (RP-20).
    pub(crate) starts_on_ack: bool,
    /// How many bytes its socket takes before it has to be asked again.
    pub(crate) room: u64,
    /// Its socket is full; I get a word when it is not.
    pub(crate) is_clogged: bool,
    /// When something was last handed to its socket, in seconds (RP-22).
    pub(crate) wrote_s: i64,
    /// The snapshot whose file it gets.
    pub(crate) file: Option<Arc<Snapshot>>,
    /// Since when its output buffer is above the soft limit, in seconds (RP-22).
    pub(crate) over_soft_limit_since_s: Option<i64>,
}

/// How far a replica's synchronisation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReplicaState {
    /// It has said REPLCONF, but not PSYNC.
    Greeting,
    /// It waits for a snapshot to be begun, since this second (RP-18).
    WaitsForStart(i64),
    /// It is promised the snapshot that is being made.
    WaitsForEnd,
    /// The file of its snapshot is on its way; so much of it was handed to the socket.
    GetsFile(u64),
    /// It has all.
    Online,
}

impl AttachedReplica {
    /// Whether it has asked for the stream.
    pub(crate) fn is_attached(&self) -> bool {
        self.state != ReplicaState::Greeting
    }

    fn greeting(ip: String, now_s: i64) -> AttachedReplica {
        AttachedReplica {
            state: ReplicaState::Greeting,
            port: 0,
            ip,
            ack: Offset::ZERO,
            ack_s: now_s,
            sent: Offset::ZERO,
            starts_on_ack: false,
            room: SOCKET_ROOM,
            is_clogged: false,
            wrote_s: now_s,
            file: None,
            over_soft_limit_since_s: None,
        }
    }

    /// One that has all of the stream up to this offset.
    pub(crate) fn in_step(ip: String, port: u16, offset: Offset, now_s: i64) -> AttachedReplica {
        let (state, greeting) = (ReplicaState::Online, AttachedReplica::greeting(ip, now_s));
        AttachedReplica { state, port, ack: offset, sent: offset, ..greeting }
    }

    /// Whether it has its data set.
    pub(crate) fn is_online(&self) -> bool {
        self.state == ReplicaState::Online
    }

    /// Whether the stream is kept for it: from the start of its snapshot on.
    pub(crate) fn accumulates(&self) -> bool {
        !matches!(self.state, ReplicaState::Greeting | ReplicaState::WaitsForStart(_))
    }

    /// The word for its state in INFO; `None` for one that has not asked for the stream yet (CM-27).
    pub(crate) fn state_word(&self) -> Option<&'static str> {
        match self.state {
            ReplicaState::Greeting => None,
            ReplicaState::WaitsForStart(_) | ReplicaState::WaitsForEnd => Some("wait_bgsave"),
            ReplicaState::GetsFile(_) => Some("send_bulk"),
            ReplicaState::Online => Some("online"),
        }
    }
}

impl Node {
    /// REPLCONF, SYNC and PSYNC, the commands by which a client turns into a replica; `None`: no reply is due now.
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
        if command.len().is_multiple_of(2) {
            return Some(Reply::err("syntax error"));
        }
        for index in (1..command.len()).step_by(2) {
            let text = command.word(index + 1).map(String::from_utf8_lossy).unwrap_or_default();
            if command.is(index, "getack") {
                return None;
            }
            if command.is(index, "ack") {
                self.note_ack(connection, Offset(text.parse().unwrap_or(0)));
                return None;
            }
            let greeting = self.greeting(connection);
            let mut told = self.replication.replicas.get(&connection).cloned().unwrap_or(greeting);
            if command.is(index, "listening-port") {
                let Ok(port) = text.parse() else {
                    return Some(Reply::err("value is not an integer or out of range"));
                };
                told.port = port;
            } else if command.is(index, "ip-address") {
                told.ip = text.into_owned();
            } else if !command.is(index, "capa") {
                let option = command.word(index).map(String::from_utf8_lossy).unwrap_or_default();
                return Some(Reply::err(format_args!("Unrecognized REPLCONF option: {option}")));
            }
            self.replication.replicas.insert(connection, told);
        }
        Some(Reply::ok())
    }

    fn greeting(&self, connection: ConnectionId) -> AttachedReplica {
        let ip = self.clients.ip(connection).map(|ip| ip.to_string()).unwrap_or_default();
        AttachedReplica::greeting(ip, self.clock.cached_s())
    }

    /// A replica says how far it is (RP-14). The first word of one that got its snapshot diskless opens the stream
    /// (RP-20).
    fn note_ack(&mut self, connection: ConnectionId, offset: Offset) {
        let now_s = self.clock.cached_s();
        let Some(replica) = self.replication.replicas.get_mut(&connection) else { return };
        if replica.state == ReplicaState::Greeting {
            return;
        }
        replica.ack = replica.ack.max(offset);
        replica.ack_s = now_s;
        if replica.is_online() && std::mem::take(&mut replica.starts_on_ack) {
            self.replication.has_output = true;
        }
    }

    fn psync(&mut self, connection: ConnectionId, command: &Command, out: &mut Outside<'_>) -> Option<Reply> {
        let attached = self.replication.replicas.get(&connection);
        if attached.is_some_and(|replica| replica.state != ReplicaState::Greeting) {
            return None;
        }
        if self.follows() && !self.replication.link.is_up() {
            return Some(Reply::error("NOMASTERLINK Can't SYNC while not connected with my master"));
        }
        let text = |index| command.word(index).and_then(|word| std::str::from_utf8(word).ok());
        let asked_id = text(1).and_then(ReplicationId::parse);
        let asked_from = text(2).and_then(|text| text.parse::<i64>().ok()).unwrap_or(-1);
        let covered = asked_id.is_some_and(|id| self.may_go_on(id, asked_from));
        let (now_s, greeting) = (self.clock.cached_s(), self.greeting(connection));
        let replica = self.replication.replicas.entry(connection).or_insert(greeting);
        replica.wrote_s = now_s;
        if covered {
            let offset = Offset(asked_from - 1);
            (replica.state, replica.sent, replica.ack_s) = (ReplicaState::Online, offset, now_s);
            self.replication.has_output = true;
            self.refresh_good_replicas();
            self.stats.partial_syncs += 1;
            out.tell(Event::PartialResync { offset });
            return Some(Reply::simple(format!("CONTINUE {}", self.replication.id)));
        }
        replica.state = ReplicaState::WaitsForStart(now_s);
        self.stats.refused_partial_syncs += u64::from(asked_id.is_some());
        self.stats.full_syncs += 1;
        self.start_backlog(out);
        self.full_resync_asked(connection, out);
        None
    }

    /// Whether a replica may go on where it stopped (RP-17). `from` is the first byte it wants.
    fn may_go_on(&self, id: ReplicationId, from: i64) -> bool {
        let same = id == self.replication.id;
        let earlier =
            self.replication.previous.is_some_and(|(previous, end)| id == previous && from <= end.0);
        let backlog = self.replication.backlog.as_ref().filter(|_| same || earlier);
        let before = from.checked_sub(1).map(Offset);
        backlog.zip(before).is_some_and(|(backlog, before)| backlog.covers(before))
    }

    /// The first replica makes the stream begin, under a new name (RP-2).
    fn start_backlog(&mut self, out: &mut Outside<'_>) {
        if self.replication.backlog.is_none() {
            self.replication.id = ReplicationId::from_random(out.chance.id_bits());
            self.replication.previous = None;
            self.replication.backlog = Some(Backlog::starting_at(self.replication.offset));
        }
    }

    /// A write took place: it goes into the append-only file and into the stream (AO-4, RP-3). A replica's own writes stay
    /// local (RP-5).
    pub(crate) fn propagate(&mut self, command: Command, _: &mut Outside<'_>) {
        self.log_command(&command);
        if self.follows() {
            self.replication.strayed = true;
            return;
        }
        self.feed_with_select(command);
    }

    /// Adds a command to the stream, after a SELECT where one is due (RP-3).
    pub(super) fn feed_with_select(&mut self, command: Command) {
        if std::mem::take(&mut self.replication.needs_select) {
            self.feed(Command::new(["SELECT", "0"]));
        }
        self.feed(command);
    }

    /// Adds a command to the stream; it leaves at the end of the turn. Nothing happens before the first replica (RP-2).
    pub(crate) fn feed(&mut self, command: Command) {
        let Some(backlog) = &mut self.replication.backlog else { return };
        self.replication.offset = self.replication.offset.plus(command.resp_len());
        backlog.push(self.replication.offset, command);
        self.replication.has_output = true;
    }

    /// Once per second, as a master (RP-3, RP-7, RP-18, RP-22).
    pub(crate) fn replication_cron_as_master(&mut self, loops: u64, out: &mut Outside<'_>) {
        let period = self.settings.repl_ping_replica_period.max(1) as u64;
        let paused = self.manual_failover.in_progress() && self.clients.paused().is_some();
        if !self.follows() && loops.is_multiple_of(period) && self.has_replicas() && !paused {
            self.feed(Command::new(["PING"]));
        }
        self.keep_waiting_replicas_alive(out);
        self.drop_silent_replicas(out);
        self.expire_backlog(out);
        self.start_due_snapshot(out);
        self.check_output_limits(out);
        self.refresh_good_replicas();
    }

    /// Whether a client has asked for the stream; REPLCONF alone makes it no replica.
    pub(crate) fn is_attached(&self, connection: ConnectionId) -> bool {
        self.replication.replicas.get(&connection).is_some_and(AttachedReplica::is_attached)
    }

    /// Whether anybody has asked for the stream.
    fn has_replicas(&self) -> bool {
        self.replication.replicas.values().any(|replica| replica.state != ReplicaState::Greeting)
    }

    /// An empty line per second for those whose snapshot is not on its way yet (RP-18).
    fn keep_waiting_replicas_alive(&mut self, out: &mut Outside<'_>) {
        let streamed = self.replication.full_sync.as_ref().is_some_and(|sync| sync.snapshot.streamed);
        for (connection, replica) in &self.replication.replicas {
            let waits = match replica.state {
                ReplicaState::WaitsForStart(_) => true,
                ReplicaState::WaitsForEnd => !streamed,
                _ => false,
            };
            if waits {
                out.effects.post(Effect::Client(*connection, ClientOutput::Feed(Feed::KeepAlive)));
            }
        }
    }

    fn drop_silent_replicas(&mut self, out: &mut Outside<'_>) {
        let (now_s, timeout) = (self.clock.cached_s(), self.settings.repl_timeout);
        let streamed = self.replication.full_sync.as_ref().is_some_and(|sync| sync.snapshot.streamed);
        let silent = |replica: &AttachedReplica| match replica.state {
            ReplicaState::Online => now_s - replica.ack_s > timeout,
            // One that takes nothing would keep the child from its end.
            ReplicaState::WaitsForEnd => streamed && replica.is_clogged && now_s - replica.wrote_s > timeout,
            _ => false,
        };
        let replicas = self.replication.replicas.iter();
        let dropped: Vec<ConnectionId> =
            replicas.filter(|(_, replica)| silent(replica)).map(|(id, _)| *id).collect();
        for connection in dropped {
            self.drop_replica(connection, ReplicaDropped::Silent, out);
        }
    }

    /// Closes the connection of one replica.
    pub(super) fn drop_replica(
        &mut self,
        connection: ConnectionId,
        why: ReplicaDropped,
        out: &mut Outside<'_>,
    ) {
        let Some(replica) = self.replication.replicas.get(&connection) else { return };
        out.tell(Event::ReplicaDropped { why, offset: replica.sent });
        self.drop_client(connection, out);
    }

    /// A client connection is over; perhaps it was a replica's.
    pub(crate) fn forget_replica(&mut self, connection: ConnectionId) {
        let gone = self.replication.replicas.remove(&connection);
        if gone.is_none_or(|replica| replica.state == ReplicaState::Greeting) {
            return;
        }
        if !self.has_replicas() {
            self.replication.no_replicas_since_s = self.clock.cached_s();
        }
        self.abandon_useless_snapshot();
        self.refresh_good_replicas();
    }

    /// A master without replicas for long gives up its backlog and the name of its stream (RP-7).
    fn expire_backlog(&mut self, out: &mut Outside<'_>) {
        let ttl = self.settings.repl_backlog_ttl;
        let idle = self.clock.cached_s() - self.replication.no_replicas_since_s;
        let is_over = ttl != 0 && idle > ttl && !self.has_replicas() && !self.follows();
        if is_over && self.replication.backlog.is_some() {
            self.replication.backlog = None;
            self.replication.id = ReplicationId::from_random(out.chance.id_bits());
            self.replication.previous = None;
        }
    }

    /// Counts the replicas that keep up (RP-23): once per second, and when one comes or goes.
    pub(super) fn refresh_good_replicas(&mut self) {
        let oldest = self.clock.cached_s() - self.settings.min_replicas_max_lag;
        let good = |replica: &&AttachedReplica| replica.is_online() && replica.ack_s >= oldest;
        self.replication.good_replicas = self.replication.replicas.values().filter(good).count();
    }

    /// Whether writes are refused because too few replicas answer (RP-23).
    pub(crate) fn lacks_good_replicas(&self) -> bool {
        let (needed, max_lag) = (self.settings.min_replicas_to_write, self.settings.min_replicas_max_lag);
        needed > 0 && max_lag > 0 && self.replication.good_replicas < needed as usize
    }

    /// Closes the connections of all my replicas; they may come back (RP-21, RP-25, RP-29).
    pub(crate) fn drop_replicas(&mut self, out: &mut Outside<'_>) {
        let asked = |replica: &AttachedReplica| replica.state != ReplicaState::Greeting;
        let replicas = self.replication.replicas.iter();
        let all: Vec<ConnectionId> =
            replicas.filter(|(_, replica)| asked(replica)).map(|(id, _)| *id).collect();
        for connection in all {
            self.drop_client(connection, out);
        }
    }
}
