//! Reading the commands of an append-only file, as forgivingly and as strictly as Redis does.
//!
//! This is not the codec of client connections: that one is exact and refuses, while here numbers are read as `atoi`
//! reads them, lines that begin with `#` are skipped, the two bytes behind a word are not looked at, and the end of
//! the input means something (AO-15). Keeps: the commands of a transaction come all together, or not at all. Never:
//! runs a command.

use rcsim_protocol::Command;

use super::damage::DataDamage;
use crate::commands::{Known, known};
use crate::nodes_conf::words::leading_integer;

/// A line is read in pieces of up to so many bytes.
const LONGEST_LINE: usize = 1023;

/// What was read of a file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Replay {
    /// The commands to run, in order.
    pub(super) commands: Vec<Command>,
    /// Where the file is to be cut if it ends early: behind the last whole command, or before a transaction whose end
    /// is missing. But if it ends in the middle of a command inside of one, that transaction stays open (AO-15).
    pub(super) valid_until: usize,
    /// It ended in the middle of a command or of a transaction.
    pub(super) is_short: bool,
}

/// Why reading stops before the end.
enum Stop {
    Early,
    BadFormat,
    Crash,
}

/// Reads what stands in a file from `start` on.
pub(super) fn read_log(bytes: &[u8], start: usize, file: &str) -> Result<Replay, DataDamage> {
    let mut replay = Replay { valid_until: start, ..Replay::default() };
    let mut position = start;
    let mut transaction: Option<Vec<Command>> = None;
    let mut before_transaction = start;
    while let Some((line, behind)) = read_line(bytes, position) {
        position = behind;
        if line.starts_with(b"#") {
            continue;
        }
        let command = match read_command(bytes, line, &mut position) {
            Ok(command) => command,
            Err(Stop::Early) => {
                replay.is_short = true;
                return Ok(replay);
            }
            Err(Stop::BadFormat) => return Err(DataDamage::BadFormat(file.to_owned())),
            Err(Stop::Crash) => return Err(DataDamage::Crash(file.to_owned())),
        };
        check(&command, file)?;
        if command.is(0, "multi") {
            before_transaction = replay.valid_until;
        }
        replay.valid_until = position;
        match &mut transaction {
            Some(_) if command.is(0, "exec") => {
                replay.commands.extend(transaction.take().into_iter().flatten())
            }
            Some(queued) => queued.push(command),
            None if command.is(0, "multi") => transaction = Some(Vec::new()),
            None => replay.commands.push(command),
        }
    }
    if transaction.is_some() {
        replay.valid_until = before_transaction;
        replay.is_short = true;
    }
    Ok(replay)
}

/// Whether Redis could run it at all.
fn check(command: &Command, file: &str) -> Result<(), DataDamage> {
    match known(command) {
        Known::Runs => Ok(()),
        Known::TooFewWords => Err(DataDamage::Crash(file.to_owned())),
        Known::Not => {
            let name = String::from_utf8_lossy(command.name()).into_owned();
            Err(DataDamage::UnknownCommand { name, file: file.to_owned() })
        }
    }
}

/// Up to the end of the line, which is part of it, or as much as fits; `None` at the end of the file.
fn read_line(bytes: &[u8], start: usize) -> Option<(&[u8], usize)> {
    let rest = bytes.get(start..).filter(|rest| !rest.is_empty())?;
    let rest = &rest[..rest.len().min(LONGEST_LINE)];
    let length = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
    Some((&rest[..length], start + length))
}

/// The command whose first line this is; `position` moves behind what was read.
fn read_command(bytes: &[u8], line: &[u8], position: &mut usize) -> Result<Command, Stop> {
    let count = match line {
        b"*" => return Err(Stop::Early),
        [b'*', number @ ..] => number_of(number),
        _ => return Err(Stop::BadFormat),
    };
    if count < 1 {
        return Err(Stop::BadFormat);
    }
    let mut words = Vec::new();
    for _ in 0..count {
        let (line, begin) = read_line(bytes, *position).ok_or(Stop::Early)?;
        let [b'$', number @ ..] = line else { return Err(Stop::BadFormat) };
        let length = usize::try_from(number_of(number)).map_err(|_| Stop::Crash)?;
        let end = begin.saturating_add(length);
        words.push(bytes.get(begin..end).ok_or(Stop::Early)?);
        *position = end.saturating_add(2);
        if *position > bytes.len() {
            return Err(Stop::Early);
        }
    }
    Ok(Command::new(words))
}

fn number_of(text: &[u8]) -> i64 {
    leading_integer(&String::from_utf8_lossy(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLUSH: &str = "*1\r\n$8\r\nFLUSHALL\r\n";
    const MULTI: &str = "*1\r\n$5\r\nMULTI\r\n";
    const EXEC: &str = "*1\r\n$4\r\nEXEC\r\n";

    /// How many commands, where it is to be cut, and whether it is short.
    fn read(text: &str) -> Result<(usize, usize, bool), DataDamage> {
        read_log(text.as_bytes(), 0, "f").map(|read| (read.commands.len(), read.valid_until, read.is_short))
    }

    #[test]
    fn ao_15_reading_ends_behind_the_last_whole_command() {
        for length in 1..FLUSH.len() {
            let torn = format!("{FLUSH}{}", &FLUSH[..length]);
            assert_eq!(read(&torn), Ok((1, FLUSH.len(), true)), "{length}");
        }
        assert_eq!(read(&FLUSH.repeat(2)), Ok((2, 2 * FLUSH.len(), false)));
        assert_eq!(read(""), Ok((0, 0, false)));
    }

    #[test]
    fn ao_15_a_transaction_without_its_end_is_cut_out() {
        assert_eq!(read(&format!("{FLUSH}{MULTI}{FLUSH}")), Ok((1, FLUSH.len(), true)));
        let whole = format!("{MULTI}{FLUSH}{FLUSH}{EXEC}");
        assert_eq!(read(&whole), Ok((2, whole.len(), false)));
    }

    /// The accident of 7.0.15: what is appended behind such a cut stands inside the transaction.
    #[test]
    fn ao_15_a_file_torn_inside_a_transaction_keeps_it_open() {
        let torn = format!("{FLUSH}{MULTI}{FLUSH}{}", &EXEC[..EXEC.len() - 1]);
        let cut = FLUSH.len() + MULTI.len() + FLUSH.len();
        assert_eq!(read(&torn), Ok((1, cut, true)));
        let appended = format!("{}{FLUSH}", &torn[..cut]);
        assert_eq!(read(&appended), Ok((1, FLUSH.len(), true)), "all of it is reverted by the next start");
        let with_transaction = format!("{}{MULTI}{FLUSH}{EXEC}", &torn[..cut]);
        assert_eq!(read(&with_transaction).map(|read| read.0), Ok(4), "the EXEC of another one ends it");
    }

    #[test]
    fn ao_15_what_redis_forgives() {
        for text in [
            "*1\r\n$8\r\nFLUSHALLxx",
            "*1x\n$8y\nFLUSHALL\r\n",
            "*1\r\n$ 8\r\nFLUSHALL\r\n",
            "#TS:1\r\n*1\r\n$8\r\nFLUSHALL\r\n#end",
        ] {
            assert_eq!(read(text).map(|(count, _, short)| (count, short)), Ok((1, false)), "{text:?}");
        }
    }

    #[test]
    fn ao_15_what_it_does_not_forgive() {
        let file = || "f".to_owned();
        for wrong in
            ["x", "\r\n", "*0\r\n", "*-1\r\n", "*x\r\n", "*1\r\n+4\r\nPING\r\n", "*1\r\n#\r\n$4\r\nPING\r\n"]
        {
            assert_eq!(read(wrong), Err(DataDamage::BadFormat(file())), "{wrong:?}");
        }
        let unknown = |name: &str| Err(DataDamage::UnknownCommand { name: name.to_owned(), file: file() });
        assert_eq!(read("*1\r\n$4\r\nNOPE\r\n"), unknown("NOPE"));
        assert_eq!(read("*1\r\n$x\r\nPING\r\n"), unknown(""));
        assert_eq!(read(&format!("{MULTI}*1\r\n$4\r\nNOPE\r\n{EXEC}")), unknown("NOPE"));
        for crash in ["*1\r\n$3\r\nGET\r\n", "*1\r\n$-1\r\nPING\r\n"] {
            assert_eq!(read(crash), Err(DataDamage::Crash(file())), "{crash:?}");
        }
    }
}
