//! `--set path=value`: values of options put into the tree before it is judged, with their own places.

use crate::code;
use crate::diagnostic::Diagnostics;
use crate::source::{self, Data, Field, Node, Place, Source, escape};

/// The text of an option as a source that diagnostics can point into.
pub(crate) fn source_of((path, value): &(&str, &str)) -> Source {
    Source { name: "--set".to_owned(), text: format!("{path}={value}") }
}

/// Puts the value of option number `index` into the tree.
pub(crate) fn apply(root: &mut Node, index: usize, option: &(&str, &str), diagnostics: &mut Diagnostics) {
    let (path, value) = option;
    let source = index + 1;
    let offset = path.len() + 1;
    let place = Place { source, start: offset, end: offset + value.len() };
    let data = if value.starts_with(['{', '[', '"']) {
        match source::read(value, source, offset, diagnostics) {
            Some(node) => node.data,
            None => return,
        }
    } else {
        Data::Bare((*value).to_owned())
    };
    let mut target = root;
    let mut start = 0;
    for segment in path.split('.') {
        let segment_place = Place { source, start, end: start + segment.len() };
        start += segment.len() + 1;
        target = match step(target, segment, segment_place) {
            Ok(next) => next,
            Err(message) => {
                diagnostics.error(code::OVERRIDE, segment_place, message).help(
                    "a path follows keys, list positions, and the id or name of list elements, as in \
                     \"cluster.settings.cluster-node-timeout\"",
                );
                return;
            }
        };
    }
    target.data = data;
    target.place = place;
}

/// One step down; a key that is not there is made.
fn step<'n>(node: &'n mut Node, segment: &str, place: Place) -> Result<&'n mut Node, String> {
    if segment.is_empty() {
        return Err("a path cannot have an empty part".to_owned());
    }
    let pointer = format!("{}/{}", node.pointer, escape(segment));
    let description = node.describe();
    match &mut node.data {
        Data::List(elements) => {
            let index = position(elements, segment);
            index
                .map(|index| &mut elements[index])
                .ok_or_else(|| format!("this list has no element \"{segment}\""))
        }
        Data::Object(fields) => {
            let index = fields.iter().position(|field| field.key == segment).unwrap_or_else(|| {
                let value = Node { place, pointer, data: Data::Object(Vec::new()) };
                fields.push(Field { key: segment.to_owned(), key_place: place, value });
                fields.len() - 1
            });
            Ok(&mut fields[index].value)
        }
        _ => Err(format!("there is no \"{segment}\" in {description}")),
    }
}

/// The element with this position, id or name.
fn position(elements: &[Node], segment: &str) -> Option<usize> {
    let is_named =
        |node: &Node| ["id", "name"].iter().any(|key| node.get(key).and_then(Node::text) == Some(segment));
    let named = elements.iter().position(is_named);
    named.or_else(|| segment.parse().ok().filter(|index| *index < elements.len()))
}
