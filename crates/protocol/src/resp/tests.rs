//! Both readers and the writer against bytes of a real server, and against bytes of chance in pieces of chance.

use proptest::prelude::*;

use super::*;
use crate::command::Command;
use crate::reply::Reply;

/// What a 7.0.15 answered to bytes; see the head of the file.
const COMMANDS: &str = include_str!("../../tests/data/resp/commands.txt");
/// Commands and their replies in both versions.
const REPLIES: &str = include_str!("../../tests/data/resp/replies.txt");

const VERSIONS: [RespVersion; 2] = [RespVersion::Resp2, RespVersion::Resp3];

/// The bytes behind `\r`, `\n`, `\t`, `\\` and `\x00`.
fn unescaped(text: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let [first, behind @ ..] = rest {
        let (byte, behind) = match (first, behind) {
            (b'\\', [b'x', high, low, behind @ ..]) => {
                let digits = [*high, *low];
                let digits = std::str::from_utf8(&digits).expect("hexadecimal digits");
                (u8::from_str_radix(digits, 16).expect("hexadecimal digits"), behind)
            }
            (b'\\', [letter, behind @ ..]) => match letter {
                b'r' => (b'\r', behind),
                b'n' => (b'\n', behind),
                b't' => (b'\t', behind),
                other => (*other, behind),
            },
            (byte, behind) => (*byte, behind),
        };
        bytes.push(byte);
        rest = behind;
    }
    bytes
}

/// All commands in the bytes, and how it ends. They come in pieces of this size.
fn commands(bytes: &[u8], limits: &CommandLimits, piece: usize) -> (Vec<Command>, Result<(), ProtocolError>) {
    let (mut decoder, mut commands) = (CommandDecoder::default(), Vec::new());
    for piece in bytes.chunks(piece) {
        decoder.feed(piece);
        loop {
            match decoder.decode(limits) {
                Ok(Some(command)) => commands.push(command),
                Ok(None) => break,
                Err(error) => return (commands, Err(error)),
            }
        }
    }
    (commands, Ok(()))
}

/// All replies in the bytes, and how it ends. They come in pieces of this size.
fn replies(bytes: &[u8], piece: usize) -> (Vec<Reply>, Result<(), ReplyError>) {
    let (mut decoder, mut replies) = (ReplyDecoder::default(), Vec::new());
    for piece in bytes.chunks(piece) {
        decoder.feed(piece);
        loop {
            match decoder.decode() {
                Ok(Some(reply)) => replies.push(reply),
                Ok(None) => break,
                Err(error) => return (replies, Err(error)),
            }
        }
    }
    (replies, Ok(()))
}

/// What the server would answer: to `EVAL "return ARGV" 0 ...` the words.
fn answered(commands: &[Command], end: Result<(), ProtocolError>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for command in commands {
        assert_eq!(command.word(1), Some(&b"return ARGV"[..]), "{command} is what the file has");
        let reply = Reply::Array(command.words().skip(3).map(Reply::bulk).collect());
        reply.write_resp(RespVersion::Resp2, &mut bytes);
    }
    if let Some(reply) = end.err().and_then(ProtocolError::reply) {
        reply.write_resp(RespVersion::Resp2, &mut bytes);
    }
    bytes
}

#[test]
fn a_real_server_reads_the_same_commands_and_refuses_with_the_same_words() {
    let (mut limits, mut compared) = (CommandLimits::default(), 0);
    let mut lines = COMMANDS.lines();
    while let Some(line) = lines.next() {
        limits.authenticated &= !line.contains("requirepass");
        let Some(bytes) = line.strip_prefix("> ") else { continue };
        let answer = lines.next().and_then(|line| line.strip_prefix("< ")).expect("an answer");
        let (answer, is_closed) = answer.strip_suffix(" (closed)").map_or((answer, false), |it| (it, true));
        for piece in [usize::MAX, 7, 1] {
            let (commands, end) = commands(&unescaped(bytes), &limits, piece);
            assert_eq!(end.is_err(), is_closed, "{line}");
            let ours = answered(&commands, end);
            assert_eq!(
                ours.escape_ascii().to_string(),
                unescaped(answer).escape_ascii().to_string(),
                "{line}"
            );
        }
        compared += 1;
    }
    assert_eq!(compared, 97, "every line is accounted for");
}

#[test]
fn replies_of_a_real_server_are_read_and_written_again_to_the_byte() {
    let (mut lines, mut compared) = (REPLIES.lines().peekable(), 0);
    while let Some(line) = lines.next() {
        let Some(command) = line.strip_prefix("> ") else { continue };
        let [old, new] = VERSIONS.map(|version| {
            let line = lines.next().expect("a reply in each version");
            let bytes = unescaped(&line[2..]);
            let (replies, end) = replies(&bytes, usize::MAX);
            assert_eq!(end, Ok(()), "{command}");
            let mut again = Vec::new();
            replies.iter().for_each(|reply| reply.write_resp(version, &mut again));
            assert_eq!(again.escape_ascii().to_string(), bytes.escape_ascii().to_string(), "{command}");
            replies
        });
        let as_old = |reply: Reply| match reply.as_received(RespVersion::Resp2) {
            // What was nothing in place of a list is just nothing in RESP3.
            Reply::NullArray => Reply::Null,
            other => other,
        };
        let seen: Vec<Reply> = new.into_iter().map(as_old).collect();
        let old: Vec<Reply> = old.into_iter().map(as_old).collect();
        // GEOPOS has such a nothing inside of a list, and XREAD pairs in a list where RESP3 has a map.
        if !["GEOPOS", "XREAD"].iter().any(|name| command.starts_with(name)) {
            assert_eq!(seen, old, "{command}");
        }
        compared += 1;
    }
    assert_eq!(compared, 118, "every command is accounted for");
}

#[test]
fn limits_are_those_of_a_real_server() {
    let limits = CommandLimits::default();
    let end = |head: &str, length: usize, limits: &CommandLimits| {
        commands(format!("{head}{}", "1".repeat(length)).as_bytes(), limits, usize::MAX).1
    };
    assert_eq!(end("", 65_536, &limits), Ok(()));
    assert_eq!(end("", 65_537, &limits), Err(ProtocolError::LongInline));
    assert_eq!(end("*", 65_535, &limits), Ok(()));
    assert_eq!(end("*", 65_536, &limits), Err(ProtocolError::LongCount));
    assert_eq!(end("*1\r\n$", 65_535, &limits), Ok(()));
    assert_eq!(end("*1\r\n$", 65_536, &limits), Err(ProtocolError::LongLength));
    let small = CommandLimits { bulk: 10, buffer: 100, authenticated: true };
    assert_eq!(end("*1\r\n$10\r\n", 9, &small), Ok(()));
    assert_eq!(end("*1\r\n$11\r\n", 9, &small), Err(ProtocolError::Length));
    assert_eq!(end("*1000\r\n", 101, &small), Err(ProtocolError::BufferLimit));
    // Words that came count, too.
    let words = "$10\r\n0123456789\r\n".repeat(11);
    assert_eq!(end(&format!("*1000\r\n{words}"), 0, &small), Err(ProtocolError::BufferLimit));
    assert_eq!(ProtocolError::BufferLimit.reply(), None);
}

#[test]
fn after_an_error_nothing_is_read() {
    let mut decoder = CommandDecoder::default();
    decoder.feed(b"*x\r\nPING\r\n");
    for _ in 0..2 {
        assert_eq!(decoder.decode(&CommandLimits::default()), Err(ProtocolError::Count));
        decoder.feed(b"PING\r\n");
    }
    let mut decoder = ReplyDecoder::default();
    decoder.feed(b"(1\r\n+OK\r\n");
    for _ in 0..2 {
        assert_eq!(decoder.decode(), Err(ReplyError::Kind(b'(')));
        decoder.feed(b"+OK\r\n");
    }
}

#[test]
fn what_is_no_reply_is_refused() {
    let end = |bytes: &[u8]| replies(bytes, usize::MAX).1;
    let refused = [
        ("\r\n", ReplyError::Kind(b'\r')),
        ("|1\r\n", ReplyError::Kind(b'|')),
        (":\r\n", ReplyError::Value),
        (":1.5\r\n", ReplyError::Value),
        (",one\r\n", ReplyError::Value),
        ("#x\r\n", ReplyError::Value),
        ("_x\r\n", ReplyError::Value),
        ("=3\r\ntxt\r\n", ReplyError::Value),
        ("$-2\r\n", ReplyError::Length),
        ("=-1\r\n", ReplyError::Length),
        ("*-2\r\n", ReplyError::Length),
        ("~-1\r\n", ReplyError::Length),
        ("*2147483648\r\n", ReplyError::Length),
        ("$536870913\r\n", ReplyError::Length),
        ("$1\r\nxyz", ReplyError::NoLineEnd),
        ("+OK\rx", ReplyError::NoLineEnd),
    ];
    for (bytes, error) in refused {
        assert_eq!(end(bytes.as_bytes()), Err(error), "{bytes:?}");
    }
    assert_eq!(end("*1\r\n".repeat(64).as_bytes()), Ok(()));
    assert_eq!(end("*1\r\n".repeat(65).as_bytes()), Err(ReplyError::Depth));
    assert_eq!(end(format!("+{}", "x".repeat(65_535)).as_bytes()), Ok(()));
    assert_eq!(end(format!("+{}", "x".repeat(65_540)).as_bytes()), Err(ReplyError::LongLine));
}

/// Bytes that look like the protocol more often than chance alone would have it.
fn likely_bytes() -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        4 => prop::sample::select(vec![
            "*1\r\n", "*2\r\n", "$1\r\n", "$0\r\n", "\r\n", "\n", "\r", "ping", " ", "\"", "'", "\\", "\\x41", "\0",
            "*", "$", "-1", "+OK\r\n", "-ERR\r\n", ":1\r\n", "_\r\n", "#t\r\n", "%1\r\n", "~1\r\n", ">1\r\n",
            "=5\r\ntxt:a\r\n", ",1.5\r\n", "x",
        ])
        .prop_map(|token| token.as_bytes().to_vec()),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
    ];
    prop::collection::vec(token, 0..40).prop_map(|tokens| tokens.concat())
}

/// A reply of a server, up to a few lists deep.
fn any_reply() -> impl Strategy<Value = Reply> {
    let text = || "[ -~\r\n]{0,12}".prop_map(std::borrow::Cow::from);
    let leaf = prop_oneof![
        text().prop_map(Reply::Simple),
        text().prop_map(Reply::Error),
        any::<i64>().prop_map(Reply::Integer),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(Reply::Bulk),
        text().prop_map(Reply::Verbatim),
        prop::sample::select(vec!["0", "-1.5", "1e+17", "inf", "-inf", "nan"])
            .prop_map(|digits| Reply::Double(digits.into())),
        any::<bool>().prop_map(Reply::Boolean),
        Just(Reply::Null),
        Just(Reply::NullArray),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let items = || prop::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            items().prop_map(Reply::Array),
            items().prop_map(Reply::Set),
            items().prop_map(Reply::Push),
            prop::collection::vec((inner.clone(), inner.clone()), 0..3).prop_map(Reply::Map),
        ]
    })
}

proptest! {
    #[test]
    fn pieces_do_not_matter(bytes in likely_bytes(), piece in 1_usize..8) {
        let limits = CommandLimits::default();
        prop_assert_eq!(commands(&bytes, &limits, piece), commands(&bytes, &limits, usize::MAX));
        prop_assert_eq!(replies(&bytes, piece), replies(&bytes, usize::MAX));
    }

    #[test]
    fn small_limits_hold_for_whatever_comes(bytes in likely_bytes()) {
        let limits = CommandLimits { bulk: 3, buffer: 40, authenticated: false };
        for command in commands(&bytes, &limits, 5).0 {
            // In a line, words may be longer: there the line is limited.
            prop_assert!(command.resp_len() < 400, "{}", command);
        }
    }

    #[test]
    fn a_command_is_read_as_it_was_written(
        words in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..30), 1..12),
        piece in 1_usize..40,
    ) {
        let command = Command::new(&words);
        let mut bytes = Vec::new();
        command.write_resp(&mut bytes);
        prop_assert_eq!(bytes.len() as u64, command.resp_len());
        prop_assert_eq!(commands(&bytes, &CommandLimits::default(), piece), (vec![command], Ok(())));
    }

    #[test]
    fn a_reply_is_read_as_its_version_has_it(reply in any_reply(), piece in 1_usize..40) {
        for version in VERSIONS {
            let mut bytes = Vec::new();
            reply.write_resp(version, &mut bytes);
            let expected = reply.clone().as_received(version);
            prop_assert_eq!(replies(&bytes, piece), (vec![expected], Ok(())));
        }
    }
}
