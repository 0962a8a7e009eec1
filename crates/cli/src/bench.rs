//! `rcsim bench`: how fast simulated clusters run on this machine.

use crate::arguments::BenchArguments;
use crate::exit::{Exit, Failure};
use crate::stopwatch::Stopwatch;
use crate::terminal::Terminal;

/// Runs a quiet cluster of each size and prints a line for each.
pub(crate) fn bench(arguments: &BenchArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    if cfg!(debug_assertions) {
        terminal.note("this binary was built without optimisation; use `cargo run --release -- bench`");
    }
    let names = ["nodes", "virtual s", "wall ms", "events", "messages", "events/s", "virtual s/s"];
    terminal.result(&line(&names.map(str::to_owned)))?;
    for nodes in &arguments.nodes {
        let seconds = arguments.seconds.unwrap_or(default_seconds(*nodes));
        let mut cluster = rcsim_runner::BenchCluster::formed(*nodes, arguments.seed);
        let watch = Stopwatch::start();
        let run = cluster.run(seconds);
        let wall_ms = watch.millis();
        let per_second = |count: f64| count / (wall_ms / 1000.0).max(1e-9);
        terminal.result(&line(&[
            nodes.to_string(),
            seconds.to_string(),
            format!("{wall_ms:.1}"),
            run.events.to_string(),
            run.messages.to_string(),
            format!("{:.0}", per_second(run.events as f64)),
            format!("{:.1}", per_second(f64::from(seconds))),
        ]))?;
    }
    Ok(Exit::Done)
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
    let [nodes, seconds, wall, events, messages, rate, speed] = cells;
    format!("{nodes:>6}  {seconds:>9}  {wall:>10}  {events:>11}  {messages:>11}  {rate:>11}  {speed:>12}\n")
}
