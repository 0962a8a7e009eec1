//! What a start finds on its disk, and what becomes of it.
//!
//! Rules: AO-15 … AO-17, BT-5 … BT-9, RB-5, RB-6. Keeps: data are loaded up to the end of the last whole command, or to
//! before a transaction that was not ended; only the last file may end early. Never: reads a file by itself.

use std::collections::BTreeMap;

use rcsim_observe::Event;
use rcsim_observe::reason::{DataSource, ExitCause};
use rcsim_protocol::Slot;

use super::damage::DataDamage;
use super::files::{FileNames, FileSet};
use super::log::LogState;
use super::replay::read_log;
use super::rewrite::TEMPORARY_FIRST_BASE;
use crate::disk::{DiskJob, DiskStep};
use crate::keyspace::{Bytes, Entry};
use crate::node::Node;
use crate::outside::Outside;
use crate::rdb;

/// What is on a disk: names of files and their contents.
pub type Files = BTreeMap<String, Vec<u8>>;

/// What a snapshot begins with.
const SNAPSHOT: &[u8] = b"REDIS";

/// What is to be loaded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Source {
    /// The files of an append-only file, by name and in order.
    log: Vec<(String, Bytes)>,
    /// The snapshot, if there is no append-only file.
    snapshot: Option<Bytes>,
}

impl Node {
    /// Looks for what there is to load, and for the manifest; without `appendonly` no log is loaded (BT-1, RB-5).
    pub(crate) fn find_data(&mut self, disk: &Files) -> Result<Source, DataDamage> {
        let names = FileNames::new(&self.settings);
        let files = match disk.get(&names.path(&names.manifest_name())) {
            Some(text) => FileSet::parse(text).ok_or(DataDamage::BadManifest)?,
            None => FileSet::default(),
        };
        let mut source = Source::default();
        if self.settings.appendonly {
            for file in files.base.iter().chain(&files.incr) {
                let bytes = disk.get(&names.path(&file.name));
                let bytes = bytes.ok_or_else(|| DataDamage::MissingFile(file.name.clone()))?;
                source.log.push((file.name.clone(), Bytes::from(bytes.as_slice())));
            }
        } else {
            source.snapshot = disk.get(&self.settings.dbfilename).map(|bytes| Bytes::from(bytes.as_slice()));
        }
        let log = &mut self.persistence.log;
        (log.names, log.files) = (names, files);
        Ok(source)
    }

    /// Loads the data, opens the append-only file for writing, and looks whose slots the data are of (BT-1).
    pub(crate) fn load_data(&mut self, source: &Source, out: &mut Outside<'_>) {
        let loaded = match &source.snapshot {
            Some(bytes) => self.load_snapshot_file(bytes).map(|()| 0),
            None => self.load_log(&source.log, out),
        };
        match loaded {
            Ok(cut) => {
                let keys = self.keyspace.len() as u64;
                if source.snapshot.is_some() {
                    out.tell(Event::DataLoaded { from: DataSource::Snapshot, keys, cut });
                } else if !source.log.is_empty() {
                    out.tell(Event::DataLoaded { from: DataSource::Log, keys, cut });
                }
                self.open_log(&source.log, cut, out);
                self.verify_slots_of_data(out);
            }
            Err(damage) => self.give_up(&damage, out),
        }
    }

    /// The data cannot be loaded: the process ends.
    pub(crate) fn give_up(&mut self, damage: &DataDamage, out: &mut Outside<'_>) {
        out.tell(Event::DataDamaged { why: damage.cause() });
        self.persistence.damage = Some(damage.clone());
        self.exit(ExitCause::DataCorrupt, out);
    }

    /// Loads a snapshot and its place in the stream; a master leaves out what has expired (RB-4, RB-6).
    fn load_snapshot_file(&mut self, bytes: &[u8]) -> Result<(), DataDamage> {
        let skip_before = self.am_master().then_some(self.clock.now_ms);
        let loaded = rdb::load(bytes, skip_before).map_err(DataDamage::Snapshot)?;
        self.persistence.snapshots.loaded = (loaded.records.len() as u64, loaded.expired.len() as u64);
        self.take_records(loaded.records);
        if let Some(position) = loaded.aux.stream {
            self.restore_stream(position, loaded.expired);
        }
        Ok(())
    }

    fn take_records(&mut self, records: Vec<rdb::Record>) {
        for record in records {
            let entry = Entry { value: record.value, expires_at_ms: record.expires_at_ms };
            self.keyspace.insert(&record.key, entry);
        }
    }

    /// Runs what the files say; returns how many bytes were cut off at the end (AO-15).
    fn load_log(&mut self, files: &[(String, Bytes)], out: &mut Outside<'_>) -> Result<u64, DataDamage> {
        for (index, (name, bytes)) in files.iter().enumerate() {
            let start = if bytes.starts_with(SNAPSHOT) { self.load_base(bytes)? } else { 0 };
            let replay = read_log(bytes, start, name)?;
            replay.commands.iter().for_each(|command| self.apply_write(command));
            if !replay.is_short {
                continue;
            }
            if !self.settings.aof_load_truncated {
                return Err(DataDamage::EndsEarly(name.clone()));
            }
            let step = DiskStep::Truncate {
                file: self.persistence.log.names.path(name),
                length: replay.valid_until,
            };
            self.await_disk(DiskJob::AofStart, vec![step], out);
            if index + 1 < files.len() {
                return Err(DataDamage::EndsEarlyBeforeOthers);
            }
            return Ok((bytes.len() - replay.valid_until) as u64);
        }
        Ok(0)
    }

    /// Loads the snapshot that a file begins with, expired keys too (RB-6); returns where it ends.
    fn load_base(&mut self, bytes: &[u8]) -> Result<usize, DataDamage> {
        let loaded = rdb::load(bytes, None).map_err(DataDamage::Snapshot)?;
        self.take_records(loaded.records);
        Ok(loaded.length)
    }

    /// Opens the append-only file; makes what is missing, and forgets what is history.
    fn open_log(&mut self, loaded: &[(String, Bytes)], cut: u64, out: &mut Outside<'_>) {
        if !self.settings.appendonly {
            return;
        }
        let (names, mut files) = (self.persistence.log.names.clone(), self.persistence.log.files.clone());
        let size_of = |name: &str| {
            loaded.iter().find(|(other, _)| other == name).map_or(0, |(_, bytes)| bytes.len() as u64)
        };
        let base_size = files.base.as_ref().map_or(0, |base| size_of(&base.name));
        let written = files.incr.last().map_or(0, |incr| size_of(&incr.name).saturating_sub(cut));
        let mut steps = Vec::new();
        if loaded.is_empty() {
            let base = files.add_base(&names, self.settings.aof_use_rdb_preamble);
            let temporary = names.path(TEMPORARY_FIRST_BASE);
            steps.extend([
                DiskStep::Create { file: temporary.clone() },
                DiskStep::Append { file: temporary.clone(), bytes: self.base_bytes() },
                DiskStep::Fsync { file: temporary.clone() },
                DiskStep::Rename { from: temporary, to: names.path(&base) },
            ]);
        }
        if files.incr.is_empty() {
            let incr = files.add_incr(&names);
            steps.push(DiskStep::Create { file: names.path(&incr) });
        }
        if !steps.is_empty() {
            steps.extend(names.manifest_steps(&files));
            self.await_disk(DiskJob::AofStart, steps, out);
        }
        let log = &mut self.persistence.log;
        log.state = LogState::On;
        log.needs_select = true;
        // Redis counts what was cut off, too.
        log.current_size = loaded.iter().map(|(_, bytes)| bytes.len() as u64).sum();
        log.base_size = base_size;
        (log.written, log.synced) = (written, written);
        log.last_fsync_s = self.clock.cached_s();
        log.files = files;
        self.drop_history(out);
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
        let preamble = self.settings.aof_use_rdb_preamble;
        let log = &mut self.persistence.log;
        log.names = FileNames::new(&self.settings);
        if self.settings.appendonly {
            let names = log.names.clone();
            log.files.add_base(&names, preamble);
            log.files.add_incr(&names);
            log.state = LogState::On;
            log.needs_select = true;
            log.last_fsync_s = self.clock.cached_s();
        }
    }
}
