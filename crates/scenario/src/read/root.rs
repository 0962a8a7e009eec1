//! The whole scenario.

use super::{Bound, Fields, Placed, Reading, Vocabulary, did_you_mean, timeline};
use crate::code;
use crate::diagnostic::Diagnostics;
use crate::model::{Budget, Scenario, Wire};
use crate::source::Node;
use crate::table::{BUDGET, CLUSTER, DISK, NETWORK, PROCESS, SCENARIO};
use crate::{shape, timing};

/// Reads a checked tree. `None` means that something was refused, and said.
pub(crate) fn scenario(
    root: &Node,
    vocabulary: &Vocabulary<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Scenario> {
    let mut reading = Reading {
        vocabulary,
        diagnostics,
        nodes: None,
        clients: Vec::new(),
        prefixes: Vec::new(),
        has_replicas: true,
        bounds: Vec::new(),
    };
    let fields = Fields::of(Some(root), &SCENARIO);
    let cluster = reading.cluster(Fields::of(fields.node("cluster"), &CLUSTER));
    if let Some(cluster) = &cluster {
        reading.nodes = Some(cluster.members().into_iter().map(|member| member.name).collect());
        reading.has_replicas = cluster.replicas > 0 || !cluster.formed;
    }
    let clients = reading.all_clients(fields.node("clients"));
    let network = reading.network(Fields::of(fields.node("network"), &NETWORK));
    let disk = reading.disk(Fields::of(fields.node("disk"), &DISK));
    let process = reading.process(Fields::of(fields.node("process"), &PROCESS));
    let entries = reading.timeline(fields.node("timeline"));
    let nemesis = fields.node("nemesis").map(|node| reading.nemesis(node, fields.quantity("until")));
    let expect = reading.expectations(fields.node("expect"), None);
    let known_weaknesses = reading.known_weaknesses(fields.node("known-weaknesses"));
    let until = fields.quantity("until");

    let bounds: Vec<Bound<'_>> = reading.bounds.clone();
    let drawn = nemesis.as_ref().and_then(Option::as_ref);
    timing::check(&entries, &bounds, drawn, until, reading.diagnostics);
    if let Some(cluster) = &cluster {
        reading.check_quorum(cluster, &entries);
    }
    Some(Scenario {
        name: fields.text("name")?,
        description: fields.read("description", lines),
        cluster: cluster?,
        clients: clients?,
        network: network?,
        disk: disk?,
        process: process?,
        timeline: timeline::complete(entries)?,
        nemesis: match nemesis {
            Some(nemesis) => Some(nemesis?),
            None => None,
        },
        expect: expect?,
        until: until?,
        seed: fields.read("seed", |node| shape::seed(node.text().or(node.number())?)),
        wire: match fields.text("wire")?.as_str() {
            "checked" => Wire::Checked,
            _ => Wire::Fast,
        },
        known_weaknesses,
        budget: fields
            .node("budget")
            .and_then(|node| Some(Budget { events: Fields::of(Some(node), &BUDGET).whole("events")? })),
    })
}

/// A text, or the lines of a list.
fn lines(node: &Node) -> Option<String> {
    let one = node.text().map(str::to_owned);
    one.or_else(|| Some(node.elements().iter().filter_map(Node::text).collect::<Vec<_>>().join("\n")))
}

impl<'a> Reading<'a> {
    fn known_weaknesses(&mut self, node: Option<&Node>) -> Vec<String> {
        let mut names = Vec::new();
        let known = || self.vocabulary.weaknesses.iter().chain(self.vocabulary.findings).copied();
        for element in node.map(Node::elements).unwrap_or_default() {
            let Some(name) = element.text() else { continue };
            if !known().any(|known| known == name) {
                let message = format!("there is no weakness or finding \"{name}\"");
                let help = did_you_mean(name, known(), "`rcsim list weaknesses` prints them all");
                self.diagnostics
                    .error(code::UNKNOWN_FINDING, element.place, message)
                    .at(&element.pointer)
                    .help(help);
            }
            names.push(name.to_owned());
        }
        names
    }

    /// The event of this name must exist.
    pub(super) fn event(&mut self, node: &Node) -> Option<String> {
        let name = node.text()?;
        let events = || self.vocabulary.events.iter().copied();
        if !events().any(|known| known == name) {
            let message = format!("there is no event \"{name}\"");
            let help = did_you_mean(name, events(), "`rcsim list events` prints them all");
            self.diagnostics.error(code::UNKNOWN_EVENT, node.place, message).at(&node.pointer).help(help);
        }
        Some(name.to_owned())
    }

    /// The finding, or the weakness that findings are recognised as, must exist.
    pub(super) fn finding(&mut self, node: &Node) -> Option<String> {
        let name = node.text()?;
        let known = || self.vocabulary.findings.iter().chain(self.vocabulary.weaknesses).copied();
        if !known().any(|known| known == name) {
            let message = format!("there is no finding \"{name}\"");
            let help = did_you_mean(name, known(), "`rcsim list invariants` prints them all");
            self.diagnostics.error(code::UNKNOWN_FINDING, node.place, message).at(&node.pointer).help(help);
        }
        Some(name.to_owned())
    }
}

/// One entry or `None` for each element of the timeline; see [`Placed`].
pub(super) type Entries<'a> = Vec<Placed<'a>>;
