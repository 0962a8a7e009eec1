//! Everything that a node decides or refuses, and what happens to it.
//!
//! Each event is declared once, with the name that scenarios and reports use. Events are plain values: who listens
//! looks at the fields, nobody parses text.

use rcsim_protocol::bus::MessageKind;
use rcsim_protocol::{AddressIx, Epoch, NodeIx, Offset, ReplicationId};

use crate::data::Digest;
use crate::reason::{
    AddressSource, Arrival, BindCause, CannotFailover, DamageCause, DataSource, Departure, EpochCause,
    ExitCause, FailCleared, Ignored, LinkDown, ManualFailoverKind, NoMigration, PromotionCause,
    ReconfigureCause, ReplicaDropped, ReplicationDown, StateCause, StateHold, VoteDenied,
};

macro_rules! events {
    ($($(#[doc = $doc:literal])+ $name:literal $variant:ident $({ $($(#[doc = $field_doc:literal])+ $field:ident: $kind:ty),+ $(,)? })?,)+) => {
        /// Something that a node decided, refused or suffered; or that was done to the world.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum Event {
            $($(#[doc = $doc])+ $variant $({ $($(#[doc = $field_doc])+ $field: $kind),+ })?,)+
        }

        /// Which event it is, without its fields; in the order of declaration, so `kind as usize` is an index.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum EventKind {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl EventKind {
            /// How many kinds there are.
            pub const COUNT: usize = NAMES.len();

            /// The name that scenarios and reports use.
            pub const fn name(self) -> &'static str {
                NAMES[self as usize]
            }
        }

        impl Event {
            /// The names of all events with a sentence on each, in the order of declaration.
            pub const CATALOGUE: &'static [(&'static str, &'static str)] =
                &[$(($name, concat!($($doc, "\n"),+))),+];

            /// The name that scenarios and reports use.
            pub const fn name(&self) -> &'static str {
                self.kind().name()
            }

            /// Which event it is, without its fields.
            pub const fn kind(&self) -> EventKind {
                match self {
                    $(Event::$variant { .. } => EventKind::$variant,)+
                }
            }
        }

        const NAMES: &[&str] = &[$($name),+];
    };
}

/// The names of all events, in the order of declaration.
pub const fn event_names() -> &'static [&'static str] {
    NAMES
}

events! {
    // ---- membership -------------------------------------------------------------------------------------------
    /// A node came into the table (HS-1, HS-4, GS-11).
    "node-added" NodeAdded {
        /// The newcomer; under a temporary id while in handshake.
        node: NodeIx,
        /// How it came.
        how: Arrival,
    },
    /// A handshake ended well: the temporary record got its real id (HS-6).
    "handshake-completed" HandshakeCompleted {
        /// The temporary id.
        temporary: NodeIx,
        /// The real one.
        node: NodeIx,
    },
    /// A record was taken out of the table.
    "node-removed" NodeRemoved {
        /// The node.
        node: NodeIx,
        /// Why.
        why: Departure,
    },
    /// Gossip about a node was not followed: it is banned after a FORGET (GS-14).
    "gossip-banned" GossipBanned {
        /// The node.
        node: NodeIx,
    },
    /// A node answered under another id: its address is unknown now (HS-7).
    "id-mismatch" IdMismatch {
        /// The node that was expected.
        expected: NodeIx,
        /// The node that answered.
        got: NodeIx,
    },
    /// A node has a new address (HS-9, HS-10, GS-10).
    "address-changed" AddressChanged {
        /// The node.
        node: NodeIx,
        /// Its new address.
        address: AddressIx,
        /// How that was learned.
        source: AddressSource,
    },
    /// The node took another id: CLUSTER RESET HARD (CM-22).
    "identity-changed" IdentityChanged {
        /// The new id.
        node: NodeIx,
    },

    // ---- links ------------------------------------------------------------------------------------------------
    /// An outbound link is up.
    "link-up" LinkUp {
        /// The peer.
        peer: NodeIx,
    },
    /// A link of a peer is gone.
    "link-down" LinkDown {
        /// The peer.
        peer: NodeIx,
        /// Why.
        why: LinkDown,
    },
    /// A packet had no effect.
    "packet-ignored" PacketIgnored {
        /// Its kind.
        kind: MessageKind,
        /// Its sender, by the header.
        sender: NodeIx,
        /// Why.
        why: Ignored,
    },

    // ---- failure detection ------------------------------------------------------------------------------------
    /// A node does not answer: PFAIL (CR-6.6).
    "pfail" Pfail {
        /// The silent node.
        subject: NodeIx,
    },
    /// A node flagged PFAIL answered again (PK-13).
    "pfail-cleared" PfailCleared {
        /// The node.
        subject: NodeIx,
    },
    /// A master says for the first time that a node does not answer (GS-8).
    "failure-report" FailureReport {
        /// The node it is about.
        subject: NodeIx,
        /// Who says so.
        reporter: NodeIx,
    },
    /// A master takes back that a node does not answer (GS-8).
    "failure-report-withdrawn" FailureReportWithdrawn {
        /// The node it is about.
        subject: NodeIx,
        /// Who says so.
        reporter: NodeIx,
    },
    /// A node flagged PFAIL is not FAIL yet: too few masters say so (FD-6).
    "fail-quorum-missing" FailQuorumMissing {
        /// The node.
        subject: NodeIx,
        /// Reports that count, with the own one.
        have: u32,
        /// Reports that are needed.
        needed: u32,
    },
    /// A node is marked FAIL: the quorum is reached (FD-6).
    "fail" Fail {
        /// The node.
        subject: NodeIx,
        /// Live reports of masters.
        reports: u32,
        /// Whether the marking node is a master and counts itself.
        own_vote: bool,
        /// Reports that are needed.
        needed: u32,
    },
    /// A node is marked FAIL because a FAIL message said so (PK-19).
    "fail-received" FailReceived {
        /// The node.
        subject: NodeIx,
        /// Who sent the message.
        from: NodeIx,
    },
    /// FAIL is taken off a node (FD-14).
    "fail-cleared" FailCleared {
        /// The node.
        subject: NodeIx,
        /// Why.
        why: FailCleared,
    },

    // ---- cluster state ----------------------------------------------------------------------------------------
    /// The cluster is up in this node's view (ST-9).
    "state-ok" StateOk,
    /// The cluster is down in this node's view (ST-9).
    "state-fail" StateFail {
        /// Why.
        cause: StateCause,
    },
    /// The state stays `fail` for some time although nothing is wrong any more (ST-2, ST-7).
    "state-held" StateHeld {
        /// Which delay.
        why: StateHold,
    },

    // ---- epochs and slots -------------------------------------------------------------------------------------
    /// The node's own config epoch changed.
    "config-epoch-changed" ConfigEpochChanged {
        /// The new one.
        epoch: Epoch,
        /// How it came to be.
        cause: EpochCause,
    },
    /// Another master has the same config epoch and the smaller id gives way (EP-6).
    "epoch-collision" EpochCollision {
        /// The other master.
        other: NodeIx,
        /// The epoch that both had.
        epoch: Epoch,
    },
    /// Slots got another owner in this node's view.
    "slots-moved" SlotsMoved {
        /// The owner before; `None` for unassigned slots.
        from: Option<NodeIx>,
        /// The owner now; `None` if they are unassigned.
        to: Option<NodeIx>,
        /// How many.
        count: u32,
        /// The first of them.
        first: u16,
        /// Config epoch of the owner before, in this node's view.
        from_epoch: Epoch,
        /// Config epoch under which the new owner claims them.
        to_epoch: Epoch,
        /// Whether the owner before had stopped claiming all of them (SO-3).
        abandoned: bool,
        /// Why.
        cause: BindCause,
    },
    /// A packet claimed a slot whose owner has a newer epoch: UPDATE was sent back (PK-16).
    "stale-claim" StaleClaim {
        /// Who claims.
        sender: NodeIx,
        /// The real owner.
        owner: NodeIx,
        /// Whether there was a link to send the UPDATE on.
        answered: bool,
    },

    // ---- election ---------------------------------------------------------------------------------------------
    /// A replica does not stand for election (EL-13); told when the reason changes.
    "cannot-failover" CannotFailover {
        /// Why.
        why: CannotFailover,
    },
    /// An election has a date (EL-6).
    "election-scheduled" ElectionScheduled {
        /// Milliseconds until then.
        delay_ms: i64,
        /// How many siblings have more of the stream.
        rank: u32,
        /// The own offset.
        offset: Offset,
    },
    /// The rank got worse, so the date is put off (EL-7).
    "rank-worsened" RankWorsened {
        /// The new rank.
        rank: u32,
        /// Milliseconds added.
        added_ms: i64,
    },
    /// Votes were asked for (EL-9).
    "election-started" ElectionStarted {
        /// The epoch of the election.
        epoch: Epoch,
        /// Whether an operator started it.
        manual: bool,
    },
    /// A vote was given (EL-14.7).
    "vote-granted" VoteGranted {
        /// To whom.
        candidate: NodeIx,
        /// The candidate's master, which failed.
        master: NodeIx,
        /// In which epoch.
        epoch: Epoch,
        /// Whether the request was forced (manual failover).
        forced: bool,
        /// Whether the master is FAIL in the voter's view.
        master_failed: bool,
        /// Whether there was a link to send the vote on.
        answered: bool,
    },
    /// A vote was refused (EL-14).
    "vote-denied" VoteDenied {
        /// To whom.
        candidate: NodeIx,
        /// Why.
        why: VoteDenied,
    },
    /// A vote came in and counts (PK-22).
    "vote-received" VoteReceived {
        /// From whom.
        from: NodeIx,
        /// Votes so far, this one included.
        votes: u32,
        /// The epoch of the election it counts for.
        epoch: Epoch,
    },
    /// An election is won (EL-18).
    "election-won" ElectionWon {
        /// The epoch of the election.
        epoch: Epoch,
        /// Votes counted.
        votes: u32,
        /// Votes needed.
        needed: u32,
    },
    /// The node is a master now.
    "promoted" Promoted {
        /// How it came to be.
        cause: PromotionCause,
        /// The master it replaces, if it had one.
        old_master: Option<NodeIx>,
        /// Its config epoch.
        epoch: Epoch,
        /// Slots it took over.
        slots: u32,
    },
    /// The node follows a master, or another one than before.
    "reconfigured" Reconfigured {
        /// The new master.
        master: NodeIx,
        /// Whether the node was a master before.
        was_master: bool,
        /// Why.
        cause: ReconfigureCause,
    },
    /// Another node changed its role in this node's view (PK-14).
    "role-seen" RoleSeen {
        /// The node.
        node: NodeIx,
        /// Its master; `None` if it is a master, or follows a node that is not in the table.
        master: Option<NodeIx>,
        /// Whether it is a master now.
        is_master: bool,
        /// Whether it was a master before.
        was_master: bool,
    },

    // ---- manual failover --------------------------------------------------------------------------------------
    /// An operator asked for a manual failover (MF-2).
    "manual-failover-requested" ManualFailoverRequested {
        /// In which form.
        kind: ManualFailoverKind,
    },
    /// The master pauses its clients for a manual failover (PK-23).
    "manual-failover-paused" ManualFailoverPaused {
        /// The replica that asked.
        replica: NodeIx,
    },
    /// The replica learned the offset of its paused master (PK-9.4).
    "manual-failover-offset" ManualFailoverOffset {
        /// The master's offset.
        offset: Offset,
    },
    /// The replica has the whole stream of its paused master (MF-8).
    "manual-failover-caught-up" ManualFailoverCaughtUp {
        /// The offset.
        offset: Offset,
    },
    /// The manual failover ran out of time (CR-9).
    "manual-failover-timed-out" ManualFailoverTimedOut,
    /// The manual failover is over, one way or the other, and clients are released (MF-3).
    "manual-failover-ended" ManualFailoverEnded,

    // ---- replica migration ------------------------------------------------------------------------------------
    /// A replica does not migrate to an orphaned master; told when the reason changes (RM-2 …).
    "migration-declined" MigrationDeclined {
        /// The orphaned master, if one was looked for.
        orphan: Option<NodeIx>,
        /// Why not.
        why: NoMigration,
    },

    // ---- replication ------------------------------------------------------------------------------------------
    /// The link to the master is up, the stream flows (RP-8).
    "replication-up" ReplicationUp {
        /// The master.
        master: NodeIx,
        /// Whether the whole data set was sent.
        full: bool,
        /// The offset from which the stream goes on.
        offset: Offset,
    },
    /// The link to the master is down (RP-13).
    "replication-down" ReplicationDown {
        /// Why.
        why: ReplicationDown,
    },
    /// A master sends its whole data set to a replica (RP-18).
    "full-resync" FullResync {
        /// The master's offset at the snapshot.
        offset: Offset,
    },
    /// A master lets a replica go on where it stopped (RP-17).
    "partial-resync" PartialResync {
        /// The offset from which it goes on.
        offset: Offset,
    },

    // ---- persistence ------------------------------------------------------------------------------------------
    /// The node begins to load its data at the start; until that is done it is deaf on the bus (BT-3).
    "loading-started" LoadingStarted {
        /// How many bytes there are.
        bytes: u64,
    },
    /// The data were loaded at the start (AO-15, RB-5).
    "data-loaded" DataLoaded {
        /// Where they were.
        from: DataSource,
        /// How many keys there are.
        keys: u64,
        /// Bytes that were cut from the end of the last file.
        cut: u64,
    },
    /// The data on the disk cannot be loaded: the process ends (AO-15, RB-6).
    "data-damaged" DataDamaged {
        /// What is wrong with them.
        why: DamageCause,
    },
    /// A snapshot is on the disk (RB-2).
    "rdb-saved" RdbSaved {
        /// Its bytes.
        size: u64,
    },
    /// A snapshot could not be saved (RB-3).
    "rdb-save-failed" RdbSaveFailed,
    /// The process is to end, and waits until its replicas have everything; writes are paused (RB-7).
    "shutdown-waits" ShutdownWaits,
    /// The process was to end, and goes on: it was told so, or could not save its data (RB-7).
    "shutdown-cancelled" ShutdownCancelled,
    /// The append-only file was rewritten: it has a new base (AO-13).
    "aof-rewritten" AofRewritten {
        /// Bytes of the base.
        size: u64,
    },
    /// A rewrite of the append-only file came to nothing (AO-12).
    "aof-rewrite-failed" AofRewriteFailed,
    /// A write to the append-only file did not wait any longer for the fsync that is under way (AO-7).
    "aof-write-delayed" AofWriteDelayed {
        /// For how many seconds it had waited.
        for_s: i64,
    },
    /// The append-only file cannot be written: writes are refused (AO-11).
    "aof-error" AofError,
    /// The append-only file can be written again (AO-11).
    "aof-error-over" AofErrorOver,
    /// A master closed the connection of a replica (RP-22).
    "replica-dropped" ReplicaDropped {
        /// Why.
        why: ReplicaDropped,
        /// How much of the stream the replica had been sent.
        offset: Offset,
    },
    /// A replica's full synchronisation came to nothing (RP-12).
    "sync-aborted" SyncAborted {
        /// Why.
        why: ReplicationDown,
        /// How many bytes of the snapshot had come.
        received: u64,
    },
    /// At some points of the stream, the same for all who have it, a node says what data it has (RP-1, RP-4).
    "stream-mark" StreamMark {
        /// The stream.
        stream: ReplicationId,
        /// The point.
        offset: Offset,
        /// The data.
        data: Digest,
    },
    /// A master deleted keys of slots that it has lost, or a reset did, and told neither its replicas nor its append-only
    /// file (SO-11, AO-19).
    "keys-dropped" KeysDropped {
        /// How many keys.
        keys: u64,
    },

    // ---- the process ------------------------------------------------------------------------------------------
    /// The cluster configuration was written to nodes.conf (BS-4).
    "config-saved" ConfigSaved {
        /// Whether it was made durable.
        fsync: bool,
    },
    /// A vote left the process on a link (LP-4).
    "vote-sent" VoteSent {
        /// The epoch of the vote.
        epoch: Epoch,
    },
    /// The process ended itself.
    "exited" Exited {
        /// Why.
        why: ExitCause,
    },
    /// The node came up and read its nodes.conf (NC-15).
    "started" Started {
        /// Its id.
        node: NodeIx,
        /// Whether it made a new identity (NC-5).
        fresh: bool,
    },
    /// The process died (`kill -9`): its connections were reset.
    "crashed" Crashed,
    /// The host lost its power: silence, and what was not synced is gone.
    "powered-off" PoweredOff,
    /// The process was stopped (SIGSTOP).
    "paused" Paused,
    /// The process goes on (SIGCONT).
    "resumed" Resumed,
    /// The host's clock jumped.
    "clock-jumped" ClockJumped {
        /// By how many milliseconds.
        by_ms: i64,
    },
    /// An entry of the timeline acts: a fault begins, or something is mended or asked.
    "fault-started" FaultStarted {
        /// Its number in the fault ledger.
        fault: u32,
    },
    /// An entry of the timeline is over.
    "fault-ended" FaultEnded {
        /// Its number in the fault ledger.
        fault: u32,
    },
    /// All network faults were ended, as at the end of every scenario.
    "healed" Healed,
}
