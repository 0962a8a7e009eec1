//! Cluster state: ok or fail, in this node's view.
//!
//! Rules: ST-1 … ST-13. Owns `size` as well, for it is computed here and nowhere else (CS-4). Never: tells others
//! (the header's state bit is informational, ST-10).

use rcsim_observe::Event;
use rcsim_observe::reason::{StateCause, StateHold};
use rcsim_protocol::NodeFlags;

use crate::node::Node;
use crate::outside::Outside;

/// A master stays out for so long after its first evaluation, in ms (ST-2).
const WRITABLE_DELAY_MS: i64 = 2000;
/// The rejoin delay is the node timeout within these bounds, in ms (ST-7).
const REJOIN_DELAY_MS: (i64, i64) = (500, 5000);

impl Node {
    /// Evaluates the cluster state.
    pub(crate) fn update_state(&mut self, out: &mut Outside<'_>) {
        self.deferred.update_state = false;
        let now = out.now_ms;
        let first = *self.process.first_state_update.get_or_insert(now);
        if self.am_master() && !self.state_ok && now - first < WRITABLE_DELAY_MS {
            return self.tell_hold(StateHold::Boot, out);
        }
        let reachable = self.count_masters();
        let uncovered = self.settings.cluster_require_full_coverage.then(|| self.uncovered()).flatten();
        let needed = self.quorum();
        let minority = (reachable < needed).then_some(StateCause::Minority { reachable, needed });
        if minority.is_some() {
            self.process.last_minority = now;
        }
        match minority.or(uncovered) {
            Some(cause) if self.state_ok => {
                self.state_ok = false;
                out.tell(Event::StateFail { cause });
            }
            Some(_) => {}
            None if self.state_ok => {}
            None if self.am_master() && now - self.process.last_minority < self.rejoin_delay() => {
                self.tell_hold(StateHold::Rejoin, out);
            }
            None => {
                self.state_ok = true;
                self.process.told_hold = None;
                out.tell(Event::StateOk);
            }
        }
    }

    /// Counts the masters with slots, and returns how many of them I reach (ST-4).
    fn count_masters(&mut self) -> u32 {
        let silent = NodeFlags::PFAIL | NodeFlags::FAIL;
        let mut reachable = 0;
        self.size = 0;
        for &node in self.view.order() {
            let flags = self.view.flags(node);
            if flags.any(NodeFlags::MASTER) && self.view.has_slots(node) {
                self.size += 1;
                reachable += u32::from(!flags.any(silent));
            }
        }
        reachable
    }

    /// The first slot that nobody serves (ST-3).
    fn uncovered(&self) -> Option<StateCause> {
        if let Some(slot) = self.slots.first_unassigned() {
            return Some(StateCause::SlotUnassigned(slot));
        }
        let failed = self.view.order().iter().filter(|node| self.has_failed(**node));
        let first = failed.filter_map(|node| self.view.peer(*node).slots.iter().next()).min();
        first.map(StateCause::SlotOwnerFailed)
    }

    /// How long a master that was in a minority waits before it serves again, in ms (ST-7).
    fn rejoin_delay(&self) -> i64 {
        self.node_timeout().clamp(REJOIN_DELAY_MS.0, REJOIN_DELAY_MS.1)
    }

    fn tell_hold(&mut self, why: StateHold, out: &mut Outside<'_>) {
        if self.process.told_hold.replace(why) != Some(why) {
            out.tell(Event::StateHeld { why });
        }
    }
}
