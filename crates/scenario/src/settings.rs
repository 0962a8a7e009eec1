//! Settings of Redis in a scenario: names, values, and durations with units. The one place that asks
//! `protocol`.

use rcsim_protocol::Settings;
use rcsim_protocol::settings::{Directive, Effect, Unit};

use crate::code;
use crate::diagnostic::Diagnostics;
use crate::model::Span;
use crate::shape::is_free;
use crate::source::{Data, Field, Node};
use crate::suggest::nearest;

/// Checks an object of settings.
pub(crate) fn check(node: &Node, diagnostics: &mut Diagnostics) {
    if !matches!(node.data, Data::Object(_)) {
        let message = format!("expected an object (settings), found {}", node.describe());
        diagnostics.error(code::WRONG_KIND, node.place, message).at(&node.pointer);
        return;
    }
    for field in node.fields().iter().filter(|field| !is_free(&field.key)) {
        match Settings::directive(&field.key) {
            Some(directive) => check_value(field, directive, diagnostics),
            None => unknown(field, diagnostics),
        }
    }
}

/// The settings of a checked object, with their canonical names and values.
pub(crate) fn read(node: &Node) -> Vec<(String, String)> {
    let fields = node.fields().iter().filter(|field| !is_free(&field.key));
    let known = fields.filter_map(|field| Some((Settings::directive(&field.key)?, field)));
    known
        .filter_map(|(directive, field)| Some((directive.name.to_owned(), value(field, directive).ok()?)))
        .collect()
}

/// A value as the scenario format likes to write it: durations with a unit.
pub(crate) fn show(name: &str, value: &str) -> String {
    let spanned =
        |unit: fn(u64) -> Span| value.parse().map_or_else(|_| value.to_owned(), |n| unit(n).to_string());
    match Settings::directive(name).map(|directive| directive.unit) {
        Some(Unit::Milliseconds) => spanned(Span::from_millis),
        Some(Unit::Seconds) => spanned(Span::from_secs),
        _ => value.to_owned(),
    }
}

fn unknown(field: &Field, diagnostics: &mut Diagnostics) {
    let names = || Settings::names().map(|directive| directive.name);
    let message = format!("Redis has no setting \"{}\" that is simulated", field.key);
    let help = match nearest(&field.key, names()) {
        Some(known) => format!("did you mean \"{known}\"?"),
        None => "`rcsim list settings` prints them all".to_owned(),
    };
    diagnostics.error(code::UNKNOWN_SETTING, field.key_place, message).at(&field.value.pointer).help(help);
}

fn check_value(field: &Field, directive: &Directive, diagnostics: &mut Diagnostics) {
    let node = &field.value;
    if let Err(reason) = value(field, directive) {
        let message = format!("\"{}\" refuses this value", directive.name);
        let error = diagnostics.error(code::BAD_SETTING, node.place, message).at(&node.pointer);
        error.label(reason).help(format!("its default is \"{}\"", show(directive.name, directive.default)));
    } else if directive.effect != Effect::Live {
        let message = format!("\"{}\" has no effect in this simulation", directive.name);
        diagnostics.warning(code::NO_EFFECT, field.key_place, message).at(&node.pointer);
    }
}

/// The value in the form of CONFIG GET, or why it is refused.
fn value(field: &Field, directive: &Directive) -> Result<String, String> {
    let text = match &field.value.data {
        Data::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        Data::Number(text) | Data::Text(text) | Data::Bare(text) => text.clone(),
        _ => return Err(format!("expected text, a number or a flag, found {}", field.value.describe())),
    };
    let text = match (text.parse::<Span>(), directive.unit) {
        (Ok(span), Unit::Milliseconds) => whole(span, Span::from_millis(1), "milliseconds")?,
        (Ok(span), Unit::Seconds) => whole(span, Span::from_secs(1), "seconds")?,
        _ => text,
    };
    let mut settings = Settings::default();
    settings.set(directive.name, &text).map_err(|error| error.reason.to_string())?;
    Ok(settings.get(directive.name).unwrap_or(text))
}

fn whole(span: Span, unit: Span, name: &str) -> Result<String, String> {
    match span.as_nanos() % unit.as_nanos() {
        0 => Ok((span.as_nanos() / unit.as_nanos()).to_string()),
        _ => Err(format!("this setting counts whole {name}")),
    }
}
