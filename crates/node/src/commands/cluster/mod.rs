//! CLUSTER: one table of its subcommands, and who answers them.
//!
//! | room | what is in it |
//! |---|---|
//! | `info`, `nodes`, `slots` | what the node believes (CM-4 … CM-12) |
//! | `assignment` | ADDSLOTS and its kin (CM-13 … CM-17) |
//! | `setslot` | open slots (MIG-1 … MIG-9) |
//! | `membership` | MEET, FORGET, REPLICATE, RESET (CM-18 … CM-22) |
//! | `failover` | FAILOVER (MF-1 … MF-6) |
//! | `epochs` | config epochs and SAVECONFIG (CM-23 … CM-25) |
//! | `help` | HELP |
//!
//! The number of words is checked before, as the table declares it; three subcommands take a bounded number of
//! words that it cannot tell, and complain by themselves.

mod assignment;
mod epochs;
mod failover;
mod help;
mod info;
mod membership;
mod nodes;
mod setslot;
mod slots;

use rcsim_protocol::{Command, NodeId, NodeIx, Reply};

use super::table::{Declaration, server};
use super::text::shown_word;
use super::unknown_form;
use crate::node::Node;
use crate::outside::Outside;

/// The subcommands of CLUSTER.
pub(super) const SUBCOMMANDS: &[Declaration] = &[
    server("cluster|addslots", -3, "admin stale no_async_loading", Node::cluster_addslots),
    server("cluster|addslotsrange", -4, "admin stale no_async_loading", Node::cluster_addslotsrange),
    server("cluster|bumpepoch", 2, "admin stale no_async_loading", Node::cluster_bumpepoch)
        .tips("nondeterministic_output"),
    server("cluster|count-failure-reports", 3, "admin stale", Node::cluster_count_failure_reports)
        .tips("nondeterministic_output"),
    server("cluster|countkeysinslot", 3, "stale", Node::cluster_countkeysinslot),
    server("cluster|delslots", -3, "admin stale no_async_loading", Node::cluster_delslots),
    server("cluster|delslotsrange", -4, "admin stale no_async_loading", Node::cluster_delslotsrange),
    server("cluster|failover", -2, "admin stale no_async_loading", Node::cluster_failover),
    server("cluster|flushslots", 2, "admin stale no_async_loading", Node::cluster_flushslots),
    server("cluster|forget", 3, "admin stale no_async_loading", Node::cluster_forget),
    server("cluster|getkeysinslot", 4, "stale", Node::cluster_getkeysinslot).tips("nondeterministic_output"),
    server("cluster|help", 2, "loading stale", Node::cluster_help),
    server("cluster|info", 2, "stale", Node::cluster_info).tips("nondeterministic_output"),
    server("cluster|keyslot", 3, "stale", Node::cluster_keyslot),
    server("cluster|links", 2, "stale", Node::cluster_links).tips("nondeterministic_output"),
    server("cluster|meet", -4, "admin stale no_async_loading", Node::cluster_meet),
    server("cluster|myid", 2, "stale", Node::cluster_myid),
    server("cluster|nodes", 2, "stale", Node::cluster_nodes).tips("nondeterministic_output"),
    server("cluster|replicas", 3, "admin stale", Node::cluster_replicas).tips("nondeterministic_output"),
    server("cluster|replicate", 3, "admin stale no_async_loading", Node::cluster_replicate),
    server("cluster|reset", -2, "admin noscript stale", Node::cluster_reset),
    server("cluster|saveconfig", 2, "admin stale no_async_loading", Node::cluster_saveconfig),
    server("cluster|set-config-epoch", 3, "admin stale no_async_loading", Node::cluster_set_config_epoch),
    server("cluster|setslot", -4, "admin stale no_async_loading", Node::cluster_setslot),
    server("cluster|shards", 2, "stale", Node::cluster_shards).tips("nondeterministic_output"),
    server("cluster|slaves", 3, "admin stale", Node::cluster_replicas).tips("nondeterministic_output"),
    server("cluster|slots", 2, "stale", Node::cluster_slots).tips("nondeterministic_output"),
];

impl Node {
    /// The node of the table whose id stands at this index.
    fn named_node(&self, command: &Command, index: usize, out: &Outside<'_>) -> Option<NodeIx> {
        let id: NodeId = std::str::from_utf8(command.word(index)?).ok()?.parse().ok()?;
        out.registry.find(&id).filter(|node| self.view.knows(*node))
    }

    fn known_node(&self, command: &Command, index: usize, out: &Outside<'_>) -> Result<NodeIx, Reply> {
        let unknown = || Reply::err(format_args!("Unknown node {}", shown_word(command, index)));
        self.named_node(command, index, out).ok_or_else(unknown)
    }

    /// nodes.conf is to be written, and the state looked at (BS-6).
    fn save_and_update(&mut self) {
        self.deferred.save();
        self.deferred.update_state = true;
    }
}

/// A subcommand that the table lets pass with more words than it takes.
fn too_many_words(command: &Command, limit: usize) -> Result<(), Reply> {
    if command.len() > limit { Err(unknown_form(command, "CLUSTER")) } else { Ok(()) }
}
