//! The time that things may take, computed from the settings.

use rcsim_protocol::Settings;

/// One cron period, in ns.
pub(crate) const CRON_NS: u64 = 100_000_000;
pub(crate) const SECOND_NS: u64 = 1_000_000_000;
const MS_NS: u64 = 1_000_000;

/// What bounds depend on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timing {
    /// `cluster-node-timeout`, in ns.
    pub(crate) node_timeout_ns: u64,
    /// The longest round trip between healthy nodes, in ns.
    pub(crate) round_trip_ns: u64,
    /// How many nodes know each other.
    pub(crate) nodes: u64,
}

impl Timing {
    pub(crate) fn new(round_trip_ns: u64) -> Timing {
        Timing { node_timeout_ns: 0, round_trip_ns, nodes: 1 }
    }

    /// Takes the settings of one more node in: the longest node timeout counts.
    pub(crate) fn admit(&mut self, settings: &Settings) {
        let node_timeout_ns = u64::try_from(settings.cluster_node_timeout).unwrap_or(0).saturating_mul(MS_NS);
        self.node_timeout_ns = self.node_timeout_ns.max(node_timeout_ns);
    }

    /// H: every ordered pair of connected nodes has exchanged a direct heartbeat. A PING is due when the pong is older
    /// than half the node timeout (CR-6.3), but gossip refreshes that time (GS-9), so that only the one random PING per
    /// second guarantees progress (CR-5).
    pub(crate) fn heartbeats(self) -> u64 {
        (self.node_timeout_ns / 2).max(SECOND_NS) + CRON_NS + 2 * self.nodes.saturating_sub(1) * SECOND_NS
    }

    /// Until everybody marks a silent node PFAIL (TL-1).
    pub(crate) fn suspicion(self) -> u64 {
        self.node_timeout_ns * 3 / 2 + 3 * CRON_NS + self.round_trip_ns
    }

    /// Until a silent node is FAIL everywhere (TL-2).
    pub(crate) fn failure(self) -> u64 {
        self.suspicion() + (2 * self.node_timeout_ns).min(self.heartbeats())
    }

    /// How long a master without a majority may go on serving (ST-12).
    pub(crate) fn fence(self) -> u64 {
        self.node_timeout_ns * 3 / 2 + 2 * CRON_NS + self.round_trip_ns
    }

    /// Until FAIL is taken off a node that answers: one without slots, or one with slots that nobody took (FD-14).
    pub(crate) fn pardon(self, with_slots: bool) -> u64 {
        if with_slots {
            2 * self.node_timeout_ns + self.heartbeats()
        } else {
            self.heartbeats() + self.round_trip_ns
        }
    }

    /// The longest delay before a node that sees nothing wrong says `ok` (ST-2, ST-7).
    pub(crate) fn state_delay(self) -> u64 {
        let rejoin = self.node_timeout_ns.clamp(SECOND_NS / 2, 5 * SECOND_NS);
        rejoin.max(2 * SECOND_NS) + CRON_NS
    }

    /// From a death to the new owner, with so many failed shards and a rank (EL-6, EL-24).
    pub(crate) fn failover(self, failed_shards: u64, rank: u64) -> u64 {
        let retry = (4 * self.node_timeout_ns).max(4 * SECOND_NS);
        self.failure() + SECOND_NS * (1 + rank) + (failed_shards + 1).max(2) * retry
    }

    /// How long a handshake may last (HS-8).
    pub(crate) fn handshake(self) -> u64 {
        self.node_timeout_ns.max(SECOND_NS) + CRON_NS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_of_six_nodes_with_five_seconds() {
        let mut timing = Timing { nodes: 6, ..Timing::new(0) };
        timing.admit(&Settings { cluster_node_timeout: 5000, ..Settings::default() });
        let ms = |ns: u64| ns / MS_NS;
        assert_eq!(ms(timing.heartbeats()), 2500 + 100 + 10_000);
        assert_eq!(ms(timing.suspicion()), 7800);
        assert_eq!(ms(timing.failure()), 17_800);
        assert_eq!(ms(timing.fence()), 7700);
        assert_eq!(ms(timing.state_delay()), 5100);
        assert_eq!(ms(timing.failover(1, 1)), 17_800 + 2000 + 40_000);
    }
}
