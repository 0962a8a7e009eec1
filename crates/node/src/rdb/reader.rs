//! Reads lengths and strings as the format has them, and knows where it is.

use super::error::{Fault, RdbError};
use super::lzf;
use crate::keyspace::Bytes;

/// A place in bytes.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// What a length says: how many bytes, or how the string behind it is encoded.
enum Length {
    Plain(u64),
    Encoded(u8),
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0 }
    }

    /// How many bytes were read.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// This fault, here.
    pub(super) fn fault(&self, fault: Fault) -> RdbError {
        RdbError { offset: self.at as u64, fault }
    }

    pub(super) fn take(&mut self, count: u64) -> Result<&'a [u8], RdbError> {
        let rest = &self.bytes[self.at..];
        let count = usize::try_from(count).ok().filter(|count| *count <= rest.len());
        let count = count.ok_or_else(|| self.fault(Fault::Truncated))?;
        self.at += count;
        Ok(&rest[..count])
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], RdbError> {
        let bytes = self.take(N as u64)?;
        Ok(bytes.try_into().expect("as many bytes as were asked for"))
    }

    pub(super) fn byte(&mut self) -> Result<u8, RdbError> {
        self.array().map(|[byte]| byte)
    }

    /// A length, and nothing else.
    pub(super) fn length(&mut self) -> Result<u64, RdbError> {
        match self.any_length()? {
            Length::Plain(length) => Ok(length),
            Length::Encoded(_) => Err(self.fault(Fault::Length)),
        }
    }

    fn any_length(&mut self) -> Result<Length, RdbError> {
        let first = self.byte()?;
        Ok(match first >> 6 {
            0 => Length::Plain(u64::from(first)),
            1 => Length::Plain(u64::from(first & 0x3f) << 8 | u64::from(self.byte()?)),
            2 if first == 0x80 => Length::Plain(u64::from(u32::from_be_bytes(self.array()?))),
            2 if first == 0x81 => Length::Plain(u64::from_be_bytes(self.array()?)),
            2 => return Err(self.fault(Fault::Length)),
            _ => Length::Encoded(first & 0x3f),
        })
    }

    /// A string, whatever its encoding.
    pub(super) fn string(&mut self) -> Result<Bytes, RdbError> {
        Ok(match self.any_length()? {
            Length::Plain(length) => Bytes::from(self.take(length)?),
            Length::Encoded(0) => digits(i8::from_le_bytes(self.array()?)),
            Length::Encoded(1) => digits(i16::from_le_bytes(self.array()?)),
            Length::Encoded(2) => digits(i32::from_le_bytes(self.array()?)),
            Length::Encoded(3) => self.compressed()?,
            Length::Encoded(_) => return Err(self.fault(Fault::StringEncoding)),
        })
    }

    fn compressed(&mut self) -> Result<Bytes, RdbError> {
        let (packed, length) = (self.length()?, self.length()?);
        let packed = self.take(packed)?;
        let expanded = usize::try_from(length).ok().and_then(|length| lzf::expand(packed, length));
        expanded.map(Bytes::from).ok_or_else(|| self.fault(Fault::StringEncoding))
    }
}

fn digits(number: impl Into<i64>) -> Bytes {
    Bytes::from(number.into().to_string().into_bytes())
}
