//! Where scenarios come from: a file, standard input, or the library in this binary.

use std::fs;
use std::io::Read;
use std::path::Path;

use rcsim_scenario::{Colour, Diagnostics, Scenario};

use crate::arguments::ScenarioArguments;
use crate::exit::Failure;
use crate::library;
use crate::terminal::Terminal;

/// The seed of scenarios that name none.
const DEFAULT_SEED: u64 = 1;

/// The text of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// What diagnostics and reports call it.
    pub(crate) name: String,
    /// Its text.
    pub(crate) text: String,
}

/// What `name` means: a file if there is one, `-` for standard input, else a scenario of the library. Without a name
/// the default scenario.
pub(crate) fn find(name: Option<&str>) -> Result<Source, Failure> {
    let wanted = name.unwrap_or(library::DEFAULT);
    if wanted == "-" {
        let mut text = String::new();
        let read = std::io::stdin().read_to_string(&mut text);
        read.map_err(|error| Failure::Because(format!("cannot read standard input: {error}")))?;
        return Ok(Source { name: "<stdin>".to_owned(), text });
    }
    if name.is_some() && Path::new(wanted).is_file() {
        return read(Path::new(wanted));
    }
    match library::find(wanted) {
        Some(found) => Ok(Source { name: found.name.to_owned(), text: found.text.to_owned() }),
        None => Err(Failure::Because(not_found(wanted))),
    }
}

/// The text of a file.
pub(crate) fn read(path: &Path) -> Result<Source, Failure> {
    let name = path.display().to_string();
    match fs::read_to_string(path) {
        Ok(text) => Ok(Source { name, text }),
        Err(error) => Err(Failure::Because(format!("cannot read {name}: {error}"))),
    }
}

fn not_found(wanted: &str) -> String {
    if Path::new(wanted).is_dir() {
        return format!("{wanted} is a folder; one scenario is run at a time");
    }
    let hint = match library::resembling(wanted).as_slice() {
        [] => "`rcsim list scenarios` shows what is embedded".to_owned(),
        names => format!("did you mean {}?", names.join(" or ")),
    };
    format!("there is no file {wanted}, and no embedded scenario of that name; {hint}")
}

/// The scenario, with the options of the command line in it, and its seed. Diagnostics are printed.
pub(crate) fn scenario(
    source: &Source,
    arguments: &ScenarioArguments,
    terminal: &Terminal,
) -> Result<(Scenario, u64), Failure> {
    let overrides: Vec<(&str, &str)> =
        arguments.set.iter().map(|(path, value)| (path.as_str(), value.as_str())).collect();
    let vocabulary = rcsim_runner::vocabulary();
    let (scenario, diagnostics) = rcsim_scenario::check(&source.text, &source.name, &vocabulary, &overrides);
    show(&diagnostics, terminal);
    let scenario = scenario.ok_or(Failure::Told)?;
    let seed = arguments.seed.or(scenario.seed).unwrap_or(DEFAULT_SEED);
    Ok((scenario, seed))
}

/// Prints diagnostics; warnings only if notes are wanted.
pub(crate) fn show(diagnostics: &Diagnostics, terminal: &Terminal) {
    if terminal.level.is_some() || diagnostics.has_errors() {
        terminal.aside(&diagnostics.render(Colour::Ansi));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_found_is_answered_with_what_was_probably_meant() {
        assert!(not_found("kill-a-master").ends_with("did you mean lessons/kill-a-master?"));
        assert!(not_found("nothing-like-it").contains("rcsim list scenarios"));
        assert!(not_found(env!("CARGO_MANIFEST_DIR")).contains("is a folder"));
    }

    #[test]
    fn without_a_name_the_default_scenario_is_meant() {
        assert_eq!(find(None).map(|source| source.name), Ok(library::DEFAULT.to_owned()));
    }
}
