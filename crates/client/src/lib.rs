//! Cluster-aware clients and their workloads.
//!
//! A [`Client`] is a state machine without I/O: an input goes in, effects come out, `now` and chance are arguments.
//! It knows what nodes told it and nothing else; in particular not which node is really master.
//!
//! | room | what is in it |
//! |---|---|
//! | [`client`] | the client: operations from their start to their outcome |
//! | [`setup`] | what a client is made of |
//! | [`policy`] | what it does about redirections, errors, silence and a map that grows old |
//! | [`mod@profiles`] | well-known clients as sets of habits |
//! | [`exchange`] | what goes into a client and what comes out |
//! | [`slot_map`] | who owns which slot, as CLUSTER SLOTS, CLUSTER SHARDS and redirections tell it |
//! | `pool` | one connection per node, questions answered in order, time limits |
//! | `refresh` | when the slot map is asked for again, and whom |
//! | `answer` | what an error reply means to an operation |
//! | `workload` | what is done next |
//! | `keys` | the keys of one client, and how often each is taken |
//! | `plan` | one operation as it is said to a node, and how its replies are read |

pub mod client;
pub mod exchange;
pub mod policy;
pub mod profiles;
pub mod setup;
pub mod slot_map;

mod answer;
mod keys;
mod plan;
mod pool;
mod refresh;
mod workload;

pub use client::Client;
pub use exchange::{ClientEffect, ClientInput};
pub use policy::{MapSource, Moved, Policy, ReadFrom};
pub use profiles::{Profile, profile, profiles};
pub use setup::{ClientSetup, Load, Pace, Spread, Work};
pub use slot_map::SlotMap;
