//! Bus messages per node and second in a quiet cluster.
//!
//! At NT 1000 the rate hangs on single milliseconds. A PING is due when the last PONG is more than NT/2 old (CR-6.3), so
//! the fifth tick after a PING is due just so, 500.7 to 505.7 ms after it: if the PONG took longer than that excess, the
//! PING has to wait for the sixth. The servers of the reference shared two processors, and the more of them there are,
//! the longer a PONG takes. The network of the simulated clusters therefore has the one-way times that servers in such
//! a number have there: half of each round trip from `write` of a PING to `read` of its PONG, traced on clusters of real
//! servers (7.0.15, real-time priority, so that no other process delays them). With larger node timeouts it makes no
//! difference.

use rcsim_engine::Nanos;
use rcsim_scenario::{Distribution, Scenario, Span};

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
    /// Half of a round trip in us: minimum, percentiles 1, 5, 10, 25, 50, 75, 90, 95 and 99; the slowest hundredth is
    /// taken to be no slower than that.
    one_way_us: [u64; 11],
}

/// The percentiles of [`Size::one_way_us`], in tenths.
const TENTHS: [u16; 11] = [0, 10, 50, 100, 250, 500, 750, 900, 950, 990, 1000];

impl Size {
    /// What was measured: three masters; six and twenty-four masters with a replica each.
    pub(crate) const ALL: [Size; 3] = [
        Size { nodes: 3, masters: 3, one_way_us: [90, 95, 110, 125, 150, 180, 215, 275, 305, 380, 380] },
        Size { nodes: 12, masters: 6, one_way_us: [50, 70, 85, 110, 160, 225, 345, 480, 585, 2_810, 2_810] },
        Size {
            nodes: 48,
            masters: 24,
            one_way_us: [50, 90, 165, 240, 410, 690, 1_130, 1_705, 2_300, 3_315, 3_315],
        },
    ];

    /// Messages that a node sends per second, on average.
    pub(crate) fn messages_per_second(self, node_timeout_ms: u64, seed: u64) -> f64 {
        let mut scenario = Scenario::named("traffic");
        scenario.cluster.masters = self.masters;
        scenario.cluster.replicas = self.nodes / self.masters - 1;
        scenario.cluster.settings = vec![("cluster-node-timeout".to_owned(), node_timeout_ms.to_string())];
        let points = TENTHS.into_iter().zip(self.one_way_us.map(Span::from_micros));
        scenario.network.latency = Distribution::Quantiles(points.collect());
        let mut engine = rcsim_world::start(&scenario, seed);
        engine.run_until(Nanos(FROM_S * 1_000_000_000));
        let before = engine.world().message_count();
        engine.run_until(Nanos((FROM_S + WINDOW_S) * 1_000_000_000));
        let sent = engine.world().message_count() - before;
        sent as f64 / f64::from(self.nodes) / WINDOW_S as f64
    }
}
