//! The nodes of a scenario: how many, what they are called, how they start.

use std::fmt;

use rcsim_protocol::SLOT_COUNT;

use super::{Ppm, Shift};

/// The number of hash slots of every Redis Cluster.
const SLOTS: u32 = SLOT_COUNT as u32;

/// The nodes and how they start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// Masters `n1`..; at least 1.
    pub masters: u16,
    /// Replicas of each master, dealt round-robin and named after the masters: `n4` follows `n1` in a 3+3
    /// cluster.
    pub replicas: u16,
    /// Empty nodes `e1`.. that run but belong to no cluster.
    pub extra: u16,
    /// Whether the cluster is formed and stable at time zero; otherwise all nodes start bare.
    pub formed: bool,
    /// Settings of all nodes: Redis' name and Redis' value (durations in the setting's own unit).
    pub settings: Vec<(String, String)>,
    /// What is different on single nodes; each name at most once.
    pub nodes: Vec<NodeOverride>,
}

/// What is different on one node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeOverride {
    /// The node.
    pub name: String,
    /// Settings that win over those of the cluster; same form as [`Cluster::settings`].
    pub settings: Vec<(String, String)>,
    /// Its wall clock.
    pub clock: ClockSpec,
    /// The slots it owns at time zero instead of its even share; only for masters of a formed cluster.
    pub slots: Option<Vec<SlotRange>>,
    /// The master it follows at time zero instead of the one dealt to it; only for replicas of a formed
    /// cluster.
    pub replica_of: Option<String>,
}

/// How far a node's wall clock is from virtual time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClockSpec {
    /// Difference at time zero.
    pub offset: Shift,
    /// How the difference grows.
    pub drift: Ppm,
}

/// Slots from `first` to `last`, both included, both at most 16383.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SlotRange {
    /// The lowest slot.
    pub first: u16,
    /// The highest slot; never below `first`.
    pub last: u16,
}

impl fmt::Display for SlotRange {
    /// As CLUSTER NODES prints it: `0-5460`, or `7` for a single slot.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.first == self.last {
            true => write!(formatter, "{}", self.first),
            false => write!(formatter, "{}-{}", self.first, self.last),
        }
    }
}

/// One node as it stands at time zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// What it is.
    pub role: MemberRole,
}

/// What a node is at time zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberRole {
    /// A master with these slots (possibly none).
    Master(Vec<SlotRange>),
    /// A replica of the node with this name.
    Replica(String),
    /// A node that knows nobody.
    Bare,
}

impl Default for Cluster {
    /// Three masters with one replica each, formed, with Redis' defaults.
    fn default() -> Cluster {
        Cluster { masters: 3, replicas: 1, extra: 0, formed: true, settings: Vec::new(), nodes: Vec::new() }
    }
}

impl Cluster {
    /// All nodes in the order of their names: masters, replicas, extra nodes. Overrides of slots and masters
    /// are applied. In a cluster that is not formed every node is [`MemberRole::Bare`].
    pub fn members(&self) -> Vec<Member> {
        let masters = u32::from(self.masters.max(1));
        let total = masters + masters * u32::from(self.replicas);
        let mut members = Vec::new();
        for index in 0..total {
            let name = format!("n{}", index + 1);
            let role = self.initial_role(&name, index, masters);
            members.push(Member { name, role });
        }
        let extra = |index| Member { name: format!("e{index}"), role: MemberRole::Bare };
        members.extend((1..=self.extra).map(extra));
        members
    }

    /// What is different on the node `name`, if anything is.
    pub fn node(&self, name: &str) -> Option<&NodeOverride> {
        self.nodes.iter().find(|node| node.name == name)
    }

    fn initial_role(&self, name: &str, index: u32, masters: u32) -> MemberRole {
        let node = self.node(name);
        if !self.formed {
            return MemberRole::Bare;
        }
        if index < masters {
            let slots = node.and_then(|node| node.slots.clone());
            return MemberRole::Master(slots.unwrap_or_else(|| vec![even_share(index, masters)]));
        }
        let dealt = || format!("n{}", index % masters + 1);
        MemberRole::Replica(node.and_then(|node| node.replica_of.clone()).unwrap_or_else(dealt))
    }
}

/// The slots of master number `index` of `masters`, split as `redis-cli --cluster create` splits them: each
/// border is the exact share rounded to the nearest slot, and the last master takes the rest.
fn even_share(index: u32, masters: u32) -> SlotRange {
    let border = |count: u32| ((count * SLOTS * 2 + masters) / (2 * masters)) as u16;
    SlotRange { first: border(index), last: border(index + 1) - 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(masters: u16, replicas: u16) -> Cluster {
        Cluster { masters, replicas, ..Cluster::default() }
    }

    #[test]
    fn three_masters_get_the_slots_redis_cli_gives_them() {
        let shares: Vec<String> = (0..3).map(|index| even_share(index, 3).to_string()).collect();
        assert_eq!(shares, ["0-5460", "5461-10922", "10923-16383"]);
    }

    #[test]
    fn shares_cover_every_slot_exactly_once_for_any_number_of_masters() {
        for masters in [1, 2, 3, 5, 7, 12, 100, 333, 1_000] {
            let mut next = 0;
            for index in 0..masters {
                let share = even_share(index, masters);
                assert_eq!(share.first, next);
                next = share.last + 1;
            }
            assert_eq!(u32::from(next), SLOTS);
        }
    }

    #[test]
    fn replicas_are_dealt_round_robin() {
        let members = cluster(3, 2).members();
        let follows = |index: usize| match &members[index].role {
            MemberRole::Replica(master) => master.clone(),
            other => panic!("{} is no replica but {other:?}", members[index].name),
        };
        assert_eq!([follows(3), follows(4), follows(5), follows(6)], ["n1", "n2", "n3", "n1"]);
    }
}
