//! The nodes and what is different on some of them.

use super::root::Entries;
use super::target::names_help;
use super::{Fields, Reading};
use crate::code;
use crate::model::{ActionKind, ClockSpec, Cluster, Member, MemberRole, NodeOverride, SlotRange};
use crate::source::{Field, Node};
use crate::table::{CLOCK_SPEC, NODE};
use crate::words;

/// The largest number of nodes in one simulation.
const MOST_NODES: u32 = 2_000;

impl<'a> Reading<'a> {
    /// Reads the cluster; `None` if its size cannot be told.
    pub(super) fn cluster(&mut self, fields: Fields<'a>) -> Option<Cluster> {
        let mut cluster = Cluster {
            masters: fields.whole("masters").filter(|masters| (1..=1_000).contains(masters))?,
            replicas: fields.whole("replicas").filter(|replicas| *replicas <= 20)?,
            extra: fields.whole("extra").filter(|extra| *extra <= 100)?,
            formed: fields.flag("formed"),
            settings: fields.settings("settings"),
            nodes: Vec::new(),
        };
        let total = u32::from(cluster.masters) * (1 + u32::from(cluster.replicas)) + u32::from(cluster.extra);
        if total > MOST_NODES {
            let place = fields.node("masters").or(fields.node("replicas")).or(fields.node)?;
            let message = format!("this cluster has {total} nodes; at most {MOST_NODES} can be simulated");
            self.diagnostics.error(code::IMPOSSIBLE_CLUSTER, place.place, message).at(&place.pointer);
            return None;
        }
        let plain = cluster.members();
        let overrides = fields.node("nodes").map(Node::elements).unwrap_or_default();
        for node in overrides {
            if let Some(read) = self.node_override(node, &cluster, &plain) {
                cluster.nodes.push(read);
            }
        }
        self.check_slots(overrides, &cluster);
        Some(cluster)
    }

    fn node_override(&mut self, node: &'a Node, cluster: &Cluster, plain: &[Member]) -> Option<NodeOverride> {
        let fields = Fields::of(Some(node), &NODE);
        let place = fields.node("name")?;
        let name = fields.text("name")?;
        let Some(member) = plain.iter().find(|member| member.name == name) else {
            self.no_such_node(place, &name, plain);
            return None;
        };
        if cluster.node(&name).is_some() {
            let message = format!("the node \"{name}\" stands twice in this list");
            self.diagnostics.error(code::NAME_TWICE, place.place, message).at(&place.pointer);
            return None;
        }
        self.check_role(node, member, plain);
        let clock = Fields::of(fields.node("clock"), &CLOCK_SPEC);
        Some(NodeOverride {
            name,
            settings: fields.settings("settings"),
            clock: ClockSpec {
                offset: clock.quantity("offset").unwrap_or_default(),
                drift: clock.quantity("drift").unwrap_or_default(),
            },
            slots: fields.read("slots", |node| words::slots(node.text()?).ok()),
            replica_of: fields.text("replica-of"),
        })
    }

    fn no_such_node(&mut self, place: &Node, name: &str, plain: &[Member]) {
        let message = format!("there is no node \"{name}\"");
        let nodes: Vec<String> = plain.iter().map(|member| member.name.clone()).collect();
        let help = names_help(name, &nodes, &[]);
        self.diagnostics.error(code::UNKNOWN_NAME, place.place, message).at(&place.pointer).help(help);
    }

    /// Slots are for masters, masters for replicas, both in a formed cluster.
    fn check_role(&mut self, node: &Node, member: &Member, plain: &[Member]) {
        let mut refuse = |field: &Field, message: String| {
            let error = self.diagnostics.error(code::IMPOSSIBLE_CLUSTER, field.value.place, message);
            error.at(&field.value.pointer).help("masters come first: n1 to the number of masters");
        };
        if let Some(field) = node.field("slots").filter(|_| !matches!(member.role, MemberRole::Master(_))) {
            refuse(
                field,
                format!("\"{}\" is no master of a formed cluster, so it owns no slots", member.name),
            );
        }
        let Some(field) = node.field("replica-of") else { return };
        if !matches!(member.role, MemberRole::Replica(_)) {
            refuse(field, format!("\"{}\" is no replica of a formed cluster", member.name));
        }
        let is_master = |other: &&Member| matches!(other.role, MemberRole::Master(_));
        let masters = plain.iter().filter(is_master).map(|other| &*other.name);
        if let Some(master) = field.value.text().filter(|name| !masters.clone().any(|master| master == *name))
        {
            refuse(field, format!("\"{master}\" is no master of this cluster"));
        }
    }

    /// No slot has two owners.
    fn check_slots(&mut self, overrides: &[Node], cluster: &Cluster) {
        let refused = |node: &Node| {
            node.get("slots")
                .is_some_and(|slots| slots.text().map(words::slots).is_none_or(|slots| slots.is_err()))
        };
        if overrides.iter().any(refused) {
            return;
        }
        let mut owned: Vec<(SlotRange, String)> = Vec::new();
        for member in cluster.members() {
            if let MemberRole::Master(ranges) = member.role {
                owned.extend(ranges.into_iter().map(|range| (range, member.name.clone())));
            }
        }
        owned.sort();
        let overlapping = owned.windows(2).find(|pair| pair[1].0.first <= pair[0].0.last);
        let Some([(first, owner), (second, other)]) = overlapping else { return };
        let named = |node: &&Node| {
            node.get("name").and_then(Node::text).is_some_and(|name| name == owner || name == other)
        };
        let Some(slots) = overrides.iter().filter(named).find_map(|node| node.get("slots")) else { return };
        let message = format!("{owner} ({first}) and {other} ({second}) would own the same slots");
        let help = "give every master that loses or gains slots its own \"slots\"";
        self.diagnostics.error(code::IMPOSSIBLE_CLUSTER, slots.place, message).at(&slots.pointer).help(help);
    }

    /// Warns of a master that is killed where nobody can vote (FD-8, FD-17).
    pub(super) fn check_quorum(&mut self, cluster: &Cluster, entries: &Entries<'_>) {
        let kills = |kind| matches!(kind, Some(ActionKind::Crash | ActionKind::PowerOff));
        let killed =
            entries.iter().find(|placed| kills(placed.entry.as_ref().map(|entry| entry.action.kind())));
        if let Some(placed) = killed.filter(|_| cluster.formed && cluster.masters < 3) {
            let message = format!("with {} masters a dead master is never replaced", cluster.masters);
            let message =
                if cluster.masters == 1 { message.replace("masters a", "master a") } else { message };
            let warning = self.diagnostics.warning(code::NO_QUORUM, placed.node.place, message);
            warning.at(&placed.node.pointer).help("use three masters or more");
            warning.note("the survivors are no majority (rules FD-8, FD-17)");
        }
    }
}
