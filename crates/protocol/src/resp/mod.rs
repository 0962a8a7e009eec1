//! RESP, the protocol between clients and servers: commands in, replies out, and the client's side of it.
//!
//! | room | what is in it |
//! |---|---|
//! | [`commands`] | reads commands off a stream, as multibulk or in a line, and refuses with Redis' words |
//! | [`line`] | a command in one line, with Redis' rules for quotes |
//! | [`replies`] | reads replies off a stream, of both versions |
//! | [`write`] | writes replies in either version |
//!
//! Both readers take bytes as they come, in any pieces; they never panic, and hold no more than what they were given.
//! [`crate::Command::write_resp`] writes commands.

pub mod commands;
mod incoming;
pub mod line;
pub mod replies;
#[cfg(test)]
mod tests;
pub mod write;

pub use commands::{CommandDecoder, CommandLimits, ProtocolError};
pub use replies::{ReplyDecoder, ReplyError};

/// The version that a connection speaks; `HELLO` changes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum RespVersion {
    /// What every connection speaks at first.
    #[default]
    Resp2,
    /// With maps, sets, and messages that nobody asked for.
    Resp3,
}

/// A line longer than this (64 KiB) is refused, if its end has not come.
pub(crate) const LONGEST_LINE: usize = 64 * 1024;

/// A whole number exactly as Redis writes one: no plus sign, no leading zeros, no `-0`.
pub(crate) fn number(digits: &[u8]) -> Option<i64> {
    let unsigned = digits.strip_prefix(b"-").unwrap_or(digits);
    let is_written_so = match unsigned {
        [b'0'] => unsigned.len() == digits.len(),
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    let text = std::str::from_utf8(digits).ok().filter(|_| is_written_so)?;
    text.parse().ok()
}

#[cfg(test)]
mod number_tests {
    use super::*;

    #[test]
    fn numbers_have_one_spelling() {
        for (digits, value) in [("0", 0), ("7", 7), ("-1", -1), ("9223372036854775807", i64::MAX)] {
            assert_eq!(number(digits.as_bytes()), Some(value));
        }
        for digits in ["", "-", "-0", "01", "+1", " 1", "1 ", "1a", "9223372036854775808"] {
            assert_eq!(number(digits.as_bytes()), None, "{digits:?}");
        }
    }
}
