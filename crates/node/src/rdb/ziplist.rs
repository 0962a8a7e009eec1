//! Ziplists: how lists were packed before 7.0. They are read, never written.

use super::listpack::signed;
use crate::keyspace::Bytes;

/// Bytes in front of the elements: the size of all, where the last begins, and how many there are.
const HEAD: usize = 10;
const END: u8 = 0xff;
/// The length of the element before takes one byte below this, else five.
const LONG_BEFORE: u8 = 0xfe;

/// The elements of a ziplist; none if it is damaged.
pub(super) fn elements(bytes: &[u8]) -> Option<Vec<Bytes>> {
    let size = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?);
    let count = u16::from_le_bytes(bytes.get(8..HEAD)?.try_into().ok()?);
    if size as usize != bytes.len() {
        return None;
    }
    let mut rest = &bytes[HEAD..];
    let mut elements = Vec::new();
    while *rest.first()? != END {
        rest = rest.get(if rest[0] < LONG_BEFORE { 1 } else { 5 }..)?;
        let (element, length) = element(rest)?;
        rest = &rest[length..];
        elements.push(element);
    }
    let counted = count == u16::MAX || usize::from(count) == elements.len();
    (rest.len() == 1 && counted).then_some(elements)
}

fn element(bytes: &[u8]) -> Option<(Bytes, usize)> {
    let first = *bytes.first()?;
    let string =
        |head: usize, length: usize| Some((Bytes::from(bytes.get(head..head + length)?), head + length));
    let number = |value: i64, length| Some((Bytes::from(value.to_string().into_bytes()), length));
    let wide = |width: usize| number(signed(bytes.get(1..1 + width)?), 1 + width);
    match first {
        0..0x40 => string(1, usize::from(first)),
        0x40..0x80 => string(2, usize::from(first & 0x3f) << 8 | usize::from(*bytes.get(1)?)),
        0x80 => string(5, u32::from_be_bytes(bytes.get(1..5)?.try_into().ok()?) as usize),
        0xc0 => wide(2),
        0xd0 => wide(4),
        0xe0 => wide(8),
        0xf0 => wide(3),
        0xfe => wide(1),
        0xf1..=0xfd => number(i64::from(first) - 0xf1, 1),
        _ => None,
    }
}
