//! Replies to client commands as values; the RESP types of both protocol versions.
//!
//! A node answers with the richest type that Redis has for a reply; what a connection that speaks an older version
//! gets of it is said in one place, [`Reply::as_received`]. The bytes are written in [`crate::resp`].

use std::borrow::Cow;
use std::fmt;

use crate::resp::RespVersion;

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
    /// A number that need not be whole, in the digits that the server writes; a bulk string in RESP2.
    Double(Cow<'static, str>),
    /// True or false; 1 or 0 in RESP2.
    Boolean(bool),
    /// Nothing.
    Null,
    /// Nothing in place of a list, as from EXEC after a touched WATCH: RESP2 knows two kinds of nothing, RESP3 one.
    NullArray,
    /// A list.
    Array(Vec<Reply>),
    /// Key-value pairs; a flat list in RESP2.
    Map(Vec<(Reply, Reply)>),
    /// Items without order; a list in RESP2.
    Set(Vec<Reply>),
    /// What nobody asked for at this moment, as messages of a channel; a list in RESP2.
    Push(Vec<Reply>),
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

    /// What a client gets of it that speaks this version. Line ends inside of errors and short texts become spaces, in
    /// both versions: they would end the reply.
    #[must_use]
    pub fn as_received(self, version: RespVersion) -> Reply {
        let is_old = version == RespVersion::Resp2;
        let all = |items: Vec<Reply>| items.into_iter().map(|item| item.as_received(version)).collect();
        match self {
            Reply::Simple(text) => Reply::Simple(one_line(text)),
            Reply::Error(text) => Reply::Error(one_line(text)),
            Reply::Verbatim(text) | Reply::Double(text) if is_old => Reply::bulk(text.as_bytes()),
            Reply::Boolean(is_true) if is_old => Reply::Integer(i64::from(is_true)),
            Reply::NullArray if !is_old => Reply::Null,
            Reply::Map(pairs) if is_old => {
                Reply::Array(all(pairs.into_iter().flat_map(|(key, value)| [key, value]).collect()))
            }
            Reply::Map(pairs) => Reply::Map(
                pairs
                    .into_iter()
                    .map(|(key, value)| (key.as_received(version), value.as_received(version)))
                    .collect(),
            ),
            Reply::Set(items) | Reply::Push(items) if is_old => Reply::Array(all(items)),
            Reply::Set(items) => Reply::Set(all(items)),
            Reply::Push(items) => Reply::Push(all(items)),
            Reply::Array(items) => Reply::Array(all(items)),
            same => same,
        }
    }
}

/// Without line ends.
fn one_line(text: Cow<'static, str>) -> Cow<'static, str> {
    if text.contains(['\r', '\n']) { text.replace(['\r', '\n'], " ").into() } else { text }
}

/// For people: one line, strings as text.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reply::Simple(text) | Reply::Verbatim(text) | Reply::Double(text) => f.write_str(text),
            Reply::Error(text) => write!(f, "-{text}"),
            Reply::Integer(number) => write!(f, "{number}"),
            Reply::Boolean(is_true) => write!(f, "{is_true}"),
            Reply::Bulk(bytes) => f.write_str(&String::from_utf8_lossy(bytes)),
            Reply::Null | Reply::NullArray => f.write_str("(nil)"),
            Reply::Array(items) | Reply::Set(items) | Reply::Push(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if index == 0 { "" } else { " " })?;
                }
                f.write_str("]")
            }
            Reply::Map(pairs) => pairs.iter().try_for_each(|(key, value)| write!(f, "{key}={value} ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_connection_gets_the_old_types() {
        let received = |reply: Reply| reply.as_received(RespVersion::Resp2);
        assert_eq!(received(Reply::verbatim("a\r\n")), Reply::bulk("a\r\n"));
        assert_eq!(received(Reply::Double("1.5".into())), Reply::bulk("1.5"));
        assert_eq!(received(Reply::Boolean(true)), Reply::Integer(1));
        assert_eq!(received(Reply::NullArray), Reply::NullArray);
        let set = Reply::Set(vec![Reply::Boolean(false)]);
        let map = Reply::Map(vec![(Reply::bulk("flags"), set)]);
        let old = vec![Reply::bulk("flags"), Reply::Array(vec![Reply::Integer(0)])];
        assert_eq!(received(map.clone()), Reply::Array(old));
        assert_eq!(received(Reply::Push(vec![])), Reply::Array(vec![]));
        assert_eq!(map.clone().as_received(RespVersion::Resp3), map);
        assert_eq!(Reply::NullArray.as_received(RespVersion::Resp3), Reply::Null);
    }

    #[test]
    fn a_line_end_cannot_end_an_error_early() {
        let error = Reply::err("unknown command 'a\r\nb'");
        assert_eq!(error.as_received(RespVersion::Resp3), Reply::err("unknown command 'a  b'"));
    }
}
