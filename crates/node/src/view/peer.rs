//! The record of one node: what is touched with every message of it, and the rest.
//!
//! Rules: ND-1 … ND-20. Never: holds what a gossip entry needs; that is the pulse and the row.

use std::sync::Arc;

use rcsim_protocol::{Epoch, NodeIx, Offset, SlotSet};

use crate::link::LinkId;

/// What is touched with every message of a node, in one cache line (ND-1 … ND-20). Times are Unix ms of this node's
/// clock.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct Peer {
    /// When the last packet of it came in (ND-10).
    pub(crate) data_received: i64,
    /// Oldest unanswered PING on the outbound link; 0 = none (ND-8).
    pub(super) ping_sent: i64,
    /// The highest config epoch seen (ND-4).
    pub(crate) config_epoch: Epoch,
    /// Its replication offset (ND-13).
    pub(crate) repl_offset: Offset,
    /// Slots I believe it owns (ND-5); changed by `slots` only.
    pub(crate) slots: SlotSet,
    /// The outbound link (ND-17).
    pub(super) link: Option<LinkId>,
    /// Its master (ND-7).
    pub(crate) master: Option<NodeIx>,
    /// What is seldom touched; nothing while it is as on the first day, as it is for most nodes of a large cluster.
    pub(super) rest: Option<Box<Rest>>,
}

/// The rest of a record.
#[derive(Clone, Debug)]
pub struct Rest {
    /// When the record was made; kept for handshakes only, for nobody else asks (ND-1).
    pub(crate) ctime: i64,
    /// When FAIL was set (ND-11).
    pub(crate) fail_time: i64,
    /// On a master: when I last voted for one of its replicas (ND-12).
    pub(crate) voted_time: i64,
    /// Since when it is an orphan (ND-14).
    pub(crate) orphaned_time: i64,
    /// Its replicas (ND-6).
    pub(crate) replicas: Vec<NodeIx>,
    /// Its hostname (ND-16); changed by [`View::set_hostname`](super::View::set_hostname).
    pub(crate) hostname: Option<Arc<str>>,
    pub(super) reports: Vec<Report>,
}

/// The rest of a record on its first day.
static NEW: Rest = Rest {
    ctime: 0,
    fail_time: 0,
    voted_time: 0,
    orphaned_time: 0,
    replicas: Vec::new(),
    hostname: None,
    reports: Vec::new(),
};

/// A master's word that a node does not answer (ND-19).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) reporter: NodeIx,
    pub(crate) time: i64,
}

impl Peer {
    /// Oldest unanswered PING on the outbound link, in ms; 0 = none (ND-8).
    pub(crate) fn ping_sent(&self) -> i64 {
        self.ping_sent
    }

    /// The outbound link; it exists while still connecting (ND-17, LK-4).
    pub(crate) fn link(&self) -> Option<LinkId> {
        self.link
    }

    /// What is seldom touched.
    pub(crate) fn rest(&self) -> &Rest {
        self.rest.as_deref().unwrap_or(&NEW)
    }

    /// What is seldom touched, to change it.
    pub(crate) fn rest_mut(&mut self) -> &mut Rest {
        self.rest.get_or_insert_with(|| Box::new(NEW.clone()))
    }

    /// Who says that the node does not answer.
    pub(crate) fn reports(&self) -> &[Report] {
        &self.rest().reports
    }

    /// The record of a node that nothing is known of yet.
    pub(super) fn new() -> Peer {
        Peer {
            data_received: 0,
            ping_sent: 0,
            config_epoch: Epoch::ZERO,
            repl_offset: Offset::ZERO,
            slots: SlotSet::empty(),
            link: None,
            master: None,
            rest: None,
        }
    }
}
