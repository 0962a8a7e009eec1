//! The end of each turn of the event loop: work that was put off comes before anything reaches a socket.
//!
//! Rules: LP-2 … LP-5, BS-1 … BS-5. Keeps: what is saved here is durable before the messages of the same turn leave
//! (LP-4), and the one exception (LP-5): a turn works on a snapshot of the flags, so an election that is started here
//! asks for votes before its epoch is saved.

use crate::disk::{DiskJob, DiskRequest, DiskStep, Wait};
use crate::effect::Effect;
use crate::keyspace::Bytes;
use crate::node::Node;
use crate::outside::Outside;

/// What is to be done at the end of the turn (BS-1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Deferred {
    pub(crate) handle_failover: bool,
    pub(crate) handle_manual_failover: bool,
    pub(crate) update_state: bool,
    pub(crate) save: bool,
    pub(crate) fsync: bool,
}

impl Deferred {
    /// nodes.conf is to be written; it may stay in the page cache.
    pub(crate) fn save(&mut self) {
        self.save = true;
    }

    /// nodes.conf is to be written and made durable.
    pub(crate) fn save_durably(&mut self) {
        self.save = true;
        self.fsync = true;
    }
}

impl Node {
    /// Ends the turn. What is put off while it ends belongs to the next turn, and that begins at once only if there
    /// was something to write (LP-3): else the process sleeps until the next input.
    pub(crate) fn end_of_turn(&mut self, out: &mut Outside<'_>) {
        // LP-9: while data is loaded, what is put off waits until it is there.
        if !self.is_loading() {
            self.before_sleep(out);
        }
        if !self.migration.is_running() {
            self.finish_turn(true, out);
        }
    }

    /// The rest of the turn: the append-only file, then the sockets (LP-2, LP-6). Where the process waits for its disk
    /// the turn is cut. `flush`: whether the file is written in any case.
    pub(crate) fn finish_turn(&mut self, mut flush: bool, out: &mut Outside<'_>) {
        loop {
            self.replace_snapshot_after_flush(out);
            if std::mem::replace(&mut flush, true) {
                self.flush_log(false, out);
            }
            if self.cut_turn(out) {
                return;
            }
            self.send_to_replicas(out);
            let wrote = out.effects.flush();
            if self.process.exited || !wrote || self.deferred == Deferred::default() || self.is_loading() {
                return;
            }
            self.before_sleep(out);
            if self.migration.is_running() {
                return;
            }
        }
    }

    fn before_sleep(&mut self, out: &mut Outside<'_>) {
        self.end_late_waits(out);
        let due = std::mem::take(&mut self.deferred);
        if due.handle_manual_failover {
            if !self.am_master() {
                self.handle_manual_failover(out);
                self.handle_replica_failover(out);
            }
        } else if due.handle_failover {
            self.handle_replica_failover(out);
        }
        if due.update_state {
            self.update_state(out);
        }
        if due.save {
            self.save_config(due.fsync, out);
        }
        self.end_lapsed_subscriptions(out);
        self.serve_waits(out);
        self.run_postponed(out);
    }

    /// Writes nodes.conf now (BS-4).
    pub(crate) fn save_config(&mut self, fsync: bool, out: &mut Outside<'_>) {
        let file = self.settings.cluster_config_file.clone();
        let text = self.nodes_conf(out.registry);
        let length = text.len();
        let mut steps =
            vec![DiskStep::WriteOver { file: file.clone(), content: Bytes::from(text.into_bytes()) }];
        if fsync {
            steps.push(DiskStep::Fsync { file: file.clone() });
        }
        // NC-4: cut only after the sync.
        steps.push(DiskStep::Truncate { file, length });
        let request = DiskRequest { job: DiskJob::Config, wait: Wait::Process, steps };
        out.effects.push(Effect::Disk(request));
        out.tell(rcsim_observe::Event::ConfigSaved { fsync });
    }
}
