//! `rcsim list`: catalogues, one line per entry; `--explain` says all there is about one.

use rcsim_observe::Event;
use rcsim_protocol::Settings;
use rcsim_protocol::settings::{Change, Directive, Effect, Unit};
use rcsim_scenario::ActionKind;

use crate::arguments::{Catalogue, ListArguments};
use crate::exit::{Exit, Failure};
use crate::terminal::Terminal;
use crate::{faults, library};

/// One entry of a catalogue.
struct Entry {
    id: String,
    /// One line.
    sentence: String,
    /// All there is, besides the sentence.
    more: String,
}

/// Prints the catalogue, or one of its entries.
pub(crate) fn list(arguments: &ListArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let (entries, one) = match arguments.what {
        Catalogue::Scenarios => (scenarios(), "scenario"),
        Catalogue::Events => (events(), "event"),
        Catalogue::Faults => (faults(), "fault"),
        Catalogue::Invariants => (invariants(), "invariant"),
        Catalogue::Settings => (settings(), "setting"),
    };
    let text = match &arguments.explain {
        None => overview(&entries),
        Some(id) => explain(&entries, one, id)?,
    };
    terminal.result(&text)?;
    Ok(Exit::Done)
}

fn overview(entries: &[Entry]) -> String {
    let width = entries.iter().map(|entry| entry.id.chars().count()).max().unwrap_or(0);
    entries.iter().map(|entry| format!("{:<width$}  {}\n", entry.id, entry.sentence)).collect()
}

fn explain(entries: &[Entry], one: &str, id: &str) -> Result<String, Failure> {
    let found = entries.iter().find(|entry| entry.id.eq_ignore_ascii_case(id));
    let unknown = || Failure::Because(format!("there is no {one} {id}; `rcsim list {one}s` shows all"));
    let entry = found.ok_or_else(unknown)?;
    let more = if entry.more.is_empty() { String::new() } else { format!("\n{}\n", entry.more.trim_end()) };
    Ok(format!("{}\n{}\n{more}", entry.id, entry.sentence))
}

fn scenarios() -> Vec<Entry> {
    let vocabulary = rcsim_runner::vocabulary();
    let entry = |embedded: &library::Embedded| {
        let (scenario, _) = rcsim_scenario::check(embedded.text, embedded.name, &vocabulary, &[]);
        let scenario =
            scenario.unwrap_or_else(|| panic!("the embedded {} is not well formed", embedded.name));
        let description = scenario.description.unwrap_or_default();
        let more = format!("{description}\n\nrcsim run {}", embedded.name);
        Entry { id: embedded.name.to_owned(), sentence: scenario.name, more: more.trim_start().to_owned() }
    };
    library::ALL.iter().map(entry).collect()
}

fn events() -> Vec<Entry> {
    let entry = |(name, text): &(&str, &str)| {
        let sentence = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let more = format!(
            "In a scenario: {{ \"when\": {{ \"event\": \"{name}\" }} }}, {{ \"never\": \"{name}\" }}"
        );
        Entry { id: (*name).to_owned(), sentence, more }
    };
    Event::CATALOGUE.iter().map(entry).collect()
}

fn faults() -> Vec<Entry> {
    let entry = |kind: ActionKind| {
        let topic = faults::topic(kind);
        let more = format!("Example: {}\nEnds:    {}", topic.example, topic.ends);
        Entry { id: kind.word().to_owned(), sentence: topic.sentence.to_owned(), more }
    };
    ActionKind::ALL.into_iter().map(entry).collect()
}

fn invariants() -> Vec<Entry> {
    let entry = |invariant: &rcsim_runner::Description| {
        let sentence = format!("{}: {}", invariant.name, invariant.sentence);
        let none_or = |list: &[&str]| if list.is_empty() { "none".to_owned() } else { list.join(", ") };
        let more = format!(
            "Kind:       {}\nRules:      {}\nWeaknesses: {} (docs/known-weaknesses.md)\nMore:       docs/invariants.md#{}",
            invariant.kind.name(),
            none_or(invariant.rules),
            none_or(invariant.weaknesses),
            invariant.id
        );
        Entry { id: invariant.id.to_owned(), sentence, more }
    };
    rcsim_runner::invariants().iter().map(entry).collect()
}

fn settings() -> Vec<Entry> {
    let entry = |directive: &Directive| {
        let default = if directive.default.is_empty() { "nothing" } else { directive.default };
        let sentence = format!("{} [{}, default {default}]", directive.meaning, unit(directive.unit));
        Entry { id: directive.name.to_owned(), sentence, more: details(directive) }
    };
    Settings::names().map(entry).collect()
}

fn details(directive: &Directive) -> String {
    let mut lines = vec![format!("Default: {}", directive.default)];
    if let Some((least, most)) = directive.range {
        lines.push(format!("Range:   {least} to {most}"));
    }
    if !directive.choices.is_empty() {
        lines.push(format!("Words:   {}", directive.choices.join(", ")));
    }
    if let Some(alias) = directive.alias {
        lines.push(format!("Alias:   {alias}"));
    }
    lines.push(format!("Change:  {}", change(directive.change)));
    lines.push(format!("Effect:  {}", effect(directive.effect)));
    lines.join("\n")
}

const fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::YesNo => "yes or no",
        Unit::Milliseconds => "ms",
        Unit::Seconds => "s",
        Unit::Bytes => "bytes",
        Unit::Count => "number",
        Unit::Choice => "word",
        Unit::Text => "text",
        Unit::FileName => "file name",
        Unit::Ip => "IP address",
        Unit::SavePoints => "seconds and changes",
        Unit::OutputLimits => "classes of clients, each with a hard limit, a soft limit and seconds",
    }
}

const fn change(change: Change) -> &'static str {
    match change {
        Change::AtRunTime => "by CONFIG SET at any time",
        Change::AtStart => "before the start only",
        Change::Protected => "before the start only, unless protected directives are allowed",
    }
}

const fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Live => "as in Redis",
        Effect::DataPath => "accepted and kept; what it steers is not simulated yet",
        Effect::Outside => "accepted and kept; what it steers is outside the simulation",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_has_a_sentence_on_one_line_and_can_be_explained() {
        for entries in [scenarios(), events(), faults(), settings(), invariants()] {
            for entry in &entries {
                assert!(!entry.sentence.is_empty() && !entry.sentence.contains('\n'), "{}", entry.id);
                let text = explain(&entries, "entry", &entry.id).expect("it is in the catalogue");
                assert!(text.starts_with(&entry.id), "{text}");
            }
        }
    }

    #[test]
    fn what_is_unknown_is_refused_with_the_way_to_find_it() {
        let Err(Failure::Because(what)) = explain(&events(), "event", "promotd") else {
            panic!("it was found")
        };
        assert_eq!(what, "there is no event promotd; `rcsim list events` shows all");
    }
}
