//! Bus messages per node and second in a quiet cluster, over the default network.
//!
//! At NT 1000 the rate hangs on single milliseconds: a PING is due when the last PONG is more than NT/2 old (CR-6.3), so the
//! fifth tick after a PING is due just so, and a PONG that took a little longer makes it the sixth. That is why the default
//! network has the round trips of the measured clusters (docs/decisions/008-the-default-network.md).

use rcsim_engine::Nanos;
use rcsim_scenario::Scenario;

/// Traffic is counted from here on, in virtual seconds …
const FROM_S: u64 = 20;
/// … for as long as the servers were watched.
const WINDOW_S: u64 = 75;

/// A cluster whose traffic was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    /// All nodes.
    pub(crate) nodes: u16,
    /// Masters among them.
    pub(crate) masters: u16,
}

impl Size {
    /// What was measured: three masters; six and twenty-four masters with a replica each.
    pub(crate) const ALL: [Size; 3] =
        [Size { nodes: 3, masters: 3 }, Size { nodes: 12, masters: 6 }, Size { nodes: 48, masters: 24 }];

    /// Messages that a node sends per second, on average.
    pub(crate) fn messages_per_second(self, node_timeout_ms: u64, seed: u64) -> f64 {
        let mut scenario = Scenario::named("traffic");
        scenario.cluster.masters = self.masters;
        scenario.cluster.replicas = self.nodes / self.masters - 1;
        scenario.cluster.settings = vec![("cluster-node-timeout".to_owned(), node_timeout_ms.to_string())];
        let mut engine = rcsim_world::start(&scenario, seed);
        engine.run_until(Nanos(FROM_S * 1_000_000_000));
        let before = engine.world().message_count();
        engine.run_until(Nanos((FROM_S + WINDOW_S) * 1_000_000_000));
        let sent = engine.world().message_count() - before;
        sent as f64 / f64::from(self.nodes) / WINDOW_S as f64
    }
}
