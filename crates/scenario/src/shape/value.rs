//! Values that are not objects: quantities, words, numbers, and the texts of the format.

use std::str::FromStr;

use rcsim_protocol::bus::MessageKind;

use super::{check, is_list, wrong_kind};
use crate::code::{self, Code};
use crate::diagnostic::Diagnostics;
use crate::model::{Bandwidth, Ppm, QuantityError, Rate, Ratio, Shift, Span};
use crate::source::Node;
use crate::suggest::{alternatives, nearest};
use crate::table::{Kind, Quantity};
use crate::words;

type Refused = (Code, QuantityError);
type Test = fn(&str) -> Result<(), Refused>;

fn refuse(node: &Node, (code, error): Refused, diagnostics: &mut Diagnostics) {
    diagnostics.error(code, node.place, error.message).at(&node.pointer).help(error.help);
}

/// A text, or a list of texts.
pub(super) fn check_texts(node: &Node, kind: &Kind, diagnostics: &mut Diagnostics) {
    let (wanted, least, test): (&str, usize, Test) = match kind {
        Kind::Target => ("a target word, a name, or a list of them", 1, target),
        Kind::Messages => ("a bus message type, or a list of them", 0, message),
        _ => ("text, or a list of lines", 0, |_| Ok(())),
    };
    if is_list(node) && node.elements().len() < least {
        return wrong_kind(node, wanted, diagnostics);
    }
    let texts = if is_list(node) { node.elements() } else { std::slice::from_ref(node) };
    for element in texts {
        match element.text().map(test) {
            None => wrong_kind(element, wanted, diagnostics),
            Some(Err(refused)) => refuse(element, refused, diagnostics),
            Some(Ok(())) => (),
        }
    }
}

pub(super) fn check_quantiles(node: &Node, diagnostics: &mut Diagnostics) {
    if !is_list(node) {
        return wrong_kind(node, "a list of pairs of percentile and duration", diagnostics);
    }
    let before = diagnostics.iter().count();
    for point in node.elements() {
        match point.elements() {
            [percentile, span] => {
                if permille(percentile).is_none() {
                    let wanted =
                        "a percentile (a whole number from 0 to 100, or text with tenths such as \"99.9%\")";
                    wrong_kind(percentile, wanted, diagnostics);
                }
                check_scalar(span, &Kind::Quantity(Quantity::Span), diagnostics);
            }
            _ => wrong_kind(point, "a pair of percentile and duration", diagnostics),
        }
    }
    if diagnostics.iter().count() == before && quantiles(node).is_none() {
        let message = "percentiles must ascend from 0 to 100, and the durations with them".to_owned();
        diagnostics.error(code::ENDS_FIRST, node.place, message).at(&node.pointer);
    }
}

/// A percentile in tenths of a percent.
fn permille(node: &Node) -> Option<u16> {
    if let Some(number) = node.number().and_then(|number| number.parse::<u16>().ok()) {
        return (number <= 100).then_some(number * 10);
    }
    let ratio: Ratio = node.text()?.parse().ok()?;
    let scaled = u64::from(ratio.numerator) * 1_000;
    let exact = scaled % u64::from(ratio.denominator) == 0;
    exact.then_some((scaled / u64::from(ratio.denominator)) as u16)
}

/// The points of a measured distribution, if they are complete and ascend.
pub(crate) fn quantiles(node: &Node) -> Option<Vec<(u16, Span)>> {
    let point = |point: &Node| match point.elements() {
        [percentile, span] => Some((permille(percentile)?, span.text()?.parse().ok()?)),
        _ => None,
    };
    let points = node.elements().iter().map(point).collect::<Option<Vec<(u16, Span)>>>()?;
    let ascends = points.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1);
    let complete = points.first()?.0 == 0 && points.last()?.0 == 1_000;
    (ascends && complete).then_some(points)
}

/// The plain half of a kind that may also be an object: the message names both.
pub(super) fn check_or(node: &Node, plain: &Kind, other: &Kind, diagnostics: &mut Diagnostics) {
    let fits = match plain {
        Kind::Whole(..) => node.number().is_some(),
        _ => node.text().is_some(),
    };
    if fits {
        return check(node, plain, diagnostics);
    }
    let object = match other {
        Kind::Object(object) => object.name,
        Kind::Union(union) => union.name,
        _ => "object",
    };
    wrong_kind(node, &format!("{} or an object ({object})", wanted(plain)), diagnostics);
}

/// What a plain value should be, in words.
fn wanted(kind: &Kind) -> &'static str {
    match kind {
        Kind::Flag => "true or false",
        Kind::Yes => "true",
        Kind::Whole(..) => "a whole number",
        Kind::Seed => "a seed (a whole number, or text with one)",
        Kind::Quantity(Quantity::Span) => "a duration such as \"250ms\"",
        Kind::Quantity(Quantity::Shift) => "a step such as \"-10s\"",
        Kind::Quantity(Quantity::Ppm) => "a drift such as \"200ppm\"",
        Kind::Quantity(Quantity::Ratio) => "a ratio such as \"3/1000\"",
        Kind::Quantity(Quantity::Rate) => "a rate such as \"200/s\"",
        Kind::Quantity(Quantity::Bandwidth) => "a bandwidth such as \"10MB/s\"",
        Kind::Event => "the name of an event",
        Kind::Finding => "the name of a finding",
        Kind::Weakness => "the name of a weakness or finding",
        Kind::Slots => "slots such as \"0-5460\"",
        Kind::Anchor => "an action word or the id of an entry",
        Kind::Name => "a name",
        Kind::Word(_) => "a word",
        _ => "text",
    }
}

pub(super) fn check_scalar(node: &Node, kind: &Kind, diagnostics: &mut Diagnostics) {
    let verdict = match kind {
        Kind::Flag => node.flag().map(|_| Ok(())),
        Kind::Yes => node.flag().filter(|flag| *flag).map(|_| Ok(())),
        Kind::Whole(least, most) => node.number().map(|number| whole(number, *least, *most)),
        Kind::Seed => {
            node.text().or(node.number()).map(|text| seed(text).map(|_| ()).ok_or_else(|| bad_seed(text)))
        }
        _ => node.text().map(|text| check_text(text, kind)),
    };
    match verdict {
        None => wrong_kind(node, wanted(kind), diagnostics),
        Some(Err(refused)) => refuse(node, refused, diagnostics),
        Some(Ok(())) => (),
    }
}

fn check_text(text: &str, kind: &Kind) -> Result<(), Refused> {
    let bad = |error| (code::BAD_VALUE, error);
    match kind {
        Kind::Quantity(quantity) => readable(*quantity, text).map_err(bad),
        Kind::Word(known) => word(text, known),
        Kind::Name if !words::is_name(text) => Err(bad(QuantityError {
            message: format!("\"{text}\" cannot be a name"),
            help: "names are letters, digits, - and _, begin with a letter, and are no target words"
                .to_owned(),
        })),
        Kind::Slots => words::slots(text).map(|_| ()).map_err(|error| (code::BAD_SLOT, error)),
        Kind::Anchor => words::anchor(text).map(|_| ()).map_err(bad),
        _ => Ok(()),
    }
}

fn readable(quantity: Quantity, text: &str) -> Result<(), QuantityError> {
    fn reads<T: FromStr<Err = QuantityError>>(text: &str) -> Result<(), QuantityError> {
        text.parse::<T>().map(|_| ())
    }
    match quantity {
        Quantity::Span => reads::<Span>(text),
        Quantity::Shift => reads::<Shift>(text),
        Quantity::Ppm => reads::<Ppm>(text),
        Quantity::Ratio => reads::<Ratio>(text),
        Quantity::Rate => reads::<Rate>(text),
        Quantity::Bandwidth => reads::<Bandwidth>(text),
    }
}

fn whole(text: &str, least: u64, most: u64) -> Result<(), Refused> {
    match text.parse::<u64>() {
        Ok(number) if (least..=most).contains(&number) => Ok(()),
        Ok(_) if least == most => Err(out_of_range(text, format!("only {least} is allowed"))),
        Ok(_) if most == u64::MAX => Err(out_of_range(text, format!("it must be at least {least}"))),
        _ => Err(out_of_range(text, format!("it must be a whole number from {least} to {most}"))),
    }
}

fn out_of_range(text: &str, help: String) -> Refused {
    (code::OUT_OF_RANGE, QuantityError { message: format!("{text} is not allowed here"), help })
}

/// The seed that a text or number means.
pub(crate) fn seed(text: &str) -> Option<u64> {
    let text = text.replace('_', "");
    let digits = |text: &str| text.starts_with(|letter: char| letter.is_ascii_hexdigit());
    match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(Some(hex).filter(|hex| digits(hex))?, 16).ok(),
        None => Some(&text).filter(|text| digits(text))?.parse().ok(),
    }
}

fn bad_seed(text: &str) -> Refused {
    let message = format!("cannot read \"{text}\" as a seed");
    let help = "a seed is a whole number below 2^64, decimal or with 0x: 42, \"0x51ed_270b\"".to_owned();
    (code::BAD_VALUE, QuantityError { message, help })
}

fn word(text: &str, known: &[(&str, &str)]) -> Result<(), Refused> {
    if known.iter().any(|(word, _)| *word == text) {
        return Ok(());
    }
    Err(unknown_word(text, known.iter().map(|(word, _)| *word)))
}

fn unknown_word<'a>(text: &str, known: impl Iterator<Item = &'a str> + Clone) -> Refused {
    let help = match nearest(text, known.clone()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("it is {}", alternatives(known)),
    };
    (code::UNKNOWN_WORD, QuantityError { message: format!("unknown word \"{text}\""), help })
}

fn target(text: &str) -> Result<(), Refused> {
    words::target(text).map(|_| ()).map_err(|error| (code::BAD_VALUE, error))
}

fn message(text: &str) -> Result<(), Refused> {
    match MessageKind::from_name(text) {
        Some(_) => Ok(()),
        None => Err(unknown_word(text, MessageKind::ALL.iter().map(|kind| kind.name()))),
    }
}
