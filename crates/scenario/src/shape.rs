//! Holds a tree against the table: unknown and missing keys, kinds, quantities, words, ranges.
//!
//! What passes here can be read without a further question; what does not is reported once, here, and skipped
//! later.

mod value;

use crate::code;
use crate::diagnostic::Diagnostics;
use crate::settings;
use crate::source::{Data, Field, Node, Place};
use crate::suggest::{alternatives, nearest};
use crate::table::{Key, Kind, Need, Object, Rule, TIMELINE, Union};

pub(crate) use value::{quantiles, seed};

/// Checks a value and all below it.
pub(crate) fn check(node: &Node, kind: &Kind, diagnostics: &mut Diagnostics) {
    match kind {
        Kind::Or(plain, other) if !is_object(node) => value::check_or(node, plain, other, diagnostics),
        Kind::Or(_, other) => check(node, other, diagnostics),
        Kind::Object(object) => check_object(node, object, diagnostics),
        Kind::Union(union) => check_union(node, union, diagnostics),
        Kind::List(least, of) => check_list(node, *least, of, diagnostics),
        Kind::Pair(of) => check_pair(node, of, diagnostics),
        Kind::Target | Kind::Messages | Kind::Lines => value::check_texts(node, kind, diagnostics),
        Kind::Settings => settings::check(node, diagnostics),
        Kind::Quantiles => value::check_quantiles(node, diagnostics),
        _ => value::check_scalar(node, kind, diagnostics),
    }
}

fn is_object(node: &Node) -> bool {
    matches!(node.data, Data::Object(_))
}

fn is_list(node: &Node) -> bool {
    matches!(node.data, Data::List(_))
}

fn wrong_kind(node: &Node, wanted: &str, diagnostics: &mut Diagnostics) {
    let message = format!("expected {wanted}, found {}", node.describe());
    diagnostics.error(code::WRONG_KIND, node.place, message).at(&node.pointer);
}

// ---- objects ----------------------------------------------------------------------------------------------

fn check_object(node: &Node, object: &'static Object, diagnostics: &mut Diagnostics) {
    if !is_object(node) {
        return wrong_kind(node, &format!("an object ({})", object.name), diagnostics);
    }
    let keys: Vec<&'static Key> = object.keys.iter().collect();
    check_keys(node, object.name, &keys, diagnostics);
    check_rules(node, object.name, object.rules, diagnostics);
}

/// Keys that every object may carry and nobody reads.
pub(crate) fn is_free(key: &str) -> bool {
    key == "$comment" || key.starts_with("x-")
}

fn check_keys(node: &Node, name: &str, keys: &[&'static Key], diagnostics: &mut Diagnostics) {
    for field in node.fields().iter().filter(|field| !is_free(&field.key)) {
        match keys.iter().find(|key| key.name == field.key) {
            Some(key) => check(&field.value, &key.kind, diagnostics),
            None => unknown_key(field, name, keys, diagnostics),
        }
    }
    for key in keys.iter().filter(|key| matches!(key.need, Need::Required)) {
        if node.field(key.name).is_none() && !misspelt(node, key.name, keys) {
            let message = format!("this {name} has no \"{}\"", key.name);
            let help = format!("add \"{}\": {}", key.name, key.example);
            diagnostics.error(code::MISSING_KEY, opening(node), message).at(&node.pointer).help(help);
        }
    }
}

/// Whether an unknown key of the object was probably meant to be this one; then one message is enough.
fn misspelt(node: &Node, name: &str, keys: &[&'static Key]) -> bool {
    let names = || keys.iter().map(|key| key.name);
    node.fields()
        .iter()
        .any(|field| !names().any(|known| known == field.key) && nearest(&field.key, names()) == Some(name))
}

/// The opening bracket of an object or list: where a missing thing is pointed out.
fn opening(node: &Node) -> Place {
    Place { end: (node.place.start + 1).min(node.place.end), ..node.place }
}

fn unknown_key(field: &Field, name: &str, keys: &[&'static Key], diagnostics: &mut Diagnostics) {
    let names = || keys.iter().map(|key| key.name);
    if name == TIMELINE.name && field.key == "cli" {
        let message = "the operator's \"cli\" is not in this version".to_owned();
        let error = diagnostics.error(code::LATER, field.key_place, message).at(&field.value.pointer);
        error.help(
            "send the raw commands: \"command\": { \"node\": \"n4\", \"argv\": [\"CLUSTER\", \"FAILOVER\"] }",
        );
        return;
    }
    let message = format!("unknown key \"{}\" in this {name}", field.key);
    let help = match nearest(&field.key, names()) {
        Some(known) => format!("did you mean \"{known}\"?"),
        None => format!("known keys are {}", alternatives(names())),
    };
    diagnostics.error(code::UNKNOWN_KEY, field.key_place, message).at(&field.value.pointer).help(help);
}

fn check_rules(node: &Node, name: &str, rules: &'static [Rule], diagnostics: &mut Diagnostics) {
    for rule in rules {
        match rule {
            Rule::ExactlyOne(keys) => at_least_one(node, name, keys, diagnostics, true),
            Rule::AtLeastOne(keys) => at_least_one(node, name, keys, diagnostics, false),
            Rule::Needs(key, other) => {
                if let (Some(field), None) = (node.field(key), node.field(other)) {
                    let message = format!("\"{key}\" means nothing without \"{other}\"");
                    diagnostics.error(code::KEYS_EXCLUDE, field.key_place, message).at(&field.value.pointer);
                }
            }
        }
    }
}

fn at_least_one(node: &Node, name: &str, keys: &[&'static str], diagnostics: &mut Diagnostics, alone: bool) {
    let present: Vec<&Field> = keys.iter().filter_map(|key| node.field(key)).collect();
    match present.as_slice() {
        [] => {
            let message = format!("this {name} needs {}", alternatives(keys.iter().copied()));
            diagnostics.error(code::MISSING_KEY, opening(node), message).at(&node.pointer);
        }
        [first, second, ..] if alone => exclude(first, second, diagnostics),
        _ => (),
    }
}

fn exclude(first: &Field, second: &Field, diagnostics: &mut Diagnostics) {
    let message = format!("\"{}\" and \"{}\" exclude each other", first.key, second.key);
    let error = diagnostics.error(code::KEYS_EXCLUDE, second.key_place, message).at(&second.value.pointer);
    error.also(first.key_place, "the other one").help("make two of it, or remove one key");
}

// ---- unions -----------------------------------------------------------------------------------------------

/// The variant that an object means, by its tags; a tag that is a plain key of another variant that is there
/// too (`disk` beside `restart`) does not count.
pub(crate) fn variants_of(node: &Node, union: &'static Union) -> Vec<&'static Object> {
    let present: Vec<_> =
        union.variants.iter().filter(|variant| node.field(variant.tag()).is_some()).collect();
    let explained = |tag: &str| present.iter().any(|other| other.tag() != tag && other.key(tag).is_some());
    present.iter().copied().filter(|variant| !explained(variant.tag())).collect()
}

fn check_union(node: &Node, union: &'static Union, diagnostics: &mut Diagnostics) {
    if !is_object(node) {
        return wrong_kind(node, &format!("an object ({})", union.name), diagnostics);
    }
    let variants = variants_of(node, union);
    if let [first, second, ..] = variants.as_slice() {
        if let Some((first, second)) = node.field(first.tag()).zip(node.field(second.tag())) {
            exclude(first, second, diagnostics);
        }
        return;
    }
    let keys = union.common.iter().chain(match variants.first() {
        Some(variant) => variant.keys,
        None => &[],
    });
    let mut keys: Vec<&'static Key> = keys.collect();
    match variants.first() {
        Some(variant) => {
            let name = format!("{} entry", variant.tag());
            let name = if union.common.is_empty() { variant.tag() } else { &name };
            check_keys(node, name, &keys, diagnostics);
        }
        None => {
            keys.extend(union.variants.iter().map(|variant| &variant.keys[0]));
            check_tagless(node, union, &keys, diagnostics);
        }
    }
    check_rules(node, union.name, union.rules, diagnostics);
}

/// An object of which nobody knows what it is: the unknown keys are probably why.
fn check_tagless(node: &Node, union: &'static Union, keys: &[&'static Key], diagnostics: &mut Diagnostics) {
    let known = |field: &&Field| is_free(&field.key) || keys.iter().any(|key| key.name == field.key);
    let strangers: Vec<&Field> = node.fields().iter().filter(|field| !known(field)).collect();
    for field in &strangers {
        unknown_key(field, union.name, keys, diagnostics);
    }
    if strangers.is_empty() {
        let tags = alternatives(union.variants.iter().map(|variant| variant.tag()));
        let message = format!("this {} does not say what it is", union.name);
        let error = diagnostics.error(code::MISSING_KEY, opening(node), message);
        error.at(&node.pointer).help(format!("it needs one of {tags}"));
    }
}

// ---- lists ------------------------------------------------------------------------------------------------

fn check_list(node: &Node, least: usize, of: &Kind, diagnostics: &mut Diagnostics) {
    if !is_list(node) {
        return wrong_kind(node, "a list", diagnostics);
    }
    if node.elements().len() < least {
        let message = format!("expected at least {least} element{}", if least == 1 { "" } else { "s" });
        diagnostics.error(code::WRONG_KIND, node.place, message).at(&node.pointer);
    }
    node.elements().iter().for_each(|element| check(element, of, diagnostics));
}

fn check_pair(node: &Node, of: &Kind, diagnostics: &mut Diagnostics) {
    if node.elements().len() != 2 {
        return wrong_kind(node, "a list of two", diagnostics);
    }
    node.elements().iter().for_each(|element| check(element, of, diagnostics));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source;
    use crate::table::{Part, parts};

    /// The keys of a part, those of its variants included.
    fn keys(part: Part) -> Vec<&'static Key> {
        match part {
            Part::Object(object) => object.keys.iter().collect(),
            Part::Union(union) => {
                union.common.iter().chain(union.variants.iter().flat_map(|variant| variant.keys)).collect()
            }
        }
    }

    #[test]
    fn the_defaults_and_examples_of_the_table_are_what_their_keys_want() {
        for part in parts() {
            for key in keys(part) {
                let default = match key.need {
                    Need::Default(default) => default,
                    _ => key.example,
                };
                for json in [default, key.example] {
                    let mut diagnostics = Diagnostics::default();
                    let node = source::read(json, 0, 0, &mut diagnostics);
                    check(&node.expect("the table holds JSON"), &key.kind, &mut diagnostics);
                    let said: Vec<_> = diagnostics.iter().map(|diagnostic| &diagnostic.message).collect();
                    assert!(said.is_empty(), "{} of {}: {json}: {said:?}", key.name, part.name());
                }
            }
        }
    }
}
