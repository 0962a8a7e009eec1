//! What travels on the network.

use std::sync::Arc;

use rcsim_devices::MessageClass;
use rcsim_node::replication::Feed;
use rcsim_protocol::bus::{Message, MessageKind};
use rcsim_protocol::{Command, Reply};

/// A message of some protocol of the world.
#[derive(Clone, Debug)]
pub enum Payload {
    /// Of the cluster bus.
    Bus(Arc<Message>),
    /// A command, from a client or a replica.
    Command(Command),
    /// Its reply.
    Reply(Box<Reply>),
    /// From a master, for its replica: a piece of a snapshot or of the stream.
    Feed(Feed),
}

impl Payload {
    /// Its length in bytes, as far as the network cares.
    pub(crate) fn len(&self) -> u32 {
        let length = match self {
            Payload::Bus(message) => u64::from(message.wire_len()),
            Payload::Command(command) => command.resp_len(),
            Payload::Reply(_) => 32,
            Payload::Feed(feed) => feed.wire_len(),
        };
        u32::try_from(length).unwrap_or(u32::MAX)
    }

    /// The class by which rules of the network drop it: the kind of a bus message.
    pub(crate) fn class(&self) -> MessageClass {
        match self {
            Payload::Bus(message) => class_of(message.kind()),
            _ => MessageClass(u8::MAX),
        }
    }

    /// What of it goes into the fingerprint when it arrives.
    pub(crate) fn words(&self) -> [u64; 3] {
        match self {
            Payload::Bus(message) => {
                let header = &message.header;
                let epochs = header.current_epoch.0 << 32 ^ header.config_epoch.0;
                let gossip = message.heartbeat().map_or(0, |heartbeat| heartbeat.gossip.len() as u64);
                let shape = gossip << 32 | u64::from(header.slots.len()) << 16 | u64::from(header.flags.0);
                [u64::from(header.sender.0) << 8 | message.kind() as u64, epochs, shape]
            }
            Payload::Command(command) => [1 << 40, command.resp_len(), command.len() as u64],
            Payload::Reply(reply) => [2 << 40, u64::from(reply.is_error()), 0],
            Payload::Feed(Feed::KeepAlive) => [5 << 40, 0, 0],
            Payload::Feed(Feed::Bulk(piece)) => {
                [3 << 40, piece.snapshot.offset.0 as u64, piece.received << 1 | u64::from(piece.is_last())]
            }
            Payload::Feed(Feed::Stream(chunk)) => [4 << 40, chunk.bytes, chunk.commands.len() as u64],
        }
    }
}

/// The class of a kind of bus messages.
pub(crate) fn class_of(kind: MessageKind) -> MessageClass {
    MessageClass(kind as u8)
}
