//! A snapshot from data.

use super::aux_fields::Aux;
use super::checksum::checksum;
use super::writer::Writer;
use super::{VERSION, list, opcode};
use crate::keyspace::Value;

/// A key with what it holds.
#[derive(Clone, Copy, Debug)]
pub struct RecordRef<'a> {
    /// The key.
    pub key: &'a [u8],
    /// What it holds.
    pub value: &'a Value,
    /// When it expires, in Unix milliseconds, if ever.
    pub expires_at_ms: Option<i64>,
}

/// The snapshot of these keys. `compression` is the directive `rdbcompression`.
pub fn save<'a, R>(aux: &Aux, records: R, compression: bool) -> Vec<u8>
where
    R: IntoIterator<Item = RecordRef<'a>>,
    R::IntoIter: Clone,
{
    let mut writer = Writer::new(compression);
    let records = records.into_iter();
    write_head(&mut writer, aux, records.clone());
    records.for_each(|record| write_record(&mut writer, record));
    writer.byte(opcode::END);
    let sum = checksum(&writer.out);
    writer.out.extend(sum.to_le_bytes());
    writer.out
}

/// How long the snapshot of these keys is, exactly, without holding it in memory.
pub fn encoded_len<'a, R>(aux: &Aux, records: R, compression: bool) -> u64
where
    R: IntoIterator<Item = RecordRef<'a>>,
    R::IntoIter: Clone,
{
    let mut writer = Writer::new(compression);
    let records = records.into_iter();
    write_head(&mut writer, aux, records.clone());
    let mut length = writer.out.len() as u64;
    for record in records {
        writer.out.clear();
        write_record(&mut writer, record);
        length += writer.out.len() as u64;
    }
    length + 1 + 8
}

/// What stands in front of the keys; without any, no database is named.
fn write_head<'a>(writer: &mut Writer, aux: &Aux, records: impl Iterator<Item = RecordRef<'a>>) {
    writer.out.extend_from_slice(format!("REDIS{VERSION:04}").as_bytes());
    for (name, value) in aux.fields() {
        writer.byte(opcode::AUX);
        writer.string(name.as_bytes());
        writer.string(value.as_bytes());
    }
    let (mut count, mut expiring) = (0, 0);
    for record in records {
        count += 1;
        expiring += u64::from(record.expires_at_ms.is_some());
    }
    if count > 0 {
        writer.byte(opcode::SELECT);
        writer.length(0);
        writer.byte(opcode::RESIZE);
        writer.length(count);
        writer.length(expiring);
    }
}

fn write_record(writer: &mut Writer, record: RecordRef<'_>) {
    if let Some(expires_at_ms) = record.expires_at_ms {
        writer.byte(opcode::EXPIRES_MS);
        writer.out.extend(expires_at_ms.to_le_bytes());
    }
    writer.byte(type_of(record.value));
    writer.string(record.key);
    write_value(writer, record.value);
}

pub(super) fn type_of(value: &Value) -> u8 {
    match value {
        Value::String(_) => opcode::STRING,
        Value::List(_) => opcode::LIST_QUICKLIST_2,
    }
}

pub(super) fn write_value(writer: &mut Writer, value: &Value) {
    match value {
        Value::String(bytes) => writer.string(bytes),
        Value::List(elements) => list::write(writer, elements),
    }
}
