//! Every message of the 7.0.15 bus as a type: one header, one body (rules WR-2 … WR-12).
//!
//! Ids and addresses are interned, slot sets shared: building, sending and reading a message copies no names.
//! The binary form is the codec's business.

use std::fmt;
use std::sync::Arc;

use crate::epoch::Epoch;
use crate::flags::NodeFlags;
use crate::offset::Offset;
use crate::registry::{AddressIx, CardIx, NodeIx};
use crate::slot_set::SlotSet;

/// The length of the fixed header on the wire, in bytes (rule WR-2).
pub const HEADER_LEN: u32 = 2256;
/// The length of one gossip entry on the wire, in bytes (rule WR-4).
pub const GOSSIP_LEN: u32 = 104;

/// The type of a message, with its number on the wire (rule WR-3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum MessageKind {
    /// "Are you there?", with gossip.
    Ping = 0,
    /// The answer to PING and MEET, and the way to announce a change, with gossip.
    Pong = 1,
    /// A PING that makes the receiver take the sender in.
    Meet = 2,
    /// "This node has failed."
    Fail = 3,
    /// A message of PUBLISH.
    Publish = 4,
    /// "May I have your vote?"
    AuthRequest = 5,
    /// "You have my vote."
    AuthAck = 6,
    /// "These slots are another node's."
    Update = 7,
    /// "Pause your clients, I am taking over."
    MfStart = 8,
    /// A message of a module.
    Module = 9,
    /// A message of SPUBLISH.
    PublishShard = 10,
}

impl MessageKind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [MessageKind; 11] = [
        MessageKind::Ping,
        MessageKind::Pong,
        MessageKind::Meet,
        MessageKind::Fail,
        MessageKind::Publish,
        MessageKind::AuthRequest,
        MessageKind::AuthAck,
        MessageKind::Update,
        MessageKind::MfStart,
        MessageKind::Module,
        MessageKind::PublishShard,
    ];

    /// The name in CLUSTER INFO's statistics (rule WR-3).
    pub const fn name(self) -> &'static str {
        match self {
            MessageKind::Ping => "ping",
            MessageKind::Pong => "pong",
            MessageKind::Meet => "meet",
            MessageKind::Fail => "fail",
            MessageKind::Publish => "publish",
            MessageKind::AuthRequest => "auth-req",
            MessageKind::AuthAck => "auth-ack",
            MessageKind::Update => "update",
            MessageKind::MfStart => "mfstart",
            MessageKind::Module => "module",
            MessageKind::PublishShard => "publishshard",
        }
    }

    /// The kind with this number on the wire (rule WR-3).
    pub fn from_number(number: u16) -> Option<MessageKind> {
        MessageKind::ALL.get(number as usize).copied()
    }

    /// The kind with this statistics name.
    pub fn from_name(name: &str) -> Option<MessageKind> {
        MessageKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for MessageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A message of the bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What every message says of its sender.
    pub header: Header,
    /// What this kind of message says besides.
    pub body: Body,
}

/// What every message says of its sender (rules WR-2, WR-16).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The sender's id.
    pub sender: NodeIx,
    /// The sender's address as it announces it; the IP is blank unless `cluster-announce-ip` is set.
    pub address: AddressIx,
    /// The sender's current epoch.
    pub current_epoch: Epoch,
    /// Its config epoch; a replica with a known master sends its master's.
    pub config_epoch: Epoch,
    /// A master's replication offset, a replica's applied offset.
    pub offset: Offset,
    /// The slots it claims; a replica sends its master's.
    pub slots: SlotSet,
    /// Its master, if it is a replica and knows one.
    pub master: Option<NodeIx>,
    /// Its complete flag word, MYSELF included (rule FL-12).
    pub flags: NodeFlags,
    /// Whether it considers the cluster failed (informational: receivers ignore it, rule ST-10).
    pub cluster_failed: bool,
    /// It is a master that paused its clients for a manual failover.
    pub paused: bool,
    /// A vote request that is to be granted although the master is not failing (manual failover).
    pub force_ack: bool,
}

/// What a message says besides its header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A PING.
    Ping(Heartbeat),
    /// A PONG.
    Pong(Heartbeat),
    /// A MEET.
    Meet(Heartbeat),
    /// FAIL: the node that failed.
    Fail(NodeIx),
    /// PUBLISH: channel and message.
    Publish(Arc<[u8]>, Arc<[u8]>),
    /// FAILOVER_AUTH_REQUEST.
    AuthRequest,
    /// FAILOVER_AUTH_ACK.
    AuthAck,
    /// UPDATE.
    Update(Update),
    /// MFSTART.
    MfStart,
    /// MODULE: module id (opaque bytes), type, payload.
    Module([u8; 8], u8, Arc<[u8]>),
    /// PUBLISHSHARD: channel and message.
    PublishShard(Arc<[u8]>, Arc<[u8]>),
}

/// The body of PING, PONG and MEET.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heartbeat {
    /// What the sender says of other nodes.
    pub gossip: Vec<GossipEntry>,
    /// The sender's hostname, if it announces one (ping extension 0, rule WR-6).
    pub hostname: Option<Arc<str>>,
}

/// What a heartbeat says of one other node (rule WR-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GossipEntry {
    /// The node it is about, its address, and the sender's flags for it.
    pub card: CardIx,
    /// When the sender pinged it, in Unix seconds; 0 = no ping pending. Never read by receivers.
    pub ping_sent: u32,
    /// When it last answered the sender, in Unix seconds.
    pub pong_received: u32,
}

/// The body of UPDATE: who owns which slots since when (rule WR-10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// The owner.
    pub node: NodeIx,
    /// Its config epoch.
    pub config_epoch: Epoch,
    /// Its slots.
    pub slots: SlotSet,
}

impl Message {
    /// Its kind.
    pub const fn kind(&self) -> MessageKind {
        match &self.body {
            Body::Ping(_) => MessageKind::Ping,
            Body::Pong(_) => MessageKind::Pong,
            Body::Meet(_) => MessageKind::Meet,
            Body::Fail(_) => MessageKind::Fail,
            Body::Publish(..) => MessageKind::Publish,
            Body::AuthRequest => MessageKind::AuthRequest,
            Body::AuthAck => MessageKind::AuthAck,
            Body::Update(_) => MessageKind::Update,
            Body::MfStart => MessageKind::MfStart,
            Body::Module(..) => MessageKind::Module,
            Body::PublishShard(..) => MessageKind::PublishShard,
        }
    }

    /// The heartbeat body of a PING, PONG or MEET.
    pub const fn heartbeat(&self) -> Option<&Heartbeat> {
        match &self.body {
            Body::Ping(heartbeat) | Body::Pong(heartbeat) | Body::Meet(heartbeat) => Some(heartbeat),
            _ => None,
        }
    }

    /// Its length on the wire, in bytes (rules WR-5 … WR-12).
    pub fn wire_len(&self) -> u32 {
        HEADER_LEN
            + match &self.body {
                Body::Ping(heartbeat) | Body::Pong(heartbeat) | Body::Meet(heartbeat) => heartbeat.wire_len(),
                Body::Fail(_) => 40,
                Body::Publish(channel, message) | Body::PublishShard(channel, message) => {
                    8 + channel.len() as u32 + message.len() as u32
                }
                Body::AuthRequest | Body::AuthAck | Body::MfStart => 0,
                Body::Update(_) => 2096,
                Body::Module(_, _, payload) => 13 + payload.len() as u32,
            }
    }
}

impl Heartbeat {
    /// Its length on the wire: entries, then the hostname extension padded to 8 (rules WR-5, WR-6).
    pub fn wire_len(&self) -> u32 {
        let extension = match &self.hostname {
            Some(name) if !name.is_empty() => 8 + (name.len() as u32 + 1).next_multiple_of(8),
            _ => 0,
        };
        self.gossip.len() as u32 * GOSSIP_LEN + extension
    }
}
