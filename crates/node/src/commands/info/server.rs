//! INFO about the process: server, clients, memory, CPU.
//!
//! Memory is the rough figure that `maxmemory` is held against. Commands take no processor time here.

use super::lines;
use crate::node::Node;

/// A day, in seconds.
const DAY: i64 = 24 * 60 * 60;
/// The clock of the last use of keys has so many bits.
const LRU_CLOCK: i64 = (1 << 24) - 1;

impl Node {
    pub(super) fn server_section(&self) -> String {
        let uptime = (self.clock.cached_ms - self.process.started_ms) / 1000;
        lines(&[
            ("redis_version", &"7.0.15"),
            ("redis_git_sha1", &"00000000"),
            ("redis_git_dirty", &0),
            ("redis_mode", &"cluster"),
            ("arch_bits", &64),
            ("tcp_port", &self.settings.port),
            ("server_time_usec", &(self.clock.now_ms * 1000)),
            ("uptime_in_seconds", &uptime),
            ("uptime_in_days", &(uptime / DAY)),
            ("hz", &self.settings.hz),
            ("configured_hz", &self.settings.hz),
            ("lru_clock", &(self.clock.cached_s() & LRU_CLOCK)),
            ("config_file", &""),
            ("io_threads_active", &0),
        ])
    }

    pub(super) fn clients_section(&self) -> String {
        let replicas = self.replication.replicas.len();
        let blocked = self.clients.sessions().filter(|(_, session)| session.blocked.is_some()).count();
        lines(&[
            ("connected_clients", &self.clients.len().saturating_sub(replicas)),
            ("cluster_connections", &self.cluster_connections()),
            ("maxclients", &self.settings.maxclients),
            ("blocked_clients", &blocked),
            ("tracking_clients", &0),
        ])
    }

    /// Links with the other nodes, both of each pair, as Redis counts them beside its clients.
    pub(crate) fn cluster_connections(&self) -> u64 {
        2 * u64::from(self.view.len() - 1)
    }

    pub(super) fn memory_section(&self) -> String {
        let (used, limit) = (self.keyspace.memory(), self.settings.maxmemory);
        lines(&[
            ("used_memory", &used),
            ("used_memory_human", &human(used)),
            ("maxmemory", &limit),
            ("maxmemory_human", &human(limit)),
            ("maxmemory_policy", &self.settings.maxmemory_policy.word()),
        ])
    }

    pub(super) fn cpu_section(&self) -> String {
        let none = "0.000000";
        lines(&[
            ("used_cpu_sys", &none),
            ("used_cpu_user", &none),
            ("used_cpu_sys_children", &none),
            ("used_cpu_user_children", &none),
            ("used_cpu_sys_main_thread", &none),
            ("used_cpu_user_main_thread", &none),
        ])
    }
}

/// An amount of memory for people: `1.59M`.
fn human(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["K", "M", "G", "T", "P"];
    if bytes < 1024 {
        return format!("{bytes}B");
    }
    let power = (bytes.ilog2() / 10).min(5);
    let unit = 1_u128 << (10 * power);
    let hundredths = (u128::from(bytes) * 100 + unit / 2) / unit;
    format!("{}.{:02}{}", hundredths / 100, hundredths % 100, UNITS[power as usize - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_told_to_people_as_redis_does() {
        for (bytes, text) in [
            (0, "0B"),
            (200, "200B"),
            (32_768, "32.00K"),
            (1_664_912, "1.59M"),
            (2_404_456, "2.29M"),
            (25_276_502_016, "23.54G"),
        ] {
            assert_eq!(human(bytes), text, "{bytes}");
        }
    }
}
