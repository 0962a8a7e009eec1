//! What a process asks of its disk, and what it is told.
//!
//! A [`DiskRequest`] is a series of steps that are done in order, up to the first that fails; its [`DiskAnswer`] says
//! how it ended. Who waits is part of the request: the process itself, as inside `write(2)` and `fsync(2)`; a thread of
//! it; or a child that it forked. Why it is so: `docs/decisions/009-what-a-node-asks-of-its-disk.md`.
//!
//! Never: reads (what is on the disk comes in when the process starts), or knows what a file is for. That is the
//! business of the room that asks; here each answer is led to it.

use std::fmt;

use rcsim_observe::reason::ExitCause;

use crate::keyspace::Bytes;
use crate::node::Node;
use crate::outside::Outside;

/// Work for the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskRequest {
    /// What it is for; comes back with the answer.
    pub job: DiskJob,
    /// Who waits for it.
    pub wait: Wait,
    /// What is to be done, in order.
    pub steps: Vec<DiskStep>,
}

/// Who waits for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The process: the effects behind the request, and all further inputs, come after its answer.
    Process,
    /// A thread of the process, while the process goes on.
    Thread,
    /// A child, for which an [`Effect::Fork`](crate::Effect::Fork) comes before. It makes what it writes from the data,
    /// which takes time, and ends with its parent.
    Child {
        /// How many keys there are in what it writes.
        keys: u64,
    },
}

/// One operation on a file. Directories need not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiskStep {
    /// Writes over the beginning of the file (created if missing), with line feeds up to its old end (NC-4).
    WriteOver {
        /// The name.
        file: String,
        /// The content.
        content: Bytes,
    },
    /// Opens a file for writing: created if missing, else cut to nothing.
    Create {
        /// The name.
        file: String,
    },
    /// Writes at the end of the file (created if missing).
    Append {
        /// The name.
        file: String,
        /// What is written: all of it or, on an error, nothing.
        bytes: Bytes,
    },
    /// Cuts the file to this length.
    Truncate {
        /// The name.
        file: String,
        /// In bytes.
        length: usize,
    },
    /// Makes the file durable.
    Fsync {
        /// The name.
        file: String,
    },
    /// Makes the names of files durable.
    FsyncDirectory,
    /// Gives a file another name, in place of the file that had it.
    Rename {
        /// The old name.
        from: String,
        /// The new name.
        to: String,
    },
    /// Removes a file; one that is not there is none.
    Unlink {
        /// The name.
        file: String,
    },
}

/// What a request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskJob {
    /// To save nodes.conf (BS-4).
    Config,
    /// To write the append-only file (AO-5, AO-6).
    AofWrite {
        /// Whether it is synced in the same go.
        synced: bool,
    },
    /// To sync it while the process goes on (AO-6).
    AofFsync,
    /// To make ready the append-only file of a process that starts.
    AofStart,
    /// To open the increment that goes with a rewrite (AO-13).
    AofOpen,
    /// To write the base of a rewrite (AO-13).
    AofRewrite,
    /// To put that base in its place (AO-13).
    AofInstall,
    /// To forget or end what is history; nothing depends on it.
    AofHistory,
    /// To sync an increment to which nothing is added any more.
    AofClose,
    /// To remove files that nobody needs any more.
    Unlink,
    /// To save a snapshot by a child (RB-2).
    SnapshotChild,
    /// To save one while everybody waits.
    Snapshot,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskAnswer {
    /// What it was for.
    pub job: DiskJob,
    /// All steps were done, or one failed and those after it were not tried.
    pub result: Result<(), DiskFailure>,
}

/// A step failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskFailure {
    /// Which one, from 0.
    pub step: usize,
    /// Why.
    pub error: DiskError,
}

/// Why a disk operation failed, in the words of the operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskError {
    /// ENOSPC
    NoSpace,
    /// EIO
    Io,
    /// ENOENT
    NoSuchFile,
}

impl fmt::Display for DiskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DiskError::NoSpace => "No space left on device",
            DiskError::Io => "Input/output error",
            DiskError::NoSuchFile => "No such file or directory",
        })
    }
}

impl Node {
    /// The disk has answered.
    pub(crate) fn disk_answered(&mut self, answer: DiskAnswer, out: &mut Outside<'_>) {
        match answer.job {
            DiskJob::Config => {
                if answer.result.is_err() {
                    self.exit(ExitCause::ConfigNotSaved, out);
                }
                return;
            }
            DiskJob::AofFsync => return self.log_synced(answer.result),
            DiskJob::AofRewrite => return self.rewrite_ended(answer.result),
            DiskJob::AofWrite { synced } => self.log_written(synced, answer.result, out),
            DiskJob::AofStart => {
                if answer.result.is_err() {
                    self.exit(ExitCause::AofNotWritten, out);
                }
            }
            DiskJob::AofOpen => self.rewrite_opened(answer.result, out),
            DiskJob::AofInstall => self.rewrite_installed(answer.result, out),
            DiskJob::Unlink | DiskJob::AofClose => return,
            DiskJob::SnapshotChild => return self.saving_child_ended(answer.result),
            DiskJob::Snapshot => self.snapshot_written(answer.result, out),
            DiskJob::AofHistory => {}
        }
        self.go_on_with_turn(out);
    }
}
