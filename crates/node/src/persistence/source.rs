//! What a start finds on its disk: read at once, so that it is known how long loading takes, and taken in when that is
//! over.
//!
//! Rules: AO-15, RB-5, RB-6. Never: changes the node.

use std::collections::BTreeMap;

use rcsim_protocol::Settings;

use super::damage::DataDamage;
use super::files::{FileNames, FileSet};
use super::replay::{Replay, read_log};
use crate::effect::Work;
use crate::rdb::{self, Loaded, Record};

/// What is on a disk: names of files and their contents.
pub type Files = BTreeMap<String, Vec<u8>>;

/// What a snapshot begins with.
const SNAPSHOT: &[u8] = b"REDIS";

/// What is to be loaded.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// The files of an append-only file, in order; none if there was none.
    Log(Vec<LogSource>),
    /// No append-only file, and a snapshot, if there is one (RB-5).
    Snapshot(Option<SnapshotSource>),
}

/// A file of an append-only file.
#[derive(Clone, Debug)]
pub(crate) struct LogSource {
    pub(super) name: String,
    pub(super) length: u64,
    /// The snapshot that it begins with.
    pub(super) base: Vec<Record>,
    /// What comes behind that.
    pub(super) replay: Result<Replay, DataDamage>,
}

/// A snapshot.
#[derive(Clone, Debug)]
pub(crate) struct SnapshotSource {
    length: u64,
    pub(super) loaded: Result<Loaded, DataDamage>,
}

/// The files that a manifest lists, and what is to be loaded. A snapshot leaves out what expired before
/// `skip_expired_before_ms`.
pub(super) fn find_source(
    disk: &Files,
    names: &FileNames,
    settings: &Settings,
    skip_expired_before_ms: Option<i64>,
) -> Result<(FileSet, Source), DataDamage> {
    let files = match disk.get(&names.path(&names.manifest_name())) {
        Some(text) => FileSet::parse(text).ok_or(DataDamage::BadManifest)?,
        None => FileSet::default(),
    };
    if !settings.appendonly {
        let snapshot = disk.get(&settings.dbfilename).map(|bytes| SnapshotSource {
            length: bytes.len() as u64,
            loaded: rdb::load(bytes, skip_expired_before_ms).map_err(DataDamage::Snapshot),
        });
        return Ok((files, Source::Snapshot(snapshot)));
    }
    let listed = files.base.iter().chain(&files.incr).map(|file| {
        let bytes = disk.get(&names.path(&file.name));
        Ok((&file.name, bytes.ok_or_else(|| DataDamage::MissingFile(file.name.clone()))?))
    });
    let listed: Vec<(&String, &Vec<u8>)> = listed.collect::<Result<_, DataDamage>>()?;
    let log = listed.into_iter().map(|(name, bytes)| read_file(name, bytes)).collect();
    Ok((files, Source::Log(log)))
}

/// Reads a file of the log, which may begin with a snapshot; expired keys are taken from that, too (RB-6).
fn read_file(name: &str, bytes: &[u8]) -> LogSource {
    let file = |base, replay| LogSource { name: name.to_owned(), length: bytes.len() as u64, base, replay };
    if !bytes.starts_with(SNAPSHOT) {
        return file(Vec::new(), read_log(bytes, 0, name));
    }
    match rdb::load(bytes, None) {
        Ok(loaded) => file(loaded.records, read_log(bytes, loaded.length, name)),
        Err(error) => file(Vec::new(), Err(DataDamage::Snapshot(error))),
    }
}

impl Source {
    /// How much there is to load. A command of a log counts as a key.
    pub(super) fn work(&self) -> Work {
        match self {
            Source::Log(files) => Work {
                bytes: files.iter().map(|file| file.length).sum(),
                keys: files.iter().map(LogSource::steps).sum(),
            },
            Source::Snapshot(None) => Work::default(),
            Source::Snapshot(Some(snapshot)) => Work {
                bytes: snapshot.length,
                keys: snapshot.loaded.as_ref().map_or(0, |loaded| loaded.records.len() as u64),
            },
        }
    }
}

impl LogSource {
    fn steps(&self) -> u64 {
        let commands = self.replay.as_ref().map_or(0, |replay| replay.commands.len());
        (self.base.len() + commands) as u64
    }
}
