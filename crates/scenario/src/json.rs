//! JSON for people: keys in a chosen order, short things on one line, long ones broken.

use std::fmt::Write;

/// A JSON value whose objects keep their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    /// Text.
    Text(String),
    /// Something that is JSON already: a number, a flag.
    Raw(String),
    /// A list.
    List(Vec<Json>),
    /// An object.
    Object(Vec<(String, Json)>),
}

/// Lines are broken where they would be longer than this, in characters.
const WIDTH: usize = 110;

impl Json {
    /// Text.
    pub(crate) fn text(text: impl ToString) -> Json {
        Json::Text(text.to_string())
    }

    /// A number or a flag.
    pub(crate) fn raw(value: impl ToString) -> Json {
        Json::Raw(value.to_string())
    }

    /// An object.
    pub(crate) fn object<const N: usize>(fields: [(&str, Json); N]) -> Json {
        Json::Object(fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// The value as text that ends with a line feed.
    pub(crate) fn print(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0, 0);
        out.push('\n');
        out
    }

    /// Writes the value behind `indent` spaces of which the line already holds `used` characters.
    fn write(&self, out: &mut String, indent: usize, used: usize) {
        let line = self.on_one_line();
        let always_broken = match self {
            Json::Object(_) => indent == 0,
            Json::List(elements) => {
                indent <= 2 && elements.len() > 1 && matches!(elements[0], Json::Object(_))
            }
            _ => false,
        };
        if !always_broken && used + line.chars().count() < WIDTH {
            out.push_str(&line);
            return;
        }
        match self {
            Json::List(elements) => {
                let elements = elements.iter().map(|element| (None, element));
                write_block(out, indent, ['[', ']'], elements);
            }
            Json::Object(fields) => {
                let fields = fields.iter().map(|(key, value)| (Some(key.as_str()), value));
                write_block(out, indent, ['{', '}'], fields);
            }
            _ => out.push_str(&line),
        }
    }

    fn on_one_line(&self) -> String {
        match self {
            Json::Text(text) => quoted(text),
            Json::Raw(raw) => raw.clone(),
            Json::List(elements) => {
                let elements: Vec<String> = elements.iter().map(Json::on_one_line).collect();
                format!("[{}]", elements.join(", "))
            }
            Json::Object(fields) if fields.is_empty() => "{}".to_owned(),
            Json::Object(fields) => {
                let field =
                    |(key, value): &(String, Json)| format!("{}: {}", quoted(key), value.on_one_line());
                format!("{{ {} }}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// One element or field per line.
fn write_block<'j>(
    out: &mut String,
    indent: usize,
    [open, close]: [char; 2],
    items: impl ExactSizeIterator<Item = (Option<&'j str>, &'j Json)>,
) {
    let last = items.len();
    out.push(open);
    for (index, (key, value)) in items.enumerate() {
        let prefix = key.map_or_else(String::new, |key| format!("{}: ", quoted(key)));
        let _ = write!(out, "\n{:width$}{prefix}", "", width = indent + 2);
        value.write(out, indent + 2, indent + 2 + prefix.chars().count() + 1);
        if index + 1 < last {
            out.push(',');
        }
    }
    let _ = write!(out, "\n{:indent$}{close}", "");
}

/// A text in quotes, escaped as JSON wants it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outermost_object_is_broken_and_short_things_are_not() {
        let json = Json::object([
            ("a", Json::List(vec![Json::raw(1), Json::text("x\"y")])),
            ("b", Json::object([])),
        ]);
        assert_eq!(json.print(), "{\n  \"a\": [1, \"x\\\"y\"],\n  \"b\": {}\n}\n");
    }

    #[test]
    fn long_lists_are_broken_and_stay_json() {
        let long = Json::List((0..40).map(|number| Json::text(format!("number {number}"))).collect());
        let text = Json::object([("long", long)]).print();
        assert!(text.lines().all(|line| line.len() <= WIDTH));
        let value: serde_json::Value = serde_json::from_str(&text).expect("what is printed is JSON");
        assert_eq!(value["long"].as_array().map(Vec::len), Some(40));
    }
}
