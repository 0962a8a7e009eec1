//! `rcsim run`: one scenario, judged and shown.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::atomic::Ordering;

use rcsim_observe::{Summary, Verdict};
use rcsim_report::{About, Interest, human, to_json, write_ndjson};
use rcsim_runner::{Keep, Options};

use crate::arguments::{Format, RunArguments};
use crate::exit::{Exit, Failure};
use crate::stopwatch::Stopwatch;
use crate::terminal::{Ansi, Terminal};
use crate::{header, interrupt, reproduction, source};

/// Runs the scenario and prints what came of it.
pub(crate) fn run(arguments: &RunArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let source = source::find(arguments.scenario.as_deref())?;
    let (scenario, seed) = source::scenario(&source, &arguments.common, terminal)?;
    // Opened first: a run of minutes must not end with a trace that cannot be written.
    let trace = arguments.trace.as_deref().map(create).transpose()?;
    let options = Options {
        seed,
        until_ns: arguments.until.map(rcsim_scenario::Span::as_nanos),
        keep: keep(arguments, terminal.level),
        operations: false,
    };
    let watch = Stopwatch::start();
    let interrupted = interrupt::flag();
    let go_on = || !interrupted.load(Ordering::Relaxed);
    let mut summary = rcsim_runner::run_while(&scenario, &options, &go_on);
    let wall_ms = watch.millis();
    if arguments.twice && go_on() {
        // The other run keeps other records: whether somebody listens must make no difference.
        let keep = if options.keep == Keep::All { Keep::Story } else { Keep::All };
        let again = rcsim_runner::run_while(&scenario, &Options { keep, ..options }, &go_on);
        if go_on() {
            compare(&mut summary, &again, terminal);
        }
    }
    if let Some((file, path)) = trace {
        write_trace(file, path, &summary, wall_ms)?;
    }
    match arguments.format {
        Format::Human => {
            let options = header::options(&scenario, &source.name, seed, arguments.until);
            let about = About { options, wall_ms, reproduction: reproduction::of_run(arguments, seed) };
            terminal.result(&human(&summary, &about, terminal.level, &Ansi))?;
        }
        Format::Json => terminal.result(&format!("{}\n", to_json(&summary, wall_ms)))?,
        Format::Ndjson => terminal.results(|stream| write_ndjson(stream, &summary, wall_ms))?,
    }
    if !go_on() {
        terminal.note("interrupted: this is what the run showed so far");
        return Ok(Exit::Interrupted);
    }
    Ok(Exit::Judged(summary.verdict))
}

/// All records where somebody will see them, else those of the story.
fn keep(arguments: &RunArguments, level: Option<Interest>) -> Keep {
    let shown = arguments.format == Format::Human && level > Some(Interest::Story);
    match shown || arguments.trace.is_some() || arguments.format == Format::Ndjson {
        true => Keep::All,
        false => Keep::Story,
    }
}

/// The same input must give the same fingerprint; if not, no other verdict counts.
fn compare(summary: &mut Summary, again: &Summary, terminal: &Terminal) {
    let (first, second) = (&summary.fingerprint, &again.fingerprint);
    if first == second {
        terminal.note(&format!("both runs have the fingerprint {first}"));
    } else {
        terminal.error(&format!("two runs of the same input have the fingerprints {first} and {second}"));
        summary.verdict = Verdict::Nondeterministic;
    }
}

fn create(path: &Path) -> Result<(File, &Path), Failure> {
    File::create(path).map(|file| (file, path)).map_err(|error| cannot_write(path, &error))
}

fn write_trace(file: File, path: &Path, summary: &Summary, wall_ms: f64) -> Result<(), Failure> {
    let mut sink = BufWriter::new(file);
    let written = write_ndjson(&mut sink, summary, wall_ms).and_then(|()| sink.flush());
    written.map_err(|error| cannot_write(path, &error))
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Because(format!("cannot write {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_records_are_kept_only_where_somebody_sees_them() {
        let run = |format, trace: Option<&str>| RunArguments {
            format,
            trace: trace.map(Into::into),
            ..RunArguments::default()
        };
        let story = Some(Interest::Story);
        assert_eq!(keep(&run(Format::Human, None), story), Keep::Story);
        assert_eq!(keep(&run(Format::Human, None), Some(Interest::Detail)), Keep::All);
        assert_eq!(keep(&run(Format::Json, None), Some(Interest::Trace)), Keep::Story);
        assert_eq!(keep(&run(Format::Json, Some("x")), None), Keep::All);
        assert_eq!(keep(&run(Format::Ndjson, None), None), Keep::All);
    }
}
