//! Data from a snapshot.

use std::collections::BTreeSet;

use super::aux_fields::{Aux, AuxReader};
use super::checksum::checksum;
use super::error::{Fault, RdbError};
use super::reader::Reader;
use super::{VERSION, list, opcode};
use crate::keyspace::{Bytes, Value};

/// What was in a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// What it said about itself.
    pub aux: Aux,
    /// Its keys, in its order.
    pub records: Vec<Record>,
    /// The keys that were left out because they had expired (RB-6).
    pub expired: Vec<Bytes>,
    /// How many bytes it had; an append-only file may go on behind it.
    pub length: usize,
}

/// A key with what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The key.
    pub key: Bytes,
    /// What it holds.
    pub value: Value,
    /// When it expires, in Unix milliseconds, if ever.
    pub expires_at_ms: Option<i64>,
}

/// Reads a snapshot. Keys that expired before `skip_expired_before_ms` are left out: a master that starts from a
/// snapshot passes its time, everybody else nothing, and nobody does for the base of an append-only file (RB-6).
/// Bytes behind the end are left alone.
pub fn load(bytes: &[u8], skip_expired_before_ms: Option<i64>) -> Result<Loaded, RdbError> {
    let mut reader = Reader::new(bytes);
    let version = header(&mut reader)?;
    let mut aux = AuxReader::default();
    let mut keys = BTreeSet::new();
    let (mut records, mut expired) = (Vec::new(), Vec::new());
    let mut expires_at_ms = None;
    loop {
        match reader.byte()? {
            opcode::EXPIRES_S => {
                expires_at_ms = Some(i64::from(i32::from_le_bytes(reader.array()?)).saturating_mul(1000));
            }
            opcode::EXPIRES_MS => expires_at_ms = Some(i64::from_le_bytes(reader.array()?)),
            opcode::FREQUENCY => drop(reader.byte()?),
            opcode::IDLE => drop(reader.length()?),
            opcode::AUX => aux.take(&reader.string()?, &reader.string()?),
            opcode::RESIZE => drop((reader.length()?, reader.length()?)),
            opcode::SELECT => match reader.length()? {
                0 => {}
                number => return Err(reader.fault(Fault::Database(number))),
            },
            opcode::END => break,
            code @ opcode::FUNCTION..=opcode::MODULE_AUX => {
                return Err(reader.fault(Fault::UnmodelledSection(code)));
            }
            kind => {
                let key = reader.string()?;
                let value = value(&mut reader, kind)?;
                // A deadline of -1 is none; it is what Redis keeps for "never".
                let record =
                    Record { key, value, expires_at_ms: expires_at_ms.take().filter(|at| *at != -1) };
                if is_empty(&record.value) {
                    continue;
                }
                if record.expires_at_ms.is_some_and(|at| skip_expired_before_ms.is_some_and(|now| at < now)) {
                    expired.push(record.key);
                } else if !keys.insert(record.key.clone()) {
                    return Err(reader.fault(Fault::DuplicateKey(record.key.to_vec())));
                } else {
                    records.push(record);
                }
            }
        }
    }
    footer(&mut reader, bytes, version)?;
    Ok(Loaded { aux: aux.finish(), records, expired, length: reader.at() })
}

fn header(reader: &mut Reader<'_>) -> Result<i64, RdbError> {
    let head: [u8; 9] = reader.array()?;
    if !head.starts_with(b"REDIS") {
        return Err(reader.fault(Fault::Signature));
    }
    let digits = head[5..].iter().take_while(|byte| byte.is_ascii_digit());
    let version = digits.fold(0, |number, digit| number * 10 + i64::from(digit - b'0'));
    if (1..=i64::from(VERSION)).contains(&version) {
        return Ok(version);
    }
    Err(reader.fault(Fault::Version(version)))
}

/// The checksum, since version 5; zero stands for none.
fn footer(reader: &mut Reader<'_>, bytes: &[u8], version: i64) -> Result<(), RdbError> {
    if version < 5 {
        return Ok(());
    }
    let actual = checksum(&bytes[..reader.at()]);
    let expected = u64::from_le_bytes(reader.array()?);
    if expected == 0 || expected == actual {
        return Ok(());
    }
    Err(reader.fault(Fault::Checksum { expected, actual }))
}

/// The value of this type that comes next.
pub(super) fn value(reader: &mut Reader<'_>, kind: u8) -> Result<Value, RdbError> {
    Ok(match kind {
        opcode::STRING => Value::String(reader.string()?),
        opcode::LIST | opcode::LIST_ZIPLIST | opcode::LIST_QUICKLIST | opcode::LIST_QUICKLIST_2 => {
            Value::List(list::read(reader, kind)?)
        }
        _ if kind == opcode::NO_TYPE || kind > opcode::LAST_TYPE => {
            return Err(reader.fault(Fault::UnknownType(kind)));
        }
        _ => return Err(reader.fault(Fault::UnmodelledType(kind))),
    })
}

/// Redis once wrote lists without elements, and drops them when it reads one.
pub(super) fn is_empty(value: &Value) -> bool {
    matches!(value, Value::List(list) if list.is_empty())
}
