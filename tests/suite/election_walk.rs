//! A walk over the disk operations of a voter, and of the winner, in an election: at each the process dies, or the host
//! loses its power, exactly there; then the node starts again.
//!
//! Rules: LP-4, BS-4, NC-4, NC-9, EL-13, IV-4. Keeps: what a node announced, a vote or an epoch that it stood in or won,
//! it still knows when it comes back. After a power loss nodes.conf may be torn: then it may be that the node does not
//! come up (NC-7); or, if the tear takes the end of the file, that it has forgotten (NC-9, W-X-6).

use rcsim_engine::{Engine, Nanos};
use rcsim_observe::reason::BindCause;
use rcsim_observe::{Event, Glimpse, Place};
use rcsim_protocol::Epoch;
use rcsim_world::{DiskTrap, World};

const END_MS: u64 = 14_000;
const RESTART_NS: u64 = 9_000_000_000;

const SCENARIO: &str = r#"{
    "name": "election walk",
    "cluster": { "masters": 3, "replicas": 1, "settings": { "cluster-node-timeout": "1s" } },
    "timeline": [
        { "at": "2s", "crash": "n1" },
        { "at": "9s", "restart": "all", "must-fire": false }
    ],
    "until": "14s"
}"#;

/// What a node has told others, or what it knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Known {
    vote: Epoch,
    current: Epoch,
    config: Epoch,
}

/// What came of a run.
#[derive(Debug, Default)]
struct Run {
    operations: u64,
    died: bool,
    /// So early that it was started again.
    died_early: bool,
    /// It did not come up again.
    stays_down: bool,
    announced: Known,
    /// What it knew when it came back.
    back: Option<Known>,
}

fn run(place: Place, seed: u64, trap: Option<DiskTrap>) -> Run {
    let scenario = crate::committed::parse(SCENARIO, "election walk");
    let mut engine: Engine<World> = rcsim_world::start(&scenario, seed);
    if let Some(trap) = trap {
        engine.parts().0.set_disk_trap(place, trap);
    }
    let mut run = Run::default();
    let (mut stood, mut won) = (false, Epoch::ZERO);
    let end = Nanos::from_millis(END_MS);
    while engine.next_at().is_some_and(|at| at <= end) {
        engine.step();
        let now_ns = engine.now().0;
        let world = engine.parts().0;
        for record in world.take_records() {
            if record.place != Some(place) {
                // What others heard has left it: a request of the epoch that they vote in, a claim of slots.
                let told = &mut run.announced;
                match record.event {
                    _ if run.back.is_some() => {}
                    Event::VoteGranted { epoch, .. } if stood => told.current = told.current.max(epoch),
                    Event::SlotsMoved { cause: BindCause::Claim, .. } => told.config = told.config.max(won),
                    _ => {}
                }
                continue;
            }
            match record.event {
                Event::Crashed | Event::PoweredOff => {
                    run.died = true;
                    run.died_early |= now_ns < RESTART_NS;
                }
                Event::Exited { .. } => run.stays_down = true,
                Event::Started { .. } => run.back = Some(known(world, now_ns, place)),
                Event::ElectionStarted { .. } => stood = true,
                Event::Promoted { epoch, .. } => won = epoch,
                Event::VoteSent { epoch } if run.back.is_none() => {
                    run.announced.vote = run.announced.vote.max(epoch);
                }
                _ => {}
            }
        }
    }
    run.operations = engine.parts().0.disk_operations(place);
    run
}

fn known(world: &World, now_ns: u64, place: Place) -> Known {
    let world = world.at(now_ns);
    let node = world.node(place).expect("it has just started");
    Known { vote: node.last_vote_epoch(), current: node.current_epoch(), config: node.config_epoch() }
}

/// Walks; says in how many of so many power losses the file was torn so that the node stayed down or forgot.
fn walk(place: Place, seed: u64) -> (u64, u64) {
    let whole = run(place, seed, None);
    let told = whole.announced;
    assert!(told.vote > Epoch::ZERO || told.config > Epoch::ZERO, "there is an election: {told:?}");
    let mut torn = 0;
    let (mut died, mut failures) = (0, Vec::new());
    for operation in 1..=whole.operations {
        for power in [false, true] {
            let run = run(place, seed, Some(DiskTrap { operation, power }));
            died += u64::from(run.died);
            let forgot = run.back.is_some_and(|back| {
                let told = run.announced;
                back.vote < told.vote
                    || back.current < told.current.max(told.vote)
                    || back.config < told.config
            });
            if power && (forgot || run.stays_down) {
                torn += 1;
            } else if forgot || run.stays_down || (run.died_early && run.back.is_none()) {
                failures.push(format!("seed {seed}, operation {operation}, power {power}: {run:?}"));
            }
        }
    }
    assert!(died > 4, "the traps spring: {died}");
    assert!(failures.is_empty(), "{failures:#?}");
    (torn, whole.operations)
}

#[test]
fn lp_4_a_voter_and_a_winner_know_after_a_crash_what_they_announced() {
    let (voter, winner) = (Place(1), Place(3));
    let walks = (1..=3).flat_map(|seed| [walk(voter, seed), walk(winner, seed)]);
    let (torn, losses) = walks.fold((0, 0), |(torn, losses), walk| (torn + walk.0, losses + walk.1));
    assert!(
        4 * torn <= losses,
        "most of the time the file is whole: torn in {torn} of {losses} power losses"
    );
}
