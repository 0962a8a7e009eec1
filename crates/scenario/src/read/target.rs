//! Targets: names resolved, and refused where they mean nothing.

use super::{Reading, did_you_mean};
use crate::code;
use crate::model::Target;
use crate::source::Node;
use crate::words::{self, TARGET_WORDS};

/// Who may be meant at some place.
#[derive(Clone, Copy)]
pub(crate) struct Allowed {
    /// Clients too.
    pub(crate) clients: bool,
    /// `*`, everybody else.
    pub(crate) rest: bool,
    /// `it`, the node of the triggering event.
    pub(crate) it: bool,
}

impl Allowed {
    /// Nodes only.
    pub(crate) const NODES: Allowed = Allowed { clients: false, rest: false, it: false };

    /// Everything that has a side of a partition.
    pub(crate) fn ends(self) -> Allowed {
        Allowed { clients: true, rest: true, ..self }
    }

    /// Clients as well as nodes.
    pub(crate) fn with_clients(self) -> Allowed {
        Allowed { clients: true, ..self }
    }
}

impl<'a> Reading<'a> {
    /// One target, or a list of them.
    pub(super) fn target(&mut self, node: &Node, allowed: Allowed) -> Option<Target> {
        let mut members = self.targets(node, allowed)?;
        match members.len() {
            1 => members.pop(),
            _ => Some(Target::List(members)),
        }
    }

    /// The members of a target that may be a list.
    pub(super) fn targets(&mut self, node: &Node, allowed: Allowed) -> Option<Vec<Target>> {
        if node.text().is_some() {
            return self.one_target(node, allowed).map(|target| vec![target]);
        }
        let members: Vec<_> =
            node.elements().iter().map(|element| self.one_target(element, allowed)).collect();
        members.into_iter().collect::<Option<Vec<_>>>().filter(|members| !members.is_empty())
    }

    fn one_target(&mut self, node: &Node, allowed: Allowed) -> Option<Target> {
        let target = words::target(node.text()?).ok()?;
        let target = self.named(target);
        self.check_known(node, &target);
        self.check_allowed(node, &target, allowed);
        Some(target)
    }

    /// Names of clients become clients.
    fn named(&self, target: Target) -> Target {
        match target {
            Target::Node(name) if self.clients.contains(&name) => Target::Client(name),
            other => other,
        }
    }

    fn check_known(&mut self, place: &Node, target: &Target) {
        match target {
            Target::Node(name) => self.check_node(place, name, true),
            Target::MasterOfNode(inner) => self.check_known(place, inner),
            Target::ReplicaOf(inner) => {
                self.check_known(place, inner);
                self.check_replicas(place);
            }
            Target::Replicas => self.check_replicas(place),
            _ => (),
        }
    }

    fn check_replicas(&mut self, place: &Node) {
        if !self.has_replicas {
            let message = "this cluster has no replicas".to_owned();
            self.diagnostics.warning(code::NO_SUCH_REPLICA, place.place, message).at(&place.pointer);
        }
    }

    /// A node must have this name; in a target it could be a client's or a target word too.
    pub(super) fn check_node(&mut self, place: &Node, name: &str, in_target: bool) {
        let Some(nodes) = self.nodes.as_ref().filter(|nodes| !nodes.iter().any(|node| node == name)) else {
            return;
        };
        let words = TARGET_WORDS.iter().map(|(word, _)| *word).chain(self.clients.iter().map(String::as_str));
        let others: Vec<&str> = words.filter(|_| in_target).collect();
        let help = names_help(name, nodes, &others);
        let nobody = if in_target { "node or client" } else { "node" };
        let message = format!("there is no {nobody} \"{name}\"");
        self.diagnostics.error(code::UNKNOWN_NAME, place.place, message).at(&place.pointer).help(help);
    }

    /// The name of a node.
    pub(super) fn node_name(&mut self, node: &Node) -> Option<String> {
        let name = node.text()?;
        self.check_node(node, name, false);
        Some(name.to_owned())
    }

    fn check_allowed(&mut self, place: &Node, target: &Target, allowed: Allowed) {
        let (message, help) = match innermost(target) {
            Target::Client(name) if !allowed.clients || !matches!(target, Target::Client(_)) => {
                let help = "a client can be paused, partitioned and cut off";
                (format!("the client \"{name}\" means nothing here: a node is wanted"), help)
            }
            Target::Rest if !allowed.rest => {
                let help =
                    "\"*\" is everybody else in a partition, a cut or a network fault; all nodes are \"all\"";
                ("\"*\" means nothing here".to_owned(), help)
            }
            Target::It if !allowed.it => {
                let help = "only an entry with \"when\" has a triggering event";
                ("\"it\" means nothing here: no event triggers this".to_owned(), help)
            }
            _ => return,
        };
        self.diagnostics.error(code::WRONG_TARGET, place.place, message).at(&place.pointer).help(help);
    }
}

/// The help for a name that no node has: the nearest one, or, where only the number is wrong, all of them.
pub(super) fn names_help(name: &str, nodes: &[String], others: &[&str]) -> String {
    let last = |letter: char| nodes.iter().rfind(|node| node.starts_with(letter));
    let mut all = format!("the nodes are n1 to {}", last('n').map_or("n1", String::as_str));
    if let Some(extra) = last('e') {
        all = format!("{all} and e1 to {extra}");
    }
    let is_number = name.strip_prefix(['n', 'e', 'c']).is_some_and(|rest| rest.parse::<u32>().is_ok());
    let known = nodes.iter().map(String::as_str).chain(others.iter().copied());
    if is_number { all } else { did_you_mean(name, known, &all) }
}

/// The target inside `master-of:` and `replica-of:`.
fn innermost(target: &Target) -> &Target {
    match target {
        Target::MasterOfNode(inner) | Target::ReplicaOf(inner) => innermost(inner),
        other => other,
    }
}
