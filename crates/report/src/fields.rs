//! The fields of every event by name, for programs.
//!
//! Keys are the fields of [`Event`] with two exceptions: a field `node` is called `subject`, because `node` is where
//! the event happened; and what a reason carries stands beside it (`"why": "old-epoch", "request": 6, "current": 7`).
//! Nodes go by their names, reasons by words, epochs and offsets as numbers.

use rcsim_observe::reason::{
    AddressSource, Arrival, BindCause, CannotFailover, DamageCause, DataSource, Departure, EpochCause,
    ExitCause, FailCleared, Ignored, LinkDown, ManualFailoverKind, NoMigration, PromotionCause,
    ReconfigureCause, ReplicaDropped, ReplicationDown, StateCause, StateHold, VoteDenied,
};
use rcsim_observe::{Digest, Event, Names};
use rcsim_protocol::bus::MessageKind;
use rcsim_protocol::{AddressIx, Epoch, NodeIx, Offset, ReplicationId, Slot};
use serde_json::{Map, Value};

/// An object under construction.
struct Fields<'a> {
    names: &'a Names,
    map: Map<String, Value>,
}

/// Something that an event carries.
trait Field {
    fn put(&self, key: &str, fields: &mut Fields<'_>);
}

macro_rules! plain {
    ($($type:ty: $self:ident => $value:expr;)+) => {$(
        impl Field for $type {
            fn put(&self, key: &str, fields: &mut Fields<'_>) {
                let $self = self;
                fields.map.insert(key.to_owned(), Value::from($value));
            }
        }
    )+};
}

plain! {
    bool: it => *it;
    u16: it => *it;
    u32: it => *it;
    u64: it => *it;
    i32: it => *it;
    i64: it => *it;
    Epoch: it => it.0;
    Offset: it => it.0;
    ReplicationId: it => it.to_string();
    Digest: it => it.to_string();
    Slot: it => it.number();
    AddressIx: it => it.0;
    MessageKind: it => it.name();
}

impl Field for NodeIx {
    fn put(&self, key: &str, fields: &mut Fields<'_>) {
        let key = if key == "node" { "subject" } else { key };
        fields.map.insert(key.to_owned(), Value::from(fields.names.node(*self)));
    }
}

impl Field for Option<NodeIx> {
    fn put(&self, key: &str, fields: &mut Fields<'_>) {
        match self {
            Some(node) => node.put(key, fields),
            None => drop(fields.map.insert(key.to_owned(), Value::Null)),
        }
    }
}

macro_rules! reasons {
    ($($type:ident { $($variant:ident $({ $($field:ident),+ })? $(($inner:ident))? = $word:literal,)+ })+) => {$(
        impl Field for $type {
            fn put(&self, key: &str, fields: &mut Fields<'_>) {
                match self {
                    $($type::$variant $({ $($field),+ })? $(($inner))? => {
                        fields.map.insert(key.to_owned(), Value::from($word));
                        $($($field.put(stringify!($field), fields);)+)?
                        $($inner.put(stringify!($inner), fields);)?
                    })+
                }
            }
        }
    )+};
}

reasons! {
    Arrival { Meet = "meet", MetBy = "met-by", Gossip = "gossip", }
    Departure {
        HandshakeTimeout = "handshake-timeout", AlreadyKnown = "already-known", Forget = "forget", Reset = "reset",
    }
    AddressSource { Packet = "packet", Gossip = "gossip", Socket = "socket", }
    LinkDown {
        ConnectFailed = "connect-failed", Broken = "broken", Stale = "stale",
        SendBufferLimit = "send-buffer-limit", AddressChanged = "address-changed", IdMismatch = "id-mismatch",
        Replaced = "replaced", PeerRemoved = "peer-removed", BadFraming = "bad-framing",
    }
    Ignored {
        UnknownSender = "unknown-sender", UnknownSubject = "unknown-subject", Filtered = "filtered",
        OldUpdate = "old-update", NotMyReplica = "not-my-replica", InvalidVote = "invalid-vote",
        UpdateAboutMyself = "update-about-myself",
    }
    FailCleared {
        ReplicaReachable = "replica-reachable", MasterWithoutSlots = "master-without-slots",
        NobodyServesItsSlots = "nobody-serves-its-slots",
    }
    StateCause {
        SlotUnassigned(slot) = "slot-unassigned", SlotOwnerFailed(slot) = "slot-owner-failed",
        Minority { reachable, needed } = "minority",
    }
    StateHold { Boot = "boot", Rejoin = "rejoin", }
    CannotFailover {
        DataAge { age_ms, limit_ms } = "data-age", WaitingDelay = "waiting-delay", Expired = "expired",
        WaitingVotes = "waiting-votes", NoFailover = "no-failover", MasterWithoutSlots = "master-without-slots",
    }
    VoteDenied {
        NoVoter = "no-voter", OldEpoch { request, current } = "old-epoch", AlreadyVoted { epoch } = "already-voted",
        RequesterIsMaster = "requester-is-master", UnknownMaster = "unknown-master", MasterUp = "master-up",
        TooSoon { wait_ms } = "too-soon", SlotEpoch { slot, owner, request } = "slot-epoch",
    }
    PromotionCause {
        Election = "election", ManualFailover = "manual-failover", Takeover = "takeover", Reset = "reset",
        Update = "update",
    }
    ReconfigureCause {
        SlotsTaken = "slots-taken", SubReplica = "sub-replica", Migration = "migration", Command = "command",
    }
    ManualFailoverKind { Default = "default", Force = "force", Takeover = "takeover", }
    NoMigration {
        ClusterDown = "cluster-down", Barrier { working, barrier } = "barrier",
        NotTheCandidate = "not-the-candidate", TooEarly = "too-early",
    }
    EpochCause {
        Election = "election", Bump = "bump", Collision = "collision", Command = "command", Update = "update",
        Reset = "reset",
    }
    BindCause {
        Claim = "claim", Update = "update", Promotion = "promotion", Command = "command",
        OwnerDemoted = "owner-demoted", OwnerForgotten = "owner-forgotten",
    }
    ReplicaDropped { Silent = "silent", OutputLimit = "output-limit", }
    ReplicationDown {
        ConnectFailed = "connect-failed", Lost = "lost", Timeout = "timeout", Refused = "refused",
        Repointed = "repointed",
    }
    DataSource { Log = "log", Snapshot = "snapshot", }
    DamageCause { BadManifest = "bad-manifest", MissingFile = "missing-file", BadFormat = "bad-format", EndsEarly = "ends-early", EndsEarlyBeforeOthers = "ends-early-before-others", UnknownCommand = "unknown-command", Crash = "crash", Snapshot = "snapshot", }
    ExitCause { ConfigNotSaved = "config-not-saved", ConfigCorrupt = "config-corrupt", AofNotWritten = "aof-not-written", DataCorrupt = "data-corrupt", Shutdown = "shutdown", ReplicaCannotPersist = "replica-cannot-persist", ReplicaWithSlots = "replica-with-slots", }
}

macro_rules! put_all {
    ($event:expr, $fields:expr; $($variant:ident { $($field:ident),* })+) => {
        match $event {
            $(Event::$variant { $($field),* } => { $($field.put(stringify!($field), $fields);)* })+
        }
    };
}

/// The fields of an event by name, in the order of its declaration. A fault goes by its number in the ledger.
pub fn fields(event: &Event, names: &Names) -> Map<String, Value> {
    let mut fields = Fields { names, map: Map::new() };
    put_all! { event, &mut fields;
        NodeAdded { node, how }
        HandshakeCompleted { temporary, node }
        NodeRemoved { node, why }
        GossipBanned { node }
        IdMismatch { expected, got }
        AddressChanged { node, address, source }
        IdentityChanged { node }
        LinkUp { peer }
        LinkDown { peer, why }
        PacketIgnored { kind, sender, why }
        Pfail { subject }
        PfailCleared { subject }
        FailureReport { subject, reporter }
        FailureReportWithdrawn { subject, reporter }
        FailQuorumMissing { subject, have, needed }
        Fail { subject, reports, own_vote, needed }
        FailReceived { subject, from }
        FailCleared { subject, why }
        StateOk {}
        StateFail { cause }
        StateHeld { why }
        ConfigEpochChanged { epoch, cause }
        EpochCollision { other, epoch }
        SlotsMoved { from, to, count, first, from_epoch, to_epoch, abandoned, cause }
        StaleClaim { sender, owner, answered }
        CannotFailover { why }
        ElectionScheduled { delay_ms, rank, offset }
        RankWorsened { rank, added_ms }
        ElectionStarted { epoch, manual }
        VoteGranted { candidate, master, epoch, forced, master_failed, answered }
        VoteDenied { candidate, why }
        VoteReceived { from, votes, epoch }
        ElectionWon { epoch, votes, needed }
        Promoted { cause, old_master, epoch, slots }
        Reconfigured { master, was_master, cause }
        RoleSeen { node, master, is_master, was_master }
        ManualFailoverRequested { kind }
        ManualFailoverPaused { replica }
        ManualFailoverOffset { offset }
        ManualFailoverCaughtUp { offset }
        ManualFailoverTimedOut {}
        ManualFailoverEnded {}
        MigrationDeclined { orphan, why }
        ReplicationUp { master, full, offset }
        ReplicationDown { why }
        FullResync { offset }
        PartialResync { offset }
        LoadingStarted { bytes }
        DataLoaded { from, keys, cut }
        DataDamaged { why }
        RdbSaved { size }
        RdbSaveFailed {}
        ShutdownWaits {}
        ShutdownCancelled {}
        AofRewritten { size }
        AofRewriteFailed {}
        AofWriteDelayed { for_s }
        AofError {}
        AofErrorOver {}
        ReplicaDropped { why, offset }
        SyncAborted { why, received }
        StreamMark { stream, offset, data }
        KeysDropped { keys }
        ConfigSaved { fsync }
        VoteSent { epoch }
        Exited { why }
        Started { node, fresh }
        Crashed {}
        PoweredOff {}
        Paused {}
        Resumed {}
        ClockJumped { by_ms }
        FaultStarted { fault }
        FaultEnded { fault }
        Healed {}
    }
    fields.map
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example;

    fn text(event: &Event) -> String {
        Value::Object(fields(event, &example::names())).to_string()
    }

    #[test]
    fn what_a_reason_carries_stands_beside_it() {
        let why = VoteDenied::OldEpoch { request: Epoch(6), current: Epoch(7) };
        let event = Event::VoteDenied { candidate: NodeIx(4), why };
        assert_eq!(text(&event), r#"{"candidate":"n5","why":"old-epoch","request":6,"current":7}"#);
    }

    #[test]
    fn the_node_of_a_field_is_not_taken_for_the_place_of_the_event() {
        let event = Event::RoleSeen { node: NodeIx(0), master: None, is_master: true, was_master: true };
        assert_eq!(text(&event), r#"{"subject":"n1","master":null,"is_master":true,"was_master":true}"#);
    }
}
