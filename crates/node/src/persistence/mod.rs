//! Persistence: the append-only file and snapshots, who writes them, and what is refused when that fails.
//!
//! | room | what is in it |
//! |---|---|
//! | `files` | the set of files of an append-only file, and its manifest (AO-1 … AO-3) |
//! | `log` | the buffer, and when it is written and synced (AO-4 … AO-11) |
//! | `rewrite` | rewriting by a child; turning the file on and off (AO-12 … AO-14) |
//! | `source`, `replay`, `damage` | what a start finds on its disk (AO-15, AO-16, RB-5, RB-6) |
//! | `load` | how it is loaded, and what comes of it (AO-15 … AO-17, BT-2, BT-3, BT-7) |
//! | `snapshot` | when a snapshot is saved, and by whom (RB-1 … RB-3) |
//! | `shutdown` | SHUTDOWN (RB-7) |
//! | `info` | the section of INFO |
//!
//! Keeps: what a turn wrote is on its way to the disk before its replies leave (LP-6): where the process waits for the
//! disk the turn is cut, and goes on with the answer.

mod damage;
mod files;
mod info;
mod load;
mod log;
mod replay;
mod rewrite;
mod shutdown;
mod snapshot;
mod source;

use rcsim_protocol::{Command, Reply};

use crate::disk::{DiskJob, DiskRequest, DiskStep, Wait};
use crate::effect::Effect;
use crate::keyspace::Bytes;
use crate::node::Node;
use crate::outside::Outside;
use shutdown::Shutdown;
use snapshot::Snapshots;

pub use damage::DataDamage;
use load::Loading;
pub(crate) use log::Log;
pub(crate) use rewrite::Child;
pub(crate) use shutdown::ShutdownOptions;
pub use source::Files;

/// The replication and the timer look at this once per second (LP-7).
const RETRY_TICKS: u64 = 10;

/// What a client is told while the last snapshot failed (RB-3).
const SNAPSHOT_FAILED: &str = "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist \
    to disk. Commands that may modify the data set are disabled, because this instance is configured to report errors \
    during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for \
    details about the RDB error.";

/// What a node knows of its persistence.
#[derive(Clone, Debug, Default)]
pub(crate) struct Persistence {
    pub(crate) log: Log,
    pub(crate) snapshots: Snapshots,
    /// The data that are being loaded at the start.
    loading: Option<Loading>,
    /// A shutdown that waits.
    shutdown: Option<Shutdown>,
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

impl Persistence {
    /// Of a process that starts.
    pub(crate) fn starting_at(now_s: i64) -> Persistence {
        Persistence { snapshots: Snapshots::starting_at(now_s), ..Persistence::default() }
    }
}

impl Node {
    /// Asks the disk for something on whose result the turn depends.
    pub(crate) fn await_disk(&mut self, job: DiskJob, steps: Vec<DiskStep>, out: &mut Outside<'_>) {
        self.persistence.awaited += 1;
        out.effects.push(Effect::Disk(DiskRequest { job, wait: Wait::Process, steps }));
    }

    /// Whether the turn has to be cut: the process waits for its disk. Keeps what is to go to the sockets. Until that is
    /// put back no input comes in and no link is closed, so nothing of it can become void meanwhile (LK-7).
    pub(crate) fn cut_turn(&mut self, out: &mut Outside<'_>) -> bool {
        if self.persistence.awaited > 0 {
            self.persistence.cut = Some(out.effects.take_outbox());
        }
        self.persistence.awaited > 0
    }

    /// The turn does not go on after all: what it kept goes to the sockets with what comes now.
    fn put_back_cut_turn(&mut self, out: &mut Outside<'_>) {
        if let Some(held) = self.persistence.cut.take() {
            out.effects.put_outbox_first(held);
        }
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
        self.persistence.child.is_some()
            || self.persistence.snapshots.child.is_some()
            || self.replication.makes_snapshot()
    }

    /// The part of the timer that is about persistence (LP-7): scheduled rewrites, children that ended, triggers,
    /// writes that were postponed, and those that failed.
    pub(crate) fn persistence_cron(&mut self, out: &mut Outside<'_>) {
        if !self.has_child() && self.persistence.rewrite_scheduled && !self.rewrite_is_limited() {
            self.start_rewrite(out);
        }
        if self.has_child() {
            self.reap_child(out);
            self.reap_saving_child(out);
        } else {
            if self.is_save_due() {
                self.start_save(out);
            }
            if !self.has_child() {
                self.start_rewrite_if_grown(out);
            }
        }
        let log = &self.persistence.log;
        let retry = log.write_error.is_some() && self.process.cron_iteration.is_multiple_of(RETRY_TICKS);
        if log.is_open() && (log.postponed_since_s.is_some() || retry) {
            self.flush_log(false, out);
        }
    }

    /// What a client is told that writes, or pings, while what is written cannot be kept (AO-11, RB-3).
    pub(crate) fn persistence_error(&self) -> Option<Reply> {
        let settings = &self.settings;
        let snapshots_matter = settings.stop_writes_on_bgsave_error && !settings.save.is_empty();
        if snapshots_matter && self.persistence.snapshots.has_failed {
            return Some(Reply::error(SNAPSHOT_FAILED));
        }
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
        files.extend(log.files.base.iter().map(|file| (names.path(&file.name), self.base_bytes().to_vec())));
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
