//! When the slot map is asked for again, and whom.
//!
//! Redirections and errors make a new map wanted; it is fetched in the background, at most once per pause. Nodes of
//! the present map are asked first, from a random one on, then the seeds; without a map, the seeds in their order. A
//! node that does not answer is followed by the next.

use std::net::SocketAddr;

/// The least time between two maps, and between two rounds in which no node had one, in ns.
pub(crate) const PAUSE_NS: u64 = 500_000_000;

/// The state of the background refresh.
#[derive(Clone, Debug, Default)]
pub(crate) struct Refresh {
    wanted: bool,
    under_way: bool,
    not_before_ns: u64,
    /// The first candidate of this round.
    first: usize,
    /// Candidates of this round that failed.
    failed: usize,
}

impl Refresh {
    /// A new map would be welcome.
    pub(crate) fn want(&mut self) {
        self.wanted = true;
    }

    /// When a node should be asked, in ns; `None` if none should.
    pub(crate) fn due_ns(&self) -> Option<u64> {
        (self.wanted && !self.under_way).then_some(self.not_before_ns)
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
            self.wanted = false;
            return None;
        }
        self.under_way = true;
        Some(candidates[(self.first + self.failed) % candidates.len()])
    }

    /// The node that was asked has no map or does not answer; `nodes` is how many candidates there are.
    pub(crate) fn failed(&mut self, now_ns: u64, nodes: usize) {
        self.under_way = false;
        self.failed += 1;
        if self.failed >= nodes {
            self.failed = 0;
            self.not_before_ns = now_ns + PAUSE_NS;
        }
    }

    /// A map came.
    pub(crate) fn succeeded(&mut self, now_ns: u64) {
        *self = Refresh { not_before_ns: now_ns + PAUSE_NS, ..Refresh::default() };
    }
}
