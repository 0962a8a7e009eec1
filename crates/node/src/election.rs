//! The candidate: when a replica may stand, when it asks, when it has won.
//!
//! Rules: EL-1 … EL-13, EL-21 … EL-24, PK-22. Keeps: the state of a candidacy is not reset by winning, demotion or
//! re-pointing, as in 7.0.15 (EL-21). Never: counts who voted (votes are not de-duplicated, PK-22).

use rcsim_observe::Event;
use rcsim_observe::reason::{CannotFailover, Ignored, PromotionCause};
use rcsim_protocol::bus::{Body, Header};
use rcsim_protocol::{Epoch, NodeFlags, NodeIx};

use crate::node::Node;
use crate::outside::Outside;

/// An election waits at least this long after its master failed, in ms (EL-6).
const FIXED_DELAY_MS: i64 = 500;
/// Below this many ms more, drawn (EL-6).
const RANDOM_DELAY_MS: u32 = 500;
/// And this much per sibling that has more of the stream, in ms (EL-6).
const DELAY_PER_RANK_MS: i64 = 1000;
/// Votes are waited for at least this long, in ms (EL-1).
const MIN_AUTH_TIMEOUT_MS: i64 = 2000;

/// The state of a candidacy (CS-9, CS-10).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Candidacy {
    /// `failover_auth_time`: when the election starts or started, in ms.
    pub(crate) time: i64,
    /// `failover_auth_count`: votes so far.
    pub(crate) votes: u32,
    /// `failover_auth_sent`: whether votes were asked for.
    pub(crate) sent: bool,
    /// `failover_auth_rank`.
    pub(crate) rank: u32,
    /// `failover_auth_epoch`: the epoch of the election.
    pub(crate) epoch: Epoch,
}

impl Node {
    /// How long votes are waited for, in ms (EL-1).
    fn auth_timeout(&self) -> i64 {
        (2 * self.node_timeout()).max(MIN_AUTH_TIMEOUT_MS)
    }

    /// The step of a replica towards its master's place: every 100 ms, and whenever a vote or an offset comes in.
    pub(crate) fn handle_replica_failover(&mut self, out: &mut Outside<'_>) {
        self.deferred.handle_failover = false;
        let manual = self.manual_failover.can_start();
        let Some(master) = self.failing_master(manual, out) else { return };
        if let Some(why) = self.data_too_old().filter(|_| !manual) {
            return self.tell_cannot_failover(why, out);
        }
        let auth_age = out.now_ms - self.candidacy.time;
        if auth_age > 2 * self.auth_timeout() {
            return self.schedule_election(master, out);
        }
        if !self.candidacy.sent && !self.manual_failover.in_progress() {
            self.worsen_rank(master, out);
        }
        if out.now_ms < self.candidacy.time {
            self.tell_cannot_failover(CannotFailover::WaitingDelay, out);
        } else if auth_age > self.auth_timeout() {
            self.tell_cannot_failover(CannotFailover::Expired, out);
        } else if !self.candidacy.sent {
            self.ask_for_votes(manual, out);
        } else if self.candidacy.votes >= self.quorum() {
            self.win(manual, out);
        } else {
            self.tell_cannot_failover(CannotFailover::WaitingVotes, out);
        }
    }

    /// My master, if I may try to replace it (EL-2).
    fn failing_master(&mut self, manual: bool, out: &mut Outside<'_>) -> Option<NodeIx> {
        let master = self.my_master().filter(|_| !self.am_master())?;
        if !self.has_failed(master) && !manual {
            self.process.told_cannot_failover = None;
            return None;
        }
        if self.settings.cluster_replica_no_failover && !manual {
            self.tell_cannot_failover(CannotFailover::NoFailover, out);
            return None;
        }
        if self.slot_count(master) == 0 {
            self.tell_cannot_failover(CannotFailover::MasterWithoutSlots, out);
            return None;
        }
        Some(master)
    }

    /// How long my data has been without its master, in ms; the node timeout is forgiven once (EL-3).
    pub(crate) fn data_age(&self) -> i64 {
        let age = self.replication.silent_for(self.clock.cached_s()) * 1000;
        if age > self.node_timeout() { age - self.node_timeout() } else { age }
    }

    /// Whether my data is older than the validity factor allows (EL-5).
    fn data_too_old(&self) -> Option<CannotFailover> {
        let factor = i64::from(self.settings.cluster_replica_validity_factor);
        let limit_ms = self.settings.repl_ping_replica_period * 1000 + self.node_timeout() * factor;
        let age_ms = self.data_age();
        (factor != 0 && age_ms > limit_ms).then_some(CannotFailover::DataAge { age_ms, limit_ms })
    }

    /// How many siblings have more of the stream; dead ones count (EL-10).
    pub(crate) fn failover_rank(&self, master: NodeIx) -> u32 {
        let ahead = |replica: &&NodeIx| {
            **replica != self.me()
                && !self.view.flags(**replica).any(NodeFlags::NOFAILOVER)
                && self.view.peer(**replica).repl_offset > self.replica_offset()
        };
        self.view.peer(master).rest().replicas.iter().filter(ahead).count() as u32
    }

    /// Gives the election a date, and tells my siblings my offset (EL-6).
    fn schedule_election(&mut self, master: NodeIx, out: &mut Outside<'_>) {
        let random = i64::from(out.chance.below(RANDOM_DELAY_MS));
        let mut rank = self.failover_rank(master);
        let mut delay_ms = FIXED_DELAY_MS + random + DELAY_PER_RANK_MS * i64::from(rank);
        if self.manual_failover.in_progress() {
            (rank, delay_ms) = (0, 0);
            self.deferred.handle_failover = true;
        }
        self.candidacy.time = out.now_ms + delay_ms;
        self.candidacy.votes = 0;
        self.candidacy.sent = false;
        self.candidacy.rank = rank;
        let offset = self.replica_offset();
        out.tell(Event::ElectionScheduled { delay_ms, rank, offset });
        self.broadcast_pong_to_shard(out);
    }

    /// Siblings turned out to have more: wait longer. A better rank shortens nothing (EL-7).
    fn worsen_rank(&mut self, master: NodeIx, out: &mut Outside<'_>) {
        let rank = self.failover_rank(master);
        if rank > self.candidacy.rank {
            let added_ms = DELAY_PER_RANK_MS * i64::from(rank - self.candidacy.rank);
            self.candidacy.time += added_ms;
            self.candidacy.rank = rank;
            out.tell(Event::RankWorsened { rank, added_ms });
        }
    }

    /// Takes a new epoch and asks everybody for a vote (EL-9).
    fn ask_for_votes(&mut self, manual: bool, out: &mut Outside<'_>) {
        self.current_epoch = self.current_epoch.next();
        self.candidacy.epoch = self.current_epoch;
        out.tell(Event::ElectionStarted { epoch: self.current_epoch, manual });
        let force_ack = self.manual_failover.in_progress();
        self.broadcast(Body::AuthRequest, force_ack, out);
        self.candidacy.sent = true;
        self.deferred.save_durably();
        self.deferred.update_state = true;
    }

    /// A vote came in (PK-22): any master with slots, any number of times, if it is not of an older election.
    pub(crate) fn count_vote(
        &mut self,
        sender: NodeIx,
        header: &Header,
        out: &mut Outside<'_>,
    ) -> Result<(), Ignored> {
        let valid = self.is_master(sender)
            && self.slot_count(sender) > 0
            && header.current_epoch >= self.candidacy.epoch;
        if !valid {
            return Err(Ignored::InvalidVote);
        }
        self.candidacy.votes += 1;
        self.deferred.handle_failover = true;
        let (votes, epoch) = (self.candidacy.votes, self.candidacy.epoch);
        out.tell(Event::VoteReceived { from: sender, votes, epoch });
        Ok(())
    }

    /// The majority voted for me (EL-11, EL-18).
    fn win(&mut self, manual: bool, out: &mut Outside<'_>) {
        let (epoch, votes, needed) = (self.candidacy.epoch, self.candidacy.votes, self.quorum());
        out.tell(Event::ElectionWon { epoch, votes, needed });
        if self.config_epoch() < epoch {
            self.set_config_epoch(epoch, rcsim_observe::reason::EpochCause::Election, out);
        }
        let cause = if manual { PromotionCause::ManualFailover } else { PromotionCause::Election };
        self.promote(cause, out);
    }

    /// Tells why I do not stand, when the reason is another than before (EL-13).
    fn tell_cannot_failover(&mut self, why: CannotFailover, out: &mut Outside<'_>) {
        let kind = Some(std::mem::discriminant(&why));
        if self.process.told_cannot_failover != kind {
            self.process.told_cannot_failover = kind;
            out.tell(Event::CannotFailover { why });
        }
    }
}
