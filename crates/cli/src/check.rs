//! `rcsim check`: are scenario files well formed? Diagnostics go to standard error, one line per file to the output.

use std::fs;
use std::path::{Path, PathBuf};

use rcsim_scenario::Severity;

use crate::arguments::CheckArguments;
use crate::exit::{Exit, Failure};
use crate::source;
use crate::terminal::Terminal;

/// Checks all files and folders; fails if one of them has an error.
pub(crate) fn check(arguments: &CheckArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    if let Some(id) = &arguments.explain {
        return explain(id, terminal);
    }
    let mut files = Vec::new();
    for path in &arguments.paths {
        collect(path, &mut files)?;
    }
    if files.is_empty() {
        return Err(Failure::Because("there is no .json file in what was named".to_owned()));
    }
    let mut wrong = 0;
    for file in &files {
        let state = check_file(file, terminal)?;
        wrong += u32::from(state == "error");
        if state == "error" || terminal.level.is_some() {
            terminal.result(&format!("{state:<7}  {}\n", file.display()))?;
        }
    }
    Ok(if wrong == 0 { Exit::Done } else { Exit::Usage })
}

/// `ok`, `warning` or `error`.
fn check_file(path: &Path, terminal: &Terminal) -> Result<&'static str, Failure> {
    let text = source::read(path)?;
    let (_, diagnostics) = rcsim_scenario::check(&text.text, &text.name, &rcsim_runner::vocabulary(), &[]);
    source::show(&diagnostics, terminal);
    Ok(match diagnostics.iter().map(|diagnostic| diagnostic.severity).min() {
        Some(Severity::Error) => "error",
        Some(Severity::Warning) => "warning",
        None => "ok",
    })
}

/// A file as it is; of a folder all `.json` files, however deep, in order of their names, but no schemas.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let unreadable = |error| Failure::Because(format!("cannot read {}: {error}", path.display()));
    let entries = fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(unreadable)?;
    let mut inside: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    inside.sort();
    for path in inside {
        let name = path.to_string_lossy();
        if path.is_dir() || (name.ends_with(".json") && !name.ends_with(".schema.json")) {
            collect(&path, files)?;
        }
    }
    Ok(())
}

fn explain(id: &str, terminal: &Terminal) -> Result<Exit, Failure> {
    let id = id.to_ascii_uppercase();
    let Some(code) = rcsim_scenario::explain(&id) else {
        let ids = rcsim_scenario::CODES.iter().map(|code| code.id).collect::<Vec<_>>().join(", ");
        return Err(Failure::Because(format!("there is no code {id}; there are {ids}")));
    };
    terminal.result(&format!("{}: {}\n\n{}\n", code.id, code.title, code.why))?;
    Ok(Exit::Done)
}
