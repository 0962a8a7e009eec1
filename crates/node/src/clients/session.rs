//! What is known of one client connection.
//!
//! Rules: CM-3, RD-14. Never: outlives the connection.

use std::collections::VecDeque;
use std::net::SocketAddr;

use rcsim_protocol::{Command, Offset};

use crate::clients::{Subscribed, Transaction};
use crate::keyspace::Bytes;

/// What is known of one client connection.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// The number of the client, in the order in which clients came.
    pub(crate) id: u64,
    /// Where it comes from.
    pub(crate) remote: SocketAddr,
    /// The name that it gave itself; empty if none.
    pub(crate) name: String,
    /// The version of the protocol of replies: 2 or 3.
    pub(crate) protocol: i64,
    /// When it came, and when its last command did, in ms.
    pub(crate) opened_ms: i64,
    pub(crate) last_ms: i64,
    /// The name of its last command.
    pub(crate) last_command: &'static str,
    /// CLIENT NO-EVICT was said.
    pub(crate) is_kept: bool,
    pub(crate) replies: Replies,
    /// It is closed behind the reply to its command.
    pub(crate) is_closing: bool,
    /// READONLY was said (CM-3).
    pub(crate) read_only: bool,
    /// ASKING was said for the next command, or for the transaction (RD-14).
    pub(crate) asking: bool,
    /// It knows the password, or there was none when it came.
    pub(crate) authenticated: bool,
    /// What it listens to.
    pub(crate) subscribed: Subscribed,
    /// What it has queued since MULTI.
    pub(crate) transaction: Option<Transaction>,
    /// The keys that it watches.
    pub(crate) watched: Vec<Watch>,
    /// How far the replication stream was after its last command (RP-24).
    pub(crate) wrote_until: Offset,
    /// Its last command has not been answered yet, for this reason.
    pub(crate) blocked: Option<Blocked>,
    /// Commands that came meanwhile.
    pub(crate) waiting: VecDeque<Command>,
}

/// Whether a client wants replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replies {
    On,
    /// None until it says otherwise.
    Off,
    /// None to the running command, which asked for that, nor to the next one.
    SkipNext,
    /// None to the running command.
    Skip,
}

/// A key that a client watches.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    pub(crate) key: Bytes,
    /// Its number of changes when the client began.
    pub(crate) changes: u64,
    /// It had expired by then.
    pub(crate) was_expired: bool,
}

/// Why a client has no answer yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blocked {
    /// Its command waits for the end of a pause (MF-11).
    Paused,
    /// The process is about to end (RB-7).
    Shutdown,
    /// It waits for its replicas (RP-24).
    ForAcks(AckWait),
    /// Its MIGRATE waits for the other node, as everything does (MG-1).
    Migrating,
}

/// What a client waits for that said WAIT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AckWait {
    /// How far replicas have to be.
    pub(crate) offset: Offset,
    /// How many of them.
    pub(crate) replicas: i64,
    /// When it has waited long enough, in ms; `None`: never.
    pub(crate) until_ms: Option<i64>,
}

impl Session {
    /// A command was answered: what CLIENT REPLY SKIP said of it is over.
    pub(crate) fn end_reply(&mut self) {
        self.replies = match self.replies {
            Replies::SkipNext => Replies::Skip,
            Replies::Skip => Replies::On,
            other => other,
        };
    }

    pub(super) fn new(id: u64, remote: SocketAddr, authenticated: bool, now_ms: i64) -> Session {
        Session {
            id,
            remote,
            name: String::new(),
            protocol: 2,
            opened_ms: now_ms,
            last_ms: now_ms,
            last_command: "NULL",
            is_kept: false,
            replies: Replies::On,
            is_closing: false,
            read_only: false,
            asking: false,
            authenticated,
            subscribed: Subscribed::default(),
            transaction: None,
            watched: Vec::new(),
            wrote_until: Offset::ZERO,
            blocked: None,
            waiting: VecDeque::new(),
        }
    }
}
