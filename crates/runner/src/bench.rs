//! A cluster without faults, for measuring: half masters, half replicas, node timeout 5 s, no clients, no judges.

use rcsim_engine::{Engine, Span};
use rcsim_scenario::Scenario;
use rcsim_world::World;

/// How much happened while it was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BenchRun {
    /// Events of the engine.
    pub events: u64,
    /// Messages of the bus.
    pub messages: u64,
}

/// A healthy cluster, formed and ready to be measured.
pub struct BenchCluster(Engine<World>);

impl BenchCluster {
    /// Forms a cluster of `nodes` nodes (at least 2).
    pub fn formed(nodes: u32, seed: u64) -> BenchCluster {
        let mut scenario = Scenario::named("bench");
        scenario.cluster.masters = u16::try_from(nodes.max(2) / 2).unwrap_or(u16::MAX);
        scenario.cluster.replicas = 1;
        scenario.cluster.settings = vec![("cluster-node-timeout".to_owned(), "5000".to_owned())];
        BenchCluster(rcsim_world::start(&scenario, seed))
    }

    /// Lets so many more virtual seconds pass. Who calls measures the time.
    pub fn run(&mut self, virtual_seconds: u32) -> BenchRun {
        let (events, messages) = (self.0.handled(), self.0.world().message_count());
        self.0.run_until(self.0.now() + Span::from_secs(u64::from(virtual_seconds)));
        BenchRun { events: self.0.handled() - events, messages: self.0.world().message_count() - messages }
    }
}
