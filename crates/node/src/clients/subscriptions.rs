//! Who listens to what: channels, patterns, and channels of one shard.
//!
//! Keeps: the registry and what each session knows of itself agree. Rules: CM-29, PK-20, RD-6.

use std::collections::{BTreeMap, BTreeSet};

use rcsim_protocol::{Slot, key_slot};

use crate::keyspace::Bytes;
use crate::node::ConnectionId;

/// What can be listened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    /// A channel of the whole cluster.
    Channel,
    /// All channels of the cluster that a pattern matches.
    Pattern,
    /// A channel of one shard; it lies in a slot as a key does.
    Shard,
}

/// All subscriptions, by topic, and who listens, in the order in which they began.
#[derive(Clone, Debug, Default)]
pub(crate) struct Subscriptions {
    topics: [BTreeMap<Bytes, Vec<ConnectionId>>; 3],
    /// Slots that have left my shard: whoever listens to a channel in them is to be told.
    lapsed: BTreeSet<Slot>,
}

/// What one client listens to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Subscribed([BTreeSet<Bytes>; 3]);

impl Subscribed {
    /// What it listens to, of this kind.
    pub(crate) fn to(&self, topic: Topic) -> &BTreeSet<Bytes> {
        &self.0[topic as usize]
    }

    /// The number that a client is told: channels of shards are counted apart.
    pub(crate) fn count(&self, topic: Topic) -> usize {
        match topic {
            Topic::Shard => self.to(Topic::Shard).len(),
            Topic::Channel | Topic::Pattern => self.to(Topic::Channel).len() + self.to(Topic::Pattern).len(),
        }
    }

    /// Whether it listens to nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(BTreeSet::is_empty)
    }

    /// Begins to listen; says whether it did not yet.
    pub(crate) fn insert(&mut self, topic: Topic, name: &Bytes) -> bool {
        self.0[topic as usize].insert(Bytes::clone(name))
    }

    /// Listens no longer; says whether it did.
    pub(crate) fn remove(&mut self, topic: Topic, name: &[u8]) -> bool {
        self.0[topic as usize].remove(name)
    }
}

impl Subscriptions {
    /// A client begins to listen.
    pub(crate) fn insert(&mut self, topic: Topic, name: &Bytes, connection: ConnectionId) {
        self.topics[topic as usize].entry(Bytes::clone(name)).or_default().push(connection);
    }

    /// A client listens no longer.
    pub(crate) fn remove(&mut self, topic: Topic, name: &[u8], connection: ConnectionId) {
        let topics = &mut self.topics[topic as usize];
        if let Some(listeners) = topics.get_mut(name) {
            listeners.retain(|listener| *listener != connection);
            if listeners.is_empty() {
                topics.remove(name);
            }
        }
    }

    /// Who listens to this very name.
    pub(crate) fn listeners(&self, topic: Topic, name: &[u8]) -> &[ConnectionId] {
        self.topics[topic as usize].get(name).map_or(&[], Vec::as_slice)
    }

    /// All names that somebody listens to, in order, and who does.
    pub(crate) fn all(&self, topic: Topic) -> impl ExactSizeIterator<Item = (&Bytes, &[ConnectionId])> {
        self.topics[topic as usize].iter().map(|(name, listeners)| (name, listeners.as_slice()))
    }

    /// A slot has left my shard.
    pub(crate) fn lapse(&mut self, slot: Slot) {
        if !self.topics[Topic::Shard as usize].is_empty() {
            self.lapsed.insert(slot);
        }
    }

    /// Takes out the channels in slots that have left my shard, with who listened.
    pub(crate) fn take_lapsed(&mut self) -> Vec<(Bytes, Vec<ConnectionId>)> {
        if self.lapsed.is_empty() {
            return Vec::new();
        }
        let lapsed = std::mem::take(&mut self.lapsed);
        let channels = self.all(Topic::Shard).filter(|(name, _)| lapsed.contains(&key_slot(name)));
        channels.map(|(name, listeners)| (Bytes::clone(name), listeners.to_vec())).collect()
    }
}
