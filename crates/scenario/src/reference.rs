//! The tables of `docs/scenario-format.md`, read from the table of the format.

use std::fmt::Write;

use crate::code::CODES;
use crate::schema::slug;
use crate::table::{Key, Kind, Need, Object, Part, Quantity, Rule, Union, parts};

/// Every object with its keys, then every diagnostic, as Markdown.
pub fn reference() -> String {
    let mut out = String::new();
    for part in parts() {
        let _ = writeln!(out, "### {}\n", part.name());
        match part {
            Part::Object(object) => write_object(&mut out, object),
            Part::Union(union) => write_union(&mut out, union),
        }
    }
    out.push_str("### diagnostics\n\n| code | what is wrong | why |\n|---|---|---|\n");
    for code in CODES {
        let _ = writeln!(out, "| {} | {} | {} |", code.id, code.title, code.why);
    }
    out
}

fn write_object(out: &mut String, object: &'static Object) {
    let _ = writeln!(out, "{}\n", object.doc);
    write_keys(out, object.keys.iter());
    write_rules(out, object.rules);
}

fn write_union(out: &mut String, union: &'static Union) {
    let _ = writeln!(out, "{}\n", union.doc);
    if !union.common.is_empty() {
        write_keys(out, union.common.iter());
        write_rules(out, union.rules);
    }
    for variant in union.variants {
        let _ = writeln!(out, "**`{}`**: {}\n", variant.tag(), variant.doc);
        write_keys(out, variant.keys.iter());
        write_rules(out, variant.rules);
    }
}

fn write_keys(out: &mut String, keys: impl Iterator<Item = &'static Key>) {
    out.push_str("| key | value | default | meaning | example |\n|---|---|---|---|---|\n");
    for key in keys {
        let default = match key.need {
            Need::Required => "required".to_owned(),
            Need::Optional => String::new(),
            Need::Default(default) => format!("`{default}`"),
        };
        let cells = [kind_text(&key.kind), default, key.doc.to_owned(), format!("`{}`", key.example)];
        let _ = writeln!(out, "| `{}` | {} |", key.name, cells.join(" | "));
    }
    out.push('\n');
}

fn write_rules(out: &mut String, rules: &[Rule]) {
    let quoted = |keys: &[&str]| keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
    for rule in rules {
        let _ = match rule {
            Rule::ExactlyOne(keys) => writeln!(out, "Exactly one of {} must be there.\n", quoted(keys)),
            Rule::AtLeastOne(keys) => writeln!(out, "At least one of {} must be there.\n", quoted(keys)),
            Rule::Needs(..) => Ok(()),
        };
    }
}

fn kind_text(kind: &Kind) -> String {
    match kind {
        Kind::Text => "text".to_owned(),
        Kind::Lines => "text or list of lines".to_owned(),
        Kind::Name => "name".to_owned(),
        Kind::Flag => "`true`, `false`".to_owned(),
        Kind::Yes => "`true`".to_owned(),
        Kind::Whole(least, u64::MAX) => format!("whole number from {least}"),
        Kind::Whole(least, most) if least == most => format!("`{least}`"),
        Kind::Whole(least, most) => format!("whole number {least} to {most}"),
        Kind::Seed => "seed".to_owned(),
        Kind::Quantity(Quantity::Span) => "duration".to_owned(),
        Kind::Quantity(Quantity::Shift) => "step of a clock".to_owned(),
        Kind::Quantity(Quantity::Ppm) => "drift".to_owned(),
        Kind::Quantity(Quantity::Ratio) => "ratio".to_owned(),
        Kind::Quantity(Quantity::Rate) => "rate".to_owned(),
        Kind::Quantity(Quantity::Bandwidth) => "bandwidth".to_owned(),
        Kind::Word(words) => {
            words.iter().map(|(word, doc)| format!("`{word}` ({doc})")).collect::<Vec<_>>().join("; ")
        }
        Kind::Event => "event name".to_owned(),
        Kind::Finding => "finding name".to_owned(),
        Kind::Weakness => "weakness or finding name".to_owned(),
        Kind::Target => "[target](#targets)".to_owned(),
        Kind::Messages => "bus message type or list of them".to_owned(),
        Kind::Anchor => "action word, id, or `end-of:` and one of them".to_owned(),
        Kind::Settings => "[settings](#settings)".to_owned(),
        Kind::Slots => "slots".to_owned(),
        Kind::Quantiles => "list of points".to_owned(),
        Kind::Pair(of) => format!("two of: {}", kind_text(of)),
        Kind::List(_, of) => format!("list of {}", kind_text(of)),
        Kind::Object(object) => link(object.name),
        Kind::Union(union) => link(union.name),
        Kind::Or(plain, other) => format!("{} or {}", kind_text(plain), kind_text(other)),
    }
}

fn link(name: &str) -> String {
    format!("[{name}](#{})", slug(name))
}
