//! MIGRATE: keys leave for another node, and nothing else happens meanwhile.
//!
//! Rules: MG-1 … MG-10. Keeps: a key is deleted here only when the other node said that it has it; what is then lost on the
//! way back leaves it on both (MG-10).

mod request;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use rcsim_protocol::{Command, Reply};

use crate::effect::Effect;
use crate::exchange::{Exchange, ExchangeFailure, ExchangeStage, Exchanged, TargetId};
use crate::keyspace::Bytes;
use crate::node::{ConnectionId, Node};
use crate::outside::Outside;
use crate::rdb;
pub(crate) use request::MigrateRequest;

/// More connections than this are not kept (MG-3).
const KEPT: usize = 64;
/// Nor longer than this without use, in ms (MG-3).
const IDLE_MS: i64 = 10_000;

/// The connections that are kept for the next MIGRATE, and the one that runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Migration {
    /// By host and port as they were given.
    kept: BTreeMap<(String, String), Target>,
    opened: u32,
    running: Option<Running>,
}

/// A connection that is kept.
#[derive(Clone, Copy, Debug)]
struct Target {
    id: TargetId,
    last_use_ms: i64,
    /// The database that it stands in, if that is known.
    database: Option<i64>,
}

/// A MIGRATE that waits for the other node.
#[derive(Clone, Debug)]
struct Running {
    connection: ConnectionId,
    request: MigrateRequest,
    /// The keys that were sent, in order.
    keys: Vec<Bytes>,
    /// How many replies come before those to the keys: to AUTH and to SELECT.
    before: usize,
    /// Whether a failure may be answered by a second try (MG-9).
    may_retry: bool,
    /// What was to be sent to clients when the turn was cut.
    outbox: Vec<Effect>,
}

impl Migration {
    /// Whether the process waits for another node.
    pub(crate) fn is_running(&self) -> bool {
        self.running.is_some()
    }
}

impl Node {
    /// Begins a MIGRATE; an answer if there is nothing to wait for.
    pub(crate) fn begin_migrate(
        &mut self,
        connection: ConnectionId,
        command: &Command,
        out: &mut Outside<'_>,
    ) -> Result<(), Reply> {
        let request = MigrateRequest::read(command)?;
        let keys: Vec<Bytes> = request.keys.iter().filter(|key| self.is_there(key)).cloned().collect();
        if keys.is_empty() {
            return Err(Reply::simple("NOKEY"));
        }
        self.send_keys(connection, request, keys, true, out)
    }

    fn send_keys(
        &mut self,
        connection: ConnectionId,
        request: MigrateRequest,
        keys: Vec<Bytes>,
        may_retry: bool,
        out: &mut Outside<'_>,
    ) -> Result<(), Reply> {
        let (target, open) = self.target(&request, out)?;
        let mut commands = Vec::with_capacity(keys.len() + 2);
        if !request.credentials.is_empty() {
            let words = std::iter::once(&b"AUTH"[..]).chain(request.credentials.iter().map(|word| &**word));
            commands.push(Command::new(words));
        }
        if target.database != Some(request.database) {
            commands.push(Command::new(["SELECT", &request.database.to_string()]));
        }
        let before = commands.len();
        commands.extend(keys.iter().filter_map(|key| self.message_for(key, request.replace)));
        let timeout_ms = request.timeout_ms.unsigned_abs();
        out.effects.push(Effect::Exchange(Exchange { target: target.id, open, commands, timeout_ms }));
        let outbox = out.effects.take_outbox();
        self.migration.running = Some(Running { connection, request, keys, before, may_retry, outbox });
        Ok(())
    }

    /// What puts a key into another node, its remaining time in ms included (MG-4).
    fn message_for(&self, key: &[u8], replace: bool) -> Option<Command> {
        let entry = self.keyspace.get(key)?;
        let left = entry.expires_at_ms.map_or(0, |at| (at - self.clock.now_ms).max(1)).to_string();
        let payload = rdb::dump(&entry.value, self.settings.rdbcompression);
        let words = [&b"RESTORE-ASKING"[..], key, left.as_bytes(), &payload];
        Some(Command::new(words.into_iter().chain(replace.then_some(&b"REPLACE"[..]))))
    }

    /// The connection to use, and where to open it if there is none (MG-3).
    fn target(
        &mut self,
        request: &MigrateRequest,
        out: &mut Outside<'_>,
    ) -> Result<(Target, Option<SocketAddr>), Reply> {
        let (name, now_ms) = ((request.host.clone(), request.port.clone()), self.clock.now_ms);
        if let Some(target) = self.migration.kept.get_mut(&name) {
            target.last_use_ms = now_ms;
            return Ok((*target, None));
        }
        let address = (request.host.parse::<IpAddr>().ok()).zip(request.port.parse().ok());
        let Some(address) = address.map(|(ip, port)| SocketAddr::new(ip, port)) else {
            return Err(failure_text(ExchangeStage::Connect));
        };
        if self.migration.kept.len() == KEPT {
            let victim = out.chance.below(KEPT as u32) as usize;
            if let Some(name) = self.migration.kept.keys().nth(victim).cloned() {
                self.close_target(&name, out);
            }
        }
        self.migration.opened += 1;
        let id = TargetId(self.migration.opened);
        let target = Target { id, last_use_ms: now_ms, database: None };
        self.migration.kept.insert(name, target);
        Ok((target, Some(address)))
    }

    fn close_target(&mut self, name: &(String, String), out: &mut Outside<'_>) {
        if let Some(target) = self.migration.kept.remove(name) {
            out.effects.push(Effect::CloseTarget(target.id));
        }
    }

    /// Closes connections that were not used for long (MG-3).
    pub(crate) fn close_idle_targets(&mut self, out: &mut Outside<'_>) {
        let now_ms = self.clock.cached_ms;
        let idle = self.migration.kept.iter().filter(|(_, target)| now_ms - target.last_use_ms > IDLE_MS);
        for name in idle.map(|(name, _)| name.clone()).collect::<Vec<_>>() {
            self.close_target(&name, out);
        }
    }

    /// The other node has answered, or not: the turn of the loop goes on.
    pub(crate) fn exchanged(&mut self, exchanged: Exchanged, out: &mut Outside<'_>) {
        let Some(mut running) = self.migration.running.take() else { return };
        out.effects.put_outbox_first(std::mem::take(&mut running.outbox));
        self.clock.cached_ms = out.now_ms;
        let connection = running.connection;
        if let Some(reply) = self.conclude(running, &exchanged, out) {
            self.answer(connection, reply, out);
            self.resume(connection, out);
            self.resume_stalled(out);
        }
        if !self.migration.is_running() {
            self.end_of_turn(out);
        }
    }

    /// Deletes what has arrived, and says what the client hears; `None`: it is tried once more.
    fn conclude(&mut self, running: Running, exchanged: &Exchanged, out: &mut Outside<'_>) -> Option<Reply> {
        let Running { connection, request, keys, before, may_retry, .. } = running;
        let name = (request.host.clone(), request.port.clone());
        let replies = exchanged.replies.get(before..).unwrap_or_default();
        let is_accepted = |(_, reply): &(&Bytes, &Reply)| !reply.is_error();
        let arrived: Vec<&Bytes> = keys.iter().zip(replies).filter(is_accepted).map(|(key, _)| key).collect();
        if !request.copy {
            self.delete_migrated(&arrived, out);
        }
        let refused = exchanged.replies.iter().find_map(|reply| match reply {
            Reply::Error(text) => Some(text),
            _ => None,
        });
        if let Some(target) = self.migration.kept.get_mut(&name) {
            target.database = refused.is_none().then_some(request.database);
        }
        let Some(ExchangeFailure { stage, timed_out }) = exchanged.failure else {
            let error = |text| Reply::err(format_args!("Target instance replied with error: {text}"));
            return Some(refused.map_or(Reply::ok(), error));
        };
        self.close_target(&name, out);
        if may_retry && !timed_out && replies.is_empty() && stage != ExchangeStage::Connect {
            return self.send_keys(connection, request, keys, false, out).err();
        }
        Some(failure_text(stage))
    }

    fn delete_migrated(&mut self, keys: &[&Bytes], out: &mut Outside<'_>) {
        if keys.is_empty() {
            return;
        }
        for key in keys {
            self.keyspace.remove(key);
        }
        self.changed(keys.len());
        let words = std::iter::once(&b"DEL"[..]).chain(keys.iter().map(|key| &***key));
        self.propagate(Command::new(words), out);
    }
}

/// What the client hears of a failure (MG-8).
fn failure_text(stage: ExchangeStage) -> Reply {
    Reply::error(match stage {
        ExchangeStage::Connect => "IOERR error or timeout connecting to the client",
        ExchangeStage::Write => "IOERR error or timeout writing to target instance",
        ExchangeStage::Read => "IOERR error or timeout reading to target instance",
    })
}
