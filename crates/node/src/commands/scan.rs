//! SCAN and RANDOMKEY: all keys, some at a time, and any one of them.
//!
//! The order is that of the [walk through the keyspace](crate::keyspace); COUNT says how many keys are looked at, before
//! those that are not wanted are left out. Cursors are read as Redis reads them, with what `strtoul` forgives.

use rcsim_protocol::{Command, Reply};

use super::config::matches;
use super::strings::word;
use super::text::required_integer;
use super::{Answer, syntax_error};
use crate::keyspace::Bytes;
use crate::node::Node;
use crate::outside::Outside;

/// How often RANDOMKEY tries to find a key that has not expired where all may have.
const TRIES: usize = 100;

/// What SCAN is asked for besides its cursor.
struct Wanted<'a> {
    count: usize,
    pattern: Option<&'a [u8]>,
    kind: Option<&'a [u8]>,
}

impl<'a> Wanted<'a> {
    fn read(command: &'a Command) -> Result<Wanted<'a>, Reply> {
        let mut wanted = Wanted { count: 10, pattern: None, kind: None };
        for index in (2..command.len()).step_by(2) {
            let value = command.word(index + 1).ok_or_else(syntax_error)?;
            if command.is(index, "count") {
                let count = usize::try_from(required_integer(command, index + 1)?);
                wanted.count = count.ok().filter(|count| *count > 0).ok_or_else(syntax_error)?;
            } else if command.is(index, "match") {
                wanted.pattern = Some(value);
            } else if command.is(index, "type") {
                wanted.kind = Some(value);
            } else {
                return Err(syntax_error());
            }
        }
        Ok(wanted)
    }
}

/// A sign is allowed, and so is nothing at all.
fn cursor(word: &[u8]) -> Option<u64> {
    let (negative, digits) = match word.split_first() {
        Some((b'-', digits)) if !digits.is_empty() => (true, digits),
        Some((b'+', digits)) if !digits.is_empty() => (false, digits),
        _ => (false, word),
    };
    let step = |number: u64, digit: &u8| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    };
    let number = digits.iter().try_fold(0, step)?;
    Some(if negative { number.wrapping_neg() } else { number })
}

impl Node {
    pub(super) fn scan_command(&mut self, command: &Command) -> Answer {
        let cursor = cursor(word(command, 1)).ok_or_else(|| Reply::err("invalid cursor"))?;
        let wanted = Wanted::read(command)?;
        let mut keys = self.keyspace.keys_from(cursor);
        let looked_at: Vec<Bytes> = keys.by_ref().take(wanted.count).map(|(_, key)| key.clone()).collect();
        let next = keys.next().map_or(0, |(cursor, _)| cursor);
        drop(keys);
        let mut found = Vec::new();
        for key in looked_at {
            if !wanted.pattern.is_none_or(|pattern| matches(pattern, &key)) {
                continue;
            }
            let Some(entry) = self.come_upon(&key) else { continue };
            let kind = entry.value.type_name().as_bytes();
            if wanted.kind.is_none_or(|wanted| kind.eq_ignore_ascii_case(wanted)) {
                found.push(Reply::bulk(key));
            }
        }
        Ok(Reply::Array(vec![Reply::bulk(next.to_string()), Reply::Array(found)]))
    }

    /// Where all keys have an end, and none of them can be deleted, one that has expired may be told.
    pub(super) fn randomkey_command(&mut self, _: &Command, out: &mut Outside<'_>) -> Answer {
        let mut tries = 0;
        loop {
            let Ok(keys @ 1..) = u32::try_from(self.keyspace.len()) else { return Ok(Reply::Null) };
            let index = out.chance.below(keys) as usize;
            let key =
                Bytes::clone(self.keyspace.nth_key(index).expect("the index is below the number of keys"));
            tries += 1;
            let all_end = self.keyspace.expiring_len() == self.keyspace.len();
            if self.come_upon(&key).is_some() || (all_end && tries >= TRIES && !self.keyspace.is_empty()) {
                return Ok(Reply::bulk(key));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_have_the_forms_that_redis_reads() {
        let read = |word: &str| cursor(word.as_bytes());
        assert_eq!(
            (read(""), read("007"), read("+7"), read("-1")),
            (Some(0), Some(7), Some(7), Some(u64::MAX))
        );
        for word in ["-", " 0", "0 ", "0x1", "1.5", "18446744073709551616"] {
            assert_eq!(read(word), None, "{word:?}");
        }
    }
}
