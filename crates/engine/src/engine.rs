//! The loop: an [`Engine`] pops one event, its [`World`] handles it and schedules more, and so on.
//!
//! Invariants: virtual time never goes back; an event is handled exactly once, at its time, in the order of
//! (time, sequence); time and sequence of each are in the fingerprint before the world sees it. The engine
//! owns the world and the [`Schedule`]; a handler gets both, one at a time, and nothing else. Engine and
//! world are plain data: a clone is a snapshot and a fork.

use crate::budget::{Budget, Outcome};
use crate::fingerprint::{Fingerprint, Fingerprinter};
use crate::queue::EventQueue;
use crate::time::{Nanos, Span};

/// What a simulation is about: it gives events their meaning.
pub trait World {
    /// Something that happens at a point of time.
    type Event;

    /// Lets `event` happen at `now`; what follows from it goes into `schedule`.
    fn handle(&mut self, now: Nanos, event: Self::Event, schedule: &mut Schedule<Self::Event>);

    /// These events come next, in no particular order (others may still come between). A large world can read here what
    /// each of them is going to touch: memory that is asked for all at once arrives sooner than one piece after the
    /// other. A run must be the same without it.
    fn look_ahead<'a>(&self, coming: impl Iterator<Item = &'a Self::Event>)
    where
        Self::Event: 'a,
    {
        let _ = coming;
    }
}

/// The agenda of a run: the clock, the events to come, and the fingerprint of what has been.
#[derive(Clone, Debug)]
pub struct Schedule<E> {
    queue: EventQueue<E>,
    now: Nanos,
    stopped: bool,
    fingerprint: Fingerprinter,
}

impl<E> Schedule<E> {
    fn new() -> Self {
        Self { queue: EventQueue::new(), now: Nanos::ZERO, stopped: false, fingerprint: Fingerprinter::new() }
    }

    /// The virtual time.
    #[inline]
    pub fn now(&self) -> Nanos {
        self.now
    }

    /// Lets `event` happen at `at`, after everything already scheduled for that instant.
    ///
    /// # Panics
    /// If `at` lies in the past: causes come before effects.
    #[inline]
    pub fn at(&mut self, at: Nanos, event: E) {
        assert!(at >= self.now, "an event was scheduled for {at:#}, but it is already {:#}", self.now);
        self.queue.push(at, event);
    }

    /// Lets `event` happen when `span` has passed.
    #[inline]
    pub fn after(&mut self, span: Span, event: E) {
        self.queue.push(self.now + span, event);
    }

    /// Ends the run when the handler returns; what is scheduled stays scheduled.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    /// The running fingerprint, to mix in what happened.
    #[inline]
    pub fn fingerprint(&mut self) -> &mut Fingerprinter {
        &mut self.fingerprint
    }

    /// How many events are still to come.
    pub fn pending(&self) -> usize {
        self.queue.len()
    }
}

/// A world under way.
#[derive(Clone, Debug)]
pub struct Engine<W: World> {
    world: W,
    schedule: Schedule<W::Event>,
    handled: u64,
}

impl<W: World> Engine<W> {
    /// A world at time zero with nothing scheduled; see [`Engine::parts`] for its first events.
    pub fn new(world: W) -> Self {
        Self { world, schedule: Schedule::new(), handled: 0 }
    }

    /// The world, to look at.
    pub fn world(&self) -> &W {
        &self.world
    }

    /// The world and its schedule, to act on between two events (the first events, an operator's hand).
    pub fn parts(&mut self) -> (&mut W, &mut Schedule<W::Event>) {
        (&mut self.world, &mut self.schedule)
    }

    /// Ends the run and gives the world back.
    pub fn into_world(self) -> W {
        self.world
    }

    /// The virtual time.
    pub fn now(&self) -> Nanos {
        self.schedule.now
    }

    /// How many events were handled since the start.
    pub fn handled(&self) -> u64 {
        self.handled
    }

    /// How many events are still to come.
    pub fn pending(&self) -> usize {
        self.schedule.pending()
    }

    /// When the next event is due.
    pub fn next_at(&self) -> Option<Nanos> {
        self.schedule.queue.peek_time()
    }

    /// The events still to come, in no particular order.
    pub fn upcoming(&self) -> impl Iterator<Item = (Nanos, u64, &W::Event)> {
        self.schedule.queue.pending()
    }

    /// The fingerprint of everything so far.
    pub fn fingerprint(&self) -> Fingerprint {
        self.schedule.fingerprint.finish()
    }

    /// Handles one event and returns its time; `None` if none is left.
    #[inline]
    pub fn step(&mut self) -> Option<Nanos> {
        if let Some(coming) = self.schedule.queue.newly_opened() {
            self.world.look_ahead(coming);
        }
        let (at, sequence, event) = self.schedule.queue.pop()?;
        self.schedule.now = at;
        self.schedule.fingerprint.mix(&[at.0, sequence]);
        self.handled += 1;
        self.world.handle(at, event, &mut self.schedule);
        Some(at)
    }

    /// Handles everything up to and including `until`; the clock then stands at `until`, unless the world
    /// stopped.
    pub fn run_until(&mut self, until: Nanos) -> Outcome {
        self.run(Budget::until(until))
    }

    /// Handles events until the budget, the world or the queue says that it is enough. A stop ends one call
    /// only.
    pub fn run(&mut self, budget: Budget) -> Outcome {
        self.schedule.stopped = false;
        loop {
            match self.next_at() {
                Some(at) if at > budget.until => return self.rest_until(budget.until, Outcome::TimeReached),
                None if budget.until == Nanos::MAX => return Outcome::Idle,
                None => return self.rest_until(budget.until, Outcome::Idle),
                Some(_) if self.handled >= budget.events => return Outcome::EventsExhausted,
                Some(_) => self.step(),
            };
            if self.schedule.stopped {
                return Outcome::Stopped;
            }
        }
    }

    fn rest_until(&mut self, until: Nanos, outcome: Outcome) -> Outcome {
        self.schedule.now = self.schedule.now.max(until);
        outcome
    }
}
