//! The committed scenarios, and one run of each that many tests compare theirs with.

use std::sync::LazyLock;
use std::thread;

use rcsim_observe::Summary;
use rcsim_runner::{Keep, Options};
use rcsim_scenario::Scenario;

use crate::repository;

/// A committed scenario.
pub(crate) struct Committed {
    /// Its path under `scenarios`, without `.json`.
    pub(crate) name: String,
    pub(crate) scenario: Scenario,
    /// Its own seed, else 1.
    pub(crate) seed: u64,
}

impl Committed {
    /// Runs it with other things to keep.
    pub(crate) fn run(&self, keep: Keep) -> Summary {
        rcsim_runner::run(&self.scenario, &Options { keep, ..Options::seeded(self.seed) })
    }
}

/// All committed scenarios, by name.
pub(crate) static SCENARIOS: LazyLock<Vec<Committed>> = LazyLock::new(|| {
    let files = repository::files("scenarios", ".json");
    files.iter().filter(|path| !path.ends_with(".schema.json")).map(|path| load(path)).collect()
});

/// One run of each, in the same order, keeping the story.
pub(crate) static RUNS: LazyLock<Vec<Summary>> =
    LazyLock::new(|| on_threads(2, &SCENARIOS, |committed| committed.run(Keep::Story)));

fn load(path: &str) -> Committed {
    let scenario = parse(&repository::read(path), path);
    let name = path.trim_start_matches("scenarios/").trim_end_matches(".json").to_owned();
    Committed { name, seed: scenario.seed.unwrap_or(1), scenario }
}

/// A scenario from its text.
pub(crate) fn parse(text: &str, name: &str) -> Scenario {
    rcsim_scenario::parse(text, name, &rcsim_runner::vocabulary())
        .unwrap_or_else(|diagnostics| panic!("{}", diagnostics.render(rcsim_scenario::Colour::Plain)))
}

/// Does the same to every item on several threads; the results are in the order of the items.
pub(crate) fn on_threads<T: Sync, R: Send>(
    threads: usize,
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let (work, mut shares) = (&work, Vec::new());
    thread::scope(|scope| {
        let share = |first: usize| {
            scope.spawn(move || -> Vec<R> { items.iter().skip(first).step_by(threads).map(work).collect() })
        };
        let running: Vec<_> = (0..threads).map(share).collect();
        for thread in running {
            match thread.join() {
                Ok(results) => shares.push(results.into_iter()),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    (0..items.len()).map(|index| shares[index % threads].next().expect("one result per item")).collect()
}
