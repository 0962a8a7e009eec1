//! One operation under way, and how long it pauses before it is tried again.

use std::net::SocketAddr;

use rcsim_observe::OperationKind;
use rcsim_protocol::{Command, Slot};

/// The first pause, in ns; each further one is twice as long.
const FIRST_PAUSE_NS: u64 = 50_000_000;
/// The longest pause, in ns.
const LONGEST_PAUSE_NS: u64 = 1_000_000_000;

/// An operation that has begun and has no outcome yet.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    /// Which register it is about.
    pub(crate) register: u32,
    /// The slot of its key.
    pub(crate) slot: Slot,
    /// What it does.
    pub(crate) kind: OperationKind,
    /// How it is said to a node.
    pub(crate) command: Command,
    /// When it began, in ns.
    pub(crate) invoked_ns: u64,
    /// When it is to be sent again, while it pauses.
    pub(crate) resume_ns: Option<u64>,
    /// The node that answered last.
    pub(crate) answered_by: Option<SocketAddr>,
    /// How often it was tried again.
    pub(crate) retries: u32,
    /// How many redirections it followed.
    pub(crate) redirects: u32,
}

impl Attempt {
    pub(crate) fn is_write(&self) -> bool {
        matches!(self.kind, OperationKind::Set(_))
    }
}

/// How long to wait before the next try, after this many: doubling, with the upper half left to chance, so that
/// clients that failed together do not come back together.
pub(crate) fn pause_ns(retries: u32, draw: &mut dyn FnMut(u32) -> u32) -> u64 {
    let longest = FIRST_PAUSE_NS.saturating_mul(1 << retries.min(16)).min(LONGEST_PAUSE_NS);
    let half_us = (longest / 2 / 1000) as u32;
    (u64::from(half_us) + u64::from(draw(half_us + 1))) * 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_second() {
        let longest = |retries| pause_ns(retries, &mut |below| below - 1) / 1_000_000;
        assert_eq!([0, 1, 2, 9, 40].map(longest), [50, 100, 200, 1000, 1000]);
        assert_eq!(pause_ns(0, &mut |_| 0), 25_000_000);
    }
}
