//! The simulated world: hosts with their devices and processes, clients, faults and their ledger, the event loop.
//!
//! | room | what is in it |
//! |---|---|
//! | [`world`] | the world, and what happens when an event is due |
//! | `agenda`, `ahead` | the events that the engine's queue holds; a look at the next ones, for speed only |
//! | `payload` | what travels on the network |
//! | `host`, `process` | a host and its devices; how its process takes inputs and what its effects do |
//! | `sockets` | which connection belongs to which link, client or master |
//! | `disk_work` | what processes ask of their disks, and who waits for it |
//! | `client_host` | clients and their connections |
//! | `formation` | how a cluster stands at time 0 |
//! | `journal` | the records, their fingerprint, and the timeline entries that wait for them |
//! | `timeline`, `targets`, `faults`, `ledger` | what the scenario does, to whom, how, and what came of it |
//! | [`nemesis`] | random fault plans, drawn into explicit entries |
//! | `glimpse` | the world as checkers and reports see it |
//!
//! The world applies and never judges: what a record means is for `check` to say.

mod agenda;
mod ahead;
mod client_host;
mod disk_work;
mod exchange;
mod faults;
mod formation;
mod glimpse;
mod holds;
mod host;
mod journal;
mod ledger;
pub mod nemesis;
mod payload;
mod process;
mod sockets;
mod targets;
mod timeline;
pub mod work;
mod world;

pub use agenda::Happening;
pub use faults::EntryEdge;
pub use formation::longest_latency_ns;
pub use host::DiskTrap;
pub use ledger::CommandResult;
pub use world::{World, start};
