//! INFO: which sections are shown, and the short ones.
//!
//! | room | what is in it |
//! |---|---|
//! | `server` | the sections about the process: server, clients, memory, CPU |
//! | `counts` | what was counted: stats, command stats, error stats |
//!
//! The sections about persistence and replication are told there. Fields have Redis' names and order. A field that is left out is not
//! modelled: what only a real machine has (its memory in detail, its network traffic, its build), latencies, and what
//! Redis does in ways that have no counterpart here (defragmentation, tracking, threads). Rules: CM-27.

mod counts;
mod server;

use std::fmt::{Display, Write};

use rcsim_protocol::{Command, Reply};

use super::Answer;
use crate::node::Node;
use crate::outside::Outside;

/// A section.
struct Section {
    heading: &'static str,
    /// Whether it is shown to those who do not say what they want.
    is_default: bool,
    text: fn(&Node) -> String,
}

const fn section(heading: &'static str, text: fn(&Node) -> String) -> Section {
    Section { heading, is_default: true, text }
}

const fn on_demand(heading: &'static str, text: fn(&Node) -> String) -> Section {
    Section { heading, is_default: false, text }
}

/// The sections in the order in which they are shown.
const SECTIONS: &[Section] = &[
    section("Server", Node::server_section),
    section("Clients", Node::clients_section),
    section("Memory", Node::memory_section),
    section("Persistence", Node::persistence_section),
    section("Stats", Node::stats_section),
    section("Replication", Node::replication_section),
    section("CPU", Node::cpu_section),
    section("Modules", |_| String::new()),
    on_demand("Commandstats", Node::command_stats_section),
    section("Errorstats", Node::error_stats_section),
    section("Cluster", |_| "cluster_enabled:1\r\n".to_owned()),
    section("Keyspace", Node::keyspace_section),
];

/// The lines of a section: fields and their values.
fn lines(fields: &[(&str, &dyn Display)]) -> String {
    let mut text = String::new();
    for (field, value) in fields {
        write!(text, "{field}:{value}\r\n").expect("a string takes all");
    }
    text
}

impl Node {
    /// Sections may be named, in any order; words that name none are passed over.
    pub(super) fn info_command(&mut self, command: &Command, _: &mut Outside<'_>) -> Answer {
        let asked = |name: &str| (1..command.len()).any(|index| command.is(index, name));
        let all = asked("all") || asked("everything");
        let default = command.len() == 1 || asked("default");
        let named = |heading| asked(heading) || (heading == "Modules" && asked("module_list"));
        let shown = SECTIONS
            .iter()
            .filter(|section| all || (default && section.is_default) || named(section.heading));
        let sections: Vec<String> =
            shown.map(|section| format!("# {}\r\n{}", section.heading, (section.text)(self))).collect();
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
