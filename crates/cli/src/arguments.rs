//! What can be typed, and its help. `-h` is short; `--help` begins with examples.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use rcsim_scenario::Span;

const EXAMPLES: &str = "\
Examples:
  rcsim                                            a master is killed, its replica takes over
  rcsim run lessons/hello -v                       an embedded scenario, with details
  rcsim run my.json --seed 0x51ed_270b             another seed, another run
  rcsim run my.json --set cluster.settings.cluster-node-timeout=2000
  rcsim run my.json --format json | jq .verdict    one object for programs
  rcsim plan my.json --seed 7 > plan.json          the faults that seed 7 draws, as a scenario
  rcsim check scenarios                            are all these files well formed?
  rcsim list events --explain vote-denied          what does this name mean?";

const RUN_EXAMPLES: &str = "\
Examples:
  rcsim run                                        the default scenario, lessons/kill-a-master
  rcsim run lessons/hello --seed 7
  rcsim run my.json --trace trace.ndjson           every event into a file
  rcsim run my.json --twice                        is the same input the same run?";

const EXIT_CODES: &str = "\
Exit codes: 0 all held, 1 violated, 2 usage or scenario error, 3 not recovered in time, 4 not deterministic, \
5 vacuous, 6 budget spent, 70 a bug in rcsim.";

/// Simulates Redis Cluster 7.0.15, deterministically, and breaks it on purpose.
#[derive(Debug, Parser)]
#[command(name = "rcsim", version, before_long_help = EXAMPLES, after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    /// When to use colour; auto heeds NO_COLOR and CLICOLOR_FORCE
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: When,
    /// Tell more of the story; twice: everything
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Only findings, what was not met, and the verdict
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Without a command: run the default scenario
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a scenario and judge it
    #[command(before_long_help = RUN_EXAMPLES, after_help = EXIT_CODES)]
    Run(RunArguments),
    /// Check scenario files without running them
    Check(CheckArguments),
    /// Print the faults that a seed draws, as a scenario without chance in its faults
    Plan(PlanArguments),
    /// Print a catalogue
    List(ListArguments),
    /// Print the JSON Schema of scenarios
    Schema,
    /// Measure how fast simulated clusters run on this machine
    Bench(BenchArguments),
    /// Print the completion script of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man {
        /// Write the pages of all commands into this folder instead
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
    },
}

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ScenarioArguments {
    /// The seed: decimal or 0x…, underscores allowed [default: the scenario's, else 1]
    #[arg(long, value_parser = seed, env = "RCSIM_SEED")]
    pub(crate) seed: Option<u64>,
    /// Replace a value of the scenario, such as cluster.settings.cluster-node-timeout=2000; repeatable
    #[arg(long, value_name = "PATH=VALUE", value_parser = assignment)]
    pub(crate) set: Vec<(String, String)>,
}

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct RunArguments {
    /// A file, `-` for standard input, or a name that `rcsim list scenarios` shows
    pub(crate) scenario: Option<String>,
    #[command(flatten)]
    pub(crate) common: ScenarioArguments,
    /// End the run at this virtual time, such as 45s, instead of the scenario's
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub(crate) until: Option<Span>,
    /// What to print: a story for people, one object, or one object per event and then the summary
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// Write every event into this file, one JSON object per line, the summary last
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    /// Run twice and compare the fingerprints
    #[arg(long)]
    pub(crate) twice: bool,
}

/// How a run is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    #[default]
    Human,
    Json,
    Ndjson,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct CheckArguments {
    /// Files, or folders whose .json files are meant
    #[arg(required_unless_present = "explain")]
    pub(crate) paths: Vec<PathBuf>,
    /// Say what a code such as RC0101 means
    #[arg(long, value_name = "CODE")]
    pub(crate) explain: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct PlanArguments {
    /// A file, `-` for standard input, or a name that `rcsim list scenarios` shows
    pub(crate) scenario: String,
    #[command(flatten)]
    pub(crate) common: ScenarioArguments,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ListArguments {
    /// Which catalogue
    #[arg(value_enum)]
    pub(crate) what: Catalogue,
    /// Say more about one entry
    #[arg(long, value_name = "ID")]
    pub(crate) explain: Option<String>,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Catalogue {
    /// The scenarios in this binary
    Scenarios,
    /// What nodes decide, refuse and suffer
    Events,
    /// What a timeline can do
    Faults,
    /// What is checked in every run
    Invariants,
    /// The directives of redis.conf that nodes know
    Settings,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct BenchArguments {
    /// Sizes of clusters, in nodes [default: 6,50,200,1000; with clients 6]
    #[arg(long, value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=2000))]
    pub(crate) nodes: Option<Vec<u32>>,
    /// Put them under load: so many clients, each with 64 operations under way
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) clients: Option<u32>,
    /// Virtual seconds for every size [default: fewer for larger clusters]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) seconds: Option<u32>,
    /// The seed
    #[arg(long, value_parser = seed, default_value = "1")]
    pub(crate) seed: u64,
}

fn seed(text: &str) -> Result<u64, String> {
    let digits = text.replace('_', "");
    let number = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) if !hex.starts_with('+') => u64::from_str_radix(hex, 16),
        _ if digits.starts_with('+') => "".parse(),
        _ => digits.parse(),
    };
    number
        .map_err(|_| "a seed is a number of 64 bits, decimal or with 0x, such as 7 or 0x51ed_270b".to_owned())
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (path, value) = text.split_once('=').ok_or("it is a path, = and a value, such as until=90s")?;
    Ok((path.to_owned(), value.to_owned()))
}

fn span(text: &str) -> Result<Span, String> {
    text.parse().map_err(|error: rcsim_scenario::model::QuantityError| error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn seeds_are_decimal_or_hexadecimal_with_underscores() {
        assert_eq!(seed("1_000"), Ok(1000));
        assert_eq!(seed("0x51ed_270b"), Ok(0x51ed_270b));
        assert_eq!(seed("18446744073709551615"), Ok(u64::MAX));
        for text in ["", "-1", "+1", "0x", "0x+1", "18446744073709551616", "seven"] {
            assert!(seed(text).is_err(), "{text}");
        }
    }

    #[test]
    fn nothing_typed_means_the_default_run() {
        let arguments = Arguments::try_parse_from(["rcsim"]).expect("no arguments are fine");
        assert!(arguments.command.is_none());
    }

    #[test]
    fn options_may_stand_behind_the_command_and_values_may_contain_equal_signs() {
        let typed = ["rcsim", "run", "x.json", "--set", "a.b=c=d", "-vv", "--until", "45s"];
        let arguments = Arguments::try_parse_from(typed).expect("a legal command line");
        assert_eq!(arguments.verbose, 2);
        let Some(Command::Run(run)) = arguments.command else { panic!("run was typed") };
        assert_eq!(run.common.set, [("a.b".to_owned(), "c=d".to_owned())]);
        assert_eq!(run.until, Some(Span::from_secs(45)));
    }
}
