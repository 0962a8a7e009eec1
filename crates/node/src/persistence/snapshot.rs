//! Snapshots of the data as files: when they are saved, by whom, and what follows if that fails.
//!
//! Rules: RB-1 … RB-4, AO-1. Keeps: under its name there is always a whole snapshot, for it gets the name when it is
//! complete and durable (RB-2).

use rcsim_observe::Event;
use rcsim_protocol::Reply;

use super::shared;
use super::shutdown::DiskFate;
use crate::disk::{DiskFailure, DiskJob, DiskRequest, DiskStep, Wait};
use crate::effect::Effect;
use crate::keyspace::Bytes;
use crate::node::{ConnectionId, Node};
use crate::outside::Outside;
use crate::rdb::{self, Aux, RecordRef, StreamPosition};

/// What a child writes until it is complete, and what the process itself writes.
const TEMPORARY_OF_CHILD: &str = "temp-bgsave.rdb";
const TEMPORARY: &str = "temp-save.rdb";
/// After a failure the next snapshot is not tried before so many seconds (RB-1).
const RETRY_S: i64 = 5;
/// What a process uses before it has any data, in bytes, as 7.0.15 does roughly.
const IDLE_MEMORY: u64 = 900_000;
/// What a key costs beside its bytes, roughly.
const MEMORY_PER_KEY: u64 = 64;

/// What is known of the snapshots on the disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshots {
    /// When the last one was saved, in seconds; at first, when the process started.
    pub(crate) saved_s: i64,
    /// When a child was last sent to save one.
    tried_s: i64,
    /// That child did not succeed, and nothing else has since.
    pub(crate) has_failed: bool,
    /// Changes since the start of the process that are in the last one.
    pub(crate) changes_saved: u64,
    /// One is to be saved as soon as there is no child.
    pub(crate) is_scheduled: bool,
    /// How many were begun.
    pub(crate) begun: u64,
    /// How many seconds the last child took.
    pub(crate) took_s: Option<i64>,
    /// The child that saves one.
    pub(crate) child: Option<SavingChild>,
    /// What the process itself is writing.
    writing: Option<Writing>,
    /// The data were flushed: this, if anything, replaces the snapshot at the end of the turn.
    was_flushed: bool,
    after_flush: Option<Bytes>,
    /// Keys of the one that was loaded, and those of them that had expired.
    pub(crate) loaded: (u64, u64),
}

/// A child that saves a snapshot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SavingChild {
    /// What it saves: all changes up to this one, in so many bytes.
    changes: u64,
    size: u64,
    pub(crate) since_s: i64,
    /// Whether it succeeded; `None` until it has ended.
    succeeded: Option<bool>,
}

/// A snapshot that the process itself writes.
#[derive(Clone, Copy, Debug)]
struct Writing {
    changes: u64,
    size: u64,
    purpose: Purpose,
}

/// What a process writes a snapshot for by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A client waits for it.
    Save(ConnectionId),
    /// The data were flushed.
    Flush,
    /// The process is about to end.
    Shutdown,
}

impl Snapshots {
    /// Of a process that starts.
    pub(crate) fn starting_at(now_s: i64) -> Snapshots {
        Snapshots { saved_s: now_s, ..Snapshots::default() }
    }
}

impl Node {
    /// The data as a snapshot.
    pub(super) fn snapshot_bytes(&self, stream: Option<StreamPosition>, aof_base: bool) -> Bytes {
        let aux = Aux { created_s: self.clock.now_s(), used_memory: self.used_memory(), stream, aof_base };
        let records = self.keyspace.entries().map(|(key, entry)| RecordRef {
            key,
            value: &entry.value,
            expires_at_ms: entry.expires_at_ms,
        });
        shared(rdb::save(&aux, records, self.settings.rdbcompression))
    }

    /// How much memory the process uses, roughly: snapshots tell it.
    fn used_memory(&self) -> u64 {
        IDLE_MEMORY + self.keyspace.bytes() + MEMORY_PER_KEY * self.keyspace.len() as u64
    }

    /// The changes that are in no snapshot yet.
    pub(crate) fn unsaved_changes(&self) -> u64 {
        self.execution.dirty - self.persistence.snapshots.changes_saved
    }

    /// A save point is reached (RB-1).
    pub(super) fn is_save_due(&self) -> bool {
        let (snapshots, now_s) = (&self.persistence.snapshots, self.clock.cached_s());
        let changes = self.unsaved_changes();
        let reached =
            |(seconds, least): &(u64, u64)| changes >= *least && now_s - snapshots.saved_s > *seconds as i64;
        self.settings.save.iter().any(reached) && self.may_try_to_save()
    }

    fn may_try_to_save(&self) -> bool {
        let snapshots = &self.persistence.snapshots;
        !snapshots.has_failed || self.clock.cached_s() - snapshots.tried_s > RETRY_S
    }

    /// What BGSAVE SCHEDULE asked for, once there is no child (RB-1).
    pub(crate) fn start_scheduled_save(&mut self, out: &mut Outside<'_>) {
        if self.persistence.snapshots.is_scheduled && !self.has_child() && self.may_try_to_save() {
            self.persistence.snapshots.is_scheduled = false;
            self.start_save(out);
        }
    }

    /// Forks a child that saves a snapshot (RB-2).
    pub(crate) fn start_save(&mut self, out: &mut Outside<'_>) {
        let data = self.snapshot_bytes(self.stream_position(), false);
        let (since_s, size) = (self.clock.now_s(), data.len() as u64);
        let snapshots = &mut self.persistence.snapshots;
        snapshots.begun += 1;
        snapshots.tried_s = since_s;
        let changes = self.execution.dirty;
        snapshots.child = Some(SavingChild { changes, size, since_s, succeeded: None });
        let steps = self.saving_steps(TEMPORARY_OF_CHILD, data);
        self.fork(DiskJob::SnapshotChild, steps, out);
    }

    /// Forks a child that writes files.
    pub(super) fn fork(&mut self, job: DiskJob, steps: Vec<DiskStep>, out: &mut Outside<'_>) {
        self.stats.forks += 1;
        out.effects.push(Effect::Fork { memory: self.used_memory() });
        let wait = Wait::Child { keys: self.keyspace.len() as u64 };
        out.effects.push(Effect::Disk(DiskRequest { job, wait, steps }));
    }

    fn saving_steps(&self, temporary: &str, bytes: Bytes) -> Vec<DiskStep> {
        let temporary = temporary.to_owned();
        vec![
            DiskStep::Create { file: temporary.clone() },
            DiskStep::Append { file: temporary.clone(), bytes },
            DiskStep::Fsync { file: temporary.clone() },
            DiskStep::Rename { from: temporary, to: self.settings.dbfilename.clone() },
            DiskStep::FsyncDirectory,
        ]
    }

    /// The child has ended; the timer will see it.
    pub(crate) fn saving_child_ended(&mut self, result: Result<(), DiskFailure>) {
        if let Some(child) = &mut self.persistence.snapshots.child {
            child.succeeded = Some(result.is_ok());
        }
    }

    /// Takes note of a child that has ended.
    pub(super) fn reap_saving_child(&mut self, out: &mut Outside<'_>) {
        let now_s = self.clock.now_s();
        let snapshots = &mut self.persistence.snapshots;
        let Some(child) = snapshots.child.take_if(|child| child.succeeded.is_some()) else { return };
        snapshots.took_s = Some(now_s - child.since_s);
        if child.succeeded == Some(true) {
            self.snapshot_saved(child.changes, child.size, out);
        } else {
            snapshots.has_failed = true;
            out.tell(Event::RdbSaveFailed);
            self.unlink_temporary(TEMPORARY_OF_CHILD, out);
        }
    }

    /// Kills the child that saves; that is no failure.
    pub(crate) fn kill_saving_child(&mut self, out: &mut Outside<'_>) {
        if self.persistence.snapshots.child.take().is_some() {
            out.effects.push(Effect::KillChild);
            self.unlink_temporary(TEMPORARY_OF_CHILD, out);
        }
    }

    fn unlink_temporary(&self, file: &str, out: &mut Outside<'_>) {
        let steps = vec![DiskStep::Unlink { file: file.to_owned() }];
        out.effects.push(Effect::Disk(DiskRequest { job: DiskJob::Unlink, wait: Wait::Thread, steps }));
    }

    fn snapshot_saved(&mut self, changes: u64, size: u64, out: &mut Outside<'_>) {
        let snapshots = &mut self.persistence.snapshots;
        snapshots.changes_saved = changes;
        snapshots.saved_s = self.clock.now_s();
        snapshots.has_failed = false;
        out.tell(Event::RdbSaved { size });
    }

    /// Saves a snapshot now, while everybody waits.
    pub(super) fn save_now(&mut self, purpose: Purpose, bytes: Bytes, out: &mut Outside<'_>) {
        let (changes, size) = (self.execution.dirty, bytes.len() as u64);
        self.persistence.snapshots.writing = Some(Writing { changes, size, purpose });
        let steps = self.saving_steps(TEMPORARY, bytes);
        self.await_disk(DiskJob::Snapshot, steps, out);
    }

    /// SAVE: the client is answered when it is done.
    pub(crate) fn save_for(&mut self, connection: ConnectionId, out: &mut Outside<'_>) {
        self.persistence.snapshots.begun += 1;
        let bytes = self.snapshot_bytes(self.stream_position(), false);
        self.save_now(Purpose::Save(connection), bytes, out);
    }

    /// The snapshot that everybody waited for is saved, or not.
    pub(crate) fn snapshot_written(&mut self, result: Result<(), DiskFailure>, out: &mut Outside<'_>) {
        let Some(Writing { changes, size, purpose }) = self.persistence.snapshots.writing.take() else {
            return;
        };
        if result.is_ok() {
            self.snapshot_saved(changes, size, out);
        } else {
            out.tell(Event::RdbSaveFailed);
            self.unlink_temporary(TEMPORARY, out);
        }
        match purpose {
            Purpose::Save(connection) => {
                let reply = if result.is_ok() { Reply::ok() } else { Reply::error("ERR") };
                self.answer(connection, reply, out);
            }
            Purpose::Flush => {}
            Purpose::Shutdown => {
                let fate = if result.is_ok() { DiskFate::Saved } else { DiskFate::Failed };
                self.finish_shutdown(fate, out);
            }
        }
    }

    /// All data are deleted: with save points the snapshot is replaced by one of what is left, in the same turn.
    pub(crate) fn note_flush(&mut self) {
        let bytes =
            (!self.settings.save.is_empty()).then(|| self.snapshot_bytes(self.stream_position(), false));
        let snapshots = &mut self.persistence.snapshots;
        (snapshots.was_flushed, snapshots.after_flush) = (true, bytes);
    }

    /// What a flush sets off: a child that saves older data is killed.
    pub(crate) fn replace_snapshot_after_flush(&mut self, out: &mut Outside<'_>) {
        if std::mem::take(&mut self.persistence.snapshots.was_flushed) {
            self.kill_saving_child(out);
            if let Some(bytes) = self.persistence.snapshots.after_flush.take() {
                self.save_now(Purpose::Flush, bytes, out);
            }
        }
    }
}
