//! Why data cannot be loaded, in the words of Redis' log.
//!
//! Rules: AO-2, AO-15, AO-16, RB-6, BT-6.

use std::fmt;

use rcsim_observe::reason::DamageCause;

use crate::rdb::{Fault, RdbError};

/// Why the data on a disk cannot be loaded: the process ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataDamage {
    /// The manifest is none (AO-2).
    BadManifest,
    /// The manifest lists a file that is not there.
    MissingFile(String),
    /// The file has something that is no command.
    BadFormat(String),
    /// The file ends in the middle of a command, and `aof-load-truncated` is off.
    EndsEarly(String),
    /// A file ended in the middle of a command and was cut, and it is not the last one.
    EndsEarlyBeforeOthers,
    /// The file has a command that does not exist.
    UnknownCommand {
        /// Its name.
        name: String,
        /// The file.
        file: String,
    },
    /// The file has a command that makes Redis crash: it has too few words, or a negative length.
    Crash(String),
    /// A snapshot is damaged (RB-6, AO-16).
    Snapshot(RdbError),
}

impl DataDamage {
    /// What kind of damage it is.
    pub(crate) fn cause(&self) -> DamageCause {
        match self {
            DataDamage::BadManifest => DamageCause::BadManifest,
            DataDamage::MissingFile(_) => DamageCause::MissingFile,
            DataDamage::BadFormat(_) => DamageCause::BadFormat,
            DataDamage::EndsEarly(_) => DamageCause::EndsEarly,
            DataDamage::EndsEarlyBeforeOthers => DamageCause::EndsEarlyBeforeOthers,
            DataDamage::UnknownCommand { .. } => DamageCause::UnknownCommand,
            DataDamage::Crash(_) => DamageCause::Crash,
            DataDamage::Snapshot(_) => DamageCause::Snapshot,
        }
    }
}

impl fmt::Display for DataDamage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DataDamage::BadManifest => f.write_str("Invalid AOF manifest file format"),
            DataDamage::MissingFile(file) => {
                write!(f, "Unable to obtain the AOF file {file} length. stat: No such file or directory")
            }
            DataDamage::BadFormat(file) => {
                write!(f, "Bad file format reading the append only file {file}")
            }
            DataDamage::EndsEarly(file) => {
                write!(f, "Unexpected end of file reading the append only file {file}")
            }
            DataDamage::EndsEarlyBeforeOthers => {
                f.write_str("Fatal error: the truncated file is not the last file")
            }
            DataDamage::UnknownCommand { name, file } => {
                write!(f, "Unknown command '{name}' reading the append only file {file}")
            }
            DataDamage::Crash(file) => write!(f, "crashed while reading the append only file {file}"),
            DataDamage::Snapshot(RdbError { fault: Fault::Database(_), .. }) => {
                f.write_str("You can't have keys in a DB different than DB 0 when in Cluster mode. Exiting.")
            }
            DataDamage::Snapshot(error) => error.fmt(f),
        }
    }
}
