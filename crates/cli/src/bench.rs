//! `rcsim bench`: how fast simulated clusters run on this machine.

use rcsim_runner::{BenchCluster, BenchRun};

use crate::arguments::BenchArguments;
use crate::exit::{Exit, Failure};
use crate::stopwatch::Stopwatch;
use crate::terminal::Terminal;

/// Sizes that are measured without clients, and with them.
const QUIET: &[u32] = &[6, 50, 200, 1000];
const LOADED: &[u32] = &[6];
/// So long a cluster with clients runs before it is measured, in ms: they have their maps and connections then.
const WARM_UP_MS: u64 = 200;

/// Runs a cluster of each size, quiet or under load, and prints a line for each.
pub(crate) fn bench(arguments: &BenchArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    if cfg!(debug_assertions) {
        terminal.note("this binary was built without optimisation; use `cargo run --release -- bench`");
    }
    match arguments.clients {
        None => quiet(arguments, terminal),
        Some(clients) => under_load(arguments, clients, terminal),
    }
}

fn quiet(arguments: &BenchArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let names = ["nodes", "virtual s", "wall ms", "events", "messages", "events/s", "virtual s/s"];
    terminal.result(&line(&names.map(str::to_owned)))?;
    for &nodes in arguments.nodes.as_deref().unwrap_or(QUIET) {
        let seconds = arguments.seconds.unwrap_or(default_seconds(nodes));
        let (run, wall_ms) = measure(&mut BenchCluster::formed(nodes, arguments.seed), seconds);
        terminal.result(&line(&[
            nodes.to_string(),
            seconds.to_string(),
            format!("{wall_ms:.1}"),
            run.events.to_string(),
            run.messages.to_string(),
            per_second(run.events, wall_ms),
            format!("{:.1}", f64::from(seconds) / (wall_ms / 1000.0).max(1e-9)),
        ]))?;
    }
    Ok(Exit::Done)
}

fn under_load(arguments: &BenchArguments, clients: u32, terminal: &Terminal) -> Result<Exit, Failure> {
    let names = ["nodes", "clients", "virtual s", "wall ms", "operations", "operations/s", "events/s"];
    terminal.result(&line(&names.map(str::to_owned)))?;
    for &nodes in arguments.nodes.as_deref().unwrap_or(LOADED) {
        let mut cluster = BenchCluster::under_load(nodes, clients, arguments.seed);
        cluster.run(WARM_UP_MS);
        let seconds = arguments.seconds.unwrap_or(5);
        let (run, wall_ms) = measure(&mut cluster, seconds);
        terminal.result(&line(&[
            nodes.to_string(),
            clients.to_string(),
            seconds.to_string(),
            format!("{wall_ms:.1}"),
            run.operations.to_string(),
            per_second(run.operations, wall_ms),
            per_second(run.events, wall_ms),
        ]))?;
    }
    Ok(Exit::Done)
}

fn measure(cluster: &mut BenchCluster, seconds: u32) -> (BenchRun, f64) {
    let watch = Stopwatch::start();
    let run = cluster.run(u64::from(seconds) * 1000);
    (run, watch.millis())
}

fn per_second(count: u64, wall_ms: f64) -> String {
    format!("{:.0}", count as f64 / (wall_ms / 1000.0).max(1e-9))
}

/// Enough virtual time that the start of the run does not count, and a few real seconds at most.
const fn default_seconds(nodes: u32) -> u32 {
    match nodes {
        0..=10 => 3600,
        11..=60 => 600,
        61..=300 => 60,
        _ => 20,
    }
}

fn line(cells: &[String; 7]) -> String {
    let [nodes, second, third, fourth, fifth, sixth, last] = cells;
    format!("{nodes:>6}  {second:>9}  {third:>10}  {fourth:>11}  {fifth:>11}  {sixth:>12}  {last:>12}\n")
}
