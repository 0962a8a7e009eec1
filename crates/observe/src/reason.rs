//! Why something was decided or refused: at least one value per reason that Redis logs.

use rcsim_protocol::{Epoch, Slot};

/// How a node came into a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arrival {
    /// CLUSTER MEET named its address (HS-1).
    Meet,
    /// It sent a MEET itself (HS-4).
    MetBy,
    /// Somebody gossiped about it (GS-11).
    Gossip,
}

/// Why a record was taken out of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Departure {
    /// The handshake got no answer in time (HS-8).
    HandshakeTimeout,
    /// The handshake found a node that was known already (HS-6).
    AlreadyKnown,
    /// CLUSTER FORGET (CM-19).
    Forget,
    /// CLUSTER RESET (CM-22).
    Reset,
}

/// How a new address was learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AddressSource {
    /// From a packet of the node itself (HS-9).
    Packet,
    /// From gossip about a node that does not answer (GS-10).
    Gossip,
    /// From the socket on which a MEET or PING came in: the node's own address (HS-10).
    Socket,
}

/// Why an outbound or inbound link went down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkDown {
    /// The connection could not be opened (CR-4).
    ConnectFailed,
    /// The peer closed or reset it, or an I/O error struck (LK-7).
    Broken,
    /// The node dropped it to try a fresh one: half the timeout without an answer (CR-6.2).
    Stale,
    /// More is waiting to be sent than `cluster-link-sendbuf-limit` allows (LK-9).
    SendBufferLimit,
    /// The peer's address changed (HS-9, GS-10).
    AddressChanged,
    /// The peer answered with another id (HS-7).
    IdMismatch,
    /// A newer inbound link of the same peer replaced it (LK-5).
    Replaced,
    /// The record of the peer was deleted (ND-22).
    PeerRemoved,
    /// The bytes on it were not cluster-bus messages (WR-13).
    BadFraming,
}

/// Why a packet had no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ignored {
    /// Its sender is not in the table (HS-12, PK-19 … PK-25).
    UnknownSender,
    /// FAIL about a node that is not in the table (PK-19).
    UnknownSubject,
    /// The debug filter drops its type (PK-5).
    Filtered,
    /// An UPDATE that is not newer than what is known (PK-24).
    OldUpdate,
    /// MFSTART from a node that is not my replica (PK-23).
    NotMyReplica,
    /// A vote that is too old, or from a node that has no vote (PK-22).
    InvalidVote,
    /// An UPDATE about myself (SO-1).
    UpdateAboutMyself,
}

/// Why FAIL was taken off a node (FD-14).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailCleared {
    /// It is a replica and answers again.
    ReplicaReachable,
    /// It is a master without slots and answers again.
    MasterWithoutSlots,
    /// It answers again and nobody took its slots for twice the node timeout.
    NobodyServesItsSlots,
}

/// Why the cluster is down in a node's view (ST-3, ST-5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StateCause {
    /// A slot has no owner, and full coverage is required.
    SlotUnassigned(Slot),
    /// A slot's owner has failed, and full coverage is required.
    SlotOwnerFailed(Slot),
    /// The node reaches only a minority of the masters with slots.
    Minority {
        /// Masters with slots that it reaches, itself included.
        reachable: u32,
        /// How many it has to reach.
        needed: u32,
    },
}

/// Why the state stays `fail` although nothing is wrong any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StateHold {
    /// A master stays out of the cluster for its first two seconds (ST-2).
    Boot,
    /// A master that was in a minority waits before it serves again (ST-7).
    Rejoin,
}

/// Why a replica does not stand for election now (EL-2 … EL-13).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CannotFailover {
    /// Its data is older than the validity factor allows (EL-5).
    DataAge {
        /// Age of the data, in milliseconds.
        age_ms: i64,
        /// The oldest it may be, in milliseconds.
        limit_ms: i64,
    },
    /// The delay before the election is not over (EL-8).
    WaitingDelay,
    /// The attempt has expired (EL-8).
    Expired,
    /// Votes are still missing (EL-11).
    WaitingVotes,
    /// `cluster-replica-no-failover` forbids it (EL-2).
    NoFailover,
    /// Its master has no slots (EL-2).
    MasterWithoutSlots,
}

/// Why a vote was not given, in the order of the checks (EL-14).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VoteDenied {
    /// The voter is a replica or has no slots; Redis is silent here (EL-14.1).
    NoVoter,
    /// The request's epoch is older than the voter's current epoch (EL-14.2).
    OldEpoch {
        /// Epoch of the request.
        request: Epoch,
        /// The voter's current epoch.
        current: Epoch,
    },
    /// The voter voted in this epoch already (EL-14.3).
    AlreadyVoted {
        /// The epoch of that vote.
        epoch: Epoch,
    },
    /// The requester is a master in the voter's table (EL-14.4).
    RequesterIsMaster,
    /// The voter does not know the requester's master (EL-14.4).
    UnknownMaster,
    /// The requester's master is up in the voter's view, and the request is not forced (EL-14.4).
    MasterUp,
    /// The voter voted for a replica of the same master less than twice the node timeout ago (EL-14.5).
    TooSoon {
        /// Milliseconds that are still to pass.
        wait_ms: i64,
    },
    /// A claimed slot belongs to an owner with a greater epoch than the request's (EL-14.6).
    SlotEpoch {
        /// The slot.
        slot: Slot,
        /// Config epoch of its owner in the voter's table.
        owner: Epoch,
        /// Config epoch of the request.
        request: Epoch,
    },
}

/// How a replica became a master.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PromotionCause {
    /// It won an election after its master failed (EL-18).
    Election,
    /// It won an election that an operator started: CLUSTER FAILOVER, plain or FORCE (MF-4, MF-5).
    ManualFailover,
    /// An operator put it in charge: CLUSTER FAILOVER TAKEOVER (MF-6).
    Takeover,
    /// CLUSTER RESET (CM-22).
    Reset,
    /// An UPDATE said that it is one (PK-24).
    Update,
}

/// Why a node became a replica, or the replica of another master.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReconfigureCause {
    /// Its (or its master's) last slot went to the new master (SO-9).
    SlotsTaken,
    /// Its master turned out to be a replica itself (SO-10).
    SubReplica,
    /// It moved to a master that had lost its replicas (RM-7).
    Migration,
    /// CLUSTER REPLICATE (CM-21).
    Command,
}

/// The form of a manual failover (MF-4 … MF-6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ManualFailoverKind {
    /// With the master's help: it pauses its clients first.
    Default,
    /// Without the master, but with votes.
    Force,
    /// Without master and votes.
    Takeover,
}

/// Why a replica does not migrate to an orphaned master (RM-2, RM-5, RM-6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoMigration {
    /// The cluster is down in its view.
    ClusterDown,
    /// Its own master would be left with too few replicas.
    Barrier {
        /// Replicas of its master that work, itself included.
        working: u32,
        /// `cluster-migration-barrier`.
        barrier: i32,
    },
    /// Another replica is the candidate.
    NotTheCandidate,
    /// The master has not been orphaned for long enough.
    TooEarly,
}

/// How a config epoch was raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EpochCause {
    /// The node won an election (EL-18).
    Election,
    /// Without asking anybody: BUMPEPOCH, TAKEOVER (EP-3).
    Bump,
    /// Another master had the same one (EP-6).
    Collision,
    /// CLUSTER SET-CONFIG-EPOCH (CM-23).
    Command,
    /// An UPDATE about the node itself (PK-24).
    Update,
    /// CLUSTER RESET HARD (CM-22).
    Reset,
}

/// Why a slot got another owner in a node's view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BindCause {
    /// A heartbeat of a master claimed it (SO-2).
    Claim,
    /// An UPDATE message (PK-24).
    Update,
    /// The node was promoted (EL-18).
    Promotion,
    /// A command of an operator: ADDSLOTS, DELSLOTS, FLUSHSLOTS, RESET … (CM-13 …).
    Command,
    /// Its owner turned into a replica (PK-14).
    OwnerDemoted,
    /// Its owner was forgotten (ND-22).
    OwnerForgotten,
}

/// Why a master closed the connection of a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReplicaDropped {
    /// It acknowledged, or took, nothing for `repl-timeout` (RP-22).
    Silent,
    /// More had piled up for it than `client-output-buffer-limit` allows (RP-22).
    OutputLimit,
}

/// Why the replication link went down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReplicationDown {
    /// The connection could not be opened.
    ConnectFailed,
    /// The connection was lost.
    Lost,
    /// Nothing was heard for `repl-timeout` (RP-12).
    Timeout,
    /// The master refused or answered nonsense (RP-10, RP-11).
    Refused,
    /// The node follows another master now (RP-27), or none (RP-25).
    Repointed,
}

/// Where data were loaded from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DataSource {
    /// The append-only file (AO-15).
    Log,
    /// A snapshot (RB-5).
    Snapshot,
}

/// What is wrong with data that cannot be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DamageCause {
    /// The manifest of the append-only file is none (AO-2).
    BadManifest,
    /// The manifest lists a file that is not there (AO-15).
    MissingFile,
    /// A file has something that is no command (AO-15).
    BadFormat,
    /// A file ends in the middle of a command, and `aof-load-truncated` is off (AO-15).
    EndsEarly,
    /// A file ends in the middle of a command, and another one follows (AO-15).
    EndsEarlyBeforeOthers,
    /// A file has a command that does not exist (AO-15).
    UnknownCommand,
    /// A file has a command on which Redis crashes (AO-15).
    Crash,
    /// A snapshot is damaged (RB-6, AO-16).
    Snapshot,
}

/// How a fault of the world ended, or what it is about, is told by its id; this says what kind of process end it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExitCause {
    /// nodes.conf could not be written (BS-4).
    ConfigNotSaved,
    /// nodes.conf could not be read (NC-7, NC-8).
    ConfigCorrupt,
    /// The append-only file could not be written or synced, and `appendfsync` is `always`; or it could not be opened at
    /// the start (AO-5).
    AofNotWritten,
    /// The data on the disk could not be loaded (AO-15).
    DataCorrupt,
    /// It was told to, and ended in good order (RB-7).
    Shutdown,
    /// Redis stops on an assertion here: a replica cannot keep what its master sends (AO-11).
    ReplicaCannotPersist,
    /// Redis stops on an assertion here: a node that owns slots was to become a replica (RP-27, IV-6).
    ReplicaWithSlots,
}
