//! The `rcsim` command. Arguments in, text and an exit code out; all the work is done by the crates below.
//!
//! | room | what is in it |
//! |---|---|
//! | [`arguments`] | what can be typed, and its help |
//! | [`run`], [`check`], [`plan`], [`list`], [`schema`], [`bench`], [`generated`] | the commands |
//! | [`source`], [`library`] | where scenarios come from: files, standard input, the embedded library |
//! | [`header`], [`reproduction`] | what a report says of its run: options first, the command that repeats it last |
//! | [`faults`] | the catalogue of faults |
//! | [`terminal`] | results to standard output, notes to standard error, colour |
//! | [`exit`] | exit codes, and what happens when rcsim itself is broken |
//! | [`stopwatch`] | the only reader of the real clock |

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Command};
use crate::exit::{Exit, Failure};
use crate::terminal::Terminal;

mod arguments;
mod bench;
mod check;
mod exit;
mod faults;
mod generated;
mod header;
mod interrupt;
mod library;
mod list;
mod plan;
mod reproduction;
mod run;
mod schema;
mod source;
mod stopwatch;
mod terminal;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let terminal = Terminal::new(&arguments);
    exit::guarded(&terminal, || start(&arguments, &terminal)).into()
}

fn start(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    match &arguments.command {
        None => run::run(&Default::default(), terminal),
        Some(Command::Run(run)) => run::run(run, terminal),
        Some(Command::Check(check)) => check::check(check, terminal),
        Some(Command::Plan(plan)) => plan::plan(plan, terminal),
        Some(Command::List(list)) => list::list(list, terminal),
        Some(Command::Schema) => schema::schema(terminal),
        Some(Command::Bench(bench)) => bench::bench(bench, terminal),
        Some(Command::Completions { shell }) => generated::completions(*shell, terminal),
        Some(Command::Man { out }) => generated::man(out.as_deref(), terminal),
    }
}
