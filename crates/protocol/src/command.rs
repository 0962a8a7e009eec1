//! A client command: its name and arguments, as bytes.

use std::fmt;
use std::sync::Arc;

/// A command as a client or a replication stream sends it. Cheap to clone: the bytes are shared.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Command(Arc<[Box<[u8]>]>);

impl Command {
    /// The command made of these words; the first is its name. Panics without any word.
    pub fn new<W: AsRef<[u8]>>(words: impl IntoIterator<Item = W>) -> Command {
        let words: Arc<[Box<[u8]>]> = words.into_iter().map(|word| Box::from(word.as_ref())).collect();
        assert!(!words.is_empty(), "a command has at least a name");
        Command(words)
    }

    /// Its name, as sent.
    pub fn name(&self) -> &[u8] {
        &self.0[0]
    }

    /// How many words it has, the name included.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Never: a command has at least a name.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The word at this index; 0 is the name.
    pub fn word(&self, index: usize) -> Option<&[u8]> {
        self.0.get(index).map(AsRef::as_ref)
    }

    /// All words, the name first.
    pub fn words(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.0.iter().map(AsRef::as_ref)
    }

    /// Whether the word at this index is `text`, letters compared without case.
    pub fn is(&self, index: usize, text: &str) -> bool {
        self.word(index).is_some_and(|word| word.eq_ignore_ascii_case(text.as_bytes()))
    }

    /// Writes it as a RESP array of bulk strings, as replication streams and append-only files hold it.
    pub fn write_resp(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(format!("*{}\r\n", self.len()).as_bytes());
        for word in self.words() {
            bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
            bytes.extend_from_slice(word);
            bytes.extend_from_slice(b"\r\n");
        }
    }

    /// Its length as a RESP array of bulk strings, in bytes: what it adds to a replication offset (rule RP-3).
    pub fn resp_len(&self) -> u64 {
        let bulk = |word: &[u8]| 5 + decimal_len(word.len()) + word.len() as u64;
        3 + decimal_len(self.0.len()) + self.words().map(bulk).sum::<u64>()
    }
}

fn decimal_len(number: usize) -> u64 {
    u64::from(number.checked_ilog10().unwrap_or(0)) + 1
}

/// For people: the words separated by spaces.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in self.words().enumerate() {
            let space = if index == 0 { "" } else { " " };
            write!(f, "{space}{}", String::from_utf8_lossy(word))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Command({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rp_3_lengths_of_the_stream() {
        assert_eq!(Command::new(["SELECT", "0"]).resp_len(), 23);
        assert_eq!(Command::new(["PING"]).resp_len(), 14);
        let mut bytes = Vec::new();
        Command::new(["SELECT", "0"]).write_resp(&mut bytes);
        assert_eq!(bytes, b"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n");
        assert_eq!(Command::new(["REPLCONF", "GETACK", "*"]).resp_len(), 37);
    }
}
