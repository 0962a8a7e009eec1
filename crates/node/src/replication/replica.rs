//! How a replica gets to the stream of its master, and keeps it.
//!
//! Rules: RP-4, RP-8 … RP-15, RP-29, CR-8. The handshake is that of Redis, step by step, for each step takes a round
//! trip. What a whole data set does is in `load`. Never: originates stream data (RP-5).

use std::net::SocketAddr;

use rcsim_observe::Event;
use rcsim_observe::reason::{ExitCause, ReplicationDown};
use rcsim_protocol::{Command, NodeFlags, Offset, ReplicationId, Reply};

use crate::effect::Effect;
use crate::input::MasterInput;
use crate::node::Node;
use crate::outside::Outside;
use crate::replication::load::Incoming;
use crate::replication::{Backlog, Feed, StreamChunk};

/// The state of the connection to the master (RP-8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MasterLink {
    /// No master is configured.
    Off,
    /// To be opened by the next replication cron.
    Connect(SocketAddr),
    /// On its way to the stream; something came, or the attempt began, in this second.
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
    /// AUTH was sent, and so many REPLCONFs behind it.
    Auth(u8),
    /// REPLCONFs were sent; so many replies are to come.
    Replconf(u8),
    /// PSYNC was sent.
    Psync,
    /// The snapshot is on its way, or is being loaded.
    Transfer,
}

impl MasterLink {
    /// Whether the stream flows.
    pub(crate) fn is_up(self) -> bool {
        matches!(self, MasterLink::Up(_))
    }

    /// Whether a snapshot is on its way.
    pub(crate) fn is_in_transfer(self) -> bool {
        matches!(self, MasterLink::Handshake(_, Step::Transfer, _))
    }

    /// Where the master serves clients, if there is one.
    pub(crate) fn address(self) -> Option<SocketAddr> {
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
    /// Whether I replicate somebody. A replica that has just started does not yet, and shows itself as a master (CR-8).
    pub(crate) fn follows(&self) -> bool {
        self.replication.link != MasterLink::Off
    }

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

    /// Nothing heard for too long (RP-12); then comes another attempt at once.
    pub(crate) fn check_master_timeout(&mut self, out: &mut Outside<'_>) {
        let since = match self.replication.link {
            MasterLink::Handshake(_, _, since) => since,
            MasterLink::Up(_) => self.replication.last_io_s,
            MasterLink::Off | MasterLink::Connect(_) => return,
        };
        if self.clock.now_s() - since > self.settings.repl_timeout {
            self.give_up_master_link(ReplicationDown::Timeout, out);
            if let MasterLink::Connect(address) = self.replication.link {
                self.connect_master(address, out);
            }
        }
    }

    /// Opens the connection to the master.
    pub(super) fn connect_master(&mut self, address: SocketAddr, out: &mut Outside<'_>) {
        self.replication.link = MasterLink::Handshake(address, Step::Connecting, self.clock.now_s());
        out.effects.push(Effect::ConnectMaster(address));
    }

    /// A restarted replica begins to follow when it knows its master's address (CR-8).
    pub(crate) fn start_replication_if_off(&mut self, out: &mut Outside<'_>) {
        let off = !self.am_master() && !self.follows();
        let Some(master) = self.my_master().filter(|_| off) else { return };
        if !self.view.flags(master).any(NodeFlags::NOADDR)
            && let Some(address) = self.client_address(master, out)
        {
            self.synthesise_cached_master();
            self.connect_master(address, out);
        }
    }

    /// Something happened on the connection to the master.
    pub(crate) fn master_input(&mut self, input: MasterInput, out: &mut Outside<'_>) {
        if let MasterLink::Handshake(address, step, _) = self.replication.link
            && matches!(input, MasterInput::Reply(_) | MasterInput::Feed(_))
        {
            self.step(address, step);
        }
        match (input, self.replication.link) {
            (MasterInput::Connected, MasterLink::Handshake(address, Step::Connecting, _)) => {
                self.step(address, Step::Ping);
                out.effects.post(Effect::SendMaster(Command::new(["PING"])));
            }
            (MasterInput::Closed, link) => self.master_hung_up(link, out),
            (MasterInput::Reply(reply), MasterLink::Handshake(address, step, _)) => {
                self.handshake_reply(address, step, &reply, out);
            }
            (MasterInput::Feed(Feed::Bulk(piece)), MasterLink::Handshake(_, Step::Transfer, _)) => {
                self.take_bulk(&piece, out);
            }
            (MasterInput::Feed(Feed::Stream(chunk)), MasterLink::Handshake(_, Step::Transfer, _)) => {
                self.queue_stream(chunk);
            }
            (MasterInput::Feed(Feed::Stream(chunk)), MasterLink::Up(_)) => self.apply_stream(&chunk, out),
            _ => {}
        }
    }

    fn master_hung_up(&mut self, link: MasterLink, out: &mut Outside<'_>) {
        if self.queue_hang_up() {
            return;
        }
        let connecting = matches!(link, MasterLink::Handshake(_, Step::Connecting, _));
        let why = if connecting { ReplicationDown::ConnectFailed } else { ReplicationDown::Lost };
        self.master_link_down(why, out);
    }

    fn step(&mut self, address: SocketAddr, step: Step) {
        self.replication.link = MasterLink::Handshake(address, step, self.clock.now_s());
    }

    fn handshake_reply(&mut self, address: SocketAddr, step: Step, reply: &Reply, out: &mut Outside<'_>) {
        match step {
            Step::Ping if may_go_on_behind_ping(reply) => self.introduce_myself(address, out),
            Step::Auth(replies) if !reply.is_error() => self.step(address, Step::Replconf(replies)),
            // Errors of REPLCONF are tolerated (RP-9).
            Step::Replconf(replies) if replies > 1 => self.step(address, Step::Replconf(replies - 1)),
            Step::Replconf(_) => {
                self.step(address, Step::Psync);
                out.effects.post(Effect::SendMaster(self.psync_request()));
            }
            Step::Psync => self.psync_answered(address, reply, out),
            Step::Ping | Step::Auth(_) | Step::Connecting | Step::Transfer => {
                self.give_up_master_link(ReplicationDown::Refused, out);
            }
        }
    }

    /// AUTH if there is a password, and all REPLCONFs, in one go (RP-9).
    fn introduce_myself(&mut self, address: SocketAddr, out: &mut Outside<'_>) {
        let mut commands = Vec::new();
        let (user, password) = (self.settings.masteruser.as_str(), self.settings.masterauth.as_str());
        let has_password = !password.is_empty();
        if has_password {
            let words: Vec<&str> =
                ["AUTH", user, password].into_iter().filter(|word| !word.is_empty()).collect();
            commands.push(Command::new(words));
        }
        let port = match self.settings.replica_announce_port {
            0 => out.registry.address_of(self.view.address(self.me())).port,
            announced => announced,
        };
        commands.push(Command::new(["REPLCONF", "listening-port", &port.to_string()]));
        if !self.settings.replica_announce_ip.is_empty() {
            commands.push(Command::new(["REPLCONF", "ip-address", &self.settings.replica_announce_ip]));
        }
        commands.push(Command::new(["REPLCONF", "capa", "eof", "capa", "psync2"]));
        let replies = commands.len() as u8;
        let step = if has_password { Step::Auth(replies - 1) } else { Step::Replconf(replies) };
        self.step(address, step);
        for command in commands {
            out.effects.post(Effect::SendMaster(command));
        }
    }

    /// Where I want to go on: behind what I have of a master's stream, or at no place in particular (RP-9).
    fn psync_request(&self) -> Command {
        match self.replication.cached {
            Some((id, offset)) => Command::new(["PSYNC", &id.to_string(), &(offset.0 + 1).to_string()]),
            None => Command::new(["PSYNC", "?", "-1"]),
        }
    }

    fn psync_answered(&mut self, address: SocketAddr, reply: &Reply, out: &mut Outside<'_>) {
        let text = match reply {
            Reply::Simple(text) => text.as_ref(),
            Reply::Error(text) if !text.starts_with("NOMASTERLINK") && !text.starts_with("LOADING") => {
                // RP-10: it does not know PSYNC, or so it seems.
                self.replication.incoming = Some(Incoming::new(None));
                self.step(address, Step::Transfer);
                return out.effects.post(Effect::SendMaster(Command::new(["SYNC"])));
            }
            _ => return self.give_up_master_link(ReplicationDown::Refused, out),
        };
        let mut words = text.split_whitespace();
        let (word, id) = (words.next(), words.next().and_then(ReplicationId::parse));
        let offset = words.next().and_then(|text| text.parse().ok()).map(Offset);
        if word == Some("FULLRESYNC") {
            self.replication.incoming = Some(Incoming::new(id.zip(offset)));
            return self.step(address, Step::Transfer);
        }
        let cached_id = self.replication.cached.map_or(self.replication.id, |(id, _)| id);
        if let Some(id) = id.filter(|id| *id != cached_id) {
            // RP-29: the master goes on under a new name; mine stays valid up to here.
            self.replication.previous = Some((cached_id, self.replication.offset.plus(1)));
            self.replication.id = id;
            self.mark_this_point(out);
            self.drop_replicas(out);
        }
        self.ensure_backlog();
        self.master_link_up(address, false, out);
    }

    pub(super) fn ensure_backlog(&mut self) {
        let offset = self.replication.offset;
        self.replication.backlog.get_or_insert_with(|| Backlog::starting_at(offset));
    }

    pub(super) fn master_link_up(&mut self, address: SocketAddr, full: bool, out: &mut Outside<'_>) {
        self.replication.link = MasterLink::Up(address);
        self.replication.cached = None;
        self.replication.down_since_s = 0;
        self.replication.last_io_s = self.clock.cached_s();
        if let Some(master) = self.my_master() {
            out.tell(Event::ReplicationUp { master, full, offset: self.replication.offset });
        }
    }

    /// Applies what the master did, and passes it on as it is (RP-4). A transaction counts when it is complete.
    pub(super) fn apply_stream(&mut self, chunk: &StreamChunk, out: &mut Outside<'_>) {
        self.replication.last_io_s = self.clock.cached_s();
        for command in &chunk.commands {
            if !self.replication.transaction.is_empty() || command.is(0, "multi") {
                self.replication.transaction.push(command.clone());
                if !command.is(0, "exec") {
                    continue;
                }
                for command in std::mem::take(&mut self.replication.transaction) {
                    self.apply_one(command, out);
                }
            } else {
                self.apply_one(command.clone(), out);
            }
            self.mark_stream(out);
        }
    }

    /// Applies one command of the stream. GETACK is answered with the offset before it, as Redis does (RP-14).
    fn apply_one(&mut self, command: Command, out: &mut Outside<'_>) {
        if self.process.exited {
            return;
        }
        self.count_streamed(&command);
        if command.is(0, "replconf") {
            if command.is(1, "getack") {
                self.acknowledge(out);
            }
        } else if !command.is(0, "ping") && !command.is(0, "select") {
            if self.persistence_error().is_some() {
                // The stream must not go on where it cannot be kept: Redis stops on an assertion.
                return self.exit(ExitCause::ReplicaCannotPersist, out);
            }
            self.apply_write(&command);
            self.log_command(&command);
        }
        self.feed(command);
    }

    pub(super) fn acknowledge(&mut self, out: &mut Outside<'_>) {
        let offset = self.replication.offset.to_string();
        out.effects.post(Effect::SendMaster(Command::new(["REPLCONF", "ACK", &offset])));
    }

    /// I close the connection to the master.
    pub(super) fn give_up_master_link(&mut self, why: ReplicationDown, out: &mut Outside<'_>) {
        out.effects.push(Effect::CloseMaster);
        self.master_link_down(why, out);
    }

    /// The connection to the master is gone (RP-11, RP-13): remember where I am, and try again; at once if it was up, or
    /// if a snapshot was on its way.
    pub(super) fn master_link_down(&mut self, why: ReplicationDown, out: &mut Outside<'_>) {
        let (was_up, in_transfer) = (self.replication.link.is_up(), self.replication.link.is_in_transfer());
        let Some(address) = self.replication.link.address() else { return };
        self.replication.link = MasterLink::Connect(address);
        if was_up {
            self.cache_master();
            out.tell(Event::ReplicationDown { why });
        }
        if in_transfer {
            self.abort_sync(why, out);
        }
        if was_up || in_transfer {
            self.connect_master(address, out);
        }
    }

    /// Remembers how far I am in the master's stream (RP-13). What had come of an open transaction is forgotten (RP-4).
    pub(super) fn cache_master(&mut self) {
        self.replication.transaction.clear();
        self.replication.cached = Some((self.replication.id, self.replication.offset));
        self.replication.down_since_s = self.clock.cached_s();
    }

    /// My own stream, as if it were a master's: it may be one that another node goes on with (RP-27).
    pub(super) fn synthesise_cached_master(&mut self) {
        self.ensure_backlog();
        self.replication.cached = Some((self.replication.id, self.replication.offset));
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

/// A master that wants a password, or does not let me PING, may still let me replicate (RP-9).
fn may_go_on_behind_ping(reply: &Reply) -> bool {
    match reply {
        Reply::Error(text) => text.starts_with("NOAUTH") || text.starts_with("NOPERM"),
        _ => true,
    }
}
