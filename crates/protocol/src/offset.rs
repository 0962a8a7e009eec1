//! Positions in a replication stream, and the names of streams (rule RP-1).

use std::fmt;

/// How many bytes of a replication stream were produced or applied. Redis keeps it signed; −1 stands for "none".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset(pub i64);

impl Offset {
    /// The offset of a node that never replicated.
    pub const ZERO: Offset = Offset(0);

    /// The offset `bytes` further on.
    #[must_use]
    pub const fn plus(self, bytes: u64) -> Offset {
        Offset(self.0 + bytes as i64)
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The name of a replication stream: 160 bits, printed as 40 hex digits (rule RP-1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplicationId(pub [u32; 5]);

impl ReplicationId {
    /// Forty zeros: no stream.
    pub const NONE: ReplicationId = ReplicationId([0; 5]);

    /// The id that these 192 random bits give.
    pub fn from_random(bits: [u64; 3]) -> ReplicationId {
        let [a, b, c] = bits;
        ReplicationId([a as u32, (a >> 32) as u32, b as u32, (b >> 32) as u32, c as u32])
    }

    /// The id that 40 hex digits name.
    pub fn parse(text: &str) -> Option<ReplicationId> {
        if text.len() != 40 || !text.is_ascii() {
            return None;
        }
        let mut words = [0; 5];
        for (index, word) in words.iter_mut().enumerate() {
            *word = u32::from_str_radix(&text[index * 8..index * 8 + 8], 16).ok()?;
        }
        Some(ReplicationId(words))
    }
}

impl fmt::Display for ReplicationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|word| write!(f, "{word:08x}"))
    }
}
