//! A cluster without faults, for measuring: half masters, half replicas, node timeout 5 s, no clients, no judges.

use rcsim_engine::Nanos;
use rcsim_scenario::Scenario;

/// How much happened in a measured run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BenchRun {
    /// Events of the engine.
    pub events: u64,
    /// Messages of the bus.
    pub messages: u64,
}

/// Runs a healthy cluster of `nodes` nodes (at least 2) for so many virtual seconds. Who calls measures the time.
pub fn bench(nodes: u32, virtual_seconds: u32, seed: u64) -> BenchRun {
    let mut scenario = Scenario::named("bench");
    scenario.cluster.masters = u16::try_from(nodes.max(2) / 2).unwrap_or(u16::MAX);
    scenario.cluster.replicas = 1;
    scenario.cluster.settings = vec![("cluster-node-timeout".to_owned(), "5000".to_owned())];
    let mut engine = rcsim_world::start(&scenario, seed);
    engine.run_until(Nanos(u64::from(virtual_seconds) * 1_000_000_000));
    BenchRun { events: engine.handled(), messages: engine.world().message_count() }
}
