//! The words of every reason: short clauses that stand behind a sentence.

use rcsim_observe::reason::{
    AddressSource, Arrival, BindCause, CannotFailover, DamageCause, DataSource, Departure, EpochCause,
    ExitCause, FailCleared, Ignored, LinkDown, NoMigration, PromotionCause, ReconfigureCause, ReplicaDropped,
    ReplicationDown, StateCause, StateHold, VoteDenied,
};

/// How a node came into a table.
pub fn arrival(how: Arrival) -> &'static str {
    match how {
        Arrival::Meet => "CLUSTER MEET named its address",
        Arrival::MetBy => "it sent a MEET",
        Arrival::Gossip => "by gossip",
    }
}

/// Why a node left a table.
pub fn departure(why: Departure) -> &'static str {
    match why {
        Departure::HandshakeTimeout => "the handshake got no answer",
        Departure::AlreadyKnown => "the handshake found a node that is known already",
        Departure::Forget => "CLUSTER FORGET",
        Departure::Reset => "CLUSTER RESET",
    }
}

/// How an address was learned.
pub fn address_source(source: AddressSource) -> &'static str {
    match source {
        AddressSource::Packet => "a packet came from there",
        AddressSource::Gossip => "by gossip, while the old address does not answer",
        AddressSource::Socket => "a peer reached it there",
    }
}

/// Why a link is gone.
pub fn link_down(why: LinkDown) -> &'static str {
    match why {
        LinkDown::ConnectFailed => "the connection could not be opened",
        LinkDown::Broken => "the connection broke",
        LinkDown::Stale => "no answer for half the node timeout: a fresh connection may help",
        LinkDown::SendBufferLimit => "more waits to be sent than cluster-link-sendbuf-limit allows",
        LinkDown::AddressChanged => "its address changed",
        LinkDown::IdMismatch => "another node answered there",
        LinkDown::Replaced => "a newer inbound link replaced it",
        LinkDown::PeerRemoved => "the node is no longer in the table",
        LinkDown::BadFraming => "what came in was no message of the cluster bus",
    }
}

/// Why a packet had no effect.
pub fn ignored(why: Ignored) -> &'static str {
    match why {
        Ignored::UnknownSender => "its sender is unknown",
        Ignored::UnknownSubject => "the node it is about is unknown",
        Ignored::Filtered => "the debug filter drops this type",
        Ignored::OldUpdate => "it is no newer than what is known",
        Ignored::NotMyReplica => "its sender is no replica of this node",
        Ignored::InvalidVote => "the vote is too old, or its sender has no vote",
        Ignored::UpdateAboutMyself => "it is about the receiver itself",
    }
}

/// Why FAIL was taken off a node.
pub fn fail_cleared(why: FailCleared) -> &'static str {
    match why {
        FailCleared::ReplicaReachable => "the replica answers again",
        FailCleared::MasterWithoutSlots => "the master has no slots and answers again",
        FailCleared::NobodyServesItsSlots => {
            "it answers again, and nobody took its slots for twice the node timeout"
        }
    }
}

/// Why the cluster is down.
pub fn state_cause(cause: StateCause) -> String {
    match cause {
        StateCause::SlotUnassigned(slot) => format!("slot {slot} has no owner"),
        StateCause::SlotOwnerFailed(slot) => format!("the owner of slot {slot} has failed"),
        StateCause::Minority { reachable, needed } => {
            format!("only {reachable} of the {needed} masters needed for a majority can be reached")
        }
    }
}

/// Why the state stays `fail` for now.
pub fn state_hold(why: StateHold) -> &'static str {
    match why {
        StateHold::Boot => "a master that has just started waits before it serves",
        StateHold::Rejoin => "a master that was in a minority waits before it serves again",
    }
}

/// Data this old was never there.
const TEN_YEARS_MS: i64 = 315_000_000_000;

/// Why a replica does not stand for election.
pub fn cannot_failover(why: CannotFailover) -> String {
    match why {
        // Without a master ever since the start, the age counts from 1970 (EL-4).
        CannotFailover::DataAge { age_ms, .. } if age_ms > TEN_YEARS_MS => {
            "it has had no stream of its master since it started".to_owned()
        }
        CannotFailover::DataAge { age_ms, limit_ms } => {
            format!("its data is {age_ms} ms old, {limit_ms} ms are allowed")
        }
        CannotFailover::WaitingDelay => "the delay before the election is not over".to_owned(),
        CannotFailover::Expired => "no majority voted for it in time".to_owned(),
        CannotFailover::WaitingVotes => "votes are still missing".to_owned(),
        CannotFailover::NoFailover => "cluster-replica-no-failover forbids it".to_owned(),
        CannotFailover::MasterWithoutSlots => "its master has no slots".to_owned(),
    }
}

/// Why a vote was refused.
pub fn vote_denied(why: VoteDenied) -> String {
    match why {
        VoteDenied::NoVoter => "only masters with slots vote".to_owned(),
        VoteDenied::OldEpoch { request, current } => {
            format!("the request is of epoch {request}, and it is epoch {current} already")
        }
        VoteDenied::AlreadyVoted { epoch } => format!("it has voted in epoch {epoch} already"),
        VoteDenied::RequesterIsMaster => "the requester is a master".to_owned(),
        VoteDenied::UnknownMaster => "the requester's master is unknown".to_owned(),
        VoteDenied::MasterUp => "the requester's master is up".to_owned(),
        VoteDenied::TooSoon { wait_ms } => {
            format!("it voted for a replica of the same master not long ago ({wait_ms} ms to wait)")
        }
        VoteDenied::SlotEpoch { slot, owner, request } => {
            format!("the owner of slot {slot} has config epoch {owner}, newer than the request's {request}")
        }
    }
}

/// How a replica became a master.
pub fn promotion(cause: PromotionCause) -> &'static str {
    match cause {
        PromotionCause::Election => "it won the election",
        PromotionCause::ManualFailover => "it won the election of a manual failover",
        PromotionCause::Takeover => "an operator put it in charge (TAKEOVER)",
        PromotionCause::Reset => "CLUSTER RESET",
        PromotionCause::Update => "an UPDATE says that it is one",
    }
}

/// Why a node follows a master.
pub fn reconfigured(cause: ReconfigureCause) -> &'static str {
    match cause {
        ReconfigureCause::SlotsTaken => "the last slots of its shard went there",
        ReconfigureCause::SubReplica => "its master turned out to be a replica itself",
        ReconfigureCause::Migration => "that master had no replica left",
        ReconfigureCause::Command => "CLUSTER REPLICATE",
    }
}

/// Why a replica does not move to an orphaned master.
pub fn no_migration(why: NoMigration) -> String {
    match why {
        NoMigration::ClusterDown => "the cluster is down".to_owned(),
        NoMigration::Barrier { working, barrier } => {
            format!("its own master keeps {barrier} working replicas and has {working}")
        }
        NoMigration::NotTheCandidate => "another replica is to move".to_owned(),
        NoMigration::TooEarly => "that master has not been alone for long enough".to_owned(),
    }
}

/// How a config epoch was raised.
pub fn epoch(cause: EpochCause) -> &'static str {
    match cause {
        EpochCause::Election => "it won an election",
        EpochCause::Bump => "it took one without asking anybody",
        EpochCause::Collision => "another master had the same one",
        EpochCause::Command => "CLUSTER SET-CONFIG-EPOCH",
        EpochCause::Update => "an UPDATE about itself says so",
        EpochCause::Reset => "CLUSTER RESET HARD",
    }
}

/// Why slots got another owner.
pub fn bind(cause: BindCause) -> &'static str {
    match cause {
        BindCause::Claim => "it claims them",
        BindCause::Update => "an UPDATE says so",
        BindCause::Promotion => "it was promoted",
        BindCause::Command => "a command of the operator",
        BindCause::OwnerDemoted => "the owner became a replica",
        BindCause::OwnerForgotten => "the owner was forgotten",
    }
}

/// Why the replication link is down.
pub fn replication_down(why: ReplicationDown) -> &'static str {
    match why {
        ReplicationDown::ConnectFailed => "the connection could not be opened",
        ReplicationDown::Lost => "the connection was lost",
        ReplicationDown::Timeout => "nothing was heard for repl-timeout",
        ReplicationDown::Refused => "the master refused",
        ReplicationDown::Repointed => "it follows another master now, or none",
    }
}

/// Why a master closed the connection of a replica.
pub fn replica_dropped(why: ReplicaDropped) -> &'static str {
    match why {
        ReplicaDropped::Silent => "it was silent for repl-timeout",
        ReplicaDropped::OutputLimit => "too much had piled up for it",
    }
}

/// Where data were loaded from.
pub fn data_source(from: DataSource) -> &'static str {
    match from {
        DataSource::Log => "from the append-only file",
        DataSource::Snapshot => "from a snapshot",
    }
}

/// What is wrong with data that cannot be loaded.
pub fn damage(why: DamageCause) -> &'static str {
    match why {
        DamageCause::BadManifest => "the manifest of the append-only file is none",
        DamageCause::MissingFile => "the manifest lists a file that is not there",
        DamageCause::BadFormat => "a file has something that is no command",
        DamageCause::EndsEarly => "a file ends early, and aof-load-truncated is off",
        DamageCause::EndsEarlyBeforeOthers => "a file ends early that is not the last one",
        DamageCause::UnknownCommand => "a file has a command that does not exist",
        DamageCause::Crash => "a file has a command on which Redis crashes",
        DamageCause::Snapshot => "a snapshot is damaged",
    }
}

/// Why a process ended itself.
pub fn exit(why: ExitCause) -> &'static str {
    match why {
        ExitCause::ConfigNotSaved => "nodes.conf could not be written",
        ExitCause::ConfigCorrupt => "nodes.conf could not be read",
        ExitCause::AofNotWritten => "the append-only file could not be written",
        ExitCause::DataCorrupt => "the data on the disk could not be loaded",
        ExitCause::Shutdown => "it was told to",
        ExitCause::ReplicaCannotPersist => {
            "it cannot keep what its master sends: Redis stops on an assertion"
        }
        ExitCause::ReplicaWithSlots => {
            "it owns slots and was to become a replica: Redis stops on an assertion"
        }
    }
}
