//! From bytes to packets and messages.
//!
//! A packet is read completely into values that hold ids and addresses themselves; only when nothing can be
//! refused any more are these interned.

use std::net::IpAddr;
use std::sync::Arc;

use super::{
    DecodeError, EXT_DATA, EXTENSION_HEADER_LEN, EXTENSION_HOSTNAME, FORCE_ACK, FrameError, IP_LEN, PAUSED,
    SIGNATURE, VERSION,
};
use crate::address::Address;
use crate::bus::message::{
    Body, GOSSIP_LEN, GossipEntry, HEADER_LEN, Header, Heartbeat, Message, MessageKind, Update,
};
use crate::epoch::Epoch;
use crate::flags::NodeFlags;
use crate::node_id::NodeId;
use crate::offset::Offset;
use crate::registry::{Card, Registry};
use crate::slot_set::{self, SlotSet};

/// The length of the packet that begins here, in bytes; `None` while fewer than 8 are there (rule WR-13).
pub fn frame_len(bytes: &[u8]) -> Result<Option<u32>, FrameError> {
    let Some((head, _)) = bytes.split_first_chunk::<8>() else { return Ok(None) };
    let [a, b, c, d, length @ ..] = *head;
    let (signature, length) = ([a, b, c, d], u32::from_be_bytes(length));
    if signature != SIGNATURE {
        return Err(FrameError::Signature(signature));
    }
    if length < HEADER_LEN { Err(FrameError::Length(length)) } else { Ok(Some(length)) }
}

/// The message of this packet, which is to be complete and nothing more. Ids and addresses that are new are
/// interned, but only if the packet is not refused.
pub fn decode(packet: &[u8], registry: &mut Registry) -> Result<Message, DecodeError> {
    let total = frame_len(packet)?.unwrap_or(HEADER_LEN);
    if total as usize != packet.len() {
        return Err(DecodeError::Truncated { says: total, has: packet.len() });
    }
    let mut reader = Reader { rest: packet, total };
    let header = RawHeader::read(&mut reader)?;
    let body = RawBody::read(&header, &mut reader)?;
    if !reader.rest.is_empty() {
        return Err(DecodeError::Length(total));
    }
    Ok(Message { header: header.interned(registry), body: body.interned(registry) })
}

/// The header of a packet, nothing interned.
struct RawHeader {
    kind: MessageKind,
    count: u16,
    current_epoch: Epoch,
    config_epoch: Epoch,
    offset: Offset,
    sender: NodeId,
    slots: SlotSet,
    master: NodeId,
    address: Address,
    extensions: u16,
    flags: NodeFlags,
    cluster_failed: bool,
    message_flags: u8,
}

impl RawHeader {
    /// Rule WR-2, from top to bottom.
    fn read(reader: &mut Reader<'_>) -> Result<RawHeader, DecodeError> {
        reader.skip::<8>()?; // signature and length: frame_len has looked at them
        let version = reader.u16()?;
        if version != VERSION {
            return Err(DecodeError::Version(version));
        }
        let port = reader.u16()?;
        let number = reader.u16()?;
        let count = reader.u16()?;
        let current_epoch = Epoch(reader.u64()?);
        let config_epoch = Epoch(reader.u64()?);
        let offset = Offset(reader.u64()? as i64);
        let sender = reader.id()?;
        let slots = reader.slots()?;
        let master = reader.id()?;
        let ip = reader.ip()?;
        let extensions = reader.u16()?;
        reader.skip::<30>()?;
        let pport = reader.u16()?;
        let cport = reader.u16()?;
        let flags = NodeFlags(reader.u16()?);
        let [state, message_flags, _, _] = *reader.take::<4>()?;
        let kind = MessageKind::from_number(number).ok_or(DecodeError::UnknownType(number))?;
        Ok(RawHeader {
            kind,
            count,
            current_epoch,
            config_epoch,
            offset,
            sender,
            slots,
            master,
            address: ip.address(port, cport, pport)?,
            extensions,
            flags,
            cluster_failed: state != 0,
            message_flags,
        })
    }

    fn interned(self, registry: &mut Registry) -> Header {
        Header {
            sender: registry.node(self.sender),
            address: registry.address(self.address),
            current_epoch: self.current_epoch,
            config_epoch: self.config_epoch,
            offset: self.offset,
            slots: self.slots,
            master: (self.master != NodeId::NOBODY).then(|| registry.node(self.master)),
            flags: self.flags,
            cluster_failed: self.cluster_failed,
            paused: self.message_flags & PAUSED != 0,
            force_ack: self.message_flags & FORCE_ACK != 0,
        }
    }
}

/// The body of a packet, nothing interned.
enum RawBody {
    Heartbeat(MessageKind, Vec<RawEntry>, Option<Arc<str>>),
    Fail(NodeId),
    Update(Epoch, NodeId, SlotSet),
    /// One that names no node.
    Complete(Body),
}

impl RawBody {
    fn read(header: &RawHeader, reader: &mut Reader<'_>) -> Result<RawBody, DecodeError> {
        Ok(match header.kind {
            MessageKind::Ping | MessageKind::Pong | MessageKind::Meet => {
                if reader.rest.len() < header.count as usize * GOSSIP_LEN as usize {
                    return Err(DecodeError::Length(reader.total));
                }
                let mut entries = Vec::with_capacity(header.count.into());
                for _ in 0..header.count {
                    entries.push(RawEntry::read(reader)?);
                }
                RawBody::Heartbeat(header.kind, entries, read_extensions(header, reader)?)
            }
            MessageKind::Fail => RawBody::Fail(reader.id()?),
            MessageKind::Update => RawBody::Update(Epoch(reader.u64()?), reader.id()?, reader.slots()?),
            MessageKind::Publish => RawBody::Complete(reader.publish(Body::Publish)?),
            MessageKind::PublishShard => RawBody::Complete(reader.publish(Body::PublishShard)?),
            MessageKind::Module => RawBody::Complete(reader.module()?),
            MessageKind::AuthRequest => RawBody::Complete(Body::AuthRequest),
            MessageKind::AuthAck => RawBody::Complete(Body::AuthAck),
            MessageKind::MfStart => RawBody::Complete(Body::MfStart),
        })
    }

    fn interned(self, registry: &mut Registry) -> Body {
        match self {
            RawBody::Heartbeat(kind, entries, hostname) => {
                let gossip = entries.into_iter().map(|entry| entry.interned(registry)).collect();
                let heartbeat = Heartbeat { gossip, hostname };
                match kind {
                    MessageKind::Pong => Body::Pong(heartbeat),
                    MessageKind::Meet => Body::Meet(heartbeat),
                    _ => Body::Ping(heartbeat),
                }
            }
            RawBody::Fail(node) => Body::Fail(registry.node(node)),
            RawBody::Update(config_epoch, node, slots) => {
                Body::Update(Update { node: registry.node(node), config_epoch, slots })
            }
            RawBody::Complete(body) => body,
        }
    }
}

/// A gossip entry, nothing interned.
struct RawEntry {
    node: NodeId,
    ping_sent: u32,
    pong_received: u32,
    address: Address,
    flags: NodeFlags,
}

impl RawEntry {
    /// Rule WR-4, from top to bottom.
    fn read(reader: &mut Reader<'_>) -> Result<RawEntry, DecodeError> {
        let node = reader.id()?;
        let ping_sent = reader.u32()?;
        let pong_received = reader.u32()?;
        let ip = reader.ip()?;
        let port = reader.u16()?;
        let cport = reader.u16()?;
        let flags = NodeFlags(reader.u16()?);
        let pport = reader.u16()?;
        reader.skip::<2>()?;
        Ok(RawEntry { node, ping_sent, pong_received, address: ip.address(port, cport, pport)?, flags })
    }

    fn interned(self, registry: &mut Registry) -> GossipEntry {
        let (node, address) = (registry.node(self.node), registry.address(self.address));
        GossipEntry {
            card: registry.card(Card { node, address, flags: self.flags }),
            ping_sent: self.ping_sent,
            pong_received: self.pong_received,
        }
    }
}

/// Rules WR-6, WR-7: the hostname in the extensions, if there is one.
fn read_extensions(header: &RawHeader, reader: &mut Reader<'_>) -> Result<Option<Arc<str>>, DecodeError> {
    if header.message_flags & EXT_DATA == 0 && header.extensions > 0 {
        return Err(DecodeError::UnflaggedExtensions(header.extensions));
    }
    let mut hostname = None;
    for _ in 0..header.extensions {
        let length = reader.u32()?;
        let kind = reader.u16()?;
        reader.skip::<2>()?;
        let payload_len = length.checked_sub(EXTENSION_HEADER_LEN).filter(|length| length % 8 == 0);
        let payload = payload_len
            .and_then(|length| reader.slice(length).ok())
            .ok_or(DecodeError::ExtensionLength(length))?;
        if kind == EXTENSION_HOSTNAME {
            let name = until_nul(payload).ok_or(DecodeError::BadHostname)?;
            hostname = Some(str::from_utf8(name).map_err(|_| DecodeError::BadHostname)?);
        }
    }
    Ok(hostname.filter(|name| !name.is_empty()).map(Arc::from))
}

/// What stands before the first NUL, if there is one.
fn until_nul(bytes: &[u8]) -> Option<&[u8]> {
    bytes.iter().position(|&byte| byte == 0).map(|end| &bytes[..end])
}

/// The IP field of a header or an entry; looked at when all its ports are known.
struct IpField<'a>(&'a [u8; IP_LEN]);

impl IpField<'_> {
    fn address(&self, port: u16, cport: u16, pport: u16) -> Result<Address, DecodeError> {
        let text =
            until_nul(self.0).and_then(|text| str::from_utf8(text).ok()).ok_or(DecodeError::BadAddress)?;
        let ip = if text.is_empty() {
            None
        } else {
            Some(text.parse::<IpAddr>().map_err(|_| DecodeError::BadAddress)?)
        };
        Ok(Address { ip, port, cport, pport })
    }
}

/// What is left of a packet. A field beyond its end means that the length is wrong.
struct Reader<'a> {
    rest: &'a [u8],
    total: u32,
}

impl<'a> Reader<'a> {
    fn take<const LEN: usize>(&mut self) -> Result<&'a [u8; LEN], DecodeError> {
        let (field, rest) = self.rest.split_first_chunk().ok_or(DecodeError::Length(self.total))?;
        self.rest = rest;
        Ok(field)
    }

    fn slice(&mut self, length: u32) -> Result<&'a [u8], DecodeError> {
        let (field, rest) =
            self.rest.split_at_checked(length as usize).ok_or(DecodeError::Length(self.total))?;
        self.rest = rest;
        Ok(field)
    }

    fn skip<const LEN: usize>(&mut self) -> Result<(), DecodeError> {
        self.take::<LEN>().map(|_| ())
    }

    fn u16(&mut self) -> Result<u16, DecodeError> {
        self.take().map(|bytes| u16::from_be_bytes(*bytes))
    }

    fn u32(&mut self) -> Result<u32, DecodeError> {
        self.take().map(|bytes| u32::from_be_bytes(*bytes))
    }

    fn u64(&mut self) -> Result<u64, DecodeError> {
        self.take().map(|bytes| u64::from_be_bytes(*bytes))
    }

    fn id(&mut self) -> Result<NodeId, DecodeError> {
        self.take().map(|bytes| NodeId::from_bytes(*bytes))
    }

    fn ip(&mut self) -> Result<IpField<'a>, DecodeError> {
        self.take().map(IpField)
    }

    fn slots(&mut self) -> Result<SlotSet, DecodeError> {
        self.take::<{ slot_set::WIRE_LEN }>().map(SlotSet::from_wire)
    }

    /// Rule WR-11: the body that channel and message make.
    fn publish(&mut self, body: fn(Arc<[u8]>, Arc<[u8]>) -> Body) -> Result<Body, DecodeError> {
        let channel_len = self.u32()?;
        let text_len = self.u32()?;
        Ok(body(self.slice(channel_len)?.into(), self.slice(text_len)?.into()))
    }

    /// Rule WR-12.
    fn module(&mut self) -> Result<Body, DecodeError> {
        let id = *self.take()?;
        let length = self.u32()?;
        let [kind] = *self.take()?;
        Ok(Body::Module(id, kind, self.slice(length)?.into()))
    }
}
