//! DUMP and RESTORE: one value on its way from node to node.

use std::fmt;

use super::checksum::checksum;
use super::reader::Reader;
use super::writer::Writer;
use super::{VERSION, load, save};
use crate::keyspace::Value;

/// Behind the value: the version and the checksum.
const FOOTER: usize = 2 + 8;

/// Why a payload is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoreError {
    /// It is too short, of a later version, or its checksum is wrong.
    VersionOrChecksum,
    /// It is intact, but no value that can be read.
    BadDataFormat,
}

/// Redis' own words, without `ERR`.
impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RestoreError::VersionOrChecksum => "DUMP payload version or checksum are wrong",
            RestoreError::BadDataFormat => "Bad data format",
        })
    }
}

impl std::error::Error for RestoreError {}

/// What DUMP answers for this value. `compression` is the directive `rdbcompression`.
pub fn dump(value: &Value, compression: bool) -> Vec<u8> {
    let mut writer = Writer::new(compression);
    writer.byte(save::type_of(value));
    save::write_value(&mut writer, value);
    writer.out.extend(VERSION.to_le_bytes());
    let sum = checksum(&writer.out);
    writer.out.extend(sum.to_le_bytes());
    writer.out
}

/// The value in a payload. As in Redis, bytes between the value and the footer do not matter.
pub fn restore(payload: &[u8]) -> Result<Value, RestoreError> {
    let body = payload.len().checked_sub(FOOTER).ok_or(RestoreError::VersionOrChecksum)?;
    let version = u16::from_le_bytes([payload[body], payload[body + 1]]);
    let (content, sum) = payload.split_at(body + 2);
    if version > VERSION || sum != checksum(content).to_le_bytes() {
        return Err(RestoreError::VersionOrChecksum);
    }
    let mut reader = Reader::new(payload);
    let value = reader.byte().and_then(|kind| load::value(&mut reader, kind));
    value.ok().filter(|value| !load::is_empty(value)).ok_or(RestoreError::BadDataFormat)
}
