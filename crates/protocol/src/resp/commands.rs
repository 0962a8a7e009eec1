//! Reads commands off the stream of a client.
//!
//! Owns: the bytes that came and the words of a command that is not whole yet. Does what 7.0.15 does with odd input: a
//! count or a length ends with CR, and the byte behind it is not looked at, nor are the two behind a word; a zero byte
//! hides the end of a line. Never: panics, or holds more than `client-query-buffer-limit`.

use std::fmt;

use super::incoming::Incoming;
use super::line::{UnbalancedQuotes, command_of_line};
use super::{LONGEST_LINE, number};
use crate::command::{Command, Draft};
use crate::reply::Reply;

/// What a client may send; may change from command to command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandLimits {
    /// `proto-max-bulk-len`, bytes of one word.
    pub bulk: u64,
    /// `client-query-buffer-limit`, bytes of all that came and was not answered yet.
    pub buffer: u64,
    /// Whether it gave the password that is asked for. One who did not may send 10 words of 16 KiB.
    pub authenticated: bool,
}

impl Default for CommandLimits {
    /// The defaults of the settings: words of 512 MiB, 1 GiB together, no password.
    fn default() -> CommandLimits {
        CommandLimits { bulk: 512 * 1024 * 1024, buffer: 1024 * 1024 * 1024, authenticated: true }
    }
}

/// Why a client's bytes are no command. It gets [`ProtocolError::reply`], and its connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProtocolError {
    /// A line without end.
    LongInline,
    /// See [`command_of_line`].
    UnbalancedQuotes,
    /// No end of the count of words.
    LongCount,
    /// The count of words is no number, or above 2³¹ - 1.
    Count,
    /// More words than one may send who gave no password yet.
    UnauthenticatedCount,
    /// No end of the length of a word.
    LongLength,
    /// Where a word's length should stand, there is another byte.
    NoBulk(u8),
    /// The length of a word is no number, negative, or above `proto-max-bulk-len`.
    Length,
    /// A longer word than one may send who gave no password yet.
    UnauthenticatedLength,
    /// More than `client-query-buffer-limit`; this one is closed without an answer.
    BufferLimit,
}

impl ProtocolError {
    /// What the client is told, if anything.
    pub fn reply(self) -> Option<Reply> {
        let is_told = self != ProtocolError::BufferLimit;
        is_told.then(|| Reply::err(format_args!("Protocol error: {self}")))
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ProtocolError::LongInline => "too big inline request",
            ProtocolError::UnbalancedQuotes => "unbalanced quotes in request",
            ProtocolError::LongCount => "too big mbulk count string",
            ProtocolError::Count => "invalid multibulk length",
            ProtocolError::UnauthenticatedCount => "unauthenticated multibulk length",
            ProtocolError::LongLength => "too big bulk count string",
            ProtocolError::NoBulk(byte) => return write!(f, "expected '$', got '{}'", char::from(*byte)),
            ProtocolError::Length => "invalid bulk length",
            ProtocolError::UnauthenticatedLength => "unauthenticated bulk length",
            ProtocolError::BufferLimit => "more than client-query-buffer-limit",
        })
    }
}

impl std::error::Error for ProtocolError {}

/// The commands of one connection.
#[derive(Clone, Debug, Default)]
pub struct CommandDecoder {
    incoming: Incoming,
    /// The words that came of a multibulk command.
    draft: Draft,
    /// So many of its words are still to come.
    missing: u32,
    /// The length of the next one, once it is known.
    length: Option<u64>,
    /// After an error nothing else is read.
    broken: Option<ProtocolError>,
}

impl CommandDecoder {
    /// Bytes came.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.broken.is_none() {
            self.incoming.feed(bytes);
        }
    }

    /// The next command, or none if more bytes are needed.
    ///
    /// # Errors
    /// What came is no command, now and from now on.
    pub fn decode(&mut self, limits: &CommandLimits) -> Result<Option<Command>, ProtocolError> {
        if let Some(error) = self.broken {
            return Err(error);
        }
        let decoded = self.next(limits);
        if let Err(error) = decoded {
            *self = CommandDecoder { broken: Some(error), ..CommandDecoder::default() };
        }
        decoded
    }

    fn next(&mut self, limits: &CommandLimits) -> Result<Option<Command>, ProtocolError> {
        while self.missing == 0 {
            match self.incoming.rest().first() {
                None => return Ok(None),
                Some(b'*') => match self.count(limits)? {
                    Some(count) => self.missing = count,
                    None => return self.wait(limits),
                },
                Some(_) => {
                    let Some(length) = self.line(b'\n', ProtocolError::LongInline)? else {
                        return self.wait(limits);
                    };
                    let line = &self.incoming.rest()[..length];
                    let command = command_of_line(line.strip_suffix(b"\r").unwrap_or(line))
                        .map_err(|UnbalancedQuotes| ProtocolError::UnbalancedQuotes)?;
                    self.incoming.advance(length + 1);
                    if command.is_some() {
                        return Ok(command);
                    }
                }
            }
        }
        while self.missing > 0 {
            if !self.word(limits)? {
                return self.wait(limits);
            }
            self.missing -= 1;
        }
        Ok(std::mem::take(&mut self.draft).finish())
    }

    /// How many words the command has; one without words is none.
    fn count(&mut self, limits: &CommandLimits) -> Result<Option<u32>, ProtocolError> {
        let Some((count, behind)) = self.headline(ProtocolError::LongCount)? else { return Ok(None) };
        let count = count.filter(|count| *count <= i64::from(i32::MAX)).ok_or(ProtocolError::Count)?;
        if count > 10 && !limits.authenticated {
            return Err(ProtocolError::UnauthenticatedCount);
        }
        self.incoming.advance(behind);
        Ok(Some(u32::try_from(count).unwrap_or(0)))
    }

    /// Reads one word, if it is there.
    fn word(&mut self, limits: &CommandLimits) -> Result<bool, ProtocolError> {
        let Some(length) = self.length(limits)? else { return Ok(false) };
        // On a machine of 32 bits, some lengths do not fit; such a word never comes.
        let behind = usize::try_from(length).ok().and_then(|length| length.checked_add(2));
        let Some(bytes) = behind.and_then(|behind| self.incoming.rest().get(..behind)) else {
            return Ok(false);
        };
        within_limit(self.draft.size() + bytes.len(), limits)?;
        let (word, behind) = (&bytes[..bytes.len() - 2], bytes.len());
        self.draft.push_word(word);
        self.incoming.advance(behind);
        self.length = None;
        Ok(true)
    }

    /// The length of the next word, if it is there.
    fn length(&mut self, limits: &CommandLimits) -> Result<Option<u64>, ProtocolError> {
        if self.length.is_some() {
            return Ok(self.length);
        }
        let Some((length, behind)) = self.headline(ProtocolError::LongLength)? else { return Ok(None) };
        let first = self.incoming.rest()[0];
        if first != b'$' {
            return Err(ProtocolError::NoBulk(first));
        }
        let length = length.and_then(|length| u64::try_from(length).ok());
        let length = length.filter(|length| *length <= limits.bulk).ok_or(ProtocolError::Length)?;
        if length > 16 * 1024 && !limits.authenticated {
            return Err(ProtocolError::UnauthenticatedLength);
        }
        self.incoming.advance(behind);
        self.length = Some(length);
        Ok(self.length)
    }

    /// A line of one letter and a number, if it is there: the number, if it is one, and where the line ends.
    fn headline(&mut self, too_long: ProtocolError) -> Result<Option<(Option<i64>, usize)>, ProtocolError> {
        let end = self.line(b'\r', too_long)?;
        let rest = self.incoming.rest();
        let end = end.filter(|end| rest.len() >= end + 2);
        Ok(end.map(|end| (number(rest.get(1..end).unwrap_or_default()), end + 2)))
    }

    /// How far away this end of a line is, if it has come.
    fn line(&mut self, end: u8, too_long: ProtocolError) -> Result<Option<usize>, ProtocolError> {
        let found = self.incoming.find([end, 0]);
        let rest = self.incoming.rest();
        // A zero byte ends the search, as it does in C.
        let found = found.filter(|at| rest[*at] == end);
        if found.is_none() && rest.len() > LONGEST_LINE { Err(too_long) } else { Ok(found) }
    }

    /// More bytes are needed, and may come.
    fn wait(&self, limits: &CommandLimits) -> Result<Option<Command>, ProtocolError> {
        within_limit(self.incoming.rest().len() + self.draft.size(), limits)?;
        Ok(None)
    }
}

/// So many bytes may be held; half of what a command can have is the most.
fn within_limit(held: usize, limits: &CommandLimits) -> Result<(), ProtocolError> {
    let limit = limits.buffer.min(u64::from(u32::MAX / 2));
    if held as u64 > limit { Err(ProtocolError::BufferLimit) } else { Ok(()) }
}
