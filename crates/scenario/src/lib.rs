//! The scenario format: parse with positions, validate, resolve, schema.
//!
//! | room | what is in it |
//! |---|---|
//! | [`model`] | a scenario as plain data |
//! | `table` | every key of the format, declared once |
//! | `source`, `overrides` | texts as a tree with places; `--set` options put into it |
//! | `shape` | holds a tree against the table |
//! | `read`, `timing` | from the tree to the model, references and times checked |
//! | `diagnostic`, `code` | errors and warnings, and how they are shown |
//! | `write` | a scenario as readable JSON |
//! | `schema`, `reference` | the JSON Schema and the tables of the documentation, from the same table |
//!
//! Nothing here runs anything, reads files or draws chance: text in, value or diagnostics out.

mod code;
mod diagnostic;
mod json;
pub mod model;
mod overrides;
mod read;
mod reference;
mod schema;
mod settings;
mod shape;
mod source;
mod suggest;
mod table;
mod timing;
mod words;
mod write;

pub use code::{CODES, Code, explain};
pub use diagnostic::{Colour, Diagnostic, Diagnostics, Severity};
pub use model::*;
pub use read::Vocabulary;
pub use reference::reference;
pub use schema::{schema, schema_text};

use source::Source;
use table::{Kind, SCENARIO};

/// Reads a scenario. `name` is the name of the file, for diagnostics.
///
/// # Errors
/// Everything that is wrong with the text, found in one pass. Warnings alone are no error; [`check`] shows
/// them.
pub fn parse(text: &str, name: &str, vocabulary: &Vocabulary<'_>) -> Result<Scenario, Diagnostics> {
    parse_with(text, name, vocabulary, &[])
}

/// Reads a scenario in which options `(path, value)` replace what the text says, such as
/// `("cluster.settings.cluster-node-timeout", "2s")`. Errors in an option point at the option.
///
/// # Errors
/// As [`parse`].
pub fn parse_with(
    text: &str,
    name: &str,
    vocabulary: &Vocabulary<'_>,
    overrides: &[(&str, &str)],
) -> Result<Scenario, Diagnostics> {
    let (scenario, diagnostics) = check(text, name, vocabulary, overrides);
    scenario.ok_or(diagnostics)
}

/// Reads a scenario and gives the warnings too. There is a scenario exactly if no diagnostic is an error.
pub fn check(
    text: &str,
    name: &str,
    vocabulary: &Vocabulary<'_>,
    overrides: &[(&str, &str)],
) -> (Option<Scenario>, Diagnostics) {
    let mut sources = vec![Source { name: name.to_owned(), text: text.to_owned() }];
    sources.extend(overrides.iter().map(overrides::source_of));
    let mut diagnostics = Diagnostics::new(sources);
    let scenario = source::read(text, 0, 0, &mut diagnostics).and_then(|mut root| {
        for (index, option) in overrides.iter().enumerate() {
            overrides::apply(&mut root, index, option, &mut diagnostics);
        }
        shape::check(&root, &Kind::Object(&SCENARIO), &mut diagnostics);
        read::scenario(&root, vocabulary, &mut diagnostics)
    });
    diagnostics.sort();
    let scenario = scenario.filter(|_| !diagnostics.has_errors());
    debug_assert!(scenario.is_some() || diagnostics.has_errors(), "a scenario was refused without a word");
    (scenario, diagnostics)
}
