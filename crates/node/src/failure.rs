//! Failure detection: PFAIL is my opinion, FAIL is the majority's.
//!
//! Rules: FD-1 … FD-17, GS-8. PFAIL itself is set by the cron (CR-6.6). Keeps: FAIL is set only here. Never: counts a
//! report older than twice the node timeout.

use rcsim_observe::Event;
use rcsim_observe::reason::{FailCleared, Ignored};
use rcsim_protocol::bus::Body;
use rcsim_protocol::{NodeFlags, NodeIx};

use crate::node::Node;
use crate::outside::Outside;
use crate::view::Report;

/// Reports, and a FAIL that nobody acts on, last this many node timeouts (FD-4, FD-14).
const VALIDITY: i64 = 2;

impl Node {
    /// A master says that a node does not answer (GS-8); then the quorum is looked at, each time (FD-6).
    pub(crate) fn report_failure(&mut self, subject: NodeIx, reporter: NodeIx, out: &mut Outside<'_>) {
        let time = out.now_ms;
        let new = self.view.edit_reports(subject, |reports| {
            match reports.iter_mut().find(|report| report.reporter == reporter) {
                Some(report) => {
                    report.time = time;
                    false
                }
                None => {
                    reports.push(Report { reporter, time });
                    true
                }
            }
        });
        if new {
            out.tell(Event::FailureReport { subject, reporter });
        }
        self.mark_failing_if_needed(subject, out);
    }

    /// A master no longer says so (GS-8, FD-4).
    pub(crate) fn withdraw_report(&mut self, subject: NodeIx, reporter: NodeIx, out: &mut Outside<'_>) {
        if self.view.peer(subject).reports().iter().any(|report| report.reporter == reporter) {
            self.view.edit_reports(subject, |reports| reports.retain(|report| report.reporter != reporter));
            self.live_reports(subject);
            out.tell(Event::FailureReportWithdrawn { subject, reporter });
        }
    }

    /// How many masters say that a node does not answer; old reports are dropped on the way (FD-4).
    pub(crate) fn live_reports(&mut self, subject: NodeIx) -> u32 {
        let oldest = self.clock.now_ms - VALIDITY * self.node_timeout();
        if self.view.peer(subject).reports().iter().any(|report| report.time < oldest) {
            self.view.edit_reports(subject, |reports| reports.retain(|report| report.time >= oldest));
        }
        self.view.peer(subject).reports().len() as u32
    }

    /// From PFAIL to FAIL: a majority by count, against a size that counts masters with slots only (FD-6, FD-7).
    fn mark_failing_if_needed(&mut self, subject: NodeIx, out: &mut Outside<'_>) {
        let flags = self.view.flags(subject);
        if !flags.any(NodeFlags::PFAIL) || flags.any(NodeFlags::FAIL) {
            return;
        }
        let reports = self.live_reports(subject);
        let own_vote = self.am_master();
        let (have, needed) = (reports + u32::from(own_vote), self.quorum());
        if have < needed {
            out.tell(Event::FailQuorumMissing { subject, have, needed });
            return;
        }
        self.set_fail(subject, out);
        out.tell(Event::Fail { subject, reports, own_vote, needed });
        self.broadcast(Body::Fail(subject), false, out);
    }

    fn set_fail(&mut self, subject: NodeIx, out: &mut Outside<'_>) {
        self.view.set_flags(subject, NodeFlags::PFAIL, false);
        self.view.set_flags(subject, NodeFlags::FAIL, true);
        self.view.peer_mut(subject).rest_mut().fail_time = out.now_ms;
        self.deferred.save();
        self.deferred.update_state = true;
    }

    /// A FAIL message: believed from any known sender, never forwarded (PK-19).
    pub(crate) fn fail_announced(
        &mut self,
        subject: NodeIx,
        from: NodeIx,
        out: &mut Outside<'_>,
    ) -> Result<(), Ignored> {
        if !self.view.knows(subject) {
            return Err(Ignored::UnknownSubject);
        }
        if subject != self.me() && !self.has_failed(subject) {
            self.set_fail(subject, out);
            out.tell(Event::FailReceived { subject, from });
        }
        Ok(())
    }

    /// A failed node answered: is the FAIL over (FD-14)?
    pub(crate) fn consider_clearing_fail(&mut self, node: NodeIx, out: &mut Outside<'_>) {
        let age = out.now_ms - self.view.peer(node).rest().fail_time;
        let why = if !self.is_master(node) {
            FailCleared::ReplicaReachable
        } else if self.slot_count(node) == 0 {
            FailCleared::MasterWithoutSlots
        } else if age > VALIDITY * self.node_timeout() {
            FailCleared::NobodyServesItsSlots
        } else {
            return;
        };
        self.view.set_flags(node, NodeFlags::FAIL, false);
        self.deferred.save();
        self.deferred.update_state = true;
        out.tell(Event::FailCleared { subject: node, why });
    }
}
