//! From a checked tree to the model; references are resolved on the way.
//!
//! Values that [`shape`](crate::shape) has refused read as `None` here and are skipped without a second word,
//! so that one pass finds the errors of all the others.

mod clients;
mod cluster;
mod device;
mod expect;
mod nemesis;
mod root;
mod target;
mod timeline;

use std::str::FromStr;

use crate::diagnostic::Diagnostics;
use crate::model::{Anchor, Span};
use crate::shape;
use crate::source::{self, Node};
use crate::suggest::nearest;
use crate::table::{Key, Need, Object, Union};

pub(crate) use root::scenario;
pub(crate) use timeline::Placed;

/// The names that a scenario may use but that others define.
#[derive(Clone, Copy, Debug, Default)]
pub struct Vocabulary<'a> {
    /// Names of all events.
    pub events: &'a [&'a str],
    /// Names of all findings (invariants): `S1`..
    pub findings: &'a [&'a str],
    /// Names of the known weaknesses of Redis 7.0.15: `EL-05`..
    pub weaknesses: &'a [&'a str],
}

/// What is known and found while a tree is read.
pub(crate) struct Reading<'a> {
    pub(crate) vocabulary: &'a Vocabulary<'a>,
    pub(crate) diagnostics: &'a mut Diagnostics,
    /// The names of all nodes; `None` if the cluster cannot be read, so that names are not judged.
    pub(crate) nodes: Option<Vec<String>>,
    /// The names of all clients.
    pub(crate) clients: Vec<String>,
    /// What the keys of each client begin with, and whether it writes numbers of its own to them.
    pub(crate) prefixes: Vec<(String, bool)>,
    /// Whether the cluster has replicas at all.
    pub(crate) has_replicas: bool,
    /// Every `eventually` that was read, for the checks of time.
    pub(crate) bounds: Vec<Bound<'a>>,
}

/// An `eventually`: what its bound counts from, and where it stands.
#[derive(Clone)]
pub(crate) struct Bound<'a> {
    /// The whole expectation.
    pub(crate) node: &'a Node,
    pub(crate) within: Span,
    pub(crate) of: Option<Anchor>,
    /// Index of the `check` entry that it stands in.
    pub(crate) entry: Option<usize>,
}

/// An object of the tree together with its part of the table.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    node: Option<&'a Node>,
    own: &'static [Key],
    common: &'static [Key],
}

impl<'a> Fields<'a> {
    /// The fields of an object; without a node every key has its default.
    pub(crate) fn of(node: Option<&'a Node>, object: &'static Object) -> Fields<'a> {
        Fields { node, own: object.keys, common: &[] }
    }

    /// The fields of a variant of a union, with its tag. `None` if the object is no variant.
    pub(crate) fn variant(node: &'a Node, union: &'static Union) -> Option<(&'static str, Fields<'a>)> {
        match shape::variants_of(node, union).as_slice() {
            [variant] => {
                Some((variant.tag(), Fields { node: Some(node), own: variant.keys, common: union.common }))
            }
            _ => None,
        }
    }

    /// The value under a key, where it is there.
    pub(crate) fn node(&self, key: &str) -> Option<&'a Node> {
        self.node?.get(key)
    }

    /// Reads the value under a key, or its default; `None` for an optional key that is not there.
    pub(crate) fn read<T>(&self, name: &str, read: impl FnOnce(&Node) -> Option<T>) -> Option<T> {
        let key = self.own.iter().chain(self.common).find(|key| key.name == name);
        let key = key.unwrap_or_else(|| panic!("the table of the format has no key \"{name}\" here"));
        match (self.node(name), &key.need) {
            (Some(node), _) => read(node),
            (None, Need::Default(json)) => read(&default(json)),
            (None, _) => None,
        }
    }

    /// A quantity.
    pub(crate) fn quantity<T: FromStr>(&self, name: &str) -> Option<T> {
        self.read(name, |node| node.text()?.parse().ok())
    }

    /// A whole number.
    pub(crate) fn whole<T: FromStr>(&self, name: &str) -> Option<T> {
        self.read(name, |node| node.number()?.parse().ok())
    }

    /// A flag; a broken one is false.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.read(name, Node::flag).unwrap_or(false)
    }

    /// A text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.read(name, |node| node.text().map(str::to_owned))
    }

    /// The settings under a key.
    pub(crate) fn settings(&self, name: &str) -> Vec<(String, String)> {
        self.node(name).map(crate::settings::read).unwrap_or_default()
    }
}

/// A default of the table as a tree.
fn default(json: &str) -> Node {
    let mut scratch = Diagnostics::default();
    source::read(json, 0, 0, &mut scratch)
        .unwrap_or_else(|| panic!("the default {json} in the table is not JSON"))
}

/// The two values of a pair, if the first is not the larger.
fn pair<T: FromStr + PartialOrd>(node: &Node) -> Option<(T, T)> {
    let read = |node: &Node| node.text()?.parse::<T>().ok();
    match node.elements() {
        [first, second] => Some((read(first)?, read(second)?)),
        _ => None,
    }
}

/// The help for a name that nobody has.
fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone, all: &str) -> String {
    nearest(name, known).map_or_else(|| all.to_owned(), |near| format!("did you mean \"{near}\"?"))
}
