//! A cluster without faults, for measuring: half masters, half replicas, node timeout 5 s, no judges; with or without
//! clients.

use rcsim_engine::{Engine, Nanos, Span};
use rcsim_scenario::{ClientSpec, Pacing, Scenario};
use rcsim_world::World;

/// So many operations each client keeps under way.
const UNDER_WAY: u32 = 64;
/// So often the history is taken from the world, as a runner takes it.
const TAKE_EVERY: Span = Span::from_millis(1);

/// How much happened while it was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BenchRun {
    /// Events of the engine.
    pub events: u64,
    /// Messages of the bus.
    pub messages: u64,
    /// Operations of clients that were answered with success.
    pub operations: u64,
}

/// A healthy cluster, formed and ready to be measured.
pub struct BenchCluster(Engine<World>);

impl BenchCluster {
    /// Forms a cluster of `nodes` nodes (at least 2) without clients.
    pub fn formed(nodes: u32, seed: u64) -> BenchCluster {
        BenchCluster::under_load(nodes, 0, seed)
    }

    /// Forms a cluster of `nodes` nodes (at least 2) with so many clients, which read and write registers in a closed loop.
    pub fn under_load(nodes: u32, clients: u32, seed: u64) -> BenchCluster {
        let mut scenario = Scenario::named("bench");
        scenario.cluster.masters = u16::try_from(nodes.max(2) / 2).unwrap_or(u16::MAX);
        scenario.cluster.replicas = 1;
        scenario.cluster.settings = vec![("cluster-node-timeout".to_owned(), "5000".to_owned())];
        let client = |number: u32| ClientSpec {
            pacing: Pacing::Closed,
            concurrency: UNDER_WAY,
            ..ClientSpec::named(&format!("c{number}"))
        };
        scenario.clients = (1..=clients).map(client).collect();
        BenchCluster(rcsim_world::start(&scenario, seed))
    }

    /// Lets so many more virtual milliseconds pass. Who calls measures the time.
    pub fn run(&mut self, virtual_ms: u64) -> BenchRun {
        let (events, messages) = (self.0.handled(), self.0.world().message_count());
        let end = self.0.now() + Span::from_millis(virtual_ms);
        let mut operations = 0;
        while self.0.now() < end {
            let next: Nanos = end.min(self.0.now() + TAKE_EVERY);
            self.0.run_until(next);
            let (world, _) = self.0.parts();
            let ended = world.take_operations();
            operations += ended.iter().filter(|operation| operation.outcome.is_ok()).count() as u64;
        }
        BenchRun {
            events: self.0.handled() - events,
            messages: self.0.world().message_count() - messages,
            operations,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_keep_a_cluster_busy() {
        let mut cluster = BenchCluster::under_load(6, 2, 1);
        cluster.run(100);
        let run = cluster.run(100);
        // Half a round trip is 850 µs on average, and a client has 64 operations under way.
        assert!(run.operations > 2 * 64 * 100 / 3, "{run:?}");
        assert_eq!(BenchCluster::formed(6, 1).run(1000).operations, 0);
    }
}
