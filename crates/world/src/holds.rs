//! What holds a process, how it goes on afterwards, and its timer.
//!
//! Rules: LP-1. Keeps: after a hold comes first the rest of what the process was in the middle of, then what arrived
//! meanwhile, one at a time, then the timer.

use rcsim_devices::What;
use rcsim_engine::{Schedule, Span};
use rcsim_node::Input;

use crate::agenda::Happening;
use crate::host::Hold;
use crate::payload::Payload;
use crate::world::World;

impl World {
    /// The other node said something to a process that waited for it: if that was all, the process goes on.
    pub(crate) fn go_on_with_exchange(
        &mut self,
        place: usize,
        what: What<Payload>,
        schedule: &mut Schedule<Happening>,
    ) {
        self.arrive_in_exchange(place, what, schedule);
        self.slow_turn(place, schedule);
        if self.hosts[place].is_free() {
            self.go_on(place, schedule);
        }
    }

    /// With a slow loop the process is busy for some time after each turn.
    pub(crate) fn slow_turn(&mut self, place: usize, schedule: &mut Schedule<Happening>) {
        let host = &mut self.hosts[place];
        if !host.slows.is_empty()
            && host.is_free()
            && let Some(fault) = host.slows.last_mut()
        {
            fault.turns += 1;
            let slow = fault.each_loop;
            self.hold(place, Hold::Turn);
            self.ready_after(place, slow, schedule);
        }
    }

    /// Holds a process.
    pub(crate) fn hold(&mut self, place: usize, hold: Hold) {
        self.hosts[place].holds += 1;
        self.process_of(place).hold = hold;
    }

    /// Lets the present hold of a process end when `span` has passed.
    pub(crate) fn ready_after(&mut self, place: usize, span: Span, schedule: &mut Schedule<Happening>) {
        let host = &self.hosts[place];
        schedule.after(span, Happening::Ready { place: place as u32, life: host.life, hold: host.holds });
    }

    /// The timer of a process is due.
    pub(crate) fn cron(&mut self, place: usize, life: u32, schedule: &mut Schedule<Happening>) {
        let host = &mut self.hosts[place];
        if host.life != life {
            return;
        }
        if !host.is_free() {
            if let Some(process) = &mut host.process {
                process.cron_due = true;
            }
            return;
        }
        self.tell_unsent(place, schedule);
        self.feed(place, Input::Cron, schedule);
        if self.hosts[place].process.is_some() {
            self.arm_cron(place, schedule);
        }
        self.serve_operator(place, schedule);
    }

    /// Tells a node with a limit how much waits on its links (LK-9).
    fn tell_unsent(&mut self, place: usize, schedule: &mut Schedule<Happening>) {
        let process = self.process_of(place);
        if process.node.settings().cluster_link_sendbuf_limit == 0 {
            return;
        }
        let links: Vec<_> = process.sockets.links().collect();
        for (link, conn, end) in links {
            let bytes = self.network.send_buffer(schedule.now(), conn, end);
            self.process_of(place).node.note_unsent(link, bytes);
        }
    }

    /// A hold of a process ends.
    pub(crate) fn release(&mut self, place: usize, life: u32, hold: u32, schedule: &mut Schedule<Happening>) {
        let host = &mut self.hosts[place];
        if host.life != life || host.holds != hold {
            return;
        }
        let Some(process) = &mut host.process else { return };
        if host.paused {
            process.hold_over = true;
            return;
        }
        self.go_on(place, schedule);
    }

    /// A process that was paused goes on. If its disk has not answered meanwhile, it still waits for that.
    pub(crate) fn wake_process(&mut self, place: usize, schedule: &mut Schedule<Happening>) {
        let Some(process) = &mut self.hosts[place].process else { return };
        let over = std::mem::take(&mut process.hold_over);
        self.wake_disk_tasks(place, schedule);
        self.read_inbox_in_exchange(place, schedule);
        let Some(process) = self.hosts[place].process.as_deref_mut() else { return };
        if over || matches!(process.hold, Hold::None) {
            self.go_on(place, schedule);
        }
    }

    /// The process goes on: with what it was held in, then with what arrived meanwhile, then with its timer (LP-1).
    pub(crate) fn go_on(&mut self, place: usize, schedule: &mut Schedule<Happening>) {
        match std::mem::take(&mut self.process_of(place).hold) {
            Hold::None | Hold::Turn => {}
            Hold::Still(rest) => self.apply(place, rest.into_iter(), schedule),
            Hold::Exchange(wait) => {
                self.process_of(place).hold = Hold::Exchange(wait);
                self.exchange_times_out(place, schedule);
            }
            Hold::Disk(wait) => {
                self.end_disk_wait(place, wait, schedule);
                if self.hosts[place].process.is_none() {
                    return;
                }
                self.slow_turn(place, schedule);
            }
        }
        if self.hosts[place].process.is_none() {
            return;
        }
        if self.hosts[place].is_free()
            && let Some((conn, end, what)) = self.process_of(place).inbox.pop_front()
        {
            let meaning = self.process_of(place).sockets.use_of(conn, end);
            self.take(place, conn, end, meaning, what, schedule);
        }
        if self.hosts[place].is_free() && !self.process_of(place).inbox.is_empty() {
            // One at a time: those who watch are shown the world as it is after each.
            self.hold(place, Hold::Turn);
            return self.ready_after(place, Span::ZERO, schedule);
        }
        self.serve_operator(place, schedule);
        if self.hosts[place].is_free() && std::mem::take(&mut self.process_of(place).cron_due) {
            let life = self.hosts[place].life;
            self.cron(place, life, schedule);
        }
    }
}
