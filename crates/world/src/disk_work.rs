//! What processes ask of their disks, step by step, and who waits for it (LP-4, NC-4, AO-6).
//!
//! Keeps: steps are done in order, up to the first that fails; behind a request for which the process waits come its
//! further effects and inputs. A thread or a child goes on beside the process, and ends with it. What the kernel has
//! begun, it ends: an fsync of a process that died still takes effect, unless the host loses its power.

use std::collections::VecDeque;

use rcsim_devices::{DiskError, FsyncAnswer, FsyncOp, FsyncOutcome};
use rcsim_engine::{Nanos, Schedule};
use rcsim_node::{DiskAnswer, DiskFailure, DiskRequest, DiskStep, Effect, Input, Wait, Work};

use rcsim_observe::{Event, Place};

use crate::agenda::Happening;
use crate::host::{DiskTrap, DiskWait, Hold};
use crate::world::World;

/// A request on its way.
#[derive(Clone, Debug)]
pub(crate) struct DiskTask {
    request: DiskRequest,
    /// The next step, and what it waits for.
    step: usize,
    waits: Waits,
}

/// What a step waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waits {
    /// Nothing: it has not begun.
    No,
    /// A write that was done takes its time.
    Write,
    /// Writes are stalled, so this one has not begun.
    StalledWrite,
    /// An fsync.
    Fsync(FsyncOp),
}

/// How far a request came.
enum Progress {
    Done(DiskAnswer),
    At(Nanos),
    Stalled,
    /// The process is gone.
    Gone,
}

impl DiskTask {
    fn new(request: DiskRequest) -> DiskTask {
        DiskTask { request, step: 0, waits: Waits::No }
    }

    fn failed(&self, error: rcsim_node::DiskError) -> Progress {
        let failure = DiskFailure { step: self.step, error };
        Progress::Done(DiskAnswer { job: self.request.job, result: Err(failure) })
    }
}

impl World {
    /// A process asks for something. `false`: it waits now, and [`World::put_off`] keeps what comes after.
    pub(crate) fn start_disk_work(
        &mut self,
        place: usize,
        request: DiskRequest,
        schedule: &mut Schedule<Happening>,
    ) -> bool {
        let wait = request.wait;
        let task = DiskTask::new(request);
        if wait == Wait::Process {
            return self.work_for_process(place, task, VecDeque::new(), schedule);
        }
        let process = self.process_of(place);
        process.next_task += 1;
        let number = process.next_task;
        process.tasks.insert(number, task);
        self.disk_task_due(place, number, schedule);
        self.hosts[place].process.is_some()
    }

    /// The child of a process ends where it is; what it has written stays.
    pub(crate) fn kill_child(&mut self, place: usize) {
        self.process_of(place).tasks.retain(|_, task| !matches!(task.request.wait, Wait::Child { .. }));
    }

    /// Goes on with what a process waits for; `rest` is what it does afterwards. Says whether it goes on now.
    fn work_for_process(
        &mut self,
        place: usize,
        mut task: DiskTask,
        rest: VecDeque<Effect>,
        schedule: &mut Schedule<Happening>,
    ) -> bool {
        match self.advance(place, &mut task, schedule) {
            Progress::Done(answer) => {
                self.tell_answer(place, answer, schedule);
                if self.hosts[place].process.is_none() {
                    return false;
                }
                if !matches!(self.process_of(place).hold, Hold::None | Hold::Turn) {
                    self.put_off(place, rest);
                    return false;
                }
                self.apply(place, rest.into_iter(), schedule);
                true
            }
            Progress::At(at) => {
                self.hold(place, Hold::Disk(DiskWait { task, rest }));
                self.ready_after(place, at - schedule.now(), schedule);
                false
            }
            Progress::Stalled => {
                self.hold(place, Hold::Disk(DiskWait { task, rest }));
                false
            }
            Progress::Gone => false,
        }
    }

    /// Keeps the effects that come after the answer of the disk.
    pub(crate) fn put_off(&mut self, place: usize, later: VecDeque<Effect>) {
        let Some(process) = self.hosts[place].process.as_mut() else { return };
        match &mut process.hold {
            Hold::Disk(DiskWait { rest, .. }) | Hold::Still(rest) => rest.extend(later),
            Hold::Exchange(wait) => wait.rest.extend(later),
            Hold::None | Hold::Turn => {}
        }
    }

    /// What a process waited for is due.
    pub(crate) fn end_disk_wait(&mut self, place: usize, wait: DiskWait, schedule: &mut Schedule<Happening>) {
        self.work_for_process(place, wait.task, wait.rest, schedule);
    }

    /// What a thread or a child of a process waited for is due, or begins.
    pub(crate) fn disk_task_due(&mut self, place: usize, number: u32, schedule: &mut Schedule<Happening>) {
        if self.hosts[place].paused {
            return self.process_of(place).due_tasks.push(number);
        }
        let Some(mut task) = self.process_of(place).tasks.remove(&number) else { return };
        let life = self.hosts[place].life;
        match self.advance(place, &mut task, schedule) {
            Progress::Done(answer) => return self.tell_answer(place, answer, schedule),
            Progress::At(at) => schedule.at(at, Happening::Disk { place: place as u32, life, task: number }),
            Progress::Stalled => {}
            Progress::Gone => return,
        }
        self.process_of(place).tasks.insert(number, task);
    }

    /// The process goes on after a pause, and its threads and children with it.
    pub(crate) fn wake_disk_tasks(&mut self, place: usize, schedule: &mut Schedule<Happening>) {
        for number in std::mem::take(&mut self.process_of(place).due_tasks) {
            self.disk_task_due(place, number, schedule);
        }
    }

    /// Tells the process what the disk answered.
    fn tell_answer(&mut self, place: usize, answer: DiskAnswer, schedule: &mut Schedule<Happening>) {
        self.hand_in(place, Input::Disk(answer), schedule);
    }

    /// Does steps until one takes time, or fails, or all are done.
    fn advance(&mut self, place: usize, task: &mut DiskTask, schedule: &mut Schedule<Happening>) -> Progress {
        let now = schedule.now();
        loop {
            match std::mem::replace(&mut task.waits, Waits::No) {
                Waits::No | Waits::StalledWrite => {
                    if task.step < task.request.steps.len() && self.trap_springs(place, schedule) {
                        return Progress::Gone;
                    }
                    if let Some(progress) = self.begin_step(place, task, now) {
                        return progress;
                    }
                }
                Waits::Write => task.step += 1,
                Waits::Fsync(op) => match self.hosts[place].disk.complete(op) {
                    FsyncOutcome::Done | FsyncOutcome::Gone => task.step += 1,
                    FsyncOutcome::Failed => return task.failed(rcsim_node::DiskError::Io),
                },
            }
        }
    }

    /// How many disk operations the processes of a place began so far.
    pub fn disk_operations(&self, place: Place) -> u64 {
        self.hosts[place.index()].disk_operations
    }

    /// Lets a process die, or its host lose power, right before one of its disk operations.
    pub fn set_disk_trap(&mut self, place: Place, trap: DiskTrap) {
        self.hosts[place.index()].trap = Some(trap);
    }

    /// Counts a disk operation; `true`: it does not come about, for now the process dies.
    fn trap_springs(&mut self, place: usize, schedule: &mut Schedule<Happening>) -> bool {
        let host = &mut self.hosts[place];
        host.disk_operations += 1;
        let Some(trap) = host.trap.take_if(|trap| trap.operation == host.disk_operations) else {
            return false;
        };
        if !trap.power {
            self.end_process(place, schedule);
        } else {
            self.bury(place);
            let host = &mut self.hosts[place];
            host.disk.power_loss(schedule.now());
            host.has_power = false;
            self.network.power_off(self.hosts[place].ix, schedule);
        }
        let event = if trap.power { Event::PoweredOff } else { Event::Crashed };
        self.record(Some(Place(place as u32)), event, schedule);
        true
    }

    /// Begins the next step; `None` if it was done in no time.
    fn begin_step(&mut self, place: usize, task: &mut DiskTask, now: Nanos) -> Option<Progress> {
        let Some(step) = task.request.steps.get(task.step) else {
            return Some(Progress::Done(DiskAnswer { job: task.request.job, result: Ok(()) }));
        };
        let disk = &mut self.hosts[place].disk;
        let fsync = match step {
            DiskStep::Fsync { file } => Some(disk.fsync(now, file)),
            DiskStep::FsyncDirectory => Some(Ok(disk.fsync_directory(now))),
            _ => None,
        };
        let done = match fsync {
            Some(Ok(FsyncAnswer::At(op, at))) => {
                task.waits = Waits::Fsync(op);
                return Some(Progress::At(at));
            }
            Some(Ok(FsyncAnswer::Stalled(op))) => {
                task.waits = Waits::Fsync(op);
                return Some(Progress::Stalled);
            }
            Some(Err(error)) => Err(error),
            None if disk.write_stalls() => {
                task.waits = Waits::StalledWrite;
                return Some(Progress::Stalled);
            }
            None => change(disk, step, now),
        };
        let done = match (step, task.request.wait) {
            (DiskStep::Append { bytes, .. }, Wait::Child { keys }) => {
                let work = Work { bytes: bytes.len() as u64, keys };
                done.map(|at| at + self.making_time(work))
            }
            _ => done,
        };
        match done {
            Ok(at) if at <= now => {
                task.step += 1;
                None
            }
            Ok(at) => {
                task.waits = Waits::Write;
                Some(Progress::At(at))
            }
            Err(DiskError::NoSpace) => Some(task.failed(rcsim_node::DiskError::NoSpace)),
            Err(DiskError::NoSuchFile(_)) => Some(task.failed(rcsim_node::DiskError::NoSuchFile)),
        }
    }

    /// A stall of a disk is over: who waited goes on, when its fsync is done.
    pub(crate) fn disk_moves_on(
        &mut self,
        place: usize,
        answers: &[(FsyncOp, Nanos)],
        schedule: &mut Schedule<Happening>,
    ) {
        let now = schedule.now();
        let due = |task: &DiskTask| match task.waits {
            Waits::Fsync(op) => answers.iter().find(|(other, _)| *other == op).map(|(_, at)| *at),
            Waits::StalledWrite => Some(now),
            Waits::No | Waits::Write => None,
        };
        let life = self.hosts[place].life;
        let Some(process) = &self.hosts[place].process else { return };
        for (number, at) in process.tasks.iter().filter_map(|(number, task)| Some((*number, due(task)?))) {
            schedule.at(at, Happening::Disk { place: place as u32, life, task: number });
        }
        if let Hold::Disk(wait) = &process.hold
            && let Some(at) = due(&wait.task)
        {
            self.ready_after(place, at - now, schedule);
        }
    }
}

/// A step that is no fsync: when it is done.
fn change(disk: &mut rcsim_devices::Disk, step: &DiskStep, now: Nanos) -> Result<Nanos, DiskError> {
    match step {
        DiskStep::WriteOver { file, content } => {
            let length = disk.read(file).map_or(0, <[u8]>::len).max(content.len());
            let mut padded = content.to_vec();
            padded.resize(length, b'\n');
            disk.write_at(now, file, 0, &padded)
        }
        DiskStep::Create { file } => Ok(disk.create(now, file)),
        DiskStep::Append { file, bytes } => disk.append(now, file, bytes),
        DiskStep::Truncate { file, length } => disk.truncate(now, file, *length),
        DiskStep::Rename { from, to } => disk.rename(now, from, to),
        DiskStep::Unlink { file } => match disk.unlink(now, file) {
            Err(DiskError::NoSuchFile(_)) => Ok(now),
            done => done,
        },
        DiskStep::Fsync { .. } | DiskStep::FsyncDirectory => unreachable!("an fsync is no change"),
    }
}
