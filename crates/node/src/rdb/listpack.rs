//! Listpacks: the elements of a list in one piece of memory, each with its length before and behind it.

use super::writer::canonical_number;
use crate::keyspace::Bytes;

/// Bytes in front of the elements: the size of all, and how many there are.
pub(super) const HEAD: usize = 6;
/// Bytes of an empty one: the head and the end.
pub(super) const EMPTY: usize = HEAD + 1;
const END: u8 = 0xff;

/// Appends an element to what stands between head and end.
pub(super) fn push(body: &mut Vec<u8>, element: &[u8]) {
    let start = body.len();
    match canonical_number(element).filter(|_| element.len() < 21) {
        Some(number) => push_number(body, number),
        None => push_string(body, element),
    }
    push_back_length(body, body.len() - start);
}

fn push_number(body: &mut Vec<u8>, number: i64) {
    let bytes = number.to_le_bytes();
    let (mark, count) = match number {
        0..=127 => return body.push(number as u8),
        -4096..=4095 => return body.extend((number as u16 & 0x1fff | 0xc000).to_be_bytes()),
        -32_768..=32_767 => (0xf1, 2),
        -8_388_608..=8_388_607 => (0xf2, 3),
        -2_147_483_648..=2_147_483_647 => (0xf3, 4),
        _ => (0xf4, 8),
    };
    body.push(mark);
    body.extend_from_slice(&bytes[..count]);
}

fn push_string(body: &mut Vec<u8>, element: &[u8]) {
    match element.len() {
        length @ 0..64 => body.push(0x80 | length as u8),
        length @ 64..4096 => body.extend((0xe000 | length as u16).to_be_bytes()),
        length => {
            body.push(0xf0);
            body.extend((length as u32).to_le_bytes());
        }
    }
    body.extend_from_slice(element);
}

/// Seven bits a byte, the highest first; all but the first are marked, for this is read from behind.
fn push_back_length(body: &mut Vec<u8>, length: usize) {
    let groups = (length.max(1).ilog2() / 7) as usize;
    for group in (0..=groups).rev() {
        let mark = if group == groups { 0 } else { 0x80 };
        body.push((length >> (7 * group)) as u8 & 0x7f | mark);
    }
}

/// The whole listpack around this body.
pub(super) fn finish(body: &[u8], count: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(EMPTY + body.len());
    out.extend(((EMPTY + body.len()) as u32).to_le_bytes());
    out.extend(u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes());
    out.extend_from_slice(body);
    out.push(END);
    out
}

/// The elements of a listpack; none if it is damaged.
pub(super) fn elements(bytes: &[u8]) -> Option<Vec<Bytes>> {
    let (head, mut rest) = bytes.split_at_checked(HEAD)?;
    let size = u32::from_le_bytes(head[..4].try_into().ok()?);
    let count = u16::from_le_bytes(head[4..].try_into().ok()?);
    if size as usize != bytes.len() {
        return None;
    }
    let mut elements = Vec::new();
    while *rest.first()? != END {
        let (element, length) = element(rest)?;
        let mut back = Vec::new();
        push_back_length(&mut back, length);
        rest = rest.get(length..)?.strip_prefix(back.as_slice())?;
        elements.push(element);
    }
    let counted = count == u16::MAX || usize::from(count) == elements.len();
    (rest.len() == 1 && counted).then_some(elements)
}

/// The first element, and how many bytes it has without its length behind.
fn element(bytes: &[u8]) -> Option<(Bytes, usize)> {
    let first = *bytes.first()?;
    let number = |value: i64, length| Some((Bytes::from(value.to_string().into_bytes()), length));
    let string =
        |head: usize, length: usize| Some((Bytes::from(bytes.get(head..head + length)?), head + length));
    match first {
        0..0x80 => number(i64::from(first), 1),
        0x80..0xc0 => string(1, usize::from(first & 0x3f)),
        0xc0..0xe0 => {
            let raw = i16::from_be_bytes([first << 3, *bytes.get(1)?]);
            let high = i64::from(first & 0x1f) << 8;
            let value = high | i64::from(bytes[1]);
            number(if raw < 0 { value - (1 << 13) } else { value }, 2)
        }
        0xe0..0xf0 => string(2, usize::from(first & 0x0f) << 8 | usize::from(*bytes.get(1)?)),
        0xf0 => string(5, u32::from_le_bytes(bytes.get(1..5)?.try_into().ok()?) as usize),
        0xf1..=0xf4 => {
            let width = [2, 3, 4, 8][usize::from(first - 0xf1)];
            number(signed(bytes.get(1..1 + width)?), 1 + width)
        }
        _ => None,
    }
}

/// The number that these bytes are, the lowest first.
pub(super) fn signed(bytes: &[u8]) -> i64 {
    let fill = if bytes.last().is_some_and(|last| last & 0x80 != 0) { 0xff } else { 0 };
    let mut wide = [fill; 8];
    wide[..bytes.len()].copy_from_slice(bytes);
    i64::from_le_bytes(wide)
}
