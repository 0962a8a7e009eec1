//! Who serves a key.
//!
//! Rules: RD-2 … RD-16. The decision is taken before most else about a command is looked at (RD-12). Never: knows more
//! of a client than it has said about redirections.

use rcsim_protocol::settings::EndpointType;
use rcsim_protocol::{NodeIx, Reply, Slot, key_slot};

use crate::node::Node;
use crate::outside::Outside;

/// What counts, of a command and of who sends it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asker {
    /// READONLY was said (CM-3).
    pub(crate) read_only: bool,
    /// ASKING was said, or the command says it by itself (RD-9, RD-14).
    pub(crate) asking: bool,
    /// The command is a write.
    pub(crate) writes_itself: bool,
    /// The command is a write, or EXEC of one.
    pub(crate) writes: bool,
    /// The command is MIGRATE (RD-7).
    pub(crate) is_migrate: bool,
    /// The keys are channels of sharded pub/sub (RD-4, RD-6, RD-10).
    pub(crate) is_shard_channel: bool,
}

impl Node {
    /// Who is to serve a command with these keys (RD-2 … RD-12): `None` if it is me, else what the client is told.
    pub(crate) fn redirection<'a>(
        &self,
        keys: impl Iterator<Item = &'a [u8]> + Clone,
        asker: Asker,
        out: &Outside<'_>,
    ) -> Option<Reply> {
        let first = keys.clone().next()?;
        let slot = key_slot(first);
        let Some(owner) = self.slots.owner(slot) else {
            return Some(Reply::error("CLUSTERDOWN Hash slot not served"));
        };
        if keys.clone().skip(1).any(|key| key_slot(key) != slot) {
            return Some(Reply::error("CROSSSLOT Keys in request don't hash to the same slot"));
        }
        self.refused_while_down(asker).or_else(|| self.route(keys, asker, slot, owner, out))
    }

    /// The cluster is down in my view (RD-6).
    fn refused_while_down(&self, asker: Asker) -> Option<Reply> {
        let down = || Some(Reply::error("CLUSTERDOWN The cluster is down"));
        if self.state_ok {
            return None;
        }
        if asker.is_shard_channel {
            return if self.settings.cluster_allow_pubsubshard_when_down { None } else { down() };
        }
        if !self.settings.cluster_allow_reads_when_down {
            return down();
        }
        let text = "CLUSTERDOWN The cluster is down and only accepts read commands";
        asker.writes_itself.then(|| Reply::error(text))
    }

    /// Open slots, READONLY replicas, and MOVED (RD-8 … RD-11).
    fn route<'a>(
        &self,
        keys: impl Iterator<Item = &'a [u8]> + Clone,
        asker: Asker,
        slot: Slot,
        owner: NodeIx,
        out: &Outside<'_>,
    ) -> Option<Reply> {
        let mine = owner == self.me();
        let (leaves, comes) =
            (self.slots.migrating.contains_key(&slot), self.slots.importing.contains_key(&slot));
        if asker.is_migrate && ((mine && leaves) || comes) {
            return None;
        }
        if let Some(target) = self.slots.migrating.get(&slot).filter(|_| mine) {
            let (there, missing) = self.count_present(keys, asker);
            return match (there, missing) {
                (_, 0) => None,
                (0, _) => Some(self.point_to("ASK", slot, *target, out)),
                _ => Some(try_again()),
            };
        }
        if !mine && asker.asking && comes {
            let several = keys.clone().zip(keys.clone().skip(1)).any(|(one, next)| one != next);
            let missing = self.count_present(keys, asker).1;
            return (several && missing > 0).then(try_again);
        }
        let reads_here = (asker.read_only || asker.is_shard_channel) && !asker.writes && !self.am_master();
        if mine || (reads_here && self.my_master() == Some(owner)) {
            return None;
        }
        Some(self.point_to("MOVED", slot, owner, out))
    }

    /// How many of the keys are there, and how many are not; channels are not counted (RD-4).
    fn count_present<'a>(&self, keys: impl Iterator<Item = &'a [u8]>, asker: Asker) -> (usize, usize) {
        if asker.is_shard_channel {
            return (0, 0);
        }
        keys.fold(
            (0, 0),
            |(there, missing), key| {
                if self.is_there(key) { (there + 1, missing) } else { (there, missing + 1) }
            },
        )
    }

    /// `MOVED 3999 127.0.0.1:6381` (RD-16).
    fn point_to(&self, word: &str, slot: Slot, node: NodeIx, out: &Outside<'_>) -> Reply {
        let address = out.registry.address_of(self.view.address(node));
        let endpoint = match self.settings.cluster_preferred_endpoint_type {
            EndpointType::Ip => address.ip_text(),
            EndpointType::Hostname => self.hostname_of(node).unwrap_or("?").to_owned(),
            EndpointType::UnknownEndpoint => String::new(),
        };
        Reply::error(format!("{word} {slot} {endpoint}:{}", address.port))
    }

    /// The hostname of a node, mine included.
    pub(crate) fn hostname_of(&self, node: NodeIx) -> Option<&str> {
        let hostname = if node == self.me() {
            self.settings.cluster_announce_hostname.as_deref()
        } else {
            self.view.peer(node).rest().hostname.as_deref()
        };
        hostname.filter(|name| !name.is_empty())
    }
}

fn try_again() -> Reply {
    Reply::error("TRYAGAIN Multiple keys request during rehashing of slot")
}
