//! Writes replies as bytes, in either version.

use std::io::Write as _;

use super::RespVersion;
use crate::reply::Reply;

impl Reply {
    /// Writes it behind `bytes` as a connection of this version gets it ([`Reply::as_received`]).
    pub fn write_resp(&self, version: RespVersion, bytes: &mut Vec<u8>) {
        let is_new = version == RespVersion::Resp3;
        match self {
            Reply::Simple(text) => line('+', text, bytes),
            Reply::Error(text) => line('-', text, bytes),
            Reply::Integer(number) => headline(':', *number, bytes),
            Reply::Bulk(blob) => bulk('$', &[blob], bytes),
            Reply::Verbatim(text) if is_new => bulk('=', &[b"txt:", text.as_bytes()], bytes),
            Reply::Double(digits) if is_new => line(',', digits, bytes),
            Reply::Verbatim(text) | Reply::Double(text) => bulk('$', &[text.as_bytes()], bytes),
            Reply::Boolean(is_true) if is_new => line('#', if *is_true { "t" } else { "f" }, bytes),
            Reply::Boolean(is_true) => headline(':', i64::from(*is_true), bytes),
            Reply::Null | Reply::NullArray if is_new => line('_', "", bytes),
            Reply::Null => headline('$', -1, bytes),
            Reply::NullArray => headline('*', -1, bytes),
            Reply::Array(items) => list('*', items, version, bytes),
            Reply::Set(items) => list(if is_new { '~' } else { '*' }, items, version, bytes),
            Reply::Push(items) => list(if is_new { '>' } else { '*' }, items, version, bytes),
            Reply::Map(pairs) => {
                let (kind, count) = if is_new { ('%', pairs.len()) } else { ('*', pairs.len() * 2) };
                headline(kind, count as i64, bytes);
                for (key, value) in pairs {
                    key.write_resp(version, bytes);
                    value.write_resp(version, bytes);
                }
            }
        }
    }
}

/// A text in one line: line ends inside become spaces.
fn line(kind: char, text: &str, bytes: &mut Vec<u8>) {
    bytes.push(kind as u8);
    bytes.extend(text.bytes().map(|byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { byte }));
    bytes.extend_from_slice(b"\r\n");
}

fn headline(kind: char, number: i64, bytes: &mut Vec<u8>) {
    write!(bytes, "{kind}{number}\r\n").expect("memory takes everything");
}

fn bulk(kind: char, parts: &[&[u8]], bytes: &mut Vec<u8>) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    headline(kind, length as i64, bytes);
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
    bytes.extend_from_slice(b"\r\n");
}

fn list(kind: char, items: &[Reply], version: RespVersion, bytes: &mut Vec<u8>) {
    headline(kind, items.len() as i64, bytes);
    items.iter().for_each(|item| item.write_resp(version, bytes));
}
