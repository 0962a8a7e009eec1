//! INFO, but for the sections about persistence and replication, which are told there.
//!
//! Rules: CM-27. INFO has the sections `persistence`, `replication`, `cluster` and `keyspace`.

use std::fmt::Write;

use rcsim_protocol::{Command, Reply};

use super::Answer;
use crate::node::Node;
use crate::outside::Outside;

/// A section's heading, and what writes it.
type Section = (&'static str, fn(&Node) -> String);

/// The sections in the order in which they are shown.
const SECTIONS: [Section; 4] = [
    ("Persistence", Node::persistence_section),
    ("Replication", Node::replication_section),
    ("Cluster", |_| "cluster_enabled:1\r\n".to_owned()),
    ("Keyspace", Node::keyspace_section),
];

impl Node {
    pub(super) fn info_command(&mut self, command: &Command, _: &mut Outside<'_>) -> Answer {
        let asked = |name: &str| (1..command.len()).any(|index| command.is(index, name));
        let all = command.len() == 1 || ["default", "all", "everything"].into_iter().any(asked);
        let shown = SECTIONS.iter().filter(|(name, _)| all || asked(name));
        let sections: Vec<String> = shown.map(|(name, text)| format!("# {name}\r\n{}", text(self))).collect();
        Ok(Reply::verbatim(sections.join("\r\n")))
    }

    fn keyspace_section(&self) -> String {
        let mut text = String::new();
        if !self.keyspace.is_empty() {
            let (keys, expires) = (self.keyspace.len(), self.keyspace.expiring_len());
            let left: i64 = self.keyspace.expiry_times().map(|at| (at - self.clock.cached_ms).max(0)).sum();
            let average = left.checked_div(expires as i64).unwrap_or(0);
            write!(text, "db0:keys={keys},expires={expires},avg_ttl={average}\r\n")
                .expect("a string takes all");
        }
        text
    }
}
