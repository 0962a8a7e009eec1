//! Texts and what stands where in them: the scenario file and the `--set` options, as one tree with places.
//!
//! Only JSON's own grammar is judged here (comments and trailing commas are welcome); what the keys mean is
//! not.

use std::ops::Range;

use jsonc_parser::ast::{ObjectProp, ObjectPropName, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use crate::code;
use crate::diagnostic::Diagnostics;

/// A text that diagnostics can point into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// The file name, or what stands for one.
    pub(crate) name: String,
    /// The whole text.
    pub(crate) text: String,
}

/// A piece of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Index of the source; the scenario file is 0, the options follow.
    pub(crate) source: usize,
    /// First byte.
    pub(crate) start: usize,
    /// The byte after the last.
    pub(crate) end: usize,
}

/// A value, where it stands, and its JSON pointer.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) pointer: String,
    pub(crate) data: Data,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(crate) enum Data {
    Null,
    Flag(bool),
    /// A number as it is written.
    Number(String),
    Text(String),
    /// The value of an option without quotes: text, number or flag, as the key wants it.
    Bare(String),
    List(Vec<Node>),
    Object(Vec<Field>),
}

/// One key of an object with its value.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) key: String,
    pub(crate) key_place: Place,
    pub(crate) value: Node,
}

impl Place {
    /// The bytes, for slicing the source's text.
    pub(crate) fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

impl Node {
    /// The fields, of an object.
    pub(crate) fn fields(&self) -> &[Field] {
        match &self.data {
            Data::Object(fields) => fields,
            _ => &[],
        }
    }

    /// The elements, of a list.
    pub(crate) fn elements(&self) -> &[Node] {
        match &self.data {
            Data::List(elements) => elements,
            _ => &[],
        }
    }

    /// The field of this name, of an object.
    pub(crate) fn field(&self, key: &str) -> Option<&Field> {
        self.fields().iter().find(|field| field.key == key)
    }

    /// The value under this key, of an object.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.field(key).map(|field| &field.value)
    }

    /// The text, where this is one or may be taken for one.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.data {
            Data::Text(text) | Data::Bare(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number as it is written, where this is one or may be taken for one.
    pub(crate) fn number(&self) -> Option<&str> {
        match &self.data {
            Data::Number(text) | Data::Bare(text) => Some(text),
            _ => None,
        }
    }

    /// The flag, where this is one or may be taken for one.
    pub(crate) fn flag(&self) -> Option<bool> {
        match &self.data {
            Data::Flag(flag) => Some(*flag),
            Data::Bare(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// What this is, in words, for messages.
    pub(crate) fn describe(&self) -> &'static str {
        match &self.data {
            Data::Null => "null",
            Data::Flag(_) => "a flag",
            Data::Number(_) => "a number",
            Data::Text(_) | Data::Bare(_) => "text",
            Data::List(_) => "a list",
            Data::Object(_) => "an object",
        }
    }
}

/// Reads `text`, which becomes source number `source`; `offset` is where it begins in that source. Nothing
/// comes back from a text that is not JSON; duplicate keys are reported and the last one counts.
pub(crate) fn read(text: &str, source: usize, offset: usize, diagnostics: &mut Diagnostics) -> Option<Node> {
    let options = ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let mut reader = Reader { source, offset, diagnostics };
    match parse_to_ast(text, &CollectOptions::default(), &options) {
        Ok(result) => match result.value {
            Some(value) => Some(reader.node(&value, String::new())),
            None => {
                let place = Place { source, start: offset, end: offset };
                reader.diagnostics.error(code::SYNTAX, place, "this text holds no scenario".to_owned());
                None
            }
        },
        Err(error) => {
            let range = error.range();
            let start = floor(text, range.start);
            let end = floor(text, range.end.max(range.start + 1)).max(start);
            let end = text[start..end].find('\n').map_or(end, |line_feed| start + line_feed);
            let place = Place { source, start: start + offset, end: end + offset };
            let message = format!("this is not JSON: {}", decapitalised(&error.kind().to_string()));
            reader.diagnostics.error(code::SYNTAX, place, message);
            None
        }
    }
}

/// The largest character boundary that is not after `index`.
fn floor(text: &str, index: usize) -> usize {
    let mut index = index.min(text.len());
    while !text.is_char_boundary(index) {
        index -= 1;
    }
    index
}

fn decapitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_lowercase).chain(letters).collect()
}

struct Reader<'d> {
    source: usize,
    offset: usize,
    diagnostics: &'d mut Diagnostics,
}

impl Reader<'_> {
    fn place(&self, ranged: &impl Ranged) -> Place {
        let range = ranged.range();
        Place { source: self.source, start: range.start + self.offset, end: range.end + self.offset }
    }

    fn node(&mut self, value: &Value<'_>, pointer: String) -> Node {
        let place = self.place(value);
        let data = match value {
            Value::NullKeyword(_) => Data::Null,
            Value::BooleanLit(flag) => Data::Flag(flag.value),
            Value::NumberLit(number) => Data::Number(number.value.to_owned()),
            Value::StringLit(text) => Data::Text(text.value.to_string()),
            Value::Array(array) => {
                let elements = array.elements.iter().enumerate();
                Data::List(
                    elements.map(|(at, element)| self.node(element, format!("{pointer}/{at}"))).collect(),
                )
            }
            Value::Object(object) => Data::Object(self.fields(&object.properties, &pointer)),
        };
        Node { place, pointer, data }
    }

    fn fields(&mut self, properties: &[ObjectProp<'_>], pointer: &str) -> Vec<Field> {
        let mut fields: Vec<Field> = Vec::with_capacity(properties.len());
        for property in properties {
            let key = property.name.as_str().to_owned();
            let key_place = match &property.name {
                ObjectPropName::String(literal) => self.place(literal),
                ObjectPropName::Word(literal) => self.place(literal),
            };
            let value = self.node(&property.value, format!("{pointer}/{}", escape(&key)));
            let field = Field { key, key_place, value };
            match fields.iter().position(|earlier| earlier.key == field.key) {
                Some(index) => {
                    self.report_duplicate(&fields[index], &field, pointer);
                    fields[index] = field;
                }
                None => fields.push(field),
            }
        }
        fields
    }

    fn report_duplicate(&mut self, earlier: &Field, later: &Field, pointer: &str) {
        let message = format!("the key \"{}\" stands twice in this object", later.key);
        self.diagnostics
            .error(code::DUPLICATE_KEY, later.key_place, message)
            .at(pointer)
            .also(earlier.key_place, "first here")
            .help("remove one of the two");
    }
}

/// A key as a segment of a JSON pointer (RFC 6901).
pub(crate) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
