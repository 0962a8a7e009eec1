//! Replies to client commands as values; the RESP types of both protocol versions.

use std::borrow::Cow;
use std::fmt;

/// What a client command is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// A short text: `+OK`.
    Simple(Cow<'static, str>),
    /// An error as the client receives it after the `-`: `ERR syntax error`.
    Error(Cow<'static, str>),
    /// A whole number.
    Integer(i64),
    /// A string of bytes.
    Bulk(Vec<u8>),
    /// A text that RESP3 marks as `txt`; a bulk string in RESP2.
    Verbatim(Cow<'static, str>),
    /// Nothing.
    Null,
    /// A list.
    Array(Vec<Reply>),
    /// Key-value pairs; a flat list in RESP2.
    Map(Vec<(Reply, Reply)>),
}

impl Reply {
    /// `+OK`.
    pub const fn ok() -> Reply {
        Reply::Simple(Cow::Borrowed("OK"))
    }

    /// A short text, without its `+`.
    pub fn simple(text: impl Into<Cow<'static, str>>) -> Reply {
        Reply::Simple(text.into())
    }

    /// An error with its code, without the `-`: `MOVED 3999 10.0.0.1:6379`.
    pub fn error(text: impl Into<Cow<'static, str>>) -> Reply {
        Reply::Error(text.into())
    }

    /// An error with the generic code: `ERR ` and the text.
    pub fn err(text: impl fmt::Display) -> Reply {
        Reply::error(format!("ERR {text}"))
    }

    /// A text for people, as INFO gives it.
    pub fn verbatim(text: impl Into<Cow<'static, str>>) -> Reply {
        Reply::Verbatim(text.into())
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
