//! What a simulation begins with.

use rcsim_protocol::Settings;
use rcsim_scenario::{ClientSpec, Distribution, Scenario, Wire};

use crate::{Error, Simulation};

/// The greatest number of masters, as in the scenario format.
const MOST_MASTERS: u16 = 1_000;

/// Builds a [`Simulation`]: without any call three masters with a replica each, Redis' default settings, seed 1.
#[derive(Clone, Debug)]
pub struct Builder {
    scenario: Scenario,
    seed: u64,
}

impl Builder {
    pub(crate) fn new() -> Builder {
        Builder { scenario: Scenario::named("simulation"), seed: 1 }
    }

    /// How many masters: `n1`, `n2` … The slots are split evenly among them.
    pub fn masters(mut self, masters: u16) -> Builder {
        self.scenario.cluster.masters = masters;
        self
    }

    /// How many replicas each master has; they are named after the masters and dealt round-robin: `n4` follows `n1` in
    /// a cluster of three masters.
    pub fn replicas(mut self, replicas: u16) -> Builder {
        self.scenario.cluster.replicas = replicas;
        self
    }

    /// Whether the cluster is formed and stable at time 0, which is the default; else all nodes start bare.
    pub fn formed(mut self, formed: bool) -> Builder {
        self.scenario.cluster.formed = formed;
        self
    }

    /// A setting of all nodes, by its name in `redis.conf` and as it stands there; of several the last one counts.
    pub fn setting(mut self, name: &str, value: &str) -> Builder {
        self.scenario.cluster.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A client with its load; see [`ClientSpec::named`] for the defaults.
    pub fn client(mut self, client: ClientSpec) -> Builder {
        self.scenario.clients.push(client);
        self
    }

    /// The one-way time of a segment between any two hosts.
    pub fn latency(mut self, latency: Distribution) -> Builder {
        self.scenario.network.latency = latency;
        self
    }

    /// Sends every bus message through the binary codec and compares.
    pub fn checked_wire(mut self) -> Builder {
        self.scenario.wire = Wire::Checked;
        self
    }

    /// The root of all chance.
    pub fn seed(mut self, seed: u64) -> Builder {
        self.seed = seed;
        self
    }

    /// The simulation at time 0.
    ///
    /// # Errors
    /// [`Error::Size`] if the cluster is empty or too large; [`Error::Setting`] for a setting that Redis would refuse.
    pub fn build(self) -> Result<Simulation, Error> {
        let cluster = &self.scenario.cluster;
        let (masters, replicas) = (cluster.masters, cluster.replicas);
        let nodes = u32::from(masters) * (1 + u32::from(replicas));
        if !(1..=MOST_MASTERS).contains(&masters) || nodes > u32::from(u16::MAX) {
            return Err(Error::Size { masters, replicas });
        }
        let mut settings = Settings::default();
        for (name, value) in &cluster.settings {
            settings.set(name, value).map_err(Error::Setting)?;
        }
        Ok(Simulation::from_scenario(&self.scenario, self.seed))
    }
}
