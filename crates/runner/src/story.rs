//! Which records a story needs: those that a person would tell.

use rcsim_observe::reason::{BindCause, CannotFailover, Departure, EpochCause, VoteDenied};
use rcsim_observe::{Event, Record};

/// Whether a record is part of the story.
pub(crate) fn is_part(record: &Record) -> bool {
    match &record.event {
        Event::NodeAdded { .. }
        | Event::GossipBanned { .. }
        | Event::LinkUp { .. }
        | Event::LinkDown { .. }
        | Event::PacketIgnored { .. }
        | Event::FailureReport { .. }
        | Event::FailureReportWithdrawn { .. }
        | Event::FailQuorumMissing { .. }
        | Event::StateHeld { .. }
        | Event::StaleClaim { .. }
        | Event::VoteReceived { .. }
        | Event::RoleSeen { .. }
        | Event::ManualFailoverOffset { .. }
        | Event::MigrationDeclined { .. }
        | Event::FullResync { .. }
        | Event::PartialResync { .. }
        | Event::StreamMark { .. }
        | Event::ConfigSaved { .. }
        | Event::AofRewritten { .. }
        | Event::AofWriteDelayed { .. }
        | Event::VoteSent { .. } => false,
        Event::NodeRemoved { why, .. } => matches!(why, Departure::Forget | Departure::Reset),
        Event::ConfigEpochChanged { cause, .. } => *cause != EpochCause::Election,
        Event::SlotsMoved { cause, .. } => *cause != BindCause::Promotion,
        Event::CannotFailover { why } => {
            !matches!(why, CannotFailover::WaitingDelay | CannotFailover::WaitingVotes)
        }
        Event::VoteDenied { why, .. } => *why != VoteDenied::NoVoter,
        _ => true,
    }
}
