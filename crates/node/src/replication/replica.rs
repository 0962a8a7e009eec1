//! How a replica gets and keeps the stream of its master.
//!
//! Rules: RP-4, RP-8 … RP-15, RP-21, RP-29, CR-8. The handshake is that of Redis, step by step, for each step takes a
//! round trip. Never: originates stream data (RP-5).

use std::net::SocketAddr;
use std::sync::Arc;

use rcsim_observe::Event;
use rcsim_observe::reason::{ExitCause, ReplicationDown};
use rcsim_protocol::{Command, NodeFlags, Offset, ReplicationId, Reply};

use crate::effect::Effect;
use crate::input::MasterInput;
use crate::node::Node;
use crate::outside::Outside;
use crate::replication::{Backlog, Snapshot, StreamChunk};

/// The state of the connection to the master (RP-8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MasterLink {
    /// No master is configured.
    Off,
    /// To be opened by the next replication cron.
    Connect(SocketAddr),
    /// On its way to the stream, since this second.
    Handshake(SocketAddr, Step, i64),
    /// The stream flows.
    Up(SocketAddr),
}

/// A step of the handshake (RP-8, RP-9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The connection is being opened.
    Connecting,
    /// PING was sent.
    Ping,
    /// REPLCONF was sent; so many replies are to come.
    Replconf(u8),
    /// PSYNC was sent.
    Psync,
    /// The snapshot is on its way.
    Transfer,
}

impl MasterLink {
    /// Whether the stream flows.
    pub(crate) fn is_up(self) -> bool {
        matches!(self, MasterLink::Up(_))
    }

    fn address(self) -> Option<SocketAddr> {
        match self {
            MasterLink::Off => None,
            MasterLink::Connect(address) | MasterLink::Handshake(address, ..) | MasterLink::Up(address) => {
                Some(address)
            }
        }
    }

    /// The word for it in ROLE (RP-15).
    pub(crate) fn name(self) -> &'static str {
        match self {
            MasterLink::Off => "none",
            MasterLink::Connect(_) => "connect",
            MasterLink::Handshake(_, Step::Connecting, _) => "connecting",
            MasterLink::Handshake(_, Step::Transfer, _) => "sync",
            MasterLink::Handshake(..) => "handshake",
            MasterLink::Up(_) => "connected",
        }
    }
}

impl Node {
    /// Once per second (LP-8).
    pub(crate) fn replication_cron(&mut self, out: &mut Outside<'_>) {
        let loops = self.replication.cron_loops;
        self.replication.cron_loops += 1;
        self.check_master_timeout(out);
        if let MasterLink::Connect(address) = self.replication.link {
            self.connect_master(address, out);
        }
        if self.replication.link.is_up() {
            self.acknowledge(out);
        }
        self.replication_cron_as_master(loops, out);
    }

    /// Nothing heard for too long (RP-12).
    fn check_master_timeout(&mut self, out: &mut Outside<'_>) {
        let since = match self.replication.link {
            MasterLink::Handshake(_, _, since) => since,
            MasterLink::Up(_) => self.replication.last_io_s,
            MasterLink::Off | MasterLink::Connect(_) => return,
        };
        if self.clock.now_s() - since > self.settings.repl_timeout {
            out.effects.push(Effect::CloseMaster);
            self.master_link_down(ReplicationDown::Timeout, out);
        }
    }

    /// Opens the connection to the master.
    pub(super) fn connect_master(&mut self, address: SocketAddr, out: &mut Outside<'_>) {
        self.replication.link = MasterLink::Handshake(address, Step::Connecting, self.clock.now_s());
        out.effects.push(Effect::ConnectMaster(address));
    }

    /// A restarted replica begins to follow when it knows its master's address (CR-8).
    pub(crate) fn start_replication_if_off(&mut self, out: &mut Outside<'_>) {
        let off = !self.am_master() && self.replication.link == MasterLink::Off;
        let Some(master) = self.my_master().filter(|_| off) else { return };
        if !self.view.flags(master).any(NodeFlags::NOADDR)
            && let Some(address) = self.client_address(master, out)
        {
            self.connect_master(address, out);
        }
    }

    /// Something happened on the connection to the master.
    pub(crate) fn master_input(&mut self, input: MasterInput, out: &mut Outside<'_>) {
        match (input, self.replication.link) {
            (MasterInput::Connected, MasterLink::Handshake(address, Step::Connecting, since)) => {
                self.step(address, Step::Ping, since);
                out.effects.post(Effect::SendMaster(Command::new(["PING"])));
            }
            (MasterInput::Closed, link) => {
                let connecting = matches!(link, MasterLink::Handshake(_, Step::Connecting, _));
                let why = if connecting { ReplicationDown::ConnectFailed } else { ReplicationDown::Lost };
                self.master_link_down(why, out);
            }
            (MasterInput::Reply(reply), MasterLink::Handshake(address, step, since)) => {
                self.handshake_reply(address, step, since, &reply, out);
            }
            (MasterInput::Snapshot(snapshot), MasterLink::Handshake(address, Step::Transfer, _)) => {
                self.load_snapshot(address, &snapshot, out);
            }
            (MasterInput::Stream(chunk), MasterLink::Up(_)) => self.apply_stream(&chunk, out),
            _ => {}
        }
    }

    fn step(&mut self, address: SocketAddr, step: Step, since: i64) {
        self.replication.link = MasterLink::Handshake(address, step, since);
    }

    fn handshake_reply(
        &mut self,
        address: SocketAddr,
        step: Step,
        since: i64,
        reply: &Reply,
        out: &mut Outside<'_>,
    ) {
        match step {
            Step::Ping if !reply.is_error() => {
                self.step(address, Step::Replconf(2), since);
                let port = out.registry.address_of(self.view.address(self.me())).port.to_string();
                out.effects.post(Effect::SendMaster(Command::new(["REPLCONF", "listening-port", &port])));
                let capabilities = Command::new(["REPLCONF", "capa", "eof", "capa", "psync2"]);
                out.effects.post(Effect::SendMaster(capabilities));
            }
            Step::Replconf(2) => self.step(address, Step::Replconf(1), since),
            Step::Replconf(_) => {
                self.step(address, Step::Psync, since);
                out.effects.post(Effect::SendMaster(self.psync_request()));
            }
            Step::Psync => self.psync_answered(address, since, reply, out),
            Step::Ping | Step::Connecting | Step::Transfer => {
                out.effects.push(Effect::CloseMaster);
                self.master_link_down(ReplicationDown::Refused, out);
            }
        }
    }

    /// Where I want to go on: behind what I have of a master's stream, or at no place in particular (RP-9).
    fn psync_request(&self) -> Command {
        match self.replication.cached {
            Some((id, offset)) => Command::new(["PSYNC", &id.to_string(), &(offset.0 + 1).to_string()]),
            None => Command::new(["PSYNC", "?", "-1"]),
        }
    }

    fn psync_answered(&mut self, address: SocketAddr, since: i64, reply: &Reply, out: &mut Outside<'_>) {
        let Reply::Simple(text) = reply else {
            out.effects.push(Effect::CloseMaster);
            return self.master_link_down(ReplicationDown::Refused, out);
        };
        if text.starts_with("FULLRESYNC") {
            self.replication.cached = None;
            return self.step(address, Step::Transfer, since);
        }
        let id = text.split_whitespace().nth(1).and_then(ReplicationId::parse);
        if let Some(id) = id.filter(|id| *id != self.replication.id) {
            // RP-29: the master goes on under a new name; mine stays valid up to here.
            self.replication.previous = Some((self.replication.id, self.replication.offset.plus(1)));
            self.replication.id = id;
            self.drop_replicas(out);
        }
        self.ensure_backlog();
        self.master_link_up(address, false, out);
    }

    fn ensure_backlog(&mut self) {
        let (offset, limit) = (self.replication.offset, self.settings.repl_backlog_size);
        self.replication.backlog.get_or_insert_with(|| Backlog::starting_at(offset, limit));
    }

    fn master_link_up(&mut self, address: SocketAddr, full: bool, out: &mut Outside<'_>) {
        self.replication.link = MasterLink::Up(address);
        self.replication.cached = None;
        self.replication.last_io_s = self.clock.cached_s();
        if full {
            self.replication.down_since_s = 0;
        }
        if let Some(master) = self.my_master() {
            out.tell(Event::ReplicationUp { master, full, offset: self.replication.offset });
        }
    }

    /// Takes the master's data in place of mine (RP-21).
    fn load_snapshot(&mut self, address: SocketAddr, snapshot: &Arc<Snapshot>, out: &mut Outside<'_>) {
        self.drop_replicas(out);
        self.keyspace = snapshot.keyspace.clone();
        self.replication.id = snapshot.id;
        self.replication.previous = None;
        self.replication.offset = snapshot.offset;
        self.replication.backlog = None;
        self.ensure_backlog();
        self.master_link_up(address, true, out);
        self.restart_log_after_sync(out);
        self.acknowledge(out);
    }

    /// Applies what the master did, and passes it on as it is (RP-4).
    fn apply_stream(&mut self, chunk: &StreamChunk, out: &mut Outside<'_>) {
        self.replication.last_io_s = self.clock.cached_s();
        for command in &chunk.commands {
            let is_write = !["ping", "select", "replconf"].iter().any(|name| command.is(0, name));
            if is_write && self.persistence_error().is_some() {
                // The stream must not go on where it cannot be kept: Redis stops on an assertion.
                return self.exit(ExitCause::ReplicaCannotPersist, out);
            }
            self.apply_write(command);
            if is_write {
                self.log_command(command);
            }
            self.feed(command.clone(), out);
            if command.is(0, "replconf") && command.is(1, "getack") {
                self.acknowledge(out);
            }
        }
    }

    fn acknowledge(&mut self, out: &mut Outside<'_>) {
        let offset = self.replication.offset.to_string();
        out.effects.post(Effect::SendMaster(Command::new(["REPLCONF", "ACK", &offset])));
    }

    /// The connection to the master is gone (RP-11, RP-13): remember where I am, and try again, at once if it was up.
    pub(super) fn master_link_down(&mut self, why: ReplicationDown, out: &mut Outside<'_>) {
        let was_up = self.replication.link.is_up();
        let Some(address) = self.replication.link.address() else { return };
        self.replication.link = MasterLink::Connect(address);
        if was_up {
            self.cache_master();
            out.tell(Event::ReplicationDown { why });
            self.connect_master(address, out);
        }
    }

    /// Remembers how far I am in the master's stream (RP-13).
    pub(super) fn cache_master(&mut self) {
        self.replication.cached = Some((self.replication.id, self.replication.offset));
        self.replication.down_since_s = self.clock.cached_s();
    }

    /// How much of my master's stream I have applied, also while its link is down; 0 between two streams (WR-2, CM-7,
    /// CM-8).
    pub(crate) fn replica_offset(&self) -> Offset {
        if self.replication.link.is_up() {
            return self.replication.offset;
        }
        self.replication.cached.map_or(Offset::ZERO, |(_, offset)| offset)
    }

    /// The offset that my headers tell: produced as a master, applied as a replica (WR-2).
    pub(crate) fn shown_offset(&self) -> Offset {
        if self.am_master() { self.replication.offset } else { self.replica_offset() }
    }

    /// The applied offset, as ROLE shows it: −1 while there is none (CM-28).
    pub(crate) fn applied_offset(&self) -> Offset {
        if self.replication.link.is_up() { self.replication.offset } else { Offset(-1) }
    }
}
