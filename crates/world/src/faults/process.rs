//! Faults of processes and hosts: crash, power-off, restart, pause.

use rcsim_devices::HostIx;
use rcsim_engine::{Schedule, Span};
use rcsim_observe::{Event, Place};
use rcsim_scenario::{Address, DiskContents, Target};

use super::{Firing, Undo};
use crate::agenda::Happening;
use crate::host::ip_of;
use crate::world::World;

/// From the start of a process until it has read its configuration and listens.
const STARTUP: Span = Span::from_millis(20);

impl World {
    pub(super) fn crash_targets(&mut self, who: &Target, firing: Firing, schedule: &mut Schedule<Happening>) {
        for place in self.places_of(who, firing) {
            if self.hosts[place].process.is_none() && !self.hosts[place].booting {
                continue;
            }
            let connections = self.kill(place, schedule);
            let account = &mut self.faults.accounts[firing.entry];
            account.count("processes", 1);
            account.count("connections_reset", u64::from(connections));
            self.record(Some(Place(place as u32)), Event::Crashed, schedule);
        }
    }

    pub(super) fn power_off_targets(
        &mut self,
        who: &Target,
        firing: Firing,
        schedule: &mut Schedule<Happening>,
    ) {
        for place in self.places_of(who, firing) {
            if !self.hosts[place].has_power {
                continue;
            }
            let had_process = self.bury(place).is_some();
            let ix = self.hosts[place].ix;
            let connections = self.network.power_off(ix, schedule);
            let loss = self.hosts[place].disk.power_loss(schedule.now());
            self.hosts[place].has_power = false;
            let account = &mut self.faults.accounts[firing.entry];
            account.count("processes", u64::from(had_process));
            account.count("connections_lost", u64::from(connections));
            account.count("bytes_lost", loss.lost_bytes);
            self.record(Some(Place(place as u32)), Event::PoweredOff, schedule);
        }
    }

    pub(super) fn restart_targets(
        &mut self,
        who: &Target,
        disk: DiskContents,
        address: Address,
        firing: Firing,
        schedule: &mut Schedule<Happening>,
    ) {
        for place in self.places_of(who, firing) {
            if self.hosts[place].process.is_some() || self.hosts[place].booting {
                continue;
            }
            self.prepare_host(place, disk, address);
            let host = &mut self.hosts[place];
            host.booting = true;
            let life = host.life;
            schedule.after(STARTUP, Happening::Boot { place: place as u32, life });
            self.faults.accounts[firing.entry].count("processes", 1);
        }
    }

    fn prepare_host(&mut self, place: usize, disk: DiskContents, address: Address) {
        let host = &mut self.hosts[place];
        if !std::mem::replace(&mut host.has_power, true) {
            self.network.power_on(host.ix);
        }
        if disk == DiskContents::Empty {
            host.disk.wipe();
        }
        if address == Address::New {
            self.moves += 1;
            self.host_by_ip.remove(&host.ip);
            host.ip = ip_of(host.ix.0, self.moves);
            self.host_by_ip.insert(host.ip, host.ix);
        }
    }

    pub(super) fn pause_targets(
        &mut self,
        who: &Target,
        firing: Firing,
        schedule: &mut Schedule<Happening>,
    ) -> Vec<Undo> {
        let mut undo = Vec::new();
        for host in self.hosts_of(who, firing) {
            let place = host.0 as usize;
            let mut life = 0;
            if let Some(client) = place.checked_sub(self.hosts.len()) {
                if self.clients[client].paused {
                    continue;
                }
                self.pause_client(client, true, schedule);
            } else if self.hosts[place].process.is_some() && !self.hosts[place].paused {
                self.hosts[place].paused = true;
                self.hosts[place].inputs_held = 0;
                life = self.hosts[place].life;
                self.record(Some(Place(host.0)), Event::Paused, schedule);
            } else {
                continue;
            }
            self.faults.accounts[firing.entry].count("processes", 1);
            undo.push(Undo::Pause(host, life));
        }
        undo
    }

    /// SIGCONT: the process goes on with what was held, what arrived, and its timer.
    pub(super) fn resume(
        &mut self,
        entry: usize,
        host: HostIx,
        life: u32,
        schedule: &mut Schedule<Happening>,
    ) {
        let place = host.0 as usize;
        if let Some(client) = place.checked_sub(self.hosts.len()) {
            return self.pause_client(client, false, schedule);
        }
        if self.hosts[place].life != life || !std::mem::take(&mut self.hosts[place].paused) {
            return;
        }
        let held = std::mem::take(&mut self.hosts[place].inputs_held);
        self.faults.accounts[entry].count("inputs_held", held);
        self.record(Some(Place(host.0)), Event::Resumed, schedule);
        self.wake_process(place, schedule);
    }

    pub(super) fn resume_targets(
        &mut self,
        who: &Target,
        firing: Firing,
        schedule: &mut Schedule<Happening>,
    ) {
        let hosts = self.hosts_of(who, firing);
        for active in 0..self.faults.active.len() {
            let mine = |undo: &Undo| matches!(undo, Undo::Pause(host, _) if hosts.contains(host));
            let fault = &mut self.faults.active[active];
            let entry = fault.entry;
            let (resumed, left): (Vec<Undo>, Vec<Undo>) = fault.undo.drain(..).partition(mine);
            fault.undo = left;
            let over = !resumed.is_empty() && self.faults.active[active].undo.is_empty();
            for part in resumed {
                self.faults.accounts[firing.entry].count("processes", 1);
                self.undo(entry, part, schedule);
            }
            if over {
                self.fault_over(entry, true, schedule);
            }
        }
    }

    /// The process is killed: the kernel closes its connections. Returns how many.
    fn kill(&mut self, place: usize, schedule: &mut Schedule<Happening>) -> u32 {
        self.bury(place);
        let ix = self.hosts[place].ix;
        self.network.crash_process(ix, schedule)
    }

    /// The process ended itself.
    pub(crate) fn end_process(&mut self, place: usize, schedule: &mut Schedule<Happening>) {
        self.kill(place, schedule);
    }

    /// Takes the process away; what was due for it is void.
    pub(crate) fn bury(&mut self, place: usize) -> Option<Box<crate::host::RunningProcess>> {
        let host = &mut self.hosts[place];
        host.life += 1;
        host.paused = false;
        host.booting = false;
        let process = host.process.take();
        self.abandon_commands(place);
        process
    }
}
