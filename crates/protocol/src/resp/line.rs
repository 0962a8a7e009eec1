//! A command in one line, as people type it: words between spaces, quotes around what has spaces.

use crate::command::{Command, Draft};

/// Quotes do not match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnbalancedQuotes;

/// The command in this line; none in a line without words.
///
/// In double quotes, `\n`, `\r`, `\t`, `\b`, `\a` and `\x41` stand for one byte, and any other byte behind a backslash
/// for itself. In single quotes, `\'` is a quote. Quotes may open inside of a word, and end it when they close.
///
/// # Errors
/// A quote is open at the end, or something follows a closing one immediately.
pub fn command_of_line(line: &[u8]) -> Result<Option<Command>, UnbalancedQuotes> {
    let (mut draft, mut rest) = (Draft::default(), line);
    loop {
        let blank = rest.iter().take_while(|byte| is_space(**byte)).count();
        rest = &rest[blank..];
        if rest.is_empty() {
            return Ok(draft.finish());
        }
        draft.begin_word();
        rest = word(rest, &mut draft)?;
    }
}

/// Copies one word; returns what is behind it.
fn word<'a>(mut rest: &'a [u8], draft: &mut Draft) -> Result<&'a [u8], UnbalancedQuotes> {
    loop {
        rest = match rest {
            [] | [b' ' | b'\n' | b'\r' | b'\t', ..] => return Ok(rest),
            [b'"', rest @ ..] => return double_quoted(rest, draft),
            [b'\'', rest @ ..] => return single_quoted(rest, draft),
            [byte, rest @ ..] => {
                draft.push(*byte);
                rest
            }
        }
    }
}

fn double_quoted<'a>(mut rest: &'a [u8], draft: &mut Draft) -> Result<&'a [u8], UnbalancedQuotes> {
    loop {
        let (byte, behind) = match rest {
            [] => return Err(UnbalancedQuotes),
            [b'"', behind @ ..] => return closed(behind),
            [b'\\', b'x', high, low, behind @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                (hex(*high) << 4 | hex(*low), behind)
            }
            [b'\\', letter, behind @ ..] => (escaped(*letter), behind),
            [byte, behind @ ..] => (*byte, behind),
        };
        draft.push(byte);
        rest = behind;
    }
}

fn single_quoted<'a>(mut rest: &'a [u8], draft: &mut Draft) -> Result<&'a [u8], UnbalancedQuotes> {
    loop {
        let (byte, behind) = match rest {
            [] => return Err(UnbalancedQuotes),
            [b'\\', b'\'', behind @ ..] => (b'\'', behind),
            [b'\'', behind @ ..] => return closed(behind),
            [byte, behind @ ..] => (*byte, behind),
        };
        draft.push(byte);
        rest = behind;
    }
}

/// Behind a closing quote comes a space or the end.
fn closed(behind: &[u8]) -> Result<&[u8], UnbalancedQuotes> {
    let is_end = behind.first().is_none_or(|byte| is_space(*byte));
    if is_end { Ok(behind) } else { Err(UnbalancedQuotes) }
}

fn is_space(byte: u8) -> bool {
    // In C's eyes, a vertical tab is one, too.
    byte.is_ascii_whitespace() || byte == 0x0b
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => digit.to_ascii_lowercase() - b'a' + 10,
    }
}

fn escaped(letter: u8) -> u8 {
    match letter {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 0x08,
        b'a' => 0x07,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &[u8]) -> Vec<Vec<u8>> {
        let command = command_of_line(line).expect("its quotes match");
        command.map_or_else(Vec::new, |command| command.words().map(<[u8]>::to_vec).collect())
    }

    #[test]
    fn quotes_hold_words_together_as_in_a_real_server() {
        let cases: [(&[u8], &[&[u8]]); 12] = [
            (b"  ping   hi\t", &[b"ping", b"hi"]),
            (b"\x0bping a\x0bb", &[b"ping", b"a\x0bb"]),
            (b"ping \"a b\" 'c d'", &[b"ping", b"a b", b"c d"]),
            (b"ping \"a\\x41\\n\\q\\\"\"", &[b"ping", b"aA\nq\""]),
            (b"ping \"\\xzz\\x4\"", &[b"ping", b"xzzx4"]),
            (b"ping 'a\\'b\\n'", &[b"ping", b"a'b\\n"]),
            (b"ping ab\"c d\" ab'c d'", &[b"ping", b"abc d", b"abc d"]),
            (b"\"\"", &[b""]),
            (b"ping a\rb", &[b"ping", b"a", b"b"]),
            (b"ping \"a\"\x0b", &[b"ping", b"a"]),
            (b"  \x0c ", &[]),
            (b"", &[]),
        ];
        for (line, expected) in cases {
            assert_eq!(words(line), expected, "{}", line.escape_ascii());
        }
    }

    #[test]
    fn quotes_that_do_not_match_are_refused() {
        for line in ["ping \"a\"b", "ping 'a'b", "ping \"a", "ping 'a", "ping \"a\\\"", "\"\\", "'a'\"b\""] {
            assert_eq!(command_of_line(line.as_bytes()), Err(UnbalancedQuotes), "{line}");
        }
    }
}
