//! From a message to its packet.

use super::{
    EXT_DATA, EXTENSION_HEADER_LEN, EXTENSION_HOSTNAME, FORCE_ACK, IP_LEN, PAUSED, SIGNATURE, VERSION,
};
use crate::address::Address;
use crate::bus::message::{Body, GossipEntry, Heartbeat, Message, Update};
use crate::node_id::NodeId;
use crate::registry::Registry;

/// The packet of this message; its length is [`Message::wire_len`].
///
/// Panics if the message holds an index of another registry, or more than 65535 gossip entries.
pub fn encode(message: &Message, registry: &Registry) -> Vec<u8> {
    let mut packet = Vec::with_capacity(message.wire_len() as usize);
    encode_into(message, registry, &mut packet);
    packet
}

/// Appends the packet of this message to `out`; otherwise like [`encode`].
pub fn encode_into(message: &Message, registry: &Registry, out: &mut Vec<u8>) {
    let start = out.len();
    let mut writer = Writer { out, registry };
    writer.header(message);
    match &message.body {
        Body::Ping(heartbeat) | Body::Pong(heartbeat) | Body::Meet(heartbeat) => writer.heartbeat(heartbeat),
        Body::Fail(node) => writer.bytes(registry.id(*node).as_bytes()),
        Body::Publish(channel, text) | Body::PublishShard(channel, text) => writer.publish(channel, text),
        Body::AuthRequest | Body::AuthAck | Body::MfStart => (),
        Body::Update(update) => writer.update(update),
        Body::Module(id, kind, payload) => writer.module(id, *kind, payload),
    }
    debug_assert_eq!(out.len() - start, message.wire_len() as usize, "{:?}", message.kind());
}

struct Writer<'a> {
    out: &'a mut Vec<u8>,
    registry: &'a Registry,
}

impl Writer<'_> {
    /// Rule WR-2, from top to bottom.
    fn header(&mut self, message: &Message) {
        let header = &message.header;
        let address = self.registry.address_of(header.address);
        let heartbeat = message.heartbeat();
        let entries = heartbeat.map_or(0, |heartbeat| heartbeat.gossip.len());
        let has_hostname = heartbeat.and_then(hostname).is_some();
        self.bytes(&SIGNATURE);
        self.u32(message.wire_len());
        self.u16(VERSION);
        self.u16(address.port);
        self.u16(message.kind() as u16);
        self.u16(entries.try_into().expect("a heartbeat holds at most 65535 gossip entries"));
        self.u64(header.current_epoch.0);
        self.u64(header.config_epoch.0);
        self.u64(header.offset.0 as u64);
        self.bytes(self.registry.id(header.sender).as_bytes());
        self.bytes(&header.slots.to_wire());
        let master = header.master.map_or(NodeId::NOBODY, |master| self.registry.id(master));
        self.bytes(master.as_bytes());
        self.ip(&address);
        self.u16(has_hostname.into()); // WR-7: one extension or none
        self.bytes(&[0; 30]);
        self.u16(address.pport);
        self.u16(address.cport);
        self.u16(header.flags.0);
        let message_flags =
            [(header.paused, PAUSED), (header.force_ack, FORCE_ACK), (has_hostname, EXT_DATA)];
        let message_flags = message_flags.iter().filter(|(on, _)| *on).fold(0, |bits, (_, bit)| bits | bit);
        self.bytes(&[header.cluster_failed.into(), message_flags, 0, 0]);
    }

    /// Rules WR-5 and WR-6.
    fn heartbeat(&mut self, heartbeat: &Heartbeat) {
        heartbeat.gossip.iter().for_each(|entry| self.gossip(entry));
        let Some(name) = hostname(heartbeat) else { return };
        let padded = (name.len() as u32 + 1).next_multiple_of(8);
        self.u32(EXTENSION_HEADER_LEN + padded);
        self.u16(EXTENSION_HOSTNAME);
        self.u16(0);
        self.padded(name.as_bytes(), padded as usize);
    }

    /// Rule WR-4, from top to bottom.
    fn gossip(&mut self, entry: &GossipEntry) {
        let card = self.registry.card_of(entry.card);
        let address = self.registry.address_of(card.address);
        self.bytes(self.registry.id(card.node).as_bytes());
        self.u32(entry.ping_sent);
        self.u32(entry.pong_received);
        self.ip(&address);
        self.u16(address.port);
        self.u16(address.cport);
        self.u16(card.flags.0);
        self.u16(address.pport);
        self.u16(0);
    }

    /// Rule WR-10.
    fn update(&mut self, update: &Update) {
        self.u64(update.config_epoch.0);
        self.bytes(self.registry.id(update.node).as_bytes());
        self.bytes(&update.slots.to_wire());
    }

    /// Rule WR-11.
    fn publish(&mut self, channel: &[u8], text: &[u8]) {
        self.u32(channel.len() as u32);
        self.u32(text.len() as u32);
        self.bytes(channel);
        self.bytes(text);
    }

    /// Rule WR-12.
    fn module(&mut self, id: &[u8; 8], kind: u8, payload: &[u8]) {
        self.bytes(id);
        self.u32(payload.len() as u32);
        self.bytes(&[kind]);
        self.bytes(payload);
    }

    fn ip(&mut self, address: &Address) {
        self.padded(address.ip_text().as_bytes(), IP_LEN);
    }

    fn padded(&mut self, bytes: &[u8], length: usize) {
        let end = self.out.len() + length;
        self.bytes(bytes);
        self.out.resize(end, 0);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    fn u16(&mut self, number: u16) {
        self.bytes(&number.to_be_bytes());
    }

    fn u32(&mut self, number: u32) {
        self.bytes(&number.to_be_bytes());
    }

    fn u64(&mut self, number: u64) {
        self.bytes(&number.to_be_bytes());
    }
}

/// The hostname that is sent: an empty one is none (rule WR-7).
fn hostname(heartbeat: &Heartbeat) -> Option<&str> {
    heartbeat.hostname.as_deref().filter(|name| !name.is_empty())
}
