//! Replies to client commands as values; the RESP types of both protocol versions.

use std::fmt;

/// What a client command is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// A short text: `+OK`.
    Simple(String),
    /// An error as the client receives it after the `-`: `ERR syntax error`.
    Error(String),
    /// A whole number.
    Integer(i64),
    /// A string of bytes.
    Bulk(Vec<u8>),
    /// A text that RESP3 marks as `txt`; a bulk string in RESP2.
    Verbatim(String),
    /// Nothing.
    Null,
    /// A list.
    Array(Vec<Reply>),
    /// Key-value pairs; a flat list in RESP2.
    Map(Vec<(Reply, Reply)>),
}

impl Reply {
    /// `+OK`.
    pub fn ok() -> Reply {
        Reply::Simple("OK".to_owned())
    }

    /// An error with the generic code: `ERR ` and the text.
    pub fn err(text: impl fmt::Display) -> Reply {
        Reply::Error(format!("ERR {text}"))
    }

    /// A bulk string.
    pub fn bulk(text: impl AsRef<[u8]>) -> Reply {
        Reply::Bulk(text.as_ref().to_vec())
    }

    /// Whether it is an error.
    pub fn is_error(&self) -> bool {
        matches!(self, Reply::Error(_))
    }
}

/// For people: one line, strings as text.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, items: &[Reply]| {
            items
                .iter()
                .enumerate()
                .try_for_each(|(index, item)| write!(f, "{}{item}", if index == 0 { "" } else { " " }))
        };
        match self {
            Reply::Simple(text) | Reply::Verbatim(text) => f.write_str(text),
            Reply::Error(text) => write!(f, "-{text}"),
            Reply::Integer(number) => write!(f, "{number}"),
            Reply::Bulk(bytes) => f.write_str(&String::from_utf8_lossy(bytes)),
            Reply::Null => f.write_str("(nil)"),
            Reply::Array(items) => {
                f.write_str("[")?;
                list(f, items)?;
                f.write_str("]")
            }
            Reply::Map(pairs) => pairs.iter().try_for_each(|(key, value)| write!(f, "{key}={value} ")),
        }
    }
}
