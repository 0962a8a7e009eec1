//! The vocabulary of Redis Cluster 7.0.15. No state, no I/O, no decisions.
//!
//! | room | what is in it |
//! |---|---|
//! | [`slot`], [`slot_set`] | hash slots, key → slot (rule KS-1), sets of 16384 slots |
//! | [`node_id`], [`registry`] | the 40-character names of nodes, and the small integers they are interned to |
//! | [`address`] | where a node listens |
//! | [`epoch`], [`offset`] | the logical clocks and positions in the replication stream |
//! | [`flags`] | the node flags of headers, gossip and nodes.conf (rules FL-1 … FL-13) |
//! | [`bus`] | every message of the cluster bus as a type, and its binary codec (rules WR-1 … WR-17) |
//! | [`settings`] | the configuration directives with Redis' names, units, defaults and ranges (rules CF-1 …) |
//! | [`command`] | client commands as words |
//! | [`reply`] | replies to client commands as values |
//! | [`resp`] | the bytes of both, in both versions of RESP |

pub mod address;
pub mod bus;
pub mod command;
pub mod epoch;
pub mod flags;
pub mod node_id;
pub mod offset;
pub mod registry;
pub mod reply;
pub mod resp;
pub mod settings;
pub mod slot;
pub mod slot_set;

pub use address::Address;
pub use command::Command;
pub use epoch::Epoch;
pub use flags::NodeFlags;
pub use node_id::NodeId;
pub use offset::{Offset, ReplicationId};
pub use registry::{AddressIx, Card, CardIx, NodeIx, Registry};
pub use reply::Reply;
pub use resp::RespVersion;
pub use settings::Settings;
pub use slot::{SLOT_COUNT, Slot, key_slot};
pub use slot_set::SlotSet;
