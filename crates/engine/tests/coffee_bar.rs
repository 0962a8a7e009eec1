//! A world that has nothing to do with Redis: a coffee bar. It proves that the engine is generic, that equal
//! inputs give equal runs, that budgets and stops hold, and that a fork goes on as its original does.

use std::collections::VecDeque;

use rcsim_engine::{
    Budget, Distribution, Engine, Fingerprint, Nanos, Outcome, Schedule, Span, Stream, Streams, World,
};

#[derive(Clone, Copy, Debug)]
enum Event {
    Arrives { guest: u32 },
    Served { barista: usize },
    Closes,
}

#[derive(Clone)]
struct Bar {
    arrivals: Stream,
    brewing: Stream,
    between: Distribution,
    brew: Distribution,
    queue: VecDeque<u32>,
    baristas: Vec<Option<u32>>,
    served: Vec<(Nanos, u32)>,
}

impl Bar {
    fn open(seed: u64, baristas: usize) -> Engine<Bar> {
        let streams = Streams::new(seed);
        let mut engine = Engine::new(Bar {
            arrivals: streams.stream("arrivals", &[]),
            brewing: streams.stream("brewing", &["espresso"]),
            between: Distribution::exponential(Span::ZERO, Span::from_secs(40)),
            brew: Distribution::uniform(Span::from_secs(20), Span::from_secs(90)).unwrap(),
            queue: VecDeque::new(),
            baristas: vec![None; baristas],
            served: Vec::new(),
        });
        let (_, schedule) = engine.parts();
        schedule.at(Nanos::ZERO, Event::Arrives { guest: 1 });
        schedule.at(Nanos::from_secs(3600), Event::Closes);
        engine
    }

    fn serve_next(&mut self, schedule: &mut Schedule<Event>) {
        while let Some(barista) = self.baristas.iter().position(Option::is_none)
            && let Some(guest) = self.queue.pop_front()
        {
            self.baristas[barista] = Some(guest);
            schedule.after(self.brew.sample(self.brewing.next_u64()), Event::Served { barista });
        }
    }
}

impl World for Bar {
    type Event = Event;

    fn handle(&mut self, now: Nanos, event: Event, schedule: &mut Schedule<Event>) {
        match event {
            Event::Arrives { guest } => {
                schedule.fingerprint().mix(&[1, guest.into()]);
                self.queue.push_back(guest);
                let gap = self.between.sample(self.arrivals.next_u64());
                schedule.after(gap, Event::Arrives { guest: guest + 1 });
            }
            Event::Served { barista } => {
                let guest = self.baristas[barista].take().expect("a busy barista");
                schedule.fingerprint().mix(&[2, guest.into()]);
                self.served.push((now, guest));
            }
            Event::Closes => schedule.stop(),
        }
        self.serve_next(schedule);
    }
}

fn evening(seed: u64) -> (Fingerprint, Vec<(Nanos, u32)>) {
    let mut engine = Bar::open(seed, 2);
    assert_eq!(engine.run(Budget::UNLIMITED), Outcome::Stopped);
    (engine.fingerprint(), engine.into_world().served)
}

#[test]
fn equal_seeds_give_equal_evenings_and_others_do_not() {
    let (fingerprint, served) = evening(7);
    assert!(served.len() > 30, "a lively evening: {}", served.len());
    assert_eq!((fingerprint, served), evening(7));
    assert_ne!(fingerprint, evening(8).0);
}

#[test]
fn one_more_barista_changes_no_arrival() {
    let guests = |baristas| {
        let mut engine = Bar::open(3, baristas);
        engine.run(Budget::UNLIMITED);
        engine.into_world().arrivals.next_u64()
    };
    assert_eq!(guests(1), guests(5));
}

#[test]
fn the_world_stops_the_run_and_the_rest_stays_scheduled() {
    let mut engine = Bar::open(7, 2);
    assert_eq!(engine.run(Budget::UNLIMITED), Outcome::Stopped);
    assert_eq!(engine.now(), Nanos::from_secs(3600));
    assert!(engine.next_at().is_some_and(|at| at > engine.now()));
    assert_eq!(engine.run_until(Nanos::from_secs(7200)), Outcome::TimeReached, "a stop ends one call only");
}

#[test]
fn budgets_hold_exactly_and_count_from_the_start() {
    let mut engine = Bar::open(7, 2);
    assert_eq!(engine.run(Budget::UNLIMITED.and_events(10)), Outcome::EventsExhausted);
    assert_eq!(engine.handled(), 10);
    assert_eq!(engine.run(Budget::UNLIMITED.and_events(10)), Outcome::EventsExhausted);
    assert_eq!(engine.handled(), 10);
    let next = engine.next_at().expect("the bar is open");
    assert_eq!(engine.run_until(next - Span(1)), Outcome::TimeReached);
    assert_eq!((engine.handled(), engine.now()), (10, next - Span(1)));
    assert_eq!(engine.run_until(next), Outcome::TimeReached);
    assert_eq!((engine.handled(), engine.now()), (11, next), "the last instant counts");
}

#[test]
fn a_run_in_steps_is_the_same_run() {
    let mut steps = Bar::open(7, 2);
    while steps.now() < Nanos::from_secs(3600) {
        steps.step().expect("closing time comes");
    }
    assert_eq!(steps.fingerprint(), evening(7).0);
}

#[test]
fn a_fork_goes_on_like_its_original_until_somebody_meddles() {
    let mut engine = Bar::open(7, 2);
    engine.run_until(Nanos::from_secs(1800));
    let (mut fork, mut other) = (engine.clone(), engine.clone());
    other.parts().1.after(Span(1), Event::Arrives { guest: 1000 });
    for branch in [&mut engine, &mut fork, &mut other] {
        branch.run(Budget::UNLIMITED);
    }
    assert_eq!(engine.fingerprint(), fork.fingerprint());
    assert_eq!(engine.fingerprint(), evening(7).0);
    assert_ne!(engine.fingerprint(), other.fingerprint());
}

#[test]
fn an_empty_world_is_idle() {
    struct Nothing;
    impl World for Nothing {
        type Event = ();
        fn handle(&mut self, _: Nanos, (): (), _: &mut Schedule<()>) {}
    }
    let mut nothing = Engine::new(Nothing);
    assert_eq!(nothing.run(Budget::UNLIMITED), Outcome::Idle);
    assert_eq!(nothing.run_until(Nanos(5)), Outcome::Idle);
    assert_eq!(nothing.now(), Nanos(5));
}

#[test]
#[should_panic(expected = "scheduled for T+0.999999999s, but it is already T+1.000000000s")]
fn the_past_cannot_be_scheduled() {
    let mut engine = Bar::open(7, 2);
    engine.run_until(Nanos::from_secs(1));
    engine.parts().1.at(Nanos::from_secs(1) - Span(1), Event::Closes);
}
