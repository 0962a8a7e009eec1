//! Replies of real servers, as transcripts have them: Python's spelling of the bytes on the wire.

use rcsim_protocol::Reply;
use rcsim_protocol::resp::ReplyDecoder;

/// The exchanges of a transcript: each line `> COMMAND` with the reply on the next one. Remarks are kept as commands
/// that begin with `#`.
pub(crate) fn exchanges(transcript: &str) -> Vec<(String, Option<Reply>)> {
    let mut exchanges = Vec::new();
    let mut lines = transcript.lines();
    while let Some(line) = lines.next() {
        if let Some(command) = line.strip_prefix("> ") {
            let raw = unquoted(lines.next().expect("a command has a reply"));
            let mut decoder = ReplyDecoder::default();
            decoder.feed(&raw);
            let reply = decoder.decode().unwrap_or_else(|error| panic!("{command}: {error}"));
            exchanges.push((command.to_owned(), Some(reply.expect("the reply is whole"))));
            assert!(decoder.is_empty(), "{command}: something follows the reply");
        } else if line.starts_with('#') {
            exchanges.push((line.to_owned(), None));
        }
    }
    exchanges
}

/// The bytes behind `'+OK\r\n'` or `"..."`.
fn unquoted(text: &str) -> Vec<u8> {
    let quote = text.chars().next().expect("a quoted string");
    let inner = text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote)).expect("a quoted string");
    let (mut bytes, mut characters) = (Vec::new(), inner.chars());
    while let Some(character) = characters.next() {
        match character {
            '\\' => bytes.push(match characters.next() {
                Some('r') => b'\r',
                Some('n') => b'\n',
                Some(other @ ('\\' | '\'' | '"')) => other as u8,
                other => panic!("unknown escape {other:?}"),
            }),
            plain => bytes.extend(plain.to_string().bytes()),
        }
    }
    bytes
}
