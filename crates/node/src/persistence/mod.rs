//! Persistence: the append-only file, who writes it, and what is refused when that fails.
//!
//! | room | what is in it |
//! |---|---|
//! | `files` | the set of files of an append-only file, and its manifest (AO-1 … AO-3) |
//! | `log` | the buffer, and when it is written and synced (AO-4 … AO-11) |
//! | `rewrite` | rewriting by a child; turning the file on and off (AO-12 … AO-14) |
//! | `load`, `replay`, `damage` | what a start finds on its disk (AO-15 … AO-17, BT-6, BT-7) |
//! | `snapshot` | the data as the bytes of a snapshot |
//!
//! Keeps: what a turn wrote is on its way to the disk before its replies leave (LP-6): where the process waits for the
//! disk the turn is cut, and goes on with the answer.

mod damage;
mod files;
mod load;
mod log;
mod replay;
mod rewrite;
mod snapshot;

use rcsim_protocol::{Command, Reply};

use crate::disk::{DiskJob, DiskRequest, DiskStep, Wait};
use crate::effect::Effect;
use crate::keyspace::Bytes;
use crate::node::Node;
use crate::outside::Outside;

pub use damage::DataDamage;
pub use load::Files;
pub(crate) use log::Log;
pub(crate) use rewrite::Child;

/// The replication and the timer look at this once per second (LP-7).
const RETRY_TICKS: u64 = 10;

/// What a node knows of its persistence.
#[derive(Clone, Debug, Default)]
pub(crate) struct Persistence {
    pub(crate) log: Log,
    /// The child that rewrites; there is one child at a time.
    pub(crate) child: Option<Child>,
    /// A rewrite begins as soon as there is no child.
    pub(crate) rewrite_scheduled: bool,
    /// Why the data could not be loaded, if so.
    damage: Option<DataDamage>,
    /// Requests whose answer the process needs before its turn can end.
    awaited: u32,
    /// The turn is cut: this goes to the sockets when it goes on.
    cut: Option<Vec<Effect>>,
}

impl Node {
    /// Asks the disk for something on whose result the turn depends.
    pub(crate) fn await_disk(&mut self, job: DiskJob, steps: Vec<DiskStep>, out: &mut Outside<'_>) {
        self.persistence.awaited += 1;
        out.effects.push(Effect::Disk(DiskRequest { job, wait: Wait::Process, steps }));
    }

    /// Whether the turn has to be cut: the process waits for its disk. Keeps what is to go to the sockets.
    pub(crate) fn cut_turn(&mut self, out: &mut Outside<'_>) -> bool {
        if self.persistence.awaited > 0 {
            self.persistence.cut = Some(out.effects.take_outbox());
        }
        self.persistence.awaited > 0
    }

    /// An answer came in that the process waited for: after the last one the turn goes on.
    pub(crate) fn go_on_with_turn(&mut self, out: &mut Outside<'_>) {
        self.persistence.awaited -= 1;
        if self.persistence.awaited == 0
            && !self.process.exited
            && let Some(held) = self.persistence.cut.take()
        {
            out.effects.put_outbox_first(held);
            // AO-11: what failed just now is tried again in the next turn, not in this one.
            let flush = !std::mem::take(&mut self.persistence.log.failed_just_now);
            self.finish_turn(flush, out);
        }
    }

    /// Whether a child is at work, for a rewrite or for a snapshot: there is one at a time.
    pub(crate) fn has_child(&self) -> bool {
        self.persistence.child.is_some() || self.replication.makes_snapshot()
    }

    /// The part of the timer that is about persistence (LP-7): scheduled rewrites, children that ended, triggers,
    /// writes that were postponed, and those that failed.
    pub(crate) fn persistence_cron(&mut self, out: &mut Outside<'_>) {
        if !self.has_child() && self.persistence.rewrite_scheduled && !self.rewrite_is_limited() {
            self.start_rewrite(out);
        }
        if self.has_child() {
            self.reap_child(out);
        } else {
            self.start_rewrite_if_grown(out);
        }
        let log = &self.persistence.log;
        let retry = log.write_error.is_some() && self.process.cron_iteration.is_multiple_of(RETRY_TICKS);
        if log.is_open() && (log.postponed_since_s.is_some() || retry) {
            self.flush_log(false, out);
        }
    }

    /// What a client is told that writes, or pings, while what is written cannot be kept (AO-11).
    pub(crate) fn persistence_error(&self) -> Option<Reply> {
        let error = self.persistence.log.error()?;
        Some(Reply::error(format!("MISCONF Errors writing to the AOF file: {error}")))
    }

    /// A write took place: it goes into the append-only file (AO-4, AO-18).
    pub(crate) fn log_command(&mut self, command: &Command) {
        let waits_for_child = matches!(self.persistence.child, Some(Child::Works { .. }));
        self.persistence.log.append(command, waits_for_child);
    }

    /// The files that a node has on its disk which has run for long; none without an append-only file.
    pub fn formed_files(&self) -> Vec<(String, Vec<u8>)> {
        let log = &self.persistence.log;
        if !log.is_open() {
            return Vec::new();
        }
        let names = &log.names;
        let mut files = vec![(names.path(&names.manifest_name()), log.files.text().into_bytes())];
        files.extend(log.files.base.iter().map(|file| (names.path(&file.name), self.base_bytes())));
        files.extend(log.files.incr.iter().map(|file| (names.path(&file.name), Vec::new())));
        files
    }

    /// Why the data on the disk could not be loaded: what the process wrote into its log before it ended.
    pub fn data_damage(&self) -> Option<&DataDamage> {
        self.persistence.damage.as_ref()
    }
}

/// Bytes that are shared with the disk.
fn shared(bytes: Vec<u8>) -> Bytes {
    Bytes::from(bytes)
}
