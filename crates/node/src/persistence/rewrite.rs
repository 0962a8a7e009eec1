//! Rewriting the append-only file by a child, and turning the file on and off.
//!
//! Rules: AO-12 … AO-14, AO-18. Keeps: at every step the manifest on the disk lists files that together are all the
//! data: the old base with all increments, until the new base is complete and durable.

use rcsim_observe::Event;
use rcsim_protocol::Command;

use super::files::FileSet;
use super::log::LogState;
use super::shared;
use crate::disk::{DiskFailure, DiskJob, DiskRequest, DiskStep, Wait};
use crate::effect::Effect;
use crate::keyspace::{Bytes, Value};
use crate::node::Node;
use crate::outside::Outside;

/// What a child writes until it is complete.
const TEMPORARY_BASE: &str = "temp-rewriteaof-bg.aof";
/// What a start without a base writes until it is complete.
pub(super) const TEMPORARY_FIRST_BASE: &str = "temp-rewriteaof.aof";
/// Rewrites that failed in a row, after which the next ones wait.
const FAILURES_AT_ONCE: u32 = 3;
/// The longest such wait, in minutes.
const LONGEST_WAIT_MIN: i64 = 60;

/// The child that rewrites.
#[derive(Clone, Debug)]
pub(crate) enum Child {
    /// Its file for what comes meanwhile is being opened; this is what it will write.
    Opens { data: Bytes, files: FileSet },
    /// It writes so many bytes.
    Works { size: u64 },
    /// It has ended and is not reaped yet.
    Ended { size: u64, ok: bool },
    /// Its base takes its place; the manifest that lists it is on its way.
    Installs { size: u64, files: FileSet },
}

/// How the rewrites went so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rewrites {
    pub(super) failures: u32,
    /// How many were begun, when the last one was, and how many seconds the last one took that has ended.
    pub(super) begun: u64,
    pub(super) since_s: Option<i64>,
    pub(super) took_s: Option<i64>,
    /// No automatic rewrite before this time, in seconds.
    wait_until_s: i64,
}

impl Node {
    /// After several failures automatic rewrites wait for 1, 2, 4 … 60 minutes (AO-12).
    pub(super) fn rewrite_is_limited(&self) -> bool {
        self.clock.cached_s() < self.persistence.log.rewrites.wait_until_s
    }

    /// A rewrite begins as soon as there is no child; failures before do not matter any more.
    pub(crate) fn schedule_rewrite(&mut self) {
        self.persistence.rewrite_scheduled = true;
        (self.persistence.log.rewrites.failures, self.persistence.log.rewrites.wait_until_s) = (0, 0);
    }

    /// The file has grown enough (AO-12).
    pub(super) fn start_rewrite_if_grown(&mut self, out: &mut Outside<'_>) {
        let (log, settings) = (&self.persistence.log, &self.settings);
        let percentage = u64::try_from(settings.auto_aof_rewrite_percentage).unwrap_or(0);
        let large = log.current_size > settings.auto_aof_rewrite_min_size;
        let growth = (log.current_size * 100 / log.base_size.max(1)).saturating_sub(100);
        let due = log.state == LogState::On && percentage != 0 && large && growth >= percentage;
        if due && !self.rewrite_is_limited() {
            self.start_rewrite(out);
        }
    }

    /// Opens a new increment, makes the manifest list it, and forks (AO-13).
    pub(crate) fn start_rewrite(&mut self, out: &mut Outside<'_>) {
        self.persistence.rewrite_scheduled = false;
        self.flush_log(true, out);
        let (data, since_s) = (self.base_bytes(), self.clock.now_s());
        let log = &mut self.persistence.log;
        log.rewrites.begun += 1;
        log.rewrites.since_s = Some(since_s);
        log.needs_select = true;
        let mut files = log.files.clone();
        let steps = match log.state {
            LogState::On => {
                let incr = files.add_incr(&log.names);
                let mut steps = vec![DiskStep::Create { file: log.names.path(&incr) }];
                steps.extend(log.names.manifest_steps(&files));
                steps
            }
            LogState::WaitsForRewrite => vec![DiskStep::Create { file: log.names.temporary_incr() }],
            LogState::Off => Vec::new(),
        };
        self.persistence.child = Some(Child::Opens { data, files });
        self.await_disk(DiskJob::AofOpen, steps, out);
    }

    /// The new increment is open: the child may begin.
    pub(crate) fn rewrite_opened(&mut self, result: Result<(), DiskFailure>, out: &mut Outside<'_>) {
        let Some(Child::Opens { data, files }) = self.persistence.child.take() else { return };
        if result.is_err() {
            return self.rewrite_failed(out);
        }
        let log = &mut self.persistence.log;
        // What was written to the old increment must not stay behind: a file that ends early and is not the last is fatal.
        if let Some(file) = log.current_file().filter(|_| log.state == LogState::On) {
            let (job, steps) = (DiskJob::AofClose, vec![DiskStep::Fsync { file }]);
            out.effects.push(Effect::Disk(DiskRequest { job, wait: Wait::Thread, steps }));
        }
        log.files = files;
        (log.written, log.synced) = (0, 0);
        let file = TEMPORARY_BASE.to_owned();
        self.persistence.child = Some(Child::Works { size: data.len() as u64 });
        let steps = vec![
            DiskStep::Create { file: file.clone() },
            DiskStep::Append { file: file.clone(), bytes: data },
            DiskStep::Fsync { file },
        ];
        self.fork(DiskJob::AofRewrite, steps, out);
    }

    /// The child has ended; the timer will see it.
    pub(crate) fn rewrite_ended(&mut self, result: Result<(), DiskFailure>) {
        if let Some(Child::Works { size }) = self.persistence.child {
            self.persistence.child = Some(Child::Ended { size, ok: result.is_ok() });
        }
    }

    /// Puts the new base in its place, if the child is done and did well.
    pub(super) fn reap_child(&mut self, out: &mut Outside<'_>) {
        let Some(Child::Ended { size, ok }) = self.persistence.child else { return };
        if !ok {
            self.persistence.child = None;
            return self.rewrite_failed(out);
        }
        let (preamble, now_s) = (self.settings.aof_use_rdb_preamble, self.clock.now_s());
        let log = &mut self.persistence.log;
        log.rewrites.took_s = log.rewrites.since_s.map(|since| now_s - since);
        let mut files = log.files.clone();
        let base = files.add_base(&log.names, preamble);
        let from = TEMPORARY_BASE.to_owned();
        let mut steps = vec![DiskStep::Rename { from, to: log.names.path(&base) }];
        match log.state {
            LogState::WaitsForRewrite => {
                files.retire_incrs(0);
                let incr = files.add_incr(&log.names);
                let (from, to) = (log.names.temporary_incr(), log.names.path(&incr));
                steps.push(DiskStep::Rename { from, to });
            }
            LogState::On => files.retire_incrs(1),
            LogState::Off => files.retire_incrs(0),
        }
        steps.extend(log.names.manifest_steps(&files));
        self.persistence.child = Some(Child::Installs { size, files });
        self.await_disk(DiskJob::AofInstall, steps, out);
    }

    /// The manifest lists the new base: the old files can go.
    pub(crate) fn rewrite_installed(&mut self, result: Result<(), DiskFailure>, out: &mut Outside<'_>) {
        let Some(Child::Installs { size, files }) = self.persistence.child.take() else { return };
        if result.is_err() {
            return self.rewrite_failed(out);
        }
        let log = &mut self.persistence.log;
        log.files = files;
        if log.state == LogState::WaitsForRewrite {
            log.state = LogState::On;
        }
        log.current_size = size + log.written;
        log.base_size = log.current_size;
        (log.rewrites.failures, log.rewrites.wait_until_s) = (0, 0);
        out.tell(Event::AofRewritten { size });
        self.drop_history(out);
    }

    /// Removes the files that are history, and makes the manifest forget them (AO-13).
    pub(super) fn drop_history(&mut self, out: &mut Outside<'_>) {
        let log = &mut self.persistence.log;
        if log.files.history.is_empty() {
            return;
        }
        let history = std::mem::take(&mut log.files.history);
        let steps = history.iter().map(|file| DiskStep::Unlink { file: log.names.path(&file.name) });
        let job = DiskJob::Unlink;
        out.effects.push(Effect::Disk(DiskRequest { job, wait: Wait::Thread, steps: steps.collect() }));
        let steps = log.names.manifest_steps(&log.files);
        self.await_disk(DiskJob::AofHistory, steps, out);
    }

    fn rewrite_failed(&mut self, out: &mut Outside<'_>) {
        out.tell(Event::AofRewriteFailed);
        let now_s = self.clock.cached_s();
        let rewrites = &mut self.persistence.log.rewrites;
        rewrites.failures += 1;
        if rewrites.failures >= FAILURES_AT_ONCE {
            let minutes = 1_i64.checked_shl(rewrites.failures - FAILURES_AT_ONCE).unwrap_or(LONGEST_WAIT_MIN);
            rewrites.wait_until_s = now_s + 60 * minutes.clamp(1, LONGEST_WAIT_MIN);
        }
        if self.persistence.log.state == LogState::WaitsForRewrite {
            self.persistence.rewrite_scheduled = true;
        }
    }

    /// Begins an append-only file with a rewrite (AO-14).
    pub(crate) fn start_log(&mut self, out: &mut Outside<'_>) {
        let log = &mut self.persistence.log;
        log.state = LogState::WaitsForRewrite;
        log.last_fsync_s = self.clock.cached_s();
        (log.write_error, log.fsync_error) = (None, None);
        (log.written, log.synced) = (0, 0);
        if self.has_child() {
            self.persistence.rewrite_scheduled = true;
        } else {
            self.start_rewrite(out);
        }
    }

    /// Ends the append-only file: what is in the buffer is written and synced, a child is killed.
    pub(crate) fn stop_log(&mut self, out: &mut Outside<'_>) {
        self.flush_log(true, out);
        let log = &mut self.persistence.log;
        if let Some(file) = log.current_file() {
            self.await_disk(DiskJob::AofHistory, vec![DiskStep::Fsync { file }], out);
        }
        self.persistence.rewrite_scheduled = false;
        if self.persistence.child.take().is_some() {
            out.effects.push(Effect::KillChild);
        }
        self.persistence.log.state = LogState::Off;
    }

    /// The data are about to be replaced by a full resync (RP-21).
    pub(crate) fn stop_log_if_open(&mut self, out: &mut Outside<'_>) {
        if self.persistence.log.is_open() {
            self.stop_log(out);
        }
    }

    /// The data were replaced by a full resync, or none will come: a new file begins, which has the old set as its
    /// predecessor until it is complete (AO-14, RP-25).
    pub(crate) fn restart_log_after_sync(&mut self, out: &mut Outside<'_>) {
        if self.settings.appendonly && !self.persistence.log.is_open() {
            self.start_log(out);
        }
    }

    /// What a base holds: a snapshot of the data, or commands that make them (AO-1).
    pub(super) fn base_bytes(&self) -> Bytes {
        if self.settings.aof_use_rdb_preamble {
            return self.snapshot_bytes(None, true);
        }
        shared(self.keyspace_commands())
    }

    fn keyspace_commands(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        if !self.keyspace.is_empty() {
            Command::new(["SELECT", "0"]).write_resp(&mut bytes);
        }
        for (key, entry) in self.keyspace.entries() {
            match &entry.value {
                Value::String(value) => Command::new([&b"SET"[..], key, value]).write_resp(&mut bytes),
                Value::List(list) => {
                    let elements = list.iter().map(AsRef::as_ref);
                    Command::new([&b"RPUSH"[..], key].into_iter().chain(elements)).write_resp(&mut bytes);
                }
            }
            if let Some(at_ms) = entry.expires_at_ms {
                let at_ms = at_ms.to_string();
                Command::new([&b"PEXPIREAT"[..], key, at_ms.as_bytes()]).write_resp(&mut bytes);
            }
        }
        bytes
    }
}
