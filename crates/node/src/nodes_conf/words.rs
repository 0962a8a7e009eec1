//! A line cut into words, and lenient numbers: of nodes.conf, and of the files of an append-only file.

/// The words of a line, blanks between them. A word may hold quoted parts, in which blanks and escapes count;
/// behind a closing quote the word must end. `None` if the quotes do not fit (NC-7).
pub(crate) fn split(line: &[u8]) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut rest = line.trim_ascii_start();
    while !rest.is_empty() {
        let word = take_word(&mut rest)?;
        words.push(String::from_utf8_lossy(&word).into_owned());
        rest = rest.trim_ascii_start();
    }
    Some(words)
}

fn take_word(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let mut word = Vec::new();
    while let Some((&byte, after)) = rest.split_first() {
        if byte.is_ascii_whitespace() {
            break;
        }
        *rest = after;
        if byte == b'"' || byte == b'\'' {
            take_quoted(byte, rest, &mut word)?;
            let ends = rest.first().is_none_or(u8::is_ascii_whitespace);
            return ends.then_some(word);
        }
        word.push(byte);
    }
    Some(word)
}

fn take_quoted(quote: u8, rest: &mut &[u8], word: &mut Vec<u8>) -> Option<()> {
    loop {
        let (&byte, after) = rest.split_first()?;
        *rest = after;
        match (byte, after.first()) {
            (byte, _) if byte == quote => return Some(()),
            (b'\\', Some(&escaped)) if quote == b'"' || escaped == quote => {
                word.push(take_escaped(quote, escaped, rest));
            }
            (byte, _) => word.push(byte),
        }
    }
}

/// What stands behind a backslash: in double quotes a letter for a control character, `x` and two hex digits,
/// or any other character for itself; in single quotes only the quote.
fn take_escaped(quote: u8, escaped: u8, rest: &mut &[u8]) -> u8 {
    let hex = |at: usize| rest.get(at).and_then(|digit| char::from(*digit).to_digit(16));
    if quote == b'"'
        && escaped == b'x'
        && let (Some(high), Some(low)) = (hex(1), hex(2))
    {
        *rest = &rest[3..];
        return (high * 16 + low) as u8;
    }
    *rest = &rest[1..];
    match escaped {
        b'n' if quote == b'"' => b'\n',
        b'r' if quote == b'"' => b'\r',
        b't' if quote == b'"' => b'\t',
        b'b' if quote == b'"' => 8,
        b'a' if quote == b'"' => 7,
        other => other,
    }
}

/// The number that a text begins with, as `atoi` reads it: blanks, a sign, digits; 0 without any (NC-9).
pub(crate) fn leading_integer(text: &str) -> i64 {
    let (negative, digits) = sign_and_digits(text);
    let number = digits.fold(0_i64, |number, digit| number.saturating_mul(10).saturating_add(digit.into()));
    if negative { -number } else { number }
}

/// The unsigned number that a text begins with, as `strtoull` reads it: too large is the greatest, negative
/// wraps.
pub(super) fn leading_unsigned(text: &str) -> u64 {
    let (negative, digits) = sign_and_digits(text);
    let number = digits.fold(0_u64, |number, digit| number.saturating_mul(10).saturating_add(digit.into()));
    if negative && number != u64::MAX { number.wrapping_neg() } else { number }
}

fn sign_and_digits(text: &str) -> (bool, impl Iterator<Item = u32>) {
    let text = text.trim_ascii_start();
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    (text.starts_with('-'), unsigned.chars().map_while(|character| character.to_digit(10)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Option<Vec<String>> {
        split(line.as_bytes())
    }

    #[test]
    fn nc_7_quotes_are_honoured_and_must_fit() {
        let owned = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(words(" a\tb  c\r"), owned(&["a", "b", "c"]));
        assert_eq!(
            words(r#"con"nect ed" 'it\'s' "\x41\n\q" "" "#),
            owned(&["connect ed", "it's", "A\nq", ""])
        );
        assert_eq!(words(r#""connected 0-5"#), None, "not closed");
        assert_eq!(words(r#""conn"ected"#), None, "no blank behind the quote");
    }

    #[test]
    fn nc_9_numbers_are_read_as_far_as_they_go() {
        assert_eq!((leading_integer("7x"), leading_integer(" -5"), leading_integer("abc")), (7, -5, 0));
        assert_eq!(leading_unsigned("-1"), u64::MAX);
        assert_eq!((leading_unsigned("18446744073709551616"), leading_unsigned("7x")), (u64::MAX, 7));
    }
}
