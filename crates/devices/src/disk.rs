//! One host's disk: files by name, as the page cache shows them and as they would survive.
//!
//! **What survives what.** A process crash costs nothing: the page cache stays. Power loss costs what was not
//! synced:
//!
//! | part of a file | after power loss |
//! |---|---|
//! | synced, or written 30 s ago (the kernel writes back by itself) | as written |
//! | a 4 KiB page written over and not synced | old (4 of 8), new (3 of 8), or torn (1 of 8): new up to some sector |
//! | an unsynced tail beyond the durable end | a drawn length of it, in sectors; no holes |
//! | an unsynced truncation | took place or not |
//! | a name created, renamed or removed | 5 s ago: took place; else the first so many did, in order |
//!
//! An fsync of the directory is about names alone. A completed fsync makes durable what the file held when the fsync *began*, and every change of names
//! before (as journalling file systems do). A rename may survive its file's unsynced content: write, fsync,
//! then rename. One that fails takes its pages with it: they count as clean, and the next fsync answers well
//! without writing them, as in Linux (only a tail goes out with the next growth of the file).
//!
//! Everything that takes time returns when it is done; an fsync has its effect only when the world calls
//! [`Disk::complete`] at that time. Draws are functions of (host, kind, instant, place), so that one
//! operation more or less shifts no other.

mod fault;
mod file;
mod names;

use std::collections::BTreeMap;
use std::fmt;

use rcsim_engine::{Distribution, Nanos, Oracle, Span, Streams};

use self::fault::Faults;
pub use self::fault::{DiskFault, DiskFaultId};
use self::file::{File, Sync};
use self::names::{Change, Names};

/// How fast a disk in good health is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DiskSettings {
    /// From the start of an fsync to its answer.
    pub fsync: Distribution,
    /// A write into the page cache; also rename and unlink.
    pub write: Distribution,
}

impl Default for DiskSettings {
    /// An fsync of 0.5 to 2 ms; writes cost nothing.
    fn default() -> Self {
        let (low, high) = (Span::from_micros(500), Span::from_millis(2));
        Self { fsync: Distribution::Uniform { low, high }, write: Distribution::constant(Span::ZERO) }
    }
}

/// Why a disk operation failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DiskError {
    /// There is no room for the file to grow (ENOSPC).
    NoSpace,
    /// There is no such file (ENOENT).
    NoSuchFile(String),
}

impl fmt::Display for DiskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSpace => write!(f, "no space left on device"),
            Self::NoSuchFile(name) => write!(f, "no such file: {name:?}"),
        }
    }
}

impl std::error::Error for DiskError {}

/// An fsync under way; hand it to [`Disk::complete`] when it is due.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FsyncOp(u64);

/// How an fsync will be answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FsyncAnswer {
    /// At that time, by completing the operation.
    At(FsyncOp, Nanos),
    /// Not before the fault is lifted; [`Disk::lift`] then tells the time.
    Stalled(FsyncOp),
}

/// What an fsync tells the process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FsyncOutcome {
    /// Success. (Under [`DiskFault::FsyncLie`] it is not true.)
    Done,
    /// An input/output error (EIO): what was to be written stays in the page cache only.
    Failed,
    /// The host lost power meanwhile: there is nobody to tell.
    Gone,
}

/// What a power loss cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PowerLoss {
    /// Bytes at which the page cache and what survived differ.
    pub lost_bytes: u64,
    /// Pages that survived in part.
    pub torn_pages: u64,
    /// Creations, renames and removals that did not survive.
    pub lost_names: u64,
}

/// What the oracle is asked for.
#[derive(Clone, Copy)]
enum Draw {
    FsyncTime = 1,
    WriteTime,
    Names,
    Bit,
    Pages,
}

#[derive(Clone, Debug)]
struct Pending {
    /// The file with what is to be written of it; `None` for a sync of the directory.
    file: Option<(u32, Sync)>,
    /// The changes of names before this one (counted from the beginning) become durable with it.
    names_until: u64,
    fate: Fate,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fate {
    Honest,
    Fails,
    Lies,
}

/// The disk of one host.
#[derive(Clone, Debug)]
pub struct Disk {
    settings: DiskSettings,
    oracle: Oracle,
    files: BTreeMap<u32, File>,
    names: Names,
    pending: BTreeMap<FsyncOp, Pending>,
    stalled: Vec<FsyncOp>,
    next_file: u32,
    next_op: u64,
    faults: Faults,
}

impl Disk {
    /// An empty disk of the host called `name`.
    pub fn new(streams: &Streams, name: &str, settings: DiskSettings) -> Self {
        Self {
            settings,
            oracle: streams.oracle("disk", &[name]),
            files: BTreeMap::new(),
            names: Names::default(),
            pending: BTreeMap::new(),
            stalled: Vec::new(),
            next_file: 0,
            next_op: 0,
            faults: Faults::default(),
        }
    }

    /// Puts a file there as if it had always been: durable, without time or fault.
    pub fn install(&mut self, name: &str, content: Vec<u8>) {
        let file = self.fresh_file(File::durable(content));
        self.names.seen.insert(name.to_owned(), file);
        self.names.durable.insert(name.to_owned(), file);
    }

    /// Removes every file, as a new disk would.
    pub fn wipe(&mut self) {
        self.pending.clear();
        self.stalled.clear();
        self.files.clear();
        self.names = Names::default();
    }

    /// What a process reads.
    pub fn read(&self, name: &str) -> Option<&[u8]> {
        self.names.seen.get(name).map(|file| self.files[file].cached())
    }

    /// What of this file is certain to survive a power loss now (under the name that survives).
    pub fn durable(&self, name: &str) -> Option<&[u8]> {
        self.names.durable.get(name).map(|file| self.files[file].durable_part())
    }

    /// The names a process sees, in ascending order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.seen.keys().map(String::as_str)
    }

    /// Opens the file (created if missing, not truncated), writes `content` over its beginning and cuts it to
    /// that length, as a configuration file is saved in place (with an fsync: [`Disk::write_at`],
    /// [`Disk::fsync`], [`Disk::truncate`]). Returns when the process goes on.
    ///
    /// # Errors
    /// [`DiskError::NoSpace`] if the disk is full and the file would grow.
    pub fn overwrite(&mut self, now: Nanos, name: &str, content: &[u8]) -> Result<Nanos, DiskError> {
        let done = self.write_at(now, name, 0, content)?;
        self.file_mut(name, now).truncate(now, content.len());
        Ok(done)
    }

    /// Opens the file for writing from its beginning (created if missing, else cut to nothing). Returns when the
    /// process goes on.
    pub fn create(&mut self, now: Nanos, name: &str) -> Nanos {
        self.file_mut(name, now).truncate(now, 0);
        self.write_done(now)
    }

    /// Writes at the end of the file (created if missing). Returns when the process goes on.
    ///
    /// # Errors
    /// [`DiskError::NoSpace`] if the disk is full; nothing is written then.
    pub fn append(&mut self, now: Nanos, name: &str, bytes: &[u8]) -> Result<Nanos, DiskError> {
        let end = self.read(name).map_or(0, <[u8]>::len);
        self.write_at(now, name, end, bytes)
    }

    /// Writes at `offset` (created if missing; a gap is filled with zeros). Returns when the process goes on.
    ///
    /// # Errors
    /// [`DiskError::NoSpace`] if the disk is full and the file would grow; nothing is written then.
    pub fn write_at(
        &mut self,
        now: Nanos,
        name: &str,
        offset: usize,
        bytes: &[u8],
    ) -> Result<Nanos, DiskError> {
        let grows = offset + bytes.len() > self.read(name).map_or(0, <[u8]>::len);
        if grows && self.faults.bites(|fault| *fault == DiskFault::Full) {
            return Err(DiskError::NoSpace);
        }
        self.file_mut(name, now).write(now, offset, bytes);
        Ok(self.write_done(now))
    }

    /// Cuts the file to `length` bytes, or fills it up with zeros.
    ///
    /// # Errors
    /// [`DiskError::NoSuchFile`] if there is none of this name.
    pub fn truncate(&mut self, now: Nanos, name: &str, length: usize) -> Result<Nanos, DiskError> {
        self.inode(name)?;
        self.file_mut(name, now).truncate(now, length);
        Ok(self.write_done(now))
    }

    /// Gives the file another name; whatever had that name is gone.
    ///
    /// # Errors
    /// [`DiskError::NoSuchFile`] if there is none called `from`.
    pub fn rename(&mut self, now: Nanos, from: &str, to: &str) -> Result<Nanos, DiskError> {
        self.inode(from)?;
        self.change_names(now, Change::Rename(from.to_owned(), to.to_owned()));
        Ok(self.write_done(now))
    }

    /// Removes the file.
    ///
    /// # Errors
    /// [`DiskError::NoSuchFile`] if there is none of this name.
    pub fn unlink(&mut self, now: Nanos, name: &str) -> Result<Nanos, DiskError> {
        self.inode(name)?;
        self.change_names(now, Change::Unlink(name.to_owned()));
        Ok(self.write_done(now))
    }

    /// Starts to make the file's present content and all changes of names so far durable.
    ///
    /// # Errors
    /// [`DiskError::NoSuchFile`] if there is none of this name.
    pub fn fsync(&mut self, now: Nanos, name: &str) -> Result<FsyncAnswer, DiskError> {
        let file = self.inode(name)?;
        let mut sync = self.files.get_mut(&file).expect("a name leads to a file").start_sync();
        // What an earlier fsync still works on is awaited too.
        let earlier = self.pending.values().filter(|it| it.fate == Fate::Honest);
        for (_, earlier) in earlier.filter_map(|it| it.file.as_ref()).filter(|(other, _)| *other == file) {
            sync.include(earlier);
        }
        Ok(self.begin_sync(now, Some((file, sync))))
    }

    /// Starts to make all changes of names so far durable, as an fsync of the directory does.
    pub fn fsync_directory(&mut self, now: Nanos) -> FsyncAnswer {
        self.begin_sync(now, None)
    }

    fn begin_sync(&mut self, now: Nanos, file: Option<(u32, Sync)>) -> FsyncAnswer {
        let op = FsyncOp(self.next_op);
        self.next_op += 1;
        let fate = if self.faults.bites(|fault| *fault == DiskFault::FsyncFail) {
            Fate::Fails
        } else if self.faults.bites(|fault| *fault == DiskFault::FsyncLie) {
            Fate::Lies
        } else {
            Fate::Honest
        };
        self.pending.insert(op, Pending { file, names_until: self.names.count(), fate });
        if self.faults.bites(|fault| *fault == DiskFault::FsyncStall) {
            self.stalled.push(op);
            return FsyncAnswer::Stalled(op);
        }
        FsyncAnswer::At(op, self.fsync_done(now, op))
    }

    /// Whether a write would not return now, because writes stall ([`DiskFault::WriteStall`]); each refusal enters the
    /// fault.
    pub fn write_stalls(&mut self) -> bool {
        self.faults.bites(|fault| *fault == DiskFault::WriteStall)
    }

    /// An fsync is due: it takes effect, and this is what the process is told.
    pub fn complete(&mut self, op: FsyncOp) -> FsyncOutcome {
        let Some(Pending { file, names_until, fate }) = self.pending.remove(&op) else {
            return FsyncOutcome::Gone;
        };
        if let Some((file, sync)) = file
            && let Some(file) = self.files.get_mut(&file)
        {
            match fate {
                Fate::Honest => file.finish_sync(sync),
                Fate::Lies => file.abandon_sync(sync),
                Fate::Fails => file.fail_sync(sync),
            }
        }
        if fate == Fate::Honest {
            self.names.settle(names_until);
            self.drop_nameless();
        }
        if fate == Fate::Fails { FsyncOutcome::Failed } else { FsyncOutcome::Done }
    }

    /// The host loses power: only what is durable survives, and of the rest what chance leaves (see the table
    /// above).
    pub fn power_loss(&mut self, now: Nanos) -> PowerLoss {
        for (file, sync) in std::mem::take(&mut self.pending).into_values().filter_map(|it| it.file) {
            if let Some(file) = self.files.get_mut(&file) {
                file.abandon_sync(sync);
            }
        }
        self.stalled.clear();
        let writes_back = self.writes_back();
        self.names.commit(now, writes_back);
        let total = self.names.pending();
        let bits = self.oracle.draw(Draw::Names as u64, now.0);
        let kept = ((u128::from(bits) * u128::from(total + 1)) >> 64) as u64;
        let mut loss = PowerLoss { lost_names: total - kept, ..PowerLoss::default() };
        let position = self.oracle.draw(Draw::Pages as u64, now.0);
        for (number, file) in &mut self.files {
            let (oracle, lane) = (self.oracle, position ^ u64::from(*number));
            let (lost, torn) = file.lose_power(now, writes_back, |page| oracle.draw(lane, page));
            loss.lost_bytes += lost;
            loss.torn_pages += torn;
        }
        self.names.lose_power(kept);
        self.drop_nameless();
        loss
    }

    /// Flips one drawn bit of the file, on the disk and in what is read from it. Returns the byte's offset;
    /// `None` if the file is missing or empty.
    pub fn rot(&mut self, now: Nanos, name: &str) -> Option<usize> {
        let file = self.files.get_mut(self.names.seen.get(name)?)?;
        let bits = (file.cached().len() as u64) * 8;
        let bit = (u128::from(self.oracle.draw(Draw::Bit as u64, now.0)) * u128::from(bits)) >> 64;
        (bits > 0).then(|| file.flip(bit as u64))
    }

    /// From now on this is wrong with the disk.
    pub fn inflict(&mut self, fault: DiskFault) -> DiskFaultId {
        self.faults.inflict(fault)
    }

    /// Ends a fault. If it was the last stall, the fsyncs that waited are answered at the times returned.
    pub fn lift(&mut self, now: Nanos, fault: DiskFaultId) -> Vec<(FsyncOp, Nanos)> {
        self.faults.lift(fault);
        if self.faults.has(|fault| *fault == DiskFault::FsyncStall) {
            return Vec::new();
        }
        let released = std::mem::take(&mut self.stalled);
        released.into_iter().map(|op| (op, self.fsync_done(now, op))).collect()
    }

    /// How many operations a fault has concerned so far; also after its end. Zero means that it never bit.
    ///
    /// # Panics
    /// If this disk never had that fault.
    pub fn effect(&self, fault: DiskFaultId) -> u64 {
        self.faults.effect(fault)
    }

    fn fsync_done(&mut self, now: Nanos, op: FsyncOp) -> Nanos {
        let position = self.oracle.draw(Draw::FsyncTime as u64, op.0);
        now + self.settings.fsync.sample(self.oracle.draw(position, now.0)) + self.faults.slowness()
    }

    fn write_done(&mut self, now: Nanos) -> Nanos {
        let bits = self.oracle.draw(Draw::WriteTime as u64, now.0);
        now + self.settings.write.sample(bits)
    }

    fn inode(&self, name: &str) -> Result<u32, DiskError> {
        self.names.seen.get(name).copied().ok_or_else(|| DiskError::NoSuchFile(name.to_owned()))
    }

    fn fresh_file(&mut self, file: File) -> u32 {
        let number = self.next_file;
        self.next_file += 1;
        self.files.insert(number, file);
        number
    }

    /// The file of this name, created if missing.
    fn file_mut(&mut self, name: &str, now: Nanos) -> &mut File {
        let number = self.names.seen.get(name).copied().unwrap_or_else(|| {
            let number = self.fresh_file(File::created(now));
            self.change_names(now, Change::Create(name.to_owned(), number));
            number
        });
        self.files.get_mut(&number).expect("a name leads to a file")
    }

    fn change_names(&mut self, now: Nanos, change: Change) {
        let writes_back = self.writes_back();
        self.names.change(now, change, writes_back);
    }

    /// Does the kernel's own writing-back reach the disk?
    fn writes_back(&self) -> bool {
        !self.faults.has(|fault| *fault == DiskFault::FsyncLie)
    }

    /// Forgets files that have no name, neither now nor after a power loss.
    fn drop_nameless(&mut self) {
        let kept = self.names.files();
        self.files.retain(|number, _| kept.contains(number));
    }
}
