//! Hash slots and the way from a key to its slot (rule KS-1).

use std::fmt;

/// How many hash slots the key space is cut into (rule CF-33).
pub const SLOT_COUNT: u16 = 16384;

/// One hash slot, 0 to 16383.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(u16);

impl Slot {
    /// The slot with this number, or `None` from 16384 on.
    pub const fn new(number: u16) -> Option<Slot> {
        if number < SLOT_COUNT { Some(Slot(number)) } else { None }
    }

    /// Its number, 0 to 16383.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// Its number as an index into tables of 16384 entries.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// All slots, ascending.
    pub fn all() -> impl DoubleEndedIterator<Item = Slot> {
        (0..SLOT_COUNT).map(Slot)
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The slot of a key: CRC16-XMODEM of the key, or of its hash tag, low 14 bits (rule KS-1).
pub fn key_slot(key: &[u8]) -> Slot {
    Slot(crc16::State::<crc16::XMODEM>::calculate(hash_tag(key)) & (SLOT_COUNT - 1))
}

/// The part of a key that is hashed: what stands between the first `{` and the first `}` after it, if anything
/// does; else the whole key (rule KS-1).
pub fn hash_tag(key: &[u8]) -> &[u8] {
    let Some(open) = key.iter().position(|&byte| byte == b'{') else { return key };
    let after = &key[open + 1..];
    match after.iter().position(|&byte| byte == b'}') {
        None | Some(0) => key,
        Some(close) => &after[..close],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ks_1_the_check_value_of_the_polynomial() {
        assert_eq!(key_slot(b"123456789").number(), 0x31C3 & 16383);
    }

    /// Every key that a real server was asked about: `key_hex,key_python_repr,slot_redis,...`.
    #[test]
    fn ks_1_all_keys_have_the_slot_that_a_real_server_gave_them() {
        let rows = include_str!("../../../tests/data/reference/keyslots.csv").lines().skip(1);
        let mut count = 0;
        for row in rows {
            let (hex, rest) = row.split_once(',').expect("several fields");
            // The second field is for people and may hold commas itself; the others stand at the end.
            let slot = rest.rsplit(',').nth(2).expect("the slot").parse().expect("a number");
            let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex digits");
            let key: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
            assert_eq!(key_slot(&key), Slot(slot), "{row}");
            count += 1;
        }
        assert!(count > 100, "only {count} rows");
    }

    #[test]
    fn ks_1_only_a_closed_tag_with_content_counts() {
        assert_eq!(hash_tag(b"a{tag}b"), b"tag");
        assert_eq!(hash_tag(b"a{}b{tag}"), b"a{}b{tag}");
        assert_eq!(hash_tag(b"a{tag"), b"a{tag");
        assert_eq!(hash_tag(b"a}{x}}"), b"x");
        assert_eq!(hash_tag(b"{{x}}"), b"{x");
    }
}
