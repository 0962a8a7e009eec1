//! How a key is found: by a hash of its bytes. Never: a hash that an attacker could not foresee, and none that shows;
//! who lists keys sorts them.

use std::hash::{BuildHasherDefault, Hasher};

use super::digest;

/// The same for every keyspace.
pub(super) type KeyHash = BuildHasherDefault<KeyHasher>;

/// The hasher behind [`KeyHash`].
#[derive(Clone, Default)]
pub(super) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = self.0.rotate_left(32) ^ digest::of_bytes(bytes);
    }

    /// The length of what is hashed next: its digest has that already.
    fn write_usize(&mut self, _: usize) {}
}
