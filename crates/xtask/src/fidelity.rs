//! `fidelity`: the same faults as in the reference measurements, and how the figures compare.
//!
//! | room | what is in it |
//! |---|---|
//! | `case` | the faults as scenarios, and the figures of one run |
//! | `traffic` | bus messages of a quiet cluster |
//! | `reference` | the measurements of real servers |
//! | `sample` | quantiles, and the distance of two samples |
//! | `comparison` | one line of the table with its pass mark |
//! | `print` | the lines as a table or as JSON |
//!
//! Measures only: no figure of the simulation is made from the reference.

mod case;
mod comparison;
mod print;
mod reference;
mod sample;
mod traffic;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::{Args, ValueEnum};
use rcsim_scenario::Span;

use case::{Case, Fault, Figures};
use comparison::{Comparison, Mark};
use reference::Reference;
use sample::Sample;
use traffic::Size;

/// Runs of one size and node timeout for the traffic: its rates hardly differ between seeds.
const TRAFFIC_SEEDS: u64 = 4;

/// Options of the comparison.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Runs of each fault
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// Threads [default: one per processor]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Node timeouts of the crashes, in ms; 1000 and 5000 were measured
    #[arg(long, value_delimiter = ',', default_values_t = [1000, 5000],
          value_parser = clap::value_parser!(u64).range(1..=600_000))]
    timeouts: Vec<u64>,
    /// A table, or one JSON object
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// How the comparison is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Table,
    Json,
}

/// Compares, prints, and fails if a pass mark is missed.
pub(crate) fn fidelity(arguments: &Arguments) -> Result<(), String> {
    let mut lines = Vec::new();
    for timeout in &arguments.timeouts {
        lines.extend(crashes(arguments, *timeout)?);
    }
    lines.extend(pauses(arguments)?);
    lines.extend(traffic(arguments)?);
    lines.extend(partitions(arguments)?);
    lines.extend(manual_failovers(arguments)?);
    lines.extend(kills_under_load(arguments)?);
    match arguments.format {
        Format::Table => print!("{}", print::table(&lines)),
        Format::Json => println!("{}", print::json(&lines, arguments.seeds)),
    }
    match lines.iter().filter(|line| line.missed()).count() {
        0 => Ok(()),
        missed => Err(format!("{missed} pass marks were missed")),
    }
}

/// The stages of a failover after a fault, with what must hold of them.
const STAGES: [(&str, Mark); 7] = [
    ("pfail_first_ms", Mark::MedianAndShape),
    ("pfail_last_ms", Mark::None),
    ("fail_first_ms", Mark::MedianAndShape),
    ("fail_known_all_ms", Mark::Median),
    ("election_scheduled_ms", Mark::Median),
    ("election_started_ms", Mark::Median),
    ("promoted_ms", Mark::MedianAndShape),
];

/// Stages that the loopback device of the measurements distorts: compared with the runs in network namespaces only.
const DISTORTED_STAGES: [(&str, Mark); 2] =
    [("slots_reowned_all_ms", Mark::Median), ("state_ok_last_ms", Mark::Median)];

fn crashes(arguments: &Arguments, node_timeout_ms: u64) -> Result<Vec<Comparison>, String> {
    let runs = run_all(arguments, Case { fault: Fault::Kill9, node_timeout_ms });
    let title = format!("kill -9 of a master, NT {node_timeout_ms}");
    let nt = node_timeout_ms.to_string();
    let loopback = Reference::read("failover_kill9")?.only("node_timeout_ms", &nt);
    let namespaces = Reference::read("failover_kill9_netns")?.only("node_timeout_ms", &nt);
    let mut lines = compare(&title, &STAGES, &runs, &loopback);
    lines.extend(compare(&title, &DISTORTED_STAGES, &runs, &namespaces));
    Ok(lines)
}

fn pauses(arguments: &Arguments) -> Result<Vec<Comparison>, String> {
    let runs = run_all(arguments, Case { fault: Fault::Sigstop, node_timeout_ms: 1000 });
    let measured = Reference::read("failover_sigstop")?.only("node_timeout_ms", "1000");
    Ok(compare("SIGSTOP of a master, NT 1000", &STAGES, &runs, &measured))
}

fn partitions(arguments: &Arguments) -> Result<Vec<Comparison>, String> {
    let figures = [
        ("min_pfail_first_ms", Mark::None),
        ("min_state_fail_ms", Mark::None),
        ("min_last_ok_ms", Mark::Range),
        ("min_acked_after_cut", Mark::Range),
        ("maj_pfail_first_ms", Mark::None),
        ("maj_fail_first_ms", Mark::None),
        ("promoted_ms", Mark::None),
        ("h_reconf_as_replica_ms", Mark::None),
        ("lost_acked_total", Mark::Range),
        // What was on its way at the cut: some tenths of a write at this latency, nothing over loopback.
        ("lost_acked_before_cut", Mark::None),
    ];
    let mut lines = Vec::new();
    for node_timeout_ms in [1000, 5000] {
        let measured = Reference::read("partition")?.only("node_timeout_ms", &node_timeout_ms.to_string());
        let heal = measured.sample("heal_ms");
        let [low, high] =
            [0.0, 1.0].map(|share| Span::from_millis(heal.quantile(share).unwrap_or(0.0) as u64));
        let fault = Fault::Partition(low, high);
        let runs = run_all(arguments, Case { fault, node_timeout_ms });
        let title = format!("a master cut off with its client, NT {node_timeout_ms}");
        lines.extend(compare(&title, &figures, &runs, &measured));
    }
    Ok(lines)
}

fn manual_failovers(arguments: &Arguments) -> Result<Vec<Comparison>, String> {
    let figures = [
        ("promoted_ms", Mark::None),
        ("old_master_reconf_ms", Mark::None),
        ("owner_seen_all_ms", Mark::None),
        ("write_pause_ms", Mark::None),
        ("lost_acked", Mark::NoMore),
    ];
    let runs = run_all(arguments, Case { fault: Fault::ManualFailover, node_timeout_ms: 2000 });
    let measured = Reference::read("manual_failover_netns")?.only("node_timeout_ms", "2000");
    Ok(compare("CLUSTER FAILOVER under 500 writes/s, NT 2000", &figures, &runs, &measured))
}

fn kills_under_load(arguments: &Arguments) -> Result<Vec<Comparison>, String> {
    let figures =
        [("unavailable_ms", Mark::Range), ("promoted_ms", Mark::Range), ("lost_acked", Mark::NoMore)];
    let runs = run_all(arguments, Case { fault: Fault::Kill9UnderLoad, node_timeout_ms: 2000 });
    let measured = Reference::read("data_loss_kill9")?.only("node_timeout_ms", "2000");
    Ok(compare("kill -9 of a master under 500 writes/s, NT 2000", &figures, &runs, &measured))
}

fn traffic(arguments: &Arguments) -> Result<Vec<Comparison>, String> {
    let reference = Reference::read("message_rates")?;
    let mut lines = Vec::new();
    for size in Size::ALL {
        for node_timeout_ms in [1000, 5000, 15000] {
            let seeds = TRAFFIC_SEEDS.min(arguments.seeds);
            let rates = on_threads(arguments, seeds, |seed| size.messages_per_second(node_timeout_ms, seed));
            let rows = reference.only("nodes", &size.nodes.to_string());
            let rows = rows.only("masters", &size.masters.to_string());
            let measured = rows.only("node_timeout_ms", &node_timeout_ms.to_string()).sample("sent_per_s");
            lines.push(Comparison {
                title: "bus messages per node and second".to_owned(),
                figure: format!("{} nodes, NT {node_timeout_ms}", size.nodes),
                simulated: Sample::new(rates),
                measured,
                mark: Mark::Mean,
            });
        }
    }
    Ok(lines)
}

fn compare(
    title: &str,
    figures: &[(&'static str, Mark)],
    runs: &[Figures],
    measured: &Reference,
) -> Vec<Comparison> {
    let of_runs =
        |figure: &str| Sample::new(runs.iter().filter_map(|run| run.get(figure).copied()).collect());
    let line = |(figure, mark): &(&'static str, Mark)| Comparison {
        title: title.to_owned(),
        figure: (*figure).to_owned(),
        simulated: of_runs(figure),
        measured: if measured.len() == 0 { Sample::default() } else { measured.sample(figure) },
        mark: *mark,
    };
    figures.iter().map(line).collect()
}

fn run_all(arguments: &Arguments, case: Case) -> Vec<Figures> {
    on_threads(arguments, arguments.seeds, |seed| case.run(seed))
}

/// The results of a function of the seeds from 1 on, in their order, whichever thread worked them out.
fn on_threads<T: Send>(arguments: &Arguments, seeds: u64, work: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let processors = std::thread::available_parallelism().map_or(1, |count| count.get() as u64);
    let jobs = arguments.jobs.map_or(processors, u64::from).min(seeds);
    let next = AtomicU64::new(1);
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > seeds {
                        return;
                    }
                    let result = work(seed);
                    done.lock().expect("no thread panicked").push((seed, result));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("no thread panicked");
    done.sort_by_key(|(seed, _)| *seed);
    done.into_iter().map(|(_, result)| result).collect()
}
