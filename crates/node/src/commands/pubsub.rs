//! Pub/sub: who listens, what is published, and how it gets around.
//!
//! A message of PUBLISH goes to every node that I have a link to, one of SPUBLISH to those of my shard; nobody
//! acknowledges it, and nothing is kept for who comes later. Rules: CM-29, PK-20, RD-6, MF-11. Names come in alphabetical
//! order where Redis has that of a hash table.

use rcsim_protocol::bus::Body;
use rcsim_protocol::{Command, Reply};

use super::config::matches;
use super::strings::word;
use super::table::{Declaration, server};
use super::{Answer, unknown_form};
use crate::clients::Topic;
use crate::effect::{ClientOutput, Effect};
use crate::keyspace::Bytes;
use crate::node::{ConnectionId, Node};
use crate::outside::Outside;

/// The subcommands of PUBSUB.
pub(super) const SUBCOMMANDS: &[Declaration] = &[
    server("pubsub|channels", -2, "pubsub loading stale", Node::pubsub_channels),
    server("pubsub|help", 2, "loading stale", Node::pubsub_help),
    server("pubsub|numpat", 2, "pubsub loading stale", Node::pubsub_numpat),
    server("pubsub|numsub", -2, "pubsub loading stale", Node::pubsub_numsub),
    server("pubsub|shardchannels", -2, "pubsub loading stale", Node::pubsub_shardchannels),
    server("pubsub|shardnumsub", -2, "pubsub loading stale", Node::pubsub_shardnumsub),
];

const HELP: &[&str] = &[
    "PUBSUB <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "CHANNELS [<pattern>]",
    "    Return the currently active channels matching a <pattern> (default: '*').",
    "NUMPAT",
    "    Return number of subscriptions to patterns.",
    "NUMSUB [<channel> ...]",
    "    Return the number of subscribers for the specified channels, excluding",
    "    pattern subscriptions(default: no channels).",
    "SHARDCHANNELS [<pattern>]",
    "    Return the currently active shard level channels matching a <pattern> (default: '*').",
    "SHARDNUMSUB [<shardchannel> ...]",
    "    Return the number of subscribers for the specified shard level channel(s)",
    "HELP",
    "    Prints this help.",
];

impl Topic {
    const fn subscribed(self) -> &'static str {
        match self {
            Topic::Channel => "subscribe",
            Topic::Pattern => "psubscribe",
            Topic::Shard => "ssubscribe",
        }
    }

    const fn unsubscribed(self) -> &'static str {
        match self {
            Topic::Channel => "unsubscribe",
            Topic::Pattern => "punsubscribe",
            Topic::Shard => "sunsubscribe",
        }
    }
}

impl Node {
    /// Each name is confirmed by a reply of its own. In a transaction channels of a shard are refused.
    pub(super) fn subscribe(
        &mut self,
        connection: ConnectionId,
        topic: Topic,
        command: &Command,
        out: &mut Outside<'_>,
    ) -> Option<Reply> {
        if topic == Topic::Shard && self.execution.is_inside_exec() {
            return Some(Reply::err("SSUBSCRIBE isn't allowed for a DENY BLOCKING client"));
        }
        for name in command.words().skip(1) {
            let name = Bytes::from(name);
            let session = self.clients.session_mut(connection)?;
            if session.subscribed.insert(topic, &name) {
                self.clients.subscriptions.insert(topic, &name, connection);
            }
            self.confirm(connection, topic, topic.subscribed(), Reply::bulk(&name), out);
        }
        None
    }

    /// Without names: from all.
    pub(super) fn unsubscribe(
        &mut self,
        connection: ConnectionId,
        topic: Topic,
        command: &Command,
        out: &mut Outside<'_>,
    ) -> Option<Reply> {
        let names: Vec<Bytes> = match command.len() {
            1 => self.clients.session(connection)?.subscribed.to(topic).iter().cloned().collect(),
            _ => command.words().skip(1).map(Bytes::from).collect(),
        };
        if names.is_empty() {
            self.confirm(connection, topic, topic.unsubscribed(), Reply::Null, out);
        }
        for name in names {
            self.clients.stop_listening(connection, topic, &name);
            self.confirm(connection, topic, topic.unsubscribed(), Reply::bulk(&name), out);
        }
        None
    }

    fn confirm(
        &mut self,
        connection: ConnectionId,
        topic: Topic,
        what: &'static str,
        name: Reply,
        out: &mut Outside<'_>,
    ) {
        let session = self.clients.session(connection);
        let count = session.map_or(0, |session| session.subscribed.count(topic));
        let reply = Reply::Push(vec![Reply::bulk(what), name, Reply::Integer(count as i64)]);
        self.answer(connection, reply, out);
    }

    pub(super) fn publish_command(&mut self, command: &Command, out: &mut Outside<'_>) -> Answer {
        let (channel, message) = (Bytes::from(word(command, 1)), Bytes::from(word(command, 2)));
        let receivers = self.deliver_to_all(&channel, &message, out);
        self.broadcast(Body::Publish(channel, message), false, out);
        Ok(Reply::Integer(receivers))
    }

    pub(super) fn spublish_command(&mut self, command: &Command, out: &mut Outside<'_>) -> Answer {
        let (channel, message) = (Bytes::from(word(command, 1)), Bytes::from(word(command, 2)));
        let receivers = self.deliver_in_shard(&channel, &message, out);
        self.broadcast_to_shard(Body::PublishShard(channel, message), out);
        Ok(Reply::Integer(receivers))
    }

    /// A message of PUBLISH, for my own clients; returns how often it was delivered.
    pub(crate) fn deliver_to_all(&mut self, channel: &Bytes, message: &Bytes, out: &mut Outside<'_>) -> i64 {
        let subscriptions = &self.clients.subscriptions;
        let direct = subscriptions.listeners(Topic::Channel, channel);
        let told = Reply::Push([&b"message"[..], channel, message].map(Reply::bulk).to_vec());
        let mut count = send(direct, &told, out);
        for (pattern, listeners) in subscriptions.all(Topic::Pattern) {
            if matches(pattern, channel) {
                let parts = [&b"pmessage"[..], pattern, channel, message];
                count += send(listeners, &Reply::Push(parts.map(Reply::bulk).to_vec()), out);
            }
        }
        count
    }

    /// A message of SPUBLISH, for my own clients; returns how often it was delivered.
    pub(crate) fn deliver_in_shard(
        &mut self,
        channel: &Bytes,
        message: &Bytes,
        out: &mut Outside<'_>,
    ) -> i64 {
        let listeners = self.clients.subscriptions.listeners(Topic::Shard, channel);
        send(listeners, &Reply::Push([&b"smessage"[..], channel, message].map(Reply::bulk).to_vec()), out)
    }

    /// Channels in slots that have left my shard have no listeners here any more, and these are told.
    pub(crate) fn end_lapsed_subscriptions(&mut self, out: &mut Outside<'_>) {
        for (channel, listeners) in self.clients.subscriptions.take_lapsed() {
            for connection in listeners {
                self.clients.stop_listening(connection, Topic::Shard, &channel);
                let name = Reply::bulk(&channel);
                self.confirm(connection, Topic::Shard, Topic::Shard.unsubscribed(), name, out);
            }
        }
    }

    fn pubsub_channels(&mut self, command: &Command, _: &mut Outside<'_>) -> Answer {
        self.names(Topic::Channel, command)
    }

    fn pubsub_shardchannels(&mut self, command: &Command, _: &mut Outside<'_>) -> Answer {
        self.names(Topic::Shard, command)
    }

    fn names(&self, topic: Topic, command: &Command) -> Answer {
        if command.len() > 3 {
            return Err(unknown_form(command, "PUBSUB"));
        }
        let all = self.clients.subscriptions.all(topic).map(|(name, _)| name);
        let wanted = all.filter(|name| command.word(2).is_none_or(|pattern| matches(pattern, name)));
        Ok(Reply::Array(wanted.map(Reply::bulk).collect()))
    }

    fn pubsub_numpat(&mut self, _: &Command, _: &mut Outside<'_>) -> Answer {
        Ok(Reply::Integer(self.clients.subscriptions.all(Topic::Pattern).len() as i64))
    }

    fn pubsub_numsub(&mut self, command: &Command, _: &mut Outside<'_>) -> Answer {
        Ok(self.listener_counts(Topic::Channel, command))
    }

    fn pubsub_shardnumsub(&mut self, command: &Command, _: &mut Outside<'_>) -> Answer {
        Ok(self.listener_counts(Topic::Shard, command))
    }

    fn listener_counts(&self, topic: Topic, command: &Command) -> Reply {
        let count = |name| Reply::Integer(self.clients.subscriptions.listeners(topic, name).len() as i64);
        Reply::Array(command.words().skip(2).flat_map(|name| [Reply::bulk(name), count(name)]).collect())
    }

    fn pubsub_help(&mut self, _: &Command, _: &mut Outside<'_>) -> Answer {
        Ok(Reply::Array(HELP.iter().map(|line| Reply::simple(*line)).collect()))
    }
}

/// Pushes a message to all listeners; returns how many they are.
fn send(listeners: &[ConnectionId], message: &Reply, out: &mut Outside<'_>) -> i64 {
    for connection in listeners {
        let output = ClientOutput::Reply(message.clone());
        out.effects.post(Effect::Client(*connection, output));
    }
    listeners.len() as i64
}
