//! Loading the data at a start, and what comes of them.
//!
//! Rules: AO-15 … AO-17, BT-1 … BT-9, LP-9, RB-4 … RB-6. Keeps: data are loaded up to the end of the last whole command,
//! or to before a transaction that was not ended; only the last file may end early. While data are loaded no timer runs,
//! and nobody on the bus is let in (BT-2, BT-3).

use rcsim_observe::Event;
use rcsim_observe::reason::{DataSource, ExitCause};
use rcsim_protocol::Slot;

use super::damage::DataDamage;
use super::files::FileNames;
use super::log::LogState;
use super::rewrite::TEMPORARY_FIRST_BASE;
use super::source::{Files, LogSource, Source, find_source};
use crate::disk::{DiskJob, DiskStep};
use crate::effect::Effect;
use crate::keyspace::Entry;
use crate::node::Node;
use crate::outside::Outside;
use crate::rdb::{Loaded, Record};

/// Data that are being loaded.
#[derive(Clone, Debug)]
pub(crate) struct Loading {
    /// Which loading.
    number: u32,
    source: Source,
    /// How many bytes, and since when, in seconds.
    pub(super) bytes: u64,
    pub(super) since_s: i64,
}

impl Node {
    /// Looks for what there is to load and begins with it; if there is nothing the start is over at once (BT-1).
    pub(crate) fn start_loading(&mut self, disk: &Files, out: &mut Outside<'_>) {
        let names = FileNames::new(&self.settings);
        let skip_before_ms = self.am_master().then_some(self.clock.now_ms);
        let (files, source) = match find_source(disk, &names, &self.settings, skip_before_ms) {
            Ok(found) => found,
            Err(damage) => return self.give_up(&damage, out),
        };
        let log = &mut self.persistence.log;
        (log.names, log.files) = (names, files);
        let work = source.work();
        if work.bytes == 0 {
            return self.take_data(source, out);
        }
        let (number, since_s) = (self.next_load(), self.clock.now_s());
        self.persistence.loading = Some(Loading { number, source, bytes: work.bytes, since_s });
        out.tell(Event::LoadingStarted { bytes: work.bytes });
        out.effects.push(Effect::Load { load: number, work, old_keys: 0 });
    }

    /// Whether this node loads its data at its start.
    pub(crate) fn is_starting(&self) -> bool {
        self.persistence.loading.is_some()
    }

    /// The data of the start are loaded; says whether it was that loading.
    pub(crate) fn start_loaded(&mut self, load: u32, out: &mut Outside<'_>) -> bool {
        let Some(loading) = self.persistence.loading.take_if(|loading| loading.number == load) else {
            return false;
        };
        self.take_data(loading.source, out);
        if !self.process.exited {
            // The timer has been due for long.
            self.server_cron(out);
        }
        true
    }

    /// Takes the data in, opens the append-only file for writing, and looks whose slots they are of (BT-1).
    fn take_data(&mut self, source: Source, out: &mut Outside<'_>) {
        let taken = match source {
            Source::Log(files) => self.take_log(files, out),
            Source::Snapshot(None) => Ok(()),
            Source::Snapshot(Some(snapshot)) => snapshot.loaded.map(|loaded| self.take_snapshot(loaded, out)),
        };
        match taken {
            Ok(()) => self.verify_slots_of_data(out),
            Err(damage) => self.give_up(&damage, out),
        }
    }

    /// The data cannot be loaded: the process ends.
    fn give_up(&mut self, damage: &DataDamage, out: &mut Outside<'_>) {
        out.tell(Event::DataDamaged { why: damage.cause() });
        self.persistence.damage = Some(damage.clone());
        self.exit(ExitCause::DataCorrupt, out);
    }

    /// A snapshot, and its place in the stream; what expired is left out, as a master does (RB-4, RB-6).
    fn take_snapshot(&mut self, loaded: Loaded, out: &mut Outside<'_>) {
        self.persistence.snapshots.loaded = (loaded.records.len() as u64, loaded.expired.len() as u64);
        self.take_records(loaded.records);
        if let Some(position) = loaded.aux.stream {
            self.restore_stream(position, loaded.expired);
        }
        out.tell(Event::DataLoaded { from: DataSource::Snapshot, keys: self.keyspace.len() as u64, cut: 0 });
    }

    fn take_records(&mut self, records: Vec<Record>) {
        for record in records {
            let entry = Entry { value: record.value, expires_at_ms: record.expires_at_ms };
            self.keyspace.insert(&record.key, entry);
        }
    }

    /// Runs what the files of the log say; the last one may end early, and is cut then (AO-15).
    fn take_log(&mut self, files: Vec<LogSource>, out: &mut Outside<'_>) -> Result<(), DataDamage> {
        let lengths: Vec<(String, u64)> = files.iter().map(|file| (file.name.clone(), file.length)).collect();
        let (count, mut cut) = (files.len(), 0);
        for (index, LogSource { name, length, base, replay }) in files.into_iter().enumerate() {
            let replay = replay?;
            self.take_records(base);
            replay.commands.iter().for_each(|command| self.apply_write(command));
            if !replay.is_short {
                continue;
            }
            if !self.settings.aof_load_truncated {
                return Err(DataDamage::EndsEarly(name));
            }
            let file = self.persistence.log.names.path(&name);
            let step = DiskStep::Truncate { file, length: replay.valid_until };
            self.await_disk(DiskJob::AofStart, vec![step], out);
            if index + 1 < count {
                return Err(DataDamage::EndsEarlyBeforeOthers);
            }
            cut = length - replay.valid_until as u64;
        }
        if count > 0 {
            out.tell(Event::DataLoaded { from: DataSource::Log, keys: self.keyspace.len() as u64, cut });
        }
        self.open_log(&lengths, cut, out);
        Ok(())
    }

    /// Opens the append-only file; makes what is missing, and forgets what is history.
    fn open_log(&mut self, loaded: &[(String, u64)], cut: u64, out: &mut Outside<'_>) {
        let (names, mut files) = (self.persistence.log.names.clone(), self.persistence.log.files.clone());
        let size_of =
            |name: &str| loaded.iter().find(|(other, _)| other == name).map_or(0, |(_, length)| *length);
        let base_size = files.base.as_ref().map_or(0, |base| size_of(&base.name));
        let written = files.incr.last().map_or(0, |incr| size_of(&incr.name).saturating_sub(cut));
        let mut steps = Vec::new();
        if loaded.is_empty() {
            let base = files.add_base(&names, self.settings.aof_use_rdb_preamble);
            let temporary = TEMPORARY_FIRST_BASE.to_owned();
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
        log.current_size = loaded.iter().map(|(_, length)| length).sum();
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
