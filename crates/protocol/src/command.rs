//! A client command: its name and arguments, as bytes.
//!
//! A simulated client sends millions of them, so a command is one allocation: a table of where each word begins,
//! and behind it the words. Commands are equal exactly when these bytes are.

use std::fmt;
use std::io::Write as _;
use std::sync::Arc;

use smallvec::SmallVec;

/// Bytes of one entry of the table.
const ENTRY: usize = size_of::<u32>();

/// A command as a client or a replication stream sends it. Cheap to clone: the bytes are shared.
///
/// The table holds the beginning of each word in the buffer, as four bytes, least significant first. The first
/// word begins where the table ends, which tells how many words there are.
#[derive(Clone, PartialEq, Eq)]
pub struct Command(Arc<[u8]>);

impl Command {
    /// The command made of these words; the first is its name. Panics without any word, and if all together have
    /// 4 GiB.
    pub fn new<W: AsRef<[u8]>>(words: impl IntoIterator<Item = W>) -> Command {
        let mut draft = Draft::default();
        words.into_iter().for_each(|word| draft.push_word(word.as_ref()));
        draft.finish().expect("a command has at least a name")
    }

    /// Its name, as sent.
    pub fn name(&self) -> &[u8] {
        self.slice(0)
    }

    /// How many words it has, the name included.
    pub fn len(&self) -> usize {
        self.begin(0) / ENTRY
    }

    /// Never: a command has at least a name.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The word at this index; 0 is the name.
    pub fn word(&self, index: usize) -> Option<&[u8]> {
        (index < self.len()).then(|| self.slice(index))
    }

    /// All words, the name first.
    pub fn words(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        (0..self.len()).map(|index| self.slice(index))
    }

    /// Whether the word at this index is `text`, letters compared without case.
    pub fn is(&self, index: usize, text: &str) -> bool {
        self.word(index).is_some_and(|word| word.eq_ignore_ascii_case(text.as_bytes()))
    }

    /// Writes it as a RESP array of bulk strings, as replication streams and append-only files hold it.
    pub fn write_resp(&self, bytes: &mut Vec<u8>) {
        write!(bytes, "*{}\r\n", self.len()).expect("memory takes everything");
        for word in self.words() {
            write!(bytes, "${}\r\n", word.len()).expect("memory takes everything");
            bytes.extend_from_slice(word);
            bytes.extend_from_slice(b"\r\n");
        }
    }

    /// Its length as a RESP array of bulk strings, in bytes: what it adds to a replication offset (rule RP-3).
    pub fn resp_len(&self) -> u64 {
        let words = self.len();
        let mut length = 3 + decimal_len(words) + 5 * words as u64 + (self.0.len() - words * ENTRY) as u64;
        let mut begin = words * ENTRY;
        for entry in self.0[ENTRY..words * ENTRY].as_chunks::<ENTRY>().0 {
            let end = u32::from_le_bytes(*entry) as usize;
            length += decimal_len(end - begin);
            begin = end;
        }
        length + decimal_len(self.0.len() - begin)
    }

    /// Where in the buffer the word begins.
    fn begin(&self, index: usize) -> usize {
        let entry = self.0[index * ENTRY..].first_chunk().expect("the table has an entry for each word");
        u32::from_le_bytes(*entry) as usize
    }

    fn slice(&self, index: usize) -> &[u8] {
        let end = if index + 1 < self.len() { self.begin(index + 1) } else { self.0.len() };
        &self.0[self.begin(index)..end]
    }
}

/// The words of a command while it is put together; of a short one, on the stack.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    /// Where each word begins among the bytes.
    begins: SmallVec<[usize; 8]>,
    bytes: SmallVec<[u8; 96]>,
}

impl Draft {
    /// A word begins; its bytes follow.
    pub(crate) fn begin_word(&mut self) {
        self.begins.push(self.bytes.len());
    }

    /// A byte of the word that began last.
    pub(crate) fn push(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    /// A whole word.
    pub(crate) fn push_word(&mut self, word: &[u8]) {
        self.begin_word();
        self.bytes.extend_from_slice(word);
    }

    /// How many bytes it holds.
    pub(crate) fn size(&self) -> usize {
        self.begins.len() * size_of::<usize>() + self.bytes.len()
    }

    /// The command; none without a word. Panics if all words together have 4 GiB.
    pub(crate) fn finish(&self) -> Option<Command> {
        let table_len = self.begins.len() * ENTRY;
        let entry = |begin: usize| u32::try_from(table_len + begin).expect("a command is shorter than 4 GiB");
        let mut buffer = SmallVec::<[u8; 128]>::with_capacity(table_len + self.bytes.len());
        self.begins.iter().for_each(|begin| buffer.extend_from_slice(&entry(*begin).to_le_bytes()));
        buffer.extend_from_slice(&self.bytes);
        (!self.begins.is_empty()).then(|| Command(Arc::from(buffer.as_slice())))
    }
}

fn decimal_len(number: usize) -> u64 {
    match number {
        0..10 => 1,
        10..100 => 2,
        _ => u64::from(number.ilog10()) + 1,
    }
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
    fn words_come_back_as_they_were_given_however_many_and_long() {
        let long = "x".repeat(1_000);
        for words in [vec!["GET"], vec![""], vec!["", "", ""], vec!["SET", "", "a b", &long], vec!["w"; 300]]
        {
            let command = Command::new(&words);
            let expected: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
            assert_eq!(command.words().collect::<Vec<_>>(), expected);
            assert_eq!((command.len(), command.name()), (words.len(), expected[0]));
            assert_eq!(command.word(words.len() - 1), expected.last().copied());
            assert_eq!(command.word(words.len()), None);
        }
    }

    #[test]
    fn commands_are_equal_if_all_their_words_are() {
        assert_eq!(Command::new(["GET", "ab"]), Command::new([&b"GET"[..], b"ab"]));
        for other in [vec!["GETa", "b"], vec!["GET", "a", "b"], vec!["GETab"], vec!["GET", "ab", ""]] {
            assert_ne!(Command::new(["GET", "ab"]), Command::new(other));
        }
    }

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
