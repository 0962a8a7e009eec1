//! SHUTDOWN: a process ends in good order.
//!
//! Rules: RB-7. Keeps: writes are paused until the replicas have everything or the time is over; then what is in memory
//! goes to the disk, and only if that works, or with FORCE, the process ends. nodes.conf is not written, and nobody is
//! asked to take over.

use rcsim_observe::Event;
use rcsim_observe::reason::ExitCause;
use rcsim_protocol::Reply;

use super::log::LogState;
use super::snapshot::Purpose;
use crate::clients::{Blocked, PausePurpose, Paused};
use crate::disk::{DiskJob, DiskStep};
use crate::node::{ConnectionId, Node};
use crate::outside::Outside;

/// What the client of a shutdown asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ShutdownOptions {
    /// Save a snapshot even without save points.
    pub(crate) save: bool,
    /// Save none even with save points.
    pub(crate) no_save: bool,
    /// Do not wait for replicas.
    pub(crate) now: bool,
    /// End even if the data cannot be saved.
    pub(crate) force: bool,
}

/// A shutdown under way.
#[derive(Clone, Debug)]
pub(crate) struct Shutdown {
    options: ShutdownOptions,
    /// Until when it waits for replicas, in ms; `None` once it does not any more.
    waits_until_ms: Option<i64>,
    /// Who waits for it: they are answered only if nothing comes of it.
    clients: Vec<ConnectionId>,
}

/// What became of the final snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DiskFate {
    /// None is wanted.
    NotWanted,
    /// It is on the disk.
    Saved,
    /// It is not.
    Failed,
}

impl Node {
    /// Begins a shutdown; a second one waits with the first.
    pub(crate) fn start_shutdown(
        &mut self,
        connection: ConnectionId,
        mut options: ShutdownOptions,
        out: &mut Outside<'_>,
    ) {
        if let Some(session) = self.clients.session_mut(connection) {
            session.blocked = Some(Blocked::Shutdown);
        }
        if let Some(shutdown) = &mut self.persistence.shutdown {
            return shutdown.clients.push(connection);
        }
        if self.is_loading() {
            (options.save, options.no_save) = (false, true);
        }
        let waits = !options.now && self.settings.shutdown_timeout != 0 && !self.replicas_have_everything();
        let until_ms = self.clock.cached_ms + 1000 * self.settings.shutdown_timeout;
        let waits_until_ms = waits.then_some(until_ms);
        self.persistence.shutdown = Some(Shutdown { options, waits_until_ms, clients: vec![connection] });
        if waits {
            self.pause_clients(PausePurpose::Shutdown, Paused::Writes, i64::MAX);
            out.tell(Event::ShutdownWaits);
        } else {
            self.write_everything(options, out);
        }
    }

    /// The timer: whether the wait for replicas is over. Says whether the process is about to end.
    pub(crate) fn shutdown_cron(&mut self, out: &mut Outside<'_>) -> bool {
        let ready = self.replicas_have_everything();
        let now_ms = self.clock.cached_ms;
        let Some(shutdown) = &mut self.persistence.shutdown else { return false };
        if shutdown.waits_until_ms.take_if(|until| now_ms >= *until || ready).is_none() {
            return false;
        }
        let options = shutdown.options;
        self.write_everything(options, out);
        true
    }

    /// SHUTDOWN ABORT; says whether there was anything to abort.
    pub(crate) fn abort_shutdown(&mut self, out: &mut Outside<'_>) -> bool {
        let Some(shutdown) = self.persistence.shutdown.take() else { return false };
        self.unpause_clients(PausePurpose::Shutdown);
        out.tell(Event::ShutdownCancelled);
        for client in shutdown.clients {
            self.answer(client, Reply::err("Errors trying to SHUTDOWN. Check logs."), out);
            self.resume(client, out);
        }
        true
    }

    fn replicas_have_everything(&self) -> bool {
        self.replication
            .replicas
            .values()
            .all(|replica| !replica.is_attached() || replica.ack == self.replication.offset)
    }

    /// What is only in memory goes to the disk.
    fn write_everything(&mut self, options: ShutdownOptions, out: &mut Outside<'_>) {
        self.kill_saving_child(out);
        if self.persistence.log.is_open() {
            let first_rewrite = self.persistence.log.state == LogState::WaitsForRewrite;
            if self.persistence.child.is_some() && first_rewrite && !options.force {
                self.abort_shutdown(out);
                return;
            }
            self.flush_log(true, out);
            if let Some(file) = self.persistence.log.current_file() {
                self.await_disk(DiskJob::AofHistory, vec![DiskStep::Fsync { file }], out);
            }
        }
        if options.save || (!self.settings.save.is_empty() && !options.no_save) {
            let bytes = self.snapshot_bytes(self.stream_position(), false);
            return self.save_now(Purpose::Shutdown, bytes, out);
        }
        self.finish_shutdown(DiskFate::NotWanted, out);
    }

    /// The data are safe, or as safe as they get: the process ends.
    pub(super) fn finish_shutdown(&mut self, fate: DiskFate, out: &mut Outside<'_>) {
        let forced = self.persistence.shutdown.as_ref().is_some_and(|shutdown| shutdown.options.force);
        if fate == DiskFate::Failed && !forced {
            self.abort_shutdown(out);
            return;
        }
        // What waits for sockets goes out first.
        self.put_back_cut_turn(out);
        self.send_to_replicas(out);
        out.effects.flush();
        self.exit(ExitCause::Shutdown, out);
    }
}
