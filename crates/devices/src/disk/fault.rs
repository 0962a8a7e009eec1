//! What can be wrong with a disk, and the ledger of each fault.

use rcsim_engine::Span;

/// Something wrong with a disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DiskFault {
    /// An fsync is not answered while this lasts.
    FsyncStall,
    /// An fsync answers with an error (EIO).
    FsyncFail,
    /// An fsync answers well and does nothing; nothing is written back either.
    FsyncLie,
    /// A write does not return while this lasts; neither does what changes names.
    WriteStall,
    /// No file can grow (ENOSPC).
    Full,
    /// Every fsync takes so much longer.
    Slow(Span),
}

/// A fault of one disk, in the order of their making. It stays valid (for its ledger) after it was lifted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DiskFaultId(pub u32);

#[derive(Clone, Debug)]
struct Entry {
    fault: DiskFault,
    lasts: bool,
    bitten: u64,
}

/// All faults of a disk, those that are over included.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults {
    entries: Vec<Entry>,
}

impl Faults {
    pub(super) fn inflict(&mut self, fault: DiskFault) -> DiskFaultId {
        self.entries.push(Entry { fault, lasts: true, bitten: 0 });
        DiskFaultId(self.entries.len() as u32 - 1)
    }

    pub(super) fn lift(&mut self, fault: DiskFaultId) {
        self.entries[fault.0 as usize].lasts = false;
    }

    pub(super) fn effect(&self, fault: DiskFaultId) -> u64 {
        self.entries[fault.0 as usize].bitten
    }

    /// Does such a fault last?
    pub(super) fn has(&self, wanted: impl Fn(&DiskFault) -> bool) -> bool {
        self.entries.iter().any(|entry| entry.lasts && wanted(&entry.fault))
    }

    /// The same for an operation that is concerned: each such fault enters it.
    pub(super) fn bites(&mut self, wanted: impl Fn(&DiskFault) -> bool) -> bool {
        let mut any = false;
        for entry in self.entries.iter_mut().filter(|entry| entry.lasts && wanted(&entry.fault)) {
            entry.bitten += 1;
            any = true;
        }
        any
    }

    /// How much longer this operation takes; each slowness enters it.
    pub(super) fn slowness(&mut self) -> Span {
        let mut sum = Span::ZERO;
        for entry in self.entries.iter_mut().filter(|entry| entry.lasts) {
            if let DiskFault::Slow(extra) = entry.fault {
                entry.bitten += 1;
                sum += extra;
            }
        }
        sum
    }
}
