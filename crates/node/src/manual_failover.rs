//! Manual failover: an operator wants a replica in its master's place.
//!
//! Rules: MF-1 … MF-18, PK-9.4, PK-23, CR-9. The command itself is in `commands`; the election it leads to is the usual
//! one, without delay (EL-6). Keeps: clients paused for it are released when it ends, one way or the other (MF-3).

use rcsim_observe::Event;
use rcsim_observe::reason::Ignored;
use rcsim_protocol::{NodeIx, Offset};

use crate::clients::{PausePurpose, Paused};
use crate::link::LinkId;
use crate::node::Node;
use crate::outside::Outside;

/// How long a manual failover may take, in ms (MF-2).
const TIMEOUT_MS: i64 = 5000;
/// How long the master pauses its clients at most, in ms (MF-11).
const PAUSE_MS: i64 = 2 * TIMEOUT_MS;

/// The state of a manual failover (CS-12).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ManualFailover {
    /// `mf_end`: when it is given up, in ms; 0 = none is going on.
    pub(crate) end: i64,
    /// `mf_slave`: on the master, the replica that asked.
    pub(crate) replica: Option<NodeIx>,
    /// `mf_master_offset`: on the replica, the paused master's offset.
    master_offset: Option<Offset>,
    /// `mf_can_start`: on the replica, nothing more to wait for.
    ready: bool,
}

impl ManualFailover {
    /// Whether one is going on.
    pub(crate) fn in_progress(&self) -> bool {
        self.end != 0
    }

    /// Whether the replica may stand now (EL-1).
    pub(crate) fn can_start(&self) -> bool {
        self.in_progress() && self.ready
    }
}

impl Node {
    /// Begins one on the replica (MF-2); with FORCE there is nothing to wait for (MF-5).
    pub(crate) fn begin_manual_failover(&mut self, force: bool, out: &mut Outside<'_>) {
        self.reset_manual_failover(out);
        self.manual_failover.end = out.now_ms + TIMEOUT_MS;
        self.manual_failover.ready = force;
    }

    /// Ends it and releases the clients that were paused for it (MF-3).
    pub(crate) fn reset_manual_failover(&mut self, out: &mut Outside<'_>) {
        let before = std::mem::take(&mut self.manual_failover);
        if before.replica.is_some() {
            self.unpause_clients(PausePurpose::Failover);
        }
        if before.in_progress() {
            out.tell(Event::ManualFailoverEnded);
        }
    }

    /// Gives it up when its time is over (CR-9).
    pub(crate) fn expire_manual_failover(&mut self, out: &mut Outside<'_>) {
        if self.manual_failover.in_progress() && self.manual_failover.end < out.now_ms {
            out.tell(Event::ManualFailoverTimedOut);
            self.reset_manual_failover(out);
        }
    }

    /// MFSTART: my replica wants my place; clients wait, and it is told where the stream ends (PK-23).
    pub(crate) fn pause_for(
        &mut self,
        replica: NodeIx,
        link: LinkId,
        out: &mut Outside<'_>,
    ) -> Result<(), Ignored> {
        if self.view.peer(replica).master != Some(self.me()) {
            return Err(Ignored::NotMyReplica);
        }
        self.reset_manual_failover(out);
        self.manual_failover.end = out.now_ms + TIMEOUT_MS;
        self.manual_failover.replica = Some(replica);
        self.pause_clients(PausePurpose::Failover, Paused::Writes, out.now_ms + PAUSE_MS);
        out.tell(Event::ManualFailoverPaused { replica });
        self.send_ping_unaccounted(link, out);
        Ok(())
    }

    /// My paused master told where its stream ends (PK-9.4). The first word counts.
    pub(crate) fn learn_paused_offset(&mut self, offset: Offset, out: &mut Outside<'_>) {
        if self.manual_failover.in_progress() && self.manual_failover.master_offset.is_none() {
            self.manual_failover.master_offset = Some(offset);
            self.deferred.handle_manual_failover = true;
            out.tell(Event::ManualFailoverOffset { offset });
        }
    }

    /// Do I have the whole stream of my paused master (MF-8)? If not, look again in the next turn.
    pub(crate) fn handle_manual_failover(&mut self, out: &mut Outside<'_>) {
        let state = self.manual_failover;
        let Some(offset) = state.master_offset.filter(|_| state.in_progress() && !state.ready) else {
            return;
        };
        if offset == self.replica_offset() {
            self.manual_failover.ready = true;
            self.deferred.handle_failover = true;
            out.tell(Event::ManualFailoverCaughtUp { offset });
        } else {
            self.deferred.handle_manual_failover = true;
        }
    }
}
