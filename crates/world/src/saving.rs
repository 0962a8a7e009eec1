//! nodes.conf on its way to the disk (NC-4), and what a process does while it waits for it (LP-4, BS-4).

use std::collections::VecDeque;

use rcsim_devices::{DiskError, FsyncAnswer, FsyncOp, FsyncOutcome};
use rcsim_engine::{Nanos, Schedule};
use rcsim_node::Effect;

use crate::agenda::Happening;
use crate::host::{CONFIG_FILE, DiskWait, Hold};
use crate::world::World;

impl World {
    /// Writes nodes.conf. `true`: the process waits for the disk now, and [`World::put_off`] keeps what comes after.
    pub(crate) fn save_config(
        &mut self,
        place: usize,
        text: &[u8],
        fsync: bool,
        schedule: &mut Schedule<Happening>,
    ) -> bool {
        let now = schedule.now();
        let (op, at) = match self.write_config(place, text, fsync, now) {
            Ok(None) => return false,
            Ok(Some(FsyncAnswer::At(op, at))) => (Some(op), Some(at)),
            Ok(Some(FsyncAnswer::Stalled(op))) => (Some(op), None),
            Err(_) => (None, Some(now)),
        };
        self.hold(place, Hold::Disk(DiskWait { op, length: text.len(), rest: VecDeque::new() }));
        if let Some(at) = at {
            self.ready_after(place, at - now, schedule);
        }
        true
    }

    /// In place, padded to the old length, synced if asked for, and only then cut (NC-4): a crash between can leave a
    /// mix.
    fn write_config(
        &mut self,
        place: usize,
        text: &[u8],
        fsync: bool,
        now: Nanos,
    ) -> Result<Option<FsyncAnswer>, DiskError> {
        let disk = &mut self.hosts[place].disk;
        let old_length = disk.read(CONFIG_FILE).map_or(0, <[u8]>::len);
        let mut padded = text.to_vec();
        padded.resize(text.len().max(old_length), b'\n');
        disk.write_at(now, CONFIG_FILE, 0, &padded)?;
        if fsync {
            return disk.fsync(now, CONFIG_FILE).map(Some);
        }
        disk.truncate(now, CONFIG_FILE, text.len())?;
        Ok(None)
    }

    /// Keeps the effects that come after the answer of the disk.
    pub(crate) fn put_off(&mut self, place: usize, later: VecDeque<Effect>) {
        let process = self.hosts[place].process.as_mut().expect("a process that waits is there");
        if let Hold::Disk(wait) = &mut process.hold {
            wait.rest = later;
        }
    }

    /// The disk answers: whether nodes.conf was written; then the padding is cut off. Without an operation the write
    /// itself had failed.
    pub(crate) fn config_written(
        &mut self,
        place: usize,
        op: Option<FsyncOp>,
        length: usize,
        now: Nanos,
    ) -> bool {
        let disk = &mut self.hosts[place].disk;
        let written = op.is_some_and(|op| disk.complete(op) == FsyncOutcome::Done);
        written && disk.truncate(now, CONFIG_FILE, length).is_ok()
    }

    /// The stall of a disk is over: the process that waits for it goes on when its fsync is done.
    pub(crate) fn disk_moves_on(
        &mut self,
        place: usize,
        answers: &[(FsyncOp, Nanos)],
        schedule: &mut Schedule<Happening>,
    ) {
        let Some(process) = &self.hosts[place].process else { return };
        let Hold::Disk(DiskWait { op: Some(waiting), .. }) = process.hold else { return };
        if let Some((_, at)) = answers.iter().find(|(op, _)| *op == waiting) {
            let after = *at - schedule.now();
            self.ready_after(place, after, schedule);
        }
    }
}
