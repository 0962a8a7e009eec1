//! The messages of the cluster bus (rules WR-1 … WR-17).

pub mod codec;
pub mod message;

pub use message::{Body, GossipEntry, Header, Heartbeat, Message, MessageKind, Update};
