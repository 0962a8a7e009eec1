//! A digest of the data that is kept up to date with every change.
//!
//! The digest is a sum over all keys, so it does not depend on their order, and a change costs what changed: a list
//! is a polynomial over its elements, to which either end can be added and from which either end can be taken.
//! Never: resists somebody who wants two data sets to collide.

use super::value::{Entry, Value};

/// The base of the polynomial of a list; odd, so that it can be divided by (modulo 2^64).
const BASE: u64 = 0x9E37_79B9_7F4A_7C15;
/// Its inverse: `BASE * INVERSE` is 1.
const INVERSE: u64 = inverse(BASE);

/// By Newton's iteration: each step doubles the number of right bits, and the first has three.
const fn inverse(odd: u64) -> u64 {
    let mut inverse = odd;
    let mut step = 0;
    while step < 5 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(inverse)));
        step += 1;
    }
    inverse
}

/// Spreads a number over all bits.
const fn mix(number: u64) -> u64 {
    let mixed = (number ^ (number >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    let mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    mixed ^ (mixed >> 32)
}

/// The digest of a string of bytes.
pub(super) fn of_bytes(bytes: &[u8]) -> u64 {
    let (chunks, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let all = chunks.iter().chain(std::iter::once(&last));
    let fold = |sum: u64, chunk: &[u8; 8]| mix(sum ^ u64::from_le_bytes(*chunk)).wrapping_mul(BASE);
    mix(all.fold(bytes.len() as u64 + 1, fold))
}

/// The digest of a value by itself.
pub(super) fn of_value(value: &Value) -> u64 {
    match value {
        Value::String(bytes) => of_bytes(bytes),
        Value::List(items) => {
            items.iter().rev().fold(0, |sum, item| of_bytes(item).wrapping_add(BASE.wrapping_mul(sum)))
        }
    }
}

/// The digest of a list with one more element on the left, and without it again.
pub(super) fn push_left(list: u64, element: &[u8]) -> u64 {
    of_bytes(element).wrapping_add(BASE.wrapping_mul(list))
}

/// See [`push_left`].
pub(super) fn pop_left(list: u64, element: &[u8]) -> u64 {
    list.wrapping_sub(of_bytes(element)).wrapping_mul(INVERSE)
}

/// The digest of a list of so many elements with one more on the right, and without it again.
pub(super) fn push_right(list: u64, len: usize, element: &[u8]) -> u64 {
    list.wrapping_add(of_bytes(element).wrapping_mul(BASE.wrapping_pow(len as u32)))
}

/// See [`push_right`]; the length is the one without the element.
pub(super) fn pop_right(list: u64, len: usize, element: &[u8]) -> u64 {
    list.wrapping_sub(of_bytes(element).wrapping_mul(BASE.wrapping_pow(len as u32)))
}

/// What a key adds to the digest of the data: the digests of its name and its value, the kind of that, and when it
/// expires.
pub(super) fn of_key(name: u64, entry: &Entry, value: u64) -> u64 {
    let kind = match entry.value {
        Value::String(_) => 1,
        Value::List(_) => 2,
    };
    let until = entry.expires_at_ms.map_or(0, |at| mix(at as u64 ^ BASE));
    mix(mix(name ^ mix(value.wrapping_add(kind))).wrapping_add(until))
}
