//! Well-known clients as sets of habits.
//!
//! Each is what the public documentation of a library says of its defaults, as far as it decides who is asked and when:
//! a stand-in, not the library. One row per profile; `source` names what was read.

use crate::policy::{MapSource, Moved, Policy, ReadFrom};

/// A named set of habits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name in scenarios.
    pub name: &'static str,
    /// What is special about it, in one sentence.
    pub doc: &'static str,
    /// The public documentation that it follows.
    pub source: &'static str,
    /// The habits.
    pub policy: Policy,
}

const MS: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MS;

/// What the cluster specification asks of a careful client; every other profile says where it differs.
const PLAIN: Policy = Policy {
    map: MapSource::Slots,
    moved: Moved::Correct { map_every: 1 },
    refresh_every_ns: None,
    refresh_pause_ns: 500 * MS,
    refresh_on_trouble: true,
    redirects: 16,
    retries: 5,
    passing: &["TRYAGAIN", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "NOREPLICAS", "BUSY"],
    first_pause_ns: 50 * MS,
    longest_pause_ns: SECOND,
    timeout_ns: SECOND,
    resends_writes: false,
    read_from: ReadFrom::Master,
};

/// Lettuce as delivered.
const LETTUCE: Policy = Policy {
    moved: Moved::Ignore,
    refresh_on_trouble: false,
    redirects: 5,
    retries: 100,
    passing: &[],
    first_pause_ns: MS,
    longest_pause_ns: 30 * SECOND,
    timeout_ns: 60 * SECOND,
    resends_writes: true,
    ..PLAIN
};

static PROFILES: [Profile; 7] = [
    Profile {
        name: "plain",
        doc: "A careful client of no particular make: a write that was sent and not answered is never sent again.",
        source: "the Redis Cluster specification, \"Clients first connection and handling of redirections\"",
        policy: PLAIN,
    },
    Profile {
        name: "redis-cli",
        doc: "No slot map: it asks the node that answered last, goes where MOVED and ASK send it, and shows every other \
              error to its user.",
        source: "redis.io, \"Redis CLI\", option -c",
        policy: Policy {
            map: MapSource::Redirections,
            moved: Moved::Ignore,
            refresh_on_trouble: false,
            retries: 1,
            passing: &[],
            first_pause_ns: MS,
            longest_pause_ns: MS,
            timeout_ns: 60 * SECOND,
            ..PLAIN
        },
    },
    Profile {
        name: "redis-py",
        doc: "MOVED corrects one slot, every fifth fetches the map; 3 further tries, after trouble with a new map; what \
              was not answered is sent again.",
        source: "redis-py documentation, \"Clustering\" and class RedisCluster: cluster_error_retry_attempts, \
                 reinitialize_steps, read_from_replicas",
        policy: Policy {
            moved: Moved::Correct { map_every: 5 },
            refresh_pause_ns: 0,
            retries: 3,
            passing: &["TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "LOADING"],
            first_pause_ns: 50 * MS,
            longest_pause_ns: 250 * MS,
            timeout_ns: 5 * SECOND,
            resends_writes: true,
            ..PLAIN
        },
    },
    Profile {
        name: "jedis",
        doc: "MOVED fetches a new map; 5 tries on broken connections, writes included; CLUSTERDOWN and TRYAGAIN are shown \
              to the user.",
        source: "Jedis documentation and Javadoc of JedisCluster: maxAttempts 5, timeout 2000 ms",
        policy: Policy {
            moved: Moved::Refresh,
            refresh_pause_ns: 0,
            redirects: 5,
            retries: 4,
            passing: &[],
            first_pause_ns: 10 * MS,
            timeout_ns: 2 * SECOND,
            resends_writes: true,
            ..PLAIN
        },
    },
    Profile {
        name: "lettuce",
        doc: "As delivered: the map of the beginning is never renewed, each operation on a moved slot is redirected again; \
              it reconnects and sends again what was not answered.",
        source: "Lettuce reference guide, \"Client options\": autoReconnect, maxRedirects 5, topology refresh disabled",
        policy: LETTUCE,
    },
    Profile {
        name: "lettuce-adaptive",
        doc: "With periodic refresh (60 s) and all adaptive triggers (at most one in 30 s), as its guide recommends for \
              clusters that change.",
        source: "Lettuce reference guide, \"Client options\": enablePeriodicRefresh, enableAllAdaptiveRefreshTriggers",
        policy: Policy {
            moved: Moved::Refresh,
            refresh_every_ns: Some(60 * SECOND),
            refresh_pause_ns: 30 * SECOND,
            refresh_on_trouble: true,
            ..LETTUCE
        },
    },
    Profile {
        name: "go-redis",
        doc: "MOVED and trouble fetch a new map in the background; 3 further tries for everything, network errors \
              included, with pauses of 8 to 512 ms.",
        source: "go-redis documentation, type ClusterOptions: MaxRedirects 3, MinRetryBackoff 8 ms, MaxRetryBackoff \
                 512 ms, ReadTimeout 3 s",
        policy: Policy {
            moved: Moved::Refresh,
            refresh_every_ns: Some(10 * SECOND),
            refresh_pause_ns: 200 * MS,
            redirects: 3,
            retries: 3,
            passing: &["TRYAGAIN", "CLUSTERDOWN", "LOADING", "READONLY"],
            first_pause_ns: 8 * MS,
            longest_pause_ns: 512 * MS,
            timeout_ns: 3 * SECOND,
            resends_writes: true,
            ..PLAIN
        },
    },
];

/// Every profile, in the order of the documentation.
pub fn profiles() -> &'static [Profile] {
    &PROFILES
}

/// The profile of this name.
pub fn profile(name: &str) -> Option<&'static Profile> {
    PROFILES.iter().find(|profile| profile.name == name)
}
