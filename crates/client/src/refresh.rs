//! When the slot map is asked for again, and whom.
//!
//! Redirections and errors make a new map wanted; it is fetched in the background, at most once per pause. Nodes of
//! the present map are asked first, from a random one on, then the seeds; without a map, the seeds in their order. A
//! node that does not answer is followed by the next.

use std::net::SocketAddr;

use crate::policy::Policy;

/// The least time between two rounds in which no node had a map, in ns.
const ROUND_NS: u64 = 500_000_000;

/// The state of the background refresh.
#[derive(Clone, Debug, Default)]
pub(crate) struct Refresh {
    /// The least time between two maps.
    pause_ns: u64,
    /// After so long a new one is fetched in any case.
    every_ns: Option<u64>,
    /// When that is due.
    periodic_ns: Option<u64>,
    wanted: bool,
    under_way: bool,
    not_before_ns: u64,
    /// The first candidate of this round.
    first: usize,
    /// Candidates of this round that failed.
    failed: usize,
}

impl Refresh {
    pub(crate) fn new(policy: &Policy) -> Refresh {
        Refresh { pause_ns: policy.refresh_pause_ns, every_ns: policy.refresh_every_ns, ..Refresh::default() }
    }

    /// A new map would be welcome.
    pub(crate) fn want(&mut self) {
        self.wanted = true;
    }

    /// When a node should be asked, in ns; `None` if none should.
    pub(crate) fn due_ns(&self) -> Option<u64> {
        let wanted = self.wanted.then_some(self.not_before_ns);
        wanted.into_iter().chain(self.periodic_ns).min().filter(|_| !self.under_way)
    }

    /// Whom to ask now. `known` are the nodes of the present map. Without any candidate: nobody.
    pub(crate) fn begin(
        &mut self,
        known: &[SocketAddr],
        seeds: &[SocketAddr],
        draw: &mut dyn FnMut(u32) -> u32,
    ) -> Option<SocketAddr> {
        if self.failed == 0 {
            self.first = if known.is_empty() { 0 } else { draw(known.len() as u32) as usize };
        }
        let others = seeds.iter().filter(|seed| !known.contains(seed));
        let candidates: Vec<SocketAddr> = known.iter().chain(others).copied().collect();
        if candidates.is_empty() {
            (self.wanted, self.periodic_ns) = (false, None);
            return None;
        }
        self.under_way = true;
        Some(candidates[(self.first + self.failed) % candidates.len()])
    }

    /// The node that was asked has no map or does not answer; `nodes` is how many candidates there are.
    pub(crate) fn failed(&mut self, now_ns: u64, nodes: usize) {
        (self.under_way, self.wanted, self.periodic_ns) = (false, true, None);
        self.failed += 1;
        if self.failed >= nodes {
            self.failed = 0;
            self.not_before_ns = now_ns + ROUND_NS;
        } else {
            self.not_before_ns = self.not_before_ns.min(now_ns);
        }
    }

    /// A map came.
    pub(crate) fn succeeded(&mut self, now_ns: u64) {
        *self = Refresh {
            not_before_ns: now_ns + self.pause_ns,
            periodic_ns: self.every_ns.map(|every| now_ns + every),
            pause_ns: self.pause_ns,
            every_ns: self.every_ns,
            ..Refresh::default()
        };
    }
}
