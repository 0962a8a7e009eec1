//! What a start finds on its disk: the data of the append-only file.
//!
//! Rules: AO-15 … AO-17, BT-5 … BT-9, RB-5. Keeps: data are loaded up to the end of the last whole command, or to
//! before a transaction that was not ended; only the last file may end early.

use std::collections::BTreeMap;
use std::fmt;

use rcsim_observe::Event;
use rcsim_protocol::{Command, Slot};

use super::files::{FileNames, FileSet};
use super::log::LogState;
use crate::disk::{DiskJob, DiskStep};
use crate::node::Node;
use crate::outside::Outside;

/// What is on a disk: names of files and their contents.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Why the data cannot be loaded: the process ends (AO-2, AO-15, BT-6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataDamage {
    /// The manifest is none.
    BadManifest,
    /// The manifest lists a file that is not there.
    MissingFile(String),
    /// The file has something that is no command.
    BadFormat(String),
    /// The file ends in the middle of a command, and that is not allowed.
    EndsEarly(String),
    /// The file has keys in another database than 0.
    OtherDatabase,
}

impl fmt::Display for DataDamage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DataDamage::BadManifest => f.write_str("invalid AOF manifest file format"),
            DataDamage::MissingFile(file) => write!(f, "the AOF file {file} doesn't exist"),
            DataDamage::BadFormat(file) => {
                write!(f, "Bad file format reading the append only file {file}")
            }
            DataDamage::EndsEarly(file) => {
                write!(f, "Unexpected end of file reading the append only file {file}")
            }
            DataDamage::OtherDatabase => {
                f.write_str("You can't have keys in a DB different than DB 0 when in Cluster mode. Exiting.")
            }
        }
    }
}

/// How far a file could be read.
struct Read {
    commands: Vec<Command>,
    /// Where the last whole command, or transaction, ends.
    end: usize,
}

/// Reads commands; `None` if something is none.
fn read_commands(bytes: &[u8]) -> Option<Read> {
    let (mut read, mut position) = (Read { commands: Vec::new(), end: 0 }, 0);
    let mut transaction: Option<Vec<Command>> = None;
    while position < bytes.len() {
        let (command, end) = match read_command(bytes, position) {
            Ok(found) => found,
            Err(Stop::Early) => break,
            Err(Stop::BadFormat) => return None,
        };
        position = end;
        if command.is(0, "multi") {
            transaction = Some(Vec::new());
        } else if command.is(0, "exec") {
            read.commands.extend(transaction.take().into_iter().flatten());
        } else if let Some(queued) = &mut transaction {
            queued.push(command);
        } else {
            read.commands.push(command);
        }
        if transaction.is_none() {
            read.end = position;
        }
    }
    Some(read)
}

enum Stop {
    Early,
    BadFormat,
}

fn read_command(bytes: &[u8], start: usize) -> Result<(Command, usize), Stop> {
    let (count, mut position) = read_number(bytes, start, b'*')?;
    if count == 0 {
        return Err(Stop::BadFormat);
    }
    let mut words = Vec::new();
    for _ in 0..count {
        let (length, begin) = read_number(bytes, position, b'$')?;
        let end = begin.checked_add(length).ok_or(Stop::BadFormat)?;
        words.push(bytes.get(begin..end).ok_or(Stop::Early)?);
        match bytes.get(end..end + 2) {
            Some(b"\r\n") => position = end + 2,
            Some(_) => return Err(Stop::BadFormat),
            None => return Err(Stop::Early),
        }
    }
    Ok((Command::new(words), position))
}

/// A line of a mark and a number.
fn read_number(bytes: &[u8], start: usize, mark: u8) -> Result<(usize, usize), Stop> {
    let rest = bytes.get(start..).filter(|rest| !rest.is_empty()).ok_or(Stop::Early)?;
    if rest[0] != mark {
        return Err(Stop::BadFormat);
    }
    let length = rest.iter().position(|byte| *byte == b'\n').ok_or(Stop::Early)?;
    let text = rest[1..length].strip_suffix(b"\r").ok_or(Stop::BadFormat)?;
    let number = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).ok_or(Stop::BadFormat)?;
    Ok((number, start + length + 1))
}

impl Node {
    /// Loads what the append-only file has, and opens it for writing; a node without one loads nothing (RB-5, BT-1).
    pub(crate) fn load_data(&mut self, disk: &Files, out: &mut Outside<'_>) -> Result<(), DataDamage> {
        self.persistence.log.names = FileNames::new(&self.settings);
        let names = self.persistence.log.names.clone();
        let mut files = match disk.get(&names.path(&names.manifest_name())) {
            Some(text) => FileSet::parse(text).ok_or(DataDamage::BadManifest)?,
            None => FileSet::default(),
        };
        if !self.settings.appendonly {
            self.persistence.log.files = files;
            return Ok(());
        }
        let listed: Vec<String> =
            files.base.iter().chain(&files.incr).map(|file| names.path(&file.name)).collect();
        let (mut steps, mut size, mut cut) = (Vec::new(), 0, 0);
        for (index, path) in listed.iter().enumerate() {
            let bytes = disk.get(path).ok_or_else(|| DataDamage::MissingFile(path.clone()))?;
            let read = read_commands(bytes).ok_or_else(|| DataDamage::BadFormat(path.clone()))?;
            if read.end < bytes.len() {
                if index + 1 < listed.len() || !self.settings.aof_load_truncated {
                    return Err(DataDamage::EndsEarly(path.clone()));
                }
                cut = (bytes.len() - read.end) as u64;
                steps.push(DiskStep::Truncate { file: path.clone(), length: read.end });
            }
            size += read.end as u64;
            self.replay(&read.commands)?;
        }
        let base_size =
            files.base.as_ref().and_then(|base| disk.get(&names.path(&base.name))).map_or(0, Vec::len);
        let last = files.incr.last().and_then(|incr| disk.get(&names.path(&incr.name))).map_or(0, Vec::len);
        if listed.is_empty() {
            let base = files.add_base(&names);
            steps.extend([
                DiskStep::Create { file: names.path(&base) },
                DiskStep::Fsync { file: names.path(&base) },
            ]);
            steps.extend(names.manifest_steps(&files));
        }
        if files.incr.is_empty() {
            let incr = files.add_incr(&names);
            steps.push(DiskStep::Create { file: names.path(&incr) });
            steps.extend(names.manifest_steps(&files));
        }
        let log = &mut self.persistence.log;
        log.state = LogState::On;
        log.files = files;
        log.needs_select = true;
        (log.current_size, log.base_size) = (size, base_size as u64);
        log.written = (last as u64).saturating_sub(cut);
        log.synced = log.written;
        log.last_fsync_s = self.clock.cached_s();
        if !steps.is_empty() {
            self.await_disk(DiskJob::AofStart, steps, out);
        }
        if !listed.is_empty() {
            out.tell(Event::DataLoaded { keys: self.keyspace.len() as u64, cut });
        }
        Ok(())
    }

    fn replay(&mut self, commands: &[Command]) -> Result<(), DataDamage> {
        for command in commands {
            if command.is(0, "select") && !command.is(1, "0") {
                return Err(DataDamage::OtherDatabase);
            }
            self.apply_write(command);
        }
        Ok(())
    }

    /// A master looks whether it has keys of slots that are not its own (BT-5 … BT-9).
    pub(crate) fn verify_slots_of_data(&mut self, out: &mut Outside<'_>) {
        if !self.am_master() || self.keyspace.is_empty() {
            return;
        }
        let me = self.me();
        let mut changed = false;
        let with_keys: Vec<Slot> =
            Slot::all().filter(|slot| self.keyspace.count_in_slot(*slot) > 0).collect();
        for slot in with_keys {
            match self.slots.owner(slot) {
                Some(owner) if owner == me || self.slots.importing.contains_key(&slot) => {}
                Some(owner) => {
                    self.slots.importing.insert(slot, owner);
                    changed = true;
                }
                None => {
                    self.rebind(&[slot], Some(me));
                    changed = true;
                }
            }
        }
        if changed {
            self.save_config(true, out);
        }
    }

    /// A node that has run for long, on whose disk there is an append-only file without a command.
    pub(crate) fn form_log(&mut self) {
        let log = &mut self.persistence.log;
        log.names = FileNames::new(&self.settings);
        if self.settings.appendonly {
            let names = log.names.clone();
            log.files.add_base(&names);
            log.files.add_incr(&names);
            log.state = LogState::On;
            log.needs_select = true;
            log.last_fsync_s = self.clock.cached_s();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(text: &str) -> Option<(usize, usize)> {
        read_commands(text.as_bytes()).map(|read| (read.commands.len(), read.end))
    }

    const PING: &str = "*1\r\n$4\r\nPING\r\n";
    const MULTI: &str = "*1\r\n$5\r\nMULTI\r\n";

    #[test]
    fn ao_15_reading_ends_behind_the_last_whole_command() {
        for length in 0..PING.len() {
            assert_eq!(end(&format!("{PING}{}", &PING[..length])), Some((1, PING.len())), "{length}");
        }
        assert_eq!(end(&PING.repeat(2)), Some((2, 2 * PING.len())));
    }

    #[test]
    fn ao_15_a_transaction_without_its_end_is_left_out() {
        assert_eq!(end(&format!("{PING}{MULTI}{PING}")), Some((1, PING.len())));
        let whole = format!("{MULTI}{PING}{PING}*1\r\n$4\r\nEXEC\r\n");
        assert_eq!(end(&whole), Some((2, whole.len())));
    }

    #[test]
    fn ao_15_what_is_no_command_is_a_bad_format() {
        for wrong in ["x", "*0\r\n", "*1\n", "*1\r\n+4\r\nPING\r\n", "*1\r\n$4\r\nPINGxx", "*x\r\n"] {
            assert_eq!(end(wrong), None, "{wrong:?}");
        }
    }
}
