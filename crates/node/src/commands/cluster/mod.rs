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
//! The number of words is checked first, as the table declares it; three subcommands take a bounded number of
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

use super::text::shown_word;
use super::{Answer, fits, unknown_form, unknown_subcommand, wrong_arity};
use crate::node::{ConnectionId, Node};
use crate::outside::Outside;

type Handler = fn(&mut Node, &Command, &mut Outside<'_>) -> Answer;

/// Name in lower case, number of words with `CLUSTER` (if negative, at least so many), and what answers it.
const SUBCOMMANDS: &[(&str, i32, Handler)] = &[
    ("addslots", -3, Node::cluster_addslots),
    ("addslotsrange", -4, Node::cluster_addslotsrange),
    ("bumpepoch", 2, Node::cluster_bumpepoch),
    ("count-failure-reports", 3, Node::cluster_count_failure_reports),
    ("countkeysinslot", 3, Node::cluster_countkeysinslot),
    ("delslots", -3, Node::cluster_delslots),
    ("delslotsrange", -4, Node::cluster_delslotsrange),
    ("failover", -2, Node::cluster_failover),
    ("flushslots", 2, Node::cluster_flushslots),
    ("forget", 3, Node::cluster_forget),
    ("getkeysinslot", 4, Node::cluster_getkeysinslot),
    ("help", 2, Node::cluster_help),
    ("info", 2, Node::cluster_info),
    ("keyslot", 3, Node::cluster_keyslot),
    ("links", 2, Node::cluster_links),
    ("meet", -4, Node::cluster_meet),
    ("myid", 2, Node::cluster_myid),
    ("nodes", 2, Node::cluster_nodes),
    ("replicas", 3, Node::cluster_replicas),
    ("replicate", 3, Node::cluster_replicate),
    ("reset", -2, Node::cluster_reset),
    ("saveconfig", 2, Node::cluster_saveconfig),
    ("set-config-epoch", 3, Node::cluster_set_config_epoch),
    ("setslot", -4, Node::cluster_setslot),
    ("shards", 2, Node::cluster_shards),
    ("slaves", 3, Node::cluster_replicas),
    ("slots", 2, Node::cluster_slots),
];

impl Node {
    pub(super) fn cluster_command(
        &mut self,
        _: ConnectionId,
        command: &Command,
        out: &mut Outside<'_>,
    ) -> Option<Reply> {
        Some(self.run_cluster_command(command, out).unwrap_or_else(|error| error))
    }

    fn run_cluster_command(&mut self, command: &Command, out: &mut Outside<'_>) -> Answer {
        let known = SUBCOMMANDS.iter().find(|(name, ..)| command.is(1, name));
        let (name, arity, run) = known.ok_or_else(|| unknown_subcommand(command, "CLUSTER"))?;
        if !fits(*arity, command.len()) {
            return Err(wrong_arity(&format!("cluster|{name}")));
        }
        run(self, command, out)
    }

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
