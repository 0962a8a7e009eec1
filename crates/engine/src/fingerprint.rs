//! The fingerprint: one 128-bit number for everything that happened in a run.
//!
//! Two runs with equal inputs have equal fingerprints on every platform and in every build of the same
//! version; a difference means that the runs differ. It is XXH3-128 (seed 0) over a byte stream with this
//! encoding, which is part of the format and does not change silently:
//!
//! - [`Fingerprinter::mix`]: each word as 8 bytes, little-endian, in order;
//! - [`Fingerprinter::mix_bytes`]: the length as a word, then the bytes as they are;
//! - nothing else: no padding, no address, no platform-sized integer.
//!
//! Words carry no type and no length of their own: who mixes a record puts a constant kind first, so that
//! different records cannot spell the same stream. Not cryptographic; it finds accidents, not forgers.

use std::fmt;
use std::str::FromStr;

use xxhash_rust::xxh3::Xxh3Default;

/// Words gathered before the hash is fed: a record of the engine fits in one go.
const CHUNK: usize = 8;

/// The running hash over everything that happens.
#[derive(Clone)]
pub struct Fingerprinter {
    hash: Xxh3Default,
}

impl Default for Fingerprinter {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Fingerprinter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprinter({})", self.finish())
    }
}

impl Fingerprinter {
    /// Nothing happened yet.
    pub fn new() -> Self {
        Self { hash: Xxh3Default::new() }
    }

    /// Adds words.
    #[inline]
    pub fn mix(&mut self, words: &[u64]) {
        for chunk in words.chunks(CHUNK) {
            let mut bytes = [0u8; CHUNK * 8];
            for (place, word) in bytes.chunks_exact_mut(8).zip(chunk) {
                place.copy_from_slice(&word.to_le_bytes());
            }
            self.hash.update(&bytes[..chunk.len() * 8]);
        }
    }

    /// Adds a byte string, its length first; text is mixed as UTF-8.
    pub fn mix_bytes(&mut self, bytes: &[u8]) {
        self.mix(&[bytes.len() as u64]);
        self.hash.update(bytes);
    }

    /// The fingerprint of all that was mixed so far; mixing may go on.
    pub fn finish(&self) -> Fingerprint {
        Fingerprint(self.hash.digest128())
    }
}

/// The fingerprint of a run, shown as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Fingerprint(pub u128);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// A text that is no fingerprint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FingerprintError(String);

impl fmt::Display for FingerprintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no fingerprint: expected 32 hexadecimal digits", self.0)
    }
}

impl std::error::Error for FingerprintError {}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let well_formed = text.len() == 32 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        let value = well_formed.then(|| u128::from_str_radix(text, 16).ok()).flatten();
        value.map(Self).ok_or_else(|| FingerprintError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_is_the_documented_one() {
        let mut stepwise = Fingerprinter::new();
        stepwise.mix(&[1, 2]);
        stepwise.mix(&(3..20).collect::<Vec<u64>>());
        stepwise.mix_bytes(b"abc");
        let mut bytes: Vec<u8> = (1..20u64).chain([3]).flat_map(u64::to_le_bytes).collect();
        bytes.extend(b"abc");
        assert_eq!(stepwise.finish().0, xxhash_rust::xxh3::xxh3_128(&bytes));
    }

    /// The published XXH3-128 of the empty input: a change of the hash would show here first.
    #[test]
    fn text_round_trips() {
        let empty = Fingerprinter::new().finish();
        assert_eq!(empty.to_string(), "99aa06d3014798d86001c324468d497f");
        assert_eq!(empty.to_string().parse(), Ok(empty));
        let error = "+9aa06d3014798d86001c324468d497f".parse::<Fingerprint>().unwrap_err();
        assert!(error.to_string().ends_with("expected 32 hexadecimal digits"));
    }
}
