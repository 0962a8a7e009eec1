//! Bytes that came and were not read yet.

/// A buffer of a stream: bytes are added behind and taken off the front.
#[derive(Clone, Debug, Default)]
pub(super) struct Incoming {
    bytes: Vec<u8>,
    /// Up to here they are read.
    read: usize,
    /// So many of the unread ones hold no end of the line that is looked for.
    searched: usize,
}

impl Incoming {
    /// Bytes came.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        if self.read > self.bytes.len() / 2 {
            self.bytes.drain(..self.read);
            self.read = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// What is unread.
    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.read..]
    }

    /// So many bytes are read.
    pub(super) fn advance(&mut self, count: usize) {
        self.read += count;
        self.searched = 0;
        debug_assert!(self.read <= self.bytes.len(), "no more is read than there is");
    }

    /// How far away is the first of these bytes? Each byte is looked at once, however small the pieces are that come;
    /// so one line is to be looked for with the same bytes until it is read.
    pub(super) fn find(&mut self, wanted: [u8; 2]) -> Option<usize> {
        let unsearched = &self.bytes[self.read + self.searched..];
        let found = unsearched.iter().position(|byte| wanted.contains(byte));
        self.searched += found.unwrap_or(unsearched.len());
        found.map(|_| self.searched)
    }
}
