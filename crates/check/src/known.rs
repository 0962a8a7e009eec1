//! The weaknesses of Redis 7.0.15 that findings are recognised as.
//!
//! The names are the entries of `docs/known-weaknesses.md`, without the `W-` that marks them there. An invariant gives
//! one to a finding only where it sees the situation that the entry describes; everything else stays unexplained.

/// TAKEOVER asks nobody: it puts a voter in the place of another, and two majorities need not meet.
pub const TAKEOVER: &str = "DW-07";
/// A replica that was moved to another shard stands with the data and the offset of its old one.
pub const FOREIGN_CANDIDATE: &str = "EL-03";
/// A replica without its master's data can be elected: it never had them, or lost them in a synchronisation that failed.
pub const EMPTY_CANDIDATE: &str = "EL-04";
/// A replica that missed its dead master's last epoch can never be elected.
pub const MISSED_EPOCH: &str = "EL-05";
/// Several masters fail together and their candidates collide again and again.
pub const SHARDS_COLLIDE: &str = "EL-06";
/// Replicas of one master share a rank and split the vote.
pub const SIBLINGS_COLLIDE: &str = "EL-07";
/// A restarted replica whose master is dead never stands.
pub const DATA_TOO_OLD: &str = "EL-11";
/// An epoch made without consent races with an election.
pub const EPOCH_WITHOUT_CONSENT: &str = "EP-01";
/// "I am a master" is believed without looking at the epoch.
pub const ROLE_BELIEVED: &str = "EP-05";
/// Masters without slots count as failure reporters.
pub const SLOTLESS_REPORTERS: &str = "FD-01";
/// A cluster with one master never turns PFAIL into FAIL.
pub const SINGLE_REPORTER: &str = "FD-02";
/// Pong times from gossip hide a dead node for up to half a second.
pub const PONG_FROM_THE_FUTURE: &str = "FD-05";
/// Jumps of the wall clock break every time-out.
pub const CLOCK_JUMP: &str = "FD-07";
/// A forgotten "owner stopped claiming" mark lets an old packet steal a slot.
pub const STALE_MARK: &str = "SL-01";
/// Slots are released when the old master's demotion arrives before the new master's claim.
pub const RELEASED_SLOTS: &str = "SL-03";
/// A slot assigned by hand without an epoch leads to lasting disagreement.
pub const ASSIGNED_BY_HAND: &str = "SL-04";
/// DELSLOTS is undone by a packet already on its way.
pub const DELETION_UNDONE: &str = "SL-08";
/// Two failover requests disturb each other.
pub const TWO_REQUESTS: &str = "MF-05";
/// A replica keeps following an id that has vanished.
pub const VANISHED_MASTER: &str = "RM-06";
/// With replica migration disabled an emptied master stays a master.
pub const EMPTIED_MASTER: &str = "RM-07";
/// A MEET lost with its link leaves a one-sided membership.
pub const ONE_SIDED: &str = "HS-02";
/// A forgotten node is not forgotten by all.
pub const FORGOTTEN: &str = "HS-04";
/// Stale votes are used again.
pub const STALE_VOTES: &str = "X-1";
/// A replica of a replica can stay one (rule SO-10).
pub const SUB_REPLICA: &str = "X-5";
/// A nodes.conf that was torn by a power loss loads, and forgets the vote or mixes two states (NC-4, NC-9).
pub const TORN_FILE: &str = "X-6";
/// FAIL and PFAIL are copied with an unknown node.
pub const COPIED_FLAGS: &str = "X-7";
/// A reporter that became a replica still counts.
pub const DEMOTED_REPORTER: &str = "X-8";
/// The cluster size is computed late, in the first two seconds of a master above all.
pub const STALE_SIZE: &str = "X-9";
/// Keys of lost slots are deleted behind the back of the stream.
pub const DROPPED_KEYS: &str = "X-12";
/// A vote of an election that was given up counts for the next one.
pub const LATE_VOTES: &str = "X-13";

/// All of them, in alphabetical order of their entries.
pub const NAMES: &[&str] = &[
    TAKEOVER,
    FOREIGN_CANDIDATE,
    EMPTY_CANDIDATE,
    MISSED_EPOCH,
    SHARDS_COLLIDE,
    SIBLINGS_COLLIDE,
    DATA_TOO_OLD,
    EPOCH_WITHOUT_CONSENT,
    ROLE_BELIEVED,
    SLOTLESS_REPORTERS,
    SINGLE_REPORTER,
    PONG_FROM_THE_FUTURE,
    CLOCK_JUMP,
    ONE_SIDED,
    FORGOTTEN,
    TWO_REQUESTS,
    VANISHED_MASTER,
    EMPTIED_MASTER,
    STALE_MARK,
    RELEASED_SLOTS,
    ASSIGNED_BY_HAND,
    DELETION_UNDONE,
    STALE_VOTES,
    SUB_REPLICA,
    TORN_FILE,
    COPIED_FLAGS,
    DEMOTED_REPORTER,
    STALE_SIZE,
    DROPPED_KEYS,
    LATE_VOTES,
];
