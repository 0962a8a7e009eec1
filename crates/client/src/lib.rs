//! Cluster-aware clients and their workloads.
//!
//! A [`Client`] is a state machine without I/O: an input goes in, effects come out, `now` and chance are arguments.
//! It knows what nodes told it and nothing else; in particular not which node is really master.
//!
//! | room | what is in it |
//! |---|---|
//! | [`client`] | the client: operations from their start to their outcome |
//! | [`setup`] | what a client is made of |
//! | [`exchange`] | what goes into a client and what comes out |
//! | [`slot_map`] | who owns which slot, as CLUSTER SLOTS and redirections tell it |
//! | `pool` | one connection per node, questions answered in order, time limits |
//! | `refresh` | when the slot map is asked for again, and whom |
//! | `answer` | what a reply means to an operation |
//! | `attempt` | one operation under way, and how long it pauses before it is tried again |
//! | `workload` | which register is written or read next |

pub mod client;
pub mod exchange;
pub mod setup;
pub mod slot_map;

mod answer;
mod attempt;
mod pool;
mod refresh;
mod workload;

pub use client::Client;
pub use exchange::{ClientEffect, ClientInput};
pub use setup::ClientSetup;
pub use slot_map::SlotMap;
