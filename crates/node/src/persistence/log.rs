//! The append-only file while the node runs: what is to be written, and when it is written and synced.
//!
//! Rules: AO-4 … AO-11, LP-2, LP-6, CK-3 (whole cached seconds). Keeps: a write that failed stays in the buffer, so
//! the next one that works has lost nothing.

use rcsim_observe::Event;
use rcsim_observe::reason::ExitCause;
use rcsim_protocol::Command;
use rcsim_protocol::settings::AppendFsync;

use super::files::{FileNames, FileSet};
use super::rewrite::Rewrites;
use super::shared;
use crate::disk::{DiskError, DiskFailure, DiskJob, DiskRequest, DiskStep, Wait};
use crate::effect::Effect;
use crate::keyspace::Bytes;
use crate::node::Node;
use crate::outside::Outside;

/// For so long a write waits for an fsync that is under way, in seconds (AO-7).
const POSTPONE_S: i64 = 2;

/// Whether there is an append-only file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LogState {
    /// There is none.
    #[default]
    Off,
    /// It is written.
    On,
    /// It begins with the next rewrite that succeeds (AO-14).
    WaitsForRewrite,
}

/// The append-only file of a node.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    pub(crate) state: LogState,
    pub(crate) names: FileNames,
    pub(crate) files: FileSet,
    /// What is to be written at the end of the turn.
    pub(crate) buffer: Vec<u8>,
    /// What is being written.
    in_flight: Option<Bytes>,
    /// The next command must be preceded by SELECT.
    pub(crate) needs_select: bool,
    /// Bytes in all files (AO-12).
    pub(crate) current_size: u64,
    /// The same after the last rewrite.
    pub(crate) base_size: u64,
    /// Bytes written to the last increment, and how many of them were handed to an fsync.
    pub(crate) written: u64,
    pub(crate) synced: u64,
    /// When an fsync was last due, in seconds.
    pub(crate) last_fsync_s: i64,
    /// A thread is inside fsync.
    pub(crate) fsync_runs: bool,
    /// Since when the write is put off because of that, in seconds.
    pub(crate) postponed_since_s: Option<i64>,
    /// How many writes waited for it in vain (`aof_delayed_fsync`).
    pub(crate) delayed_fsyncs: u64,
    pub(crate) rewrites: Rewrites,
    pub(crate) write_error: Option<DiskError>,
    /// A write of this turn failed.
    pub(crate) failed_just_now: bool,
    pub(crate) fsync_error: Option<DiskError>,
}

impl Log {
    /// Whether anything is to be written at the end of a turn.
    pub(crate) fn is_open(&self) -> bool {
        self.state != LogState::Off
    }

    /// Why what is written cannot be kept (AO-11).
    pub(crate) fn error(&self) -> Option<DiskError> {
        self.write_error.or(self.fsync_error).filter(|_| self.is_open())
    }

    /// Adds a command to the buffer. While there is no base yet, only what the child has not seen (AO-14).
    pub(super) fn append(&mut self, command: &Command, child_works: bool) {
        if self.state == LogState::On || (self.state == LogState::WaitsForRewrite && child_works) {
            if std::mem::take(&mut self.needs_select) {
                Command::new(["SELECT", "0"]).write_resp(&mut self.buffer);
            }
            command.write_resp(&mut self.buffer);
        }
    }

    /// The file to which commands go now.
    pub(crate) fn current_file(&self) -> Option<String> {
        match self.state {
            LogState::Off => None,
            LogState::WaitsForRewrite => Some(self.names.temporary_incr()),
            LogState::On => self.files.incr.last().map(|file| self.names.path(&file.name)),
        }
    }
}

impl Node {
    /// Writes the buffer and syncs the file, as its policy says (AO-5 … AO-9). `force`: without putting it off.
    pub(crate) fn flush_log(&mut self, force: bool, out: &mut Outside<'_>) {
        let (now_s, policy) = (self.clock.cached_s(), self.settings.appendfsync);
        let log = &mut self.persistence.log;
        let Some(file) = log.current_file().filter(|_| log.in_flight.is_none()) else { return };
        if log.buffer.is_empty() {
            // AO-8
            if policy == AppendFsync::EverySec && log.written > log.synced && !log.fsync_runs {
                self.sync_log(out);
            }
            return;
        }
        if policy == AppendFsync::EverySec && !force && log.fsync_runs {
            // AO-7
            let since = *log.postponed_since_s.get_or_insert(now_s);
            if now_s - since < POSTPONE_S {
                return;
            }
            log.delayed_fsyncs += 1;
            out.tell(Event::AofWriteDelayed { for_s: now_s - since });
        }
        let log = &mut self.persistence.log;
        log.postponed_since_s = None;
        let bytes = shared(std::mem::take(&mut log.buffer));
        log.in_flight = Some(Bytes::clone(&bytes));
        let mut steps = vec![DiskStep::Append { file: file.clone(), bytes }];
        if policy == AppendFsync::Always && !self.is_sync_suspended() {
            steps.push(DiskStep::Fsync { file });
        }
        self.await_disk(DiskJob::AofWrite { synced: steps.len() > 1 }, steps, out);
    }

    /// With `no-appendfsync-on-rewrite` nothing is synced while there is a child (AO-9).
    fn is_sync_suspended(&self) -> bool {
        self.settings.no_appendfsync_on_rewrite && self.has_child()
    }

    /// The buffer was written, or not.
    pub(crate) fn log_written(
        &mut self,
        synced: bool,
        result: Result<(), DiskFailure>,
        out: &mut Outside<'_>,
    ) {
        let log = &mut self.persistence.log;
        let Some(bytes) = log.in_flight.take() else { return };
        let Err(failure) = result else {
            if log.write_error.take().is_some() {
                out.tell(Event::AofErrorOver);
            }
            log.current_size += bytes.len() as u64;
            log.written += bytes.len() as u64;
            if synced {
                log.synced = log.written;
                log.last_fsync_s = self.clock.cached_s();
            } else {
                self.sync_log(out);
            }
            return;
        };
        if self.settings.appendfsync == AppendFsync::Always {
            // AO-5
            return self.exit(ExitCause::AofNotWritten, out);
        }
        // AO-11
        log.failed_just_now = true;
        let later = std::mem::take(&mut log.buffer);
        log.buffer = [&bytes[..], &later].concat();
        if log.write_error.replace(failure.error).is_none() {
            out.tell(Event::AofError);
        }
    }

    /// Hands an fsync to the thread, if one is due (AO-6).
    fn sync_log(&mut self, out: &mut Outside<'_>) {
        let now_s = self.clock.cached_s();
        let due = self.settings.appendfsync == AppendFsync::EverySec
            && now_s > self.persistence.log.last_fsync_s
            && !self.is_sync_suspended();
        let log = &mut self.persistence.log;
        let Some(file) = log.current_file().filter(|_| due) else { return };
        log.last_fsync_s = now_s;
        if !log.fsync_runs {
            log.fsync_runs = true;
            log.synced = log.written;
            let steps = vec![DiskStep::Fsync { file }];
            out.effects.push(Effect::Disk(DiskRequest { job: DiskJob::AofFsync, wait: Wait::Thread, steps }));
        }
    }

    /// The thread came back from its fsync (AO-11): seen at the next turn.
    pub(crate) fn log_synced(&mut self, result: Result<(), DiskFailure>) {
        self.persistence.log.fsync_runs = false;
        self.persistence.log.fsync_error = result.err().map(|failure| failure.error);
    }
}
