//! Target words: who is meant, by name or by the part a node plays at that moment.

use std::fmt;

/// Who is meant. All but names are resolved when the action happens, from the nodes' own views.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The node of this name.
    Node(String),
    /// The client of this name.
    Client(String),
    /// All of these; never empty, never nested.
    List(Vec<Target>),
    /// `master-of:{user42}` or `master-of:5460`: the master that owns this slot.
    MasterOf(SlotRef),
    /// `master-of:n4`: the master that this node follows, or the node itself when it is a master.
    MasterOfNode(Box<Target>),
    /// `replica-of:n1`: the first live replica of this node, by name.
    ReplicaOf(Box<Target>),
    /// One live node, drawn.
    One,
    /// A drawn set of masters just too small to be a majority of them.
    Minority,
    /// A drawn set of masters just large enough to be a majority of them.
    Majority,
    /// All masters.
    Masters,
    /// All replicas.
    Replicas,
    /// All nodes.
    All,
    /// `*`: everybody, clients included, that no other group of the same partition (or other side of the same
    /// cut or network fault) names.
    Rest,
    /// `it`: the node of the event that triggered the entry.
    It,
}

/// A slot, given directly or through a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SlotRef {
    /// The slot of this key (with its hash tag in braces).
    Key(String),
    /// The slot of this number, 0..=16383.
    Slot(u16),
}

impl fmt::Display for Target {
    /// As the scenario format writes it; the members of a list are joined by commas.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Node(name) | Target::Client(name) => formatter.write_str(name),
            Target::List(members) => {
                let names: Vec<String> = members.iter().map(Target::to_string).collect();
                formatter.write_str(&names.join(","))
            }
            Target::MasterOf(SlotRef::Key(key)) => write!(formatter, "master-of:{key}"),
            Target::MasterOf(SlotRef::Slot(slot)) => write!(formatter, "master-of:{slot}"),
            Target::MasterOfNode(node) => write!(formatter, "master-of:{node}"),
            Target::ReplicaOf(node) => write!(formatter, "replica-of:{node}"),
            Target::One => formatter.write_str("one"),
            Target::Minority => formatter.write_str("minority"),
            Target::Majority => formatter.write_str("majority"),
            Target::Masters => formatter.write_str("masters"),
            Target::Replicas => formatter.write_str("replicas"),
            Target::All => formatter.write_str("all"),
            Target::Rest => formatter.write_str("*"),
            Target::It => formatter.write_str("it"),
        }
    }
}
