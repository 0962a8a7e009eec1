//! Chores of the project: `cargo xtask <chore>`.
//!
//! | room | what it does |
//! |---|---|
//! | `fidelity` | compares simulated failovers, partitions and traffic with the measurements of real servers |
//! | `rules` | writes `docs/fidelity.md`: which rule is cited where |
//! | `chores` | the generated schema, the golden files, the benchmark |
//!
//! The one place beside a user's own tests where several runs go on at the same time.

mod chores;
mod fidelity;
mod rules;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Chores of the rcsim project.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Compare the simulation with the measurements of real servers; fails if a pass mark is missed
    Fidelity(fidelity::Arguments),
    /// Write docs/fidelity.md: which rule of docs/rules is cited where
    Rules {
        /// Write nothing; fail if the file is not up to date
        #[arg(long)]
        check: bool,
    },
    /// Write scenarios/scenario.schema.json
    Schema {
        /// Write nothing; fail if the file is not up to date
        #[arg(long)]
        check: bool,
    },
    /// Run the suite so that it rewrites its golden files; review the difference before you commit it
    Goldens,
    /// Measure how fast simulated clusters run: `rcsim bench` with these arguments
    Bench {
        /// Arguments of `rcsim bench`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().chore {
        Chore::Fidelity(arguments) => fidelity::fidelity(&arguments),
        Chore::Rules { check } => chores::put("docs/fidelity.md", &rules::page(), check, "rules"),
        Chore::Schema { check } => chores::schema(check),
        Chore::Goldens => chores::goldens(),
        Chore::Bench { arguments } => chores::bench(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("the crate is two folders below the root").to_owned()
}
