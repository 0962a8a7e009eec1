//! Who can reach whom: the directed graph of open paths, and its components.
//!
//! A component is a set of hosts in which news can go round, perhaps by way of others (strongly connected).
//! TCP itself does not relay: whether two hosts of a component talk directly is a question for
//! [`Reachability::both_ways`].

use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;

use crate::hosts::{HostIx, HostSet};

/// The open paths between some hosts at one instant.
#[derive(Clone, Debug)]
pub struct Reachability {
    hosts: Vec<HostIx>,
    /// For each of `hosts`, whom it reaches.
    targets: Vec<HostSet>,
}

impl Reachability {
    /// `everything` says that all paths are open, so that none must be asked for.
    pub(crate) fn new(
        mut hosts: Vec<HostIx>,
        everything: bool,
        open: impl Fn(HostIx, HostIx) -> bool,
    ) -> Self {
        hosts.sort_unstable();
        hosts.dedup();
        let all: HostSet = hosts.iter().copied().collect();
        let row = |from: &HostIx| match everything {
            true => all.clone(),
            false => hosts.iter().copied().filter(|to| open(*from, *to)).collect(),
        };
        let targets = hosts.iter().map(row).collect();
        Self { hosts, targets }
    }

    /// The hosts looked at: those that are up, in ascending order.
    pub fn hosts(&self) -> &[HostIx] {
        &self.hosts
    }

    /// Is the path from one to the other open? A host that is not looked at reaches nobody.
    pub fn one_way(&self, from: HostIx, to: HostIx) -> bool {
        self.hosts.binary_search(&from).is_ok_and(|index| self.targets[index].contains(to))
    }

    /// Are both ways between them open?
    pub fn both_ways(&self, one: HostIx, other: HostIx) -> bool {
        self.one_way(one, other) && self.one_way(other, one)
    }

    /// Does every host reach every other directly?
    pub fn is_whole(&self) -> bool {
        self.targets.iter().all(|row| self.hosts.iter().all(|to| row.contains(*to)))
    }

    /// The graph: an edge for each open path to another host.
    pub fn graph(&self) -> DiGraphMap<HostIx, ()> {
        let mut graph = DiGraphMap::new();
        for host in &self.hosts {
            graph.add_node(*host);
        }
        for (from, row) in self.hosts.iter().zip(&self.targets) {
            for to in row.iter().filter(|to| to != from) {
                graph.add_edge(*from, to, ());
            }
        }
        graph
    }

    /// The strongly connected components, each in ascending order, by their first host.
    pub fn components(&self) -> Vec<Vec<HostIx>> {
        if self.is_whole() && !self.hosts.is_empty() {
            return vec![self.hosts.clone()];
        }
        let mut components = tarjan_scc(&self.graph());
        components.iter_mut().for_each(|component| component.sort_unstable());
        components.sort_unstable();
        components
    }
}
