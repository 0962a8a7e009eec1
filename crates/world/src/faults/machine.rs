//! Faults of clocks, disks and event loops.

use rcsim_devices::DiskFault;
use rcsim_engine::{Schedule, Span};
use rcsim_observe::{Event, Place};
use rcsim_scenario::{FsyncFault, Ppm, Shift, Target};

use super::{Firing, Undo};
use crate::agenda::Happening;
use crate::formation::distribution;
use crate::host::SlowLoop;
use crate::world::World;

impl World {
    pub(super) fn upset_clocks(
        &mut self,
        who: &Target,
        jump: Option<Shift>,
        drift: Option<Ppm>,
        limited: bool,
        firing: Firing,
        schedule: &mut Schedule<Happening>,
    ) -> Vec<Undo> {
        let mut undo = Vec::new();
        for place in self.places_of(who, firing) {
            self.faults.accounts[firing.entry].count("clocks", 1);
            if let Some(jump) = jump {
                let by_ns = i64::try_from(jump.as_nanos()).unwrap_or(i64::MAX);
                self.jump_clock(place, by_ns, schedule);
                // Without a length the step stays: there is nothing to take back.
                undo.extend(limited.then_some(Undo::Jump(place, -by_ns)));
            }
            if let Some(drift) = drift {
                let host = &mut self.hosts[place];
                host.drifts.push((firing.entry, drift.0));
                host.clock.set_drift(schedule.now(), drift.0);
                undo.push(Undo::Drift(place));
            }
        }
        undo
    }

    pub(super) fn jump_clock(&mut self, place: usize, by_ns: i64, schedule: &mut Schedule<Happening>) {
        self.hosts[place].clock.jump(schedule.now(), by_ns);
        let by_ms = by_ns / 1_000_000;
        self.record(Some(Place(place as u32)), Event::ClockJumped { by_ms }, schedule);
    }

    pub(super) fn upset_disks(
        &mut self,
        who: &Target,
        fsync: Option<&FsyncFault>,
        writes_stall: bool,
        full: bool,
        firing: Firing,
    ) -> Vec<Undo> {
        let mut faults: Vec<DiskFault> = full.then_some(DiskFault::Full).into_iter().collect();
        faults.extend(writes_stall.then_some(DiskFault::WriteStall));
        faults.extend(fsync.map(|fault| match fault {
            FsyncFault::Stall => DiskFault::FsyncStall,
            FsyncFault::Fail => DiskFault::FsyncFail,
            FsyncFault::Lie => DiskFault::FsyncLie,
            FsyncFault::Slow(time) => {
                // One draw for the whole fault: a disk that got slow stays as slow as it is.
                let bits = self.draw(firing.entry, firing.round).next_u64();
                DiskFault::Slow(distribution(time).sample(bits))
            }
        }));
        let mut undo = Vec::new();
        for place in self.places_of(who, firing) {
            for fault in &faults {
                let id = self.hosts[place].disk.inflict(*fault);
                self.faults.accounts[firing.entry].disk_faults.push((place, id));
                undo.push(Undo::Disk(place, id));
            }
        }
        undo
    }

    pub(super) fn slow_down(
        &mut self,
        who: &Target,
        each_loop: rcsim_scenario::Span,
        firing: Firing,
    ) -> Vec<Undo> {
        let mut undo = Vec::new();
        for place in self.places_of(who, firing) {
            let each_loop = Span(each_loop.as_nanos());
            self.hosts[place].slows.push(SlowLoop { entry: firing.entry, each_loop, turns: 0 });
            undo.push(Undo::Slow(place));
        }
        undo
    }

    pub(super) fn speed_up(&mut self, entry: usize, place: usize) {
        let slows = &mut self.hosts[place].slows;
        if let Some(at) = slows.iter().position(|fault| fault.entry == entry) {
            let fault = slows.remove(at);
            self.faults.accounts[entry].count("turns_delayed", fault.turns);
        }
    }

    /// Ends one wrong speed of a clock; another one that is still there counts again.
    pub(super) fn steady_clock(&mut self, entry: usize, place: usize, schedule: &mut Schedule<Happening>) {
        let host = &mut self.hosts[place];
        if let Some(at) = host.drifts.iter().position(|(other, _)| *other == entry) {
            host.drifts.remove(at);
        }
        let drift = host.drifts.last().map_or(host.own_drift, |(_, drift)| *drift);
        host.clock.set_drift(schedule.now(), drift);
    }
}
