//! Words as numbers and as text in replies.

use rcsim_protocol::{Command, Reply};

/// A word as it stands in an error: at most so many bytes of it, line ends as blanks.
pub(super) fn shown(word: &[u8], limit: usize) -> String {
    String::from_utf8_lossy(&word[..word.len().min(limit)]).replace(['\r', '\n'], " ")
}

/// The word at an index as it stands in an error.
pub(super) fn shown_word(command: &Command, index: usize) -> String {
    shown(command.word(index).unwrap_or_default(), usize::MAX)
}

/// A word as text; what is not UTF-8 is replaced.
pub(super) fn text(command: &Command, index: usize) -> String {
    String::from_utf8_lossy(command.word(index).unwrap_or_default()).into_owned()
}

/// The word at an index as a number in its only form: no sign but `-`, no leading zero, no blank.
pub(super) fn integer(command: &Command, index: usize) -> Option<i64> {
    let text = std::str::from_utf8(command.word(index)?).ok()?;
    text.parse().ok().filter(|number: &i64| number.to_string() == text)
}

/// The same, with the error that most commands give.
pub(super) fn required_integer(command: &Command, index: usize) -> Result<i64, Reply> {
    integer(command, index).ok_or_else(|| Reply::err("value is not an integer or out of range"))
}

/// The word at an index as a time-out in ms: when it is over; `None` for 0, which is none.
pub(super) fn timeout_end(command: &Command, index: usize, now_ms: i64) -> Result<Option<i64>, Reply> {
    match integer(command, index) {
        None => Err(Reply::err("timeout is not an integer or out of range")),
        Some(..0) => Err(Reply::err("timeout is negative")),
        Some(0) => Ok(None),
        Some(ms) => now_ms.checked_add(ms).map(Some).ok_or_else(|| Reply::err("timeout is out of range")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_form_only() {
        let read = |word: &str| integer(&Command::new([word]), 0);
        assert_eq!(
            (read("0"), read("-12"), read("9223372036854775807")),
            (Some(0), Some(-12), Some(i64::MAX))
        );
        for word in ["", "00", "01", "+1", "-0", " 1", "1 ", "1.0", "9223372036854775808"] {
            assert_eq!(read(word), None, "{word:?}");
        }
    }
}
