//! The one table of the format: every object, its keys, their kinds, defaults and meanings.
//!
//! The parser's checks ([`shape`](crate::shape)), the defaults, the JSON Schema and the reference in the
//! documentation are all read from here, so they cannot drift apart.

mod cluster;
mod expect;
mod load;
mod root;
mod timeline;
mod walk;

pub(crate) use cluster::{CLOCK_SPEC, CLUSTER, NODE};
pub(crate) use expect::{COUNT, EXPECT, OWNER, ROLE};
pub(crate) use load::{BIMODAL, CLIENT, DISK, DISTRIBUTION, EXPONENTIAL, NETWORK, PROCESS, WAIT};
pub(crate) use root::{BUDGET, NEMESIS, NEMESIS_FAULTS, SCENARIO};
pub(crate) use timeline::{
    CLOCK_FAULT, COMMAND, CUT, DISK_FAULT, FSYNC, LINK_FAULT, REPLY, SLOW, TIMELINE, WHEN,
};
pub(crate) use walk::{Part, parts};

/// One key of an object.
#[derive(Debug)]
pub(crate) struct Key {
    /// As in the file.
    pub(crate) name: &'static str,
    /// What its value may be.
    pub(crate) kind: Kind,
    /// Whether it must be there.
    pub(crate) need: Need,
    /// One or two sentences: what it means.
    pub(crate) doc: &'static str,
    /// A value, as JSON.
    pub(crate) example: &'static str,
}

/// Whether a key must be there.
#[derive(Debug)]
pub(crate) enum Need {
    /// The object means nothing without it.
    Required,
    /// Without it something is left out; the sentence on the key says what.
    Optional,
    /// Without it this JSON value holds.
    Default(&'static str),
}

/// What a value may be.
#[derive(Debug)]
pub(crate) enum Kind {
    /// Any text.
    Text,
    /// Text, or a list of lines.
    Lines,
    /// A name: letters, digits, `-`, `_`, not a target word.
    Name,
    /// `true` or `false`.
    Flag,
    /// Only `true`.
    Yes,
    /// A whole number in this range.
    Whole(u64, u64),
    /// A whole number of 64 bits, or text with one, decimal or with `0x`, underscores allowed.
    Seed,
    /// A quantity in text.
    Quantity(Quantity),
    /// One of a few words, each with its meaning.
    Word(&'static [(&'static str, &'static str)]),
    /// The name of an event.
    Event,
    /// The name of a finding.
    Finding,
    /// The name of a known weakness.
    Weakness,
    /// A target word, a name, or a list of them.
    Target,
    /// The name of a bus message type, or a list of them.
    Messages,
    /// An action word, the id of an entry, or `end-of:` and one of the two.
    Anchor,
    /// Setting names with their values.
    Settings,
    /// Slots and ranges of slots, joined by commas.
    Slots,
    /// Points of a measured distribution: pairs of percentile and duration.
    Quantiles,
    /// Two values of one kind.
    Pair(&'static Kind),
    /// At least so many values of one kind.
    List(usize, &'static Kind),
    /// An object.
    Object(&'static Object),
    /// One of several objects, told apart by a key.
    Union(&'static Union),
    /// The first, unless the value is an object: then the second.
    Or(&'static Kind, &'static Kind),
}

/// Quantities that are written as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantity {
    Span,
    Shift,
    Ppm,
    Ratio,
    Rate,
    Bandwidth,
}

/// An object with fixed keys.
#[derive(Debug)]
pub(crate) struct Object {
    /// What messages and the documentation call it.
    pub(crate) name: &'static str,
    /// What it is for.
    pub(crate) doc: &'static str,
    /// Its keys, in the order in which they are written.
    pub(crate) keys: &'static [Key],
    /// How its keys depend on each other.
    pub(crate) rules: &'static [Rule],
}

/// How keys of one object depend on each other.
#[derive(Debug)]
pub(crate) enum Rule {
    /// Exactly one of them is there.
    ExactlyOne(&'static [&'static str]),
    /// At least one of them is there.
    AtLeastOne(&'static [&'static str]),
    /// The first is only there beside the second.
    Needs(&'static str, &'static str),
}

/// One of several objects. The first key of each variant is required and tells it apart.
#[derive(Debug)]
pub(crate) struct Union {
    /// What messages and the documentation call it.
    pub(crate) name: &'static str,
    /// What it is for.
    pub(crate) doc: &'static str,
    /// Keys that every variant has too.
    pub(crate) common: &'static [Key],
    /// How the common keys depend on each other.
    pub(crate) rules: &'static [Rule],
    /// The variants; the name of each is that of its first key.
    pub(crate) variants: &'static [Object],
}

impl Object {
    /// The key that tells a variant of a union apart.
    pub(crate) fn tag(&self) -> &'static str {
        self.keys[0].name
    }

    /// The key of this name.
    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

const fn required(name: &'static str, kind: Kind, example: &'static str, doc: &'static str) -> Key {
    Key { name, kind, need: Need::Required, doc, example }
}

const fn optional(name: &'static str, kind: Kind, example: &'static str, doc: &'static str) -> Key {
    Key { name, kind, need: Need::Optional, doc, example }
}

const fn with_default(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    example: &'static str,
    doc: &'static str,
) -> Key {
    Key { name, kind, need: Need::Default(default), doc, example }
}

const SPAN: Kind = Kind::Quantity(Quantity::Span);
const RATIO: Kind = Kind::Quantity(Quantity::Ratio);
