//! Reads replies off the stream of a server; the client's side.
//!
//! Owns: the bytes that came and the lists that are not whole yet. Reads what a server of 7.0.15 sends outside of
//! `DEBUG PROTOCOL` and scripts: attributes and big numbers are refused. Never: panics, trusts a length, or goes
//! deeper than 64 lists inside of each other.

use std::borrow::Cow;
use std::fmt;

use super::incoming::Incoming;
use super::{LONGEST_LINE, number};
use crate::reply::Reply;

/// Lists inside of lists.
const DEEPEST: usize = 64;
/// Bytes of one string.
const LONGEST_BULK: usize = 512 * 1024 * 1024;
/// Room is made for so many items before they come.
const FORESEEN: usize = 64;

/// Why bytes of a server are no reply. The connection is of no use any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyError {
    /// No reply begins with this byte.
    Kind(u8),
    /// A line that does not end.
    LongLine,
    /// Not a number, a truth value or a kind of text where one has to be.
    Value,
    /// A length that is no number, negative or too large.
    Length,
    /// Behind a string there is no line end.
    NoLineEnd,
    /// Too many lists inside of each other.
    Depth,
}

impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReplyError::Kind(byte) => write!(f, "no reply begins with {:?}", char::from(*byte)),
            ReplyError::LongLine => f.write_str("a line of a reply has more than 64 KiB"),
            ReplyError::Value => f.write_str("a value of a reply is not of its type"),
            ReplyError::Length => {
                f.write_str("a length in a reply is no number from 0 to 2147483647, or 512 MiB")
            }
            ReplyError::NoLineEnd => {
                f.write_str("a string of a reply is followed by something else than a line end")
            }
            ReplyError::Depth => write!(f, "a reply has more than {DEEPEST} lists inside of each other"),
        }
    }
}

impl std::error::Error for ReplyError {}

/// A list of which not all items are there.
#[derive(Clone, Debug)]
struct Unfinished {
    /// The byte it began with.
    kind: u8,
    missing: usize,
    items: Vec<Reply>,
}

impl Unfinished {
    fn finish(self) -> Reply {
        match self.kind {
            b'~' => Reply::Set(self.items),
            b'>' => Reply::Push(self.items),
            b'%' => {
                let mut items = self.items.into_iter();
                Reply::Map(std::iter::from_fn(|| items.next().zip(items.next())).collect())
            }
            _ => Reply::Array(self.items),
        }
    }
}

/// What one line is the beginning of.
enum Begun {
    Whole(Reply),
    List { kind: u8, missing: usize },
}

/// The replies of one connection.
#[derive(Clone, Debug, Default)]
pub struct ReplyDecoder {
    incoming: Incoming,
    /// From the outside to the inside.
    unfinished: Vec<Unfinished>,
    /// After an error nothing else is read.
    broken: Option<ReplyError>,
}

impl ReplyDecoder {
    /// Bytes came.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.broken.is_none() {
            self.incoming.feed(bytes);
        }
    }

    /// Whether nothing is left of what came.
    pub fn is_empty(&self) -> bool {
        self.incoming.rest().is_empty() && self.unfinished.is_empty()
    }

    /// The next reply, or none if more bytes are needed.
    ///
    /// # Errors
    /// What came is no reply, now and from now on.
    pub fn decode(&mut self) -> Result<Option<Reply>, ReplyError> {
        if let Some(error) = self.broken {
            return Err(error);
        }
        let decoded = self.next();
        if let Err(error) = decoded {
            *self = ReplyDecoder { broken: Some(error), ..ReplyDecoder::default() };
        }
        decoded
    }

    fn next(&mut self) -> Result<Option<Reply>, ReplyError> {
        while let Some(begun) = self.begun()? {
            let whole = match begun {
                Begun::Whole(reply) => self.put(reply),
                Begun::List { kind, missing } => self.open(kind, missing)?,
            };
            if whole.is_some() {
                return Ok(whole);
            }
        }
        Ok(None)
    }

    /// A list begins; a whole reply, if it is empty and the last thing that was missing.
    fn open(&mut self, kind: u8, missing: usize) -> Result<Option<Reply>, ReplyError> {
        let list = Unfinished { kind, missing, items: Vec::with_capacity(missing.min(FORESEEN)) };
        if missing == 0 {
            return Ok(self.put(list.finish()));
        }
        if self.unfinished.len() == DEEPEST {
            return Err(ReplyError::Depth);
        }
        self.unfinished.push(list);
        Ok(None)
    }

    /// Puts an item into the list that waits for it, and that one into its own if it is whole by that.
    fn put(&mut self, mut item: Reply) -> Option<Reply> {
        while let Some(list) = self.unfinished.last_mut() {
            list.items.push(item);
            list.missing -= 1;
            if list.missing > 0 {
                return None;
            }
            item = self.unfinished.pop().expect("there is a last one").finish();
        }
        Some(item)
    }

    /// Takes what is not a list, or the head of a list, off the bytes.
    fn begun(&mut self) -> Result<Option<Begun>, ReplyError> {
        let end = self.incoming.find([b'\r', b'\r']);
        let rest = self.incoming.rest();
        let Some(end) = end.filter(|end| rest.len() >= end + 2) else {
            return if rest.len() > LONGEST_LINE + 2 { Err(ReplyError::LongLine) } else { Ok(None) };
        };
        if end > LONGEST_LINE {
            return Err(ReplyError::LongLine);
        }
        if rest[end + 1] != b'\n' {
            return Err(ReplyError::NoLineEnd);
        }
        let [kind, value @ ..] = &rest[..end] else { return Err(ReplyError::Kind(b'\r')) };
        let mut behind = end + 2;
        let begun = match kind {
            b'$' | b'=' if *value != *b"-1" => {
                let length =
                    length(value).filter(|length| *length <= LONGEST_BULK).ok_or(ReplyError::Length)?;
                let Some(blob) = rest.get(behind..behind + length + 2) else { return Ok(None) };
                behind += length + 2;
                let blob = blob.strip_suffix(b"\r\n").ok_or(ReplyError::NoLineEnd)?;
                Begun::Whole(string(*kind, blob)?)
            }
            b'*' if value == b"-1" => Begun::Whole(Reply::NullArray),
            b'*' | b'~' | b'>' | b'%' => {
                let length = length(value).ok_or(ReplyError::Length)?;
                let missing =
                    if *kind == b'%' { length.checked_mul(2).ok_or(ReplyError::Length)? } else { length };
                Begun::List { kind: *kind, missing }
            }
            kind => Begun::Whole(short(*kind, value)?),
        };
        self.incoming.advance(behind);
        Ok(Some(begun))
    }
}

/// A reply in one line.
fn short(kind: u8, value: &[u8]) -> Result<Reply, ReplyError> {
    let is_double =
        |value: &[u8]| !value.is_empty() && value.iter().all(|byte| b"0123456789+-.eEinfa".contains(byte));
    match (kind, value) {
        (b'+', text) => Ok(Reply::simple(text_of(text))),
        (b'-', text) => Ok(Reply::error(text_of(text))),
        (b':', digits) => number(digits).map(Reply::Integer).ok_or(ReplyError::Value),
        (b',', digits) if is_double(digits) => Ok(Reply::Double(text_of(digits))),
        (b'#', b"t") => Ok(Reply::Boolean(true)),
        (b'#', b"f") => Ok(Reply::Boolean(false)),
        (b'_', b"") | (b'$', b"-1") => Ok(Reply::Null),
        (b',' | b'#' | b'_', _) => Err(ReplyError::Value),
        (b'=', _) => Err(ReplyError::Length),
        (kind, _) => Err(ReplyError::Kind(kind)),
    }
}

/// A string with its length; a text that says what kind of text it is says so in four bytes.
fn string(kind: u8, blob: &[u8]) -> Result<Reply, ReplyError> {
    if kind == b'$' {
        return Ok(Reply::bulk(blob));
    }
    let text = blob.strip_prefix(b"txt:").ok_or(ReplyError::Value)?;
    Ok(Reply::verbatim(text_of(text)))
}

fn length(digits: &[u8]) -> Option<usize> {
    number(digits)
        .filter(|length| i32::try_from(*length).is_ok())
        .and_then(|length| usize::try_from(length).ok())
}

/// Texts of servers are texts; what is not, is replaced.
fn text_of(bytes: &[u8]) -> Cow<'static, str> {
    match bytes {
        b"OK" => Cow::Borrowed("OK"),
        other => String::from_utf8_lossy(other).into_owned().into(),
    }
}
