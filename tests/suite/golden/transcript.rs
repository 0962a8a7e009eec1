//! Transcripts of real servers: what was asked, and what was answered.

use rcsim_protocol::resp::ReplyDecoder;
use rcsim_protocol::resp::line::command_of_line;
use rcsim_protocol::{Command, Reply, RespVersion};

/// One piece of a transcript.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    /// `# ...`
    Remark(String),
    /// `> COMMAND` on an open connection, and the reply as it went over the wire.
    Wire { command: String, reply: Reply },
    /// `$ ...`: something typed into a shell, and what it printed.
    Shell { line: String, output: String },
}

/// All pieces of a transcript, in order.
pub(crate) fn pieces(transcript: &str) -> Vec<Piece> {
    let (mut pieces, mut lines) = (Vec::new(), transcript.lines());
    while let Some(line) = lines.next() {
        if let Some(command) = line.strip_prefix("> ") {
            let raw = unquoted(lines.next().expect("a command has a reply"));
            let mut decoder = ReplyDecoder::default();
            decoder.feed(&raw);
            let reply = decoder.decode().unwrap_or_else(|error| panic!("{command}: {error}"));
            assert!(decoder.is_empty(), "{command}: something follows the reply");
            pieces
                .push(Piece::Wire { command: command.to_owned(), reply: reply.expect("the reply is whole") });
        } else if let Some(line) = line.strip_prefix("$ ") {
            // A session in a terminal ends with an empty line and no status.
            let is_end =
                |text: &&str| !text.starts_with("[exit ") && (!line.contains("[pty") || !text.is_empty());
            let output: Vec<&str> = lines.by_ref().take_while(is_end).collect();
            pieces.push(Piece::Shell { line: line.to_owned(), output: output.join("\n") });
        } else if line.starts_with('#') {
            pieces.push(Piece::Remark(line.to_owned()));
        }
    }
    pieces
}

/// What went over open connections, each command with its reply; remarks have none.
pub(crate) fn exchanges(transcript: &str) -> Vec<(String, Option<Reply>)> {
    let exchange = |piece| match piece {
        Piece::Remark(remark) => Some((remark, None)),
        Piece::Wire { command, reply } => Some((command, Some(reply))),
        Piece::Shell { .. } => None,
    };
    pieces(transcript).into_iter().filter_map(exchange).collect()
}

/// A command as a person writes it.
pub(crate) fn words(line: &str) -> Command {
    command_of_line(line.as_bytes()).expect("its quotes match").expect("it has a name")
}

/// A command that was typed into a shell: `redis-cli -p 22200 --no-raw -c GET foo`.
pub(crate) struct Typed {
    pub(crate) port: u16,
    /// `-c`: it goes where it is sent.
    pub(crate) follows: bool,
    pub(crate) command: Command,
}

impl Typed {
    /// None, if it is something else than one command of redis-cli.
    pub(crate) fn parse(line: &str) -> Option<Typed> {
        let rest = line.strip_prefix("redis-cli -p ")?;
        let (port, rest) = rest.split_once(" --no-raw ")?;
        let (follows, rest) = rest.strip_prefix("-c ").map_or((false, rest), |rest| (true, rest));
        Some(Typed { port: port.parse().ok()?, follows, command: words(rest) })
    }
}

/// What redis-cli prints for a reply in a terminal.
pub(crate) fn printed(command: &Command, reply: &Reply) -> String {
    let reply = reply.clone().as_received(RespVersion::Resp2);
    let is_text = command.is(0, "INFO") || ["INFO", "NODES"].iter().any(|name| command.is(1, name));
    match &reply {
        Reply::Bulk(bytes) if is_text => {
            String::from_utf8_lossy(bytes).replace("\r\n", "\n").trim_end().to_owned()
        }
        _ => indented(&reply, 0).trim_end().to_owned(),
    }
}

fn indented(reply: &Reply, column: usize) -> String {
    match reply {
        Reply::Simple(text) => format!("{text}\n"),
        Reply::Error(text) => format!("(error) {text}\n"),
        Reply::Integer(number) => format!("(integer) {number}\n"),
        Reply::Null | Reply::NullArray => "(nil)\n".to_owned(),
        Reply::Bulk(bytes) => format!("\"{}\"\n", bytes.escape_ascii()),
        Reply::Array(items) if items.is_empty() => "(empty array)\n".to_owned(),
        Reply::Array(items) => {
            let width = items.len().to_string().len();
            let item = |(index, item): (usize, &Reply)| {
                let indent = if index == 0 { 0 } else { column };
                let number = format!("{:indent$}{:>width$}) ", "", index + 1);
                number + &indented(item, column + width + 2)
            };
            items.iter().enumerate().map(item).collect()
        }
        newer => panic!("{newer} is not of RESP2"),
    }
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
