//! The voter: who gets my vote, and for which of eight reasons not.
//!
//! Rules: EL-14 … EL-17. Keeps: one vote per epoch, durable before it leaves (LP-4): the answer waits in the outbox
//! behind the save. Never: looks at offsets, or at the master that the request names (EL-15).

use rcsim_observe::Event;
use rcsim_observe::reason::VoteDenied;
use rcsim_protocol::NodeIx;
use rcsim_protocol::bus::{Body, Header};

use crate::node::Node;
use crate::outside::Outside;

impl Node {
    /// A replica asks for my vote.
    pub(crate) fn consider_vote(&mut self, candidate: NodeIx, request: &Header, out: &mut Outside<'_>) {
        match self.votable_master(candidate, request) {
            Ok(master) => self.grant_vote(candidate, master, request, out),
            Err(why) => out.tell(Event::VoteDenied { candidate, why }),
        }
    }

    /// The failed master whose place the candidate may take, after all checks in their order (EL-14).
    fn votable_master(&self, candidate: NodeIx, request: &Header) -> Result<NodeIx, VoteDenied> {
        self.i_have_a_vote()?;
        self.epoch_is_open(request)?;
        let master = self.master_is_to_be_replaced(candidate, request)?;
        self.no_recent_vote_for(master)?;
        self.claims_are_current(request)?;
        Ok(master)
    }

    /// 1: masters with slots vote.
    fn i_have_a_vote(&self) -> Result<(), VoteDenied> {
        if self.am_master() && self.slot_count(self.me()) > 0 { Ok(()) } else { Err(VoteDenied::NoVoter) }
    }

    /// 2 and 3: the request is not older than my epoch, and I have not voted in it.
    fn epoch_is_open(&self, request: &Header) -> Result<(), VoteDenied> {
        if request.current_epoch < self.current_epoch {
            return Err(VoteDenied::OldEpoch { request: request.current_epoch, current: self.current_epoch });
        }
        if self.last_vote_epoch == self.current_epoch {
            return Err(VoteDenied::AlreadyVoted { epoch: self.last_vote_epoch });
        }
        Ok(())
    }

    /// 4: the candidate is a replica of a master that I see failed, or an operator insists.
    fn master_is_to_be_replaced(&self, candidate: NodeIx, request: &Header) -> Result<NodeIx, VoteDenied> {
        if self.is_master(candidate) {
            return Err(VoteDenied::RequesterIsMaster);
        }
        let master = self.view.peer(candidate).master.ok_or(VoteDenied::UnknownMaster)?;
        if self.has_failed(master) || request.force_ack { Ok(master) } else { Err(VoteDenied::MasterUp) }
    }

    /// 5: one vote per shard in twice the node timeout, also for manual failovers.
    fn no_recent_vote_for(&self, master: NodeIx) -> Result<(), VoteDenied> {
        let throttle = 2 * self.node_timeout();
        let age = self.clock.now_ms - self.view.peer(master).rest().voted_time;
        if age < throttle { Err(VoteDenied::TooSoon { wait_ms: throttle - age }) } else { Ok(()) }
    }

    /// 6: nobody with a newer epoch owns what the candidate claims.
    fn claims_are_current(&self, request: &Header) -> Result<(), VoteDenied> {
        for slot in request.slots.iter().filter(|slot| !self.slots.is_unclaimed(*slot)) {
            let owner =
                self.slots.owner(slot).map_or(request.config_epoch, |node| self.view.peer(node).config_epoch);
            if owner > request.config_epoch {
                return Err(VoteDenied::SlotEpoch { slot, owner, request: request.config_epoch });
            }
        }
        Ok(())
    }

    /// 7: the vote is spent, even if there is no link to send it on.
    fn grant_vote(&mut self, candidate: NodeIx, master: NodeIx, request: &Header, out: &mut Outside<'_>) {
        self.last_vote_epoch = self.current_epoch;
        self.view.peer_mut(master).rest_mut().voted_time = out.now_ms;
        self.deferred.save_durably();
        let answered = self.send_to(candidate, Body::AuthAck, out);
        out.tell(Event::VoteGranted {
            candidate,
            master,
            epoch: self.current_epoch,
            forced: request.force_ack,
            master_failed: self.has_failed(master),
            answered,
        });
    }
}
