//! INFO about what was counted: stats, command stats, error stats.
//!
//! How long a command or a fork took is not known to a node: these fields are 0. Nothing is ever evicted.

use std::fmt::Write;

use super::lines;
use crate::clients::Topic;
use crate::node::Node;

impl Node {
    pub(super) fn stats_section(&self) -> String {
        let stats = &self.stats;
        let listened = |topic| self.clients.subscriptions.all(topic).len();
        lines(&[
            ("total_connections_received", &stats.connections),
            ("total_commands_processed", &stats.commands),
            ("instantaneous_ops_per_sec", &stats.commands_per_second()),
            ("rejected_connections", &stats.rejected_connections),
            ("sync_full", &stats.full_syncs),
            ("sync_partial_ok", &stats.partial_syncs),
            ("sync_partial_err", &stats.refused_partial_syncs),
            ("expired_keys", &stats.expired_keys),
            ("expired_stale_perc", &"0.00"),
            ("expired_time_cap_reached_count", &0),
            ("evicted_keys", &0),
            ("evicted_clients", &0),
            ("keyspace_hits", &stats.keyspace_hits),
            ("keyspace_misses", &stats.keyspace_misses),
            ("pubsub_channels", &listened(Topic::Channel)),
            ("pubsub_patterns", &listened(Topic::Pattern)),
            ("pubsubshard_channels", &listened(Topic::Shard)),
            ("latest_fork_usec", &0),
            ("total_forks", &stats.forks),
            ("migrate_cached_sockets", &0),
            ("slave_expires_tracked_keys", &0),
            ("unexpected_error_replies", &0),
            ("total_error_replies", &stats.error_replies),
        ])
    }

    pub(super) fn command_stats_section(&self) -> String {
        let mut text = String::new();
        for (name, calls) in self.stats.calls() {
            write!(
                text,
                "cmdstat_{name}:calls={},usec=0,usec_per_call=0.00,rejected_calls={},failed_calls={}\r\n",
                calls.calls, calls.rejected, calls.failed
            )
            .expect("a string takes all");
        }
        text
    }

    pub(super) fn error_stats_section(&self) -> String {
        let mut text = String::new();
        for (code, count) in self.stats.errors() {
            write!(text, "errorstat_{code}:count={count}\r\n").expect("a string takes all");
        }
        text
    }
}
