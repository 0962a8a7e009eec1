//! Replies of real servers, as transcripts have them: Python's spelling of the bytes on the wire.

use rcsim_protocol::Reply;

/// The exchanges of a transcript: each line `> COMMAND` with the reply on the next one. Remarks are kept as commands
/// that begin with `#`.
pub(crate) fn exchanges(transcript: &str) -> Vec<(String, Option<Reply>)> {
    let mut exchanges = Vec::new();
    let mut lines = transcript.lines();
    while let Some(line) = lines.next() {
        if let Some(command) = line.strip_prefix("> ") {
            let raw = unquoted(lines.next().expect("a command has a reply"));
            let mut rest = raw.as_slice();
            exchanges.push((command.to_owned(), Some(reply(&mut rest))));
            assert!(rest.is_empty(), "{command}: something follows the reply");
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

/// Takes one reply off the bytes.
fn reply(bytes: &mut &[u8]) -> Reply {
    let end = bytes.windows(2).position(|pair| pair == b"\r\n").expect("a line ends");
    let line = std::str::from_utf8(&bytes[..end]).expect("a line is text").to_owned();
    *bytes = &bytes[end + 2..];
    let (kind, text) = line.split_at(1);
    let number = || text.parse::<i64>().unwrap_or_else(|_| panic!("{line} has a number"));
    match kind {
        "+" => Reply::simple(text.to_owned()),
        "-" => Reply::error(text.to_owned()),
        ":" => Reply::Integer(number()),
        "$" if number() < 0 => Reply::Null,
        "$" => Reply::Bulk(blob(bytes, number())),
        "=" => {
            let text = String::from_utf8(blob(bytes, number())).expect("verbatim text is text");
            Reply::verbatim(text.strip_prefix("txt:").expect("it is plain text").to_owned())
        }
        "_" => Reply::Null,
        "*" => Reply::Array((0..number()).map(|_| reply(bytes)).collect()),
        "%" => Reply::Map((0..number()).map(|_| (reply(bytes), reply(bytes))).collect()),
        _ => panic!("unknown reply {line}"),
    }
}

fn blob(bytes: &mut &[u8], length: i64) -> Vec<u8> {
    let length = usize::try_from(length).expect("a length");
    let blob = bytes[..length].to_vec();
    *bytes = &bytes[length + 2..];
    blob
}
