//! One Redis Cluster node of 7.0.15, sans-IO: one [`Input`] in, [`Effect`]s out, nothing else.
//!
//! The node does not know that it is simulated. It owns no socket, no file, no clock and no dice: time, chance and
//! the registry of names come in with each input ([`Outside`]), and what it wants done goes out as effects, in the
//! order in which the process would do it. **One mutation at a time:** hand in an input, apply all its effects in
//! order, then the next. A request for which the process waits ([`Effect::Disk`] with [`Wait::Process`]) holds back
//! the effects behind it and all further inputs, as a process inside `fsync(2)` is held.
//!
//! Each room is one noun of the protocol; its header names the rules that it keeps (`docs/rules`).
//!
//! | room | what is in it |
//! |---|---|
//! | [`node`] | the node's state, and [`Node::handle`] |
//! | [`input`], [`effect`], [`outside`] | what comes in, what goes out, what is lent for the time of one input |
//! | [`view`] | what I believe about the others |
//! | `link`, `message` | the two links of each pair; building and sending messages |
//! | `handshake` | joining by MEET, own and other addresses |
//! | `packet` | the fixed order in which a packet is processed |
//! | `gossip` | the gossip section, built and folded |
//! | `failure` | PFAIL, reports, FAIL and its end |
//! | `state` | cluster state ok or fail |
//! | `epoch` | bumps and collisions |
//! | `slots` | who owns which slot, claims, UPDATE |
//! | `election`, `vote`, `promotion` | the candidate, the voter, the winner |
//! | `manual_failover`, `replica_migration` | as named |
//! | `cron`, `before_sleep` | what happens every 100 ms, and at the end of each turn of the loop |
//! | [`replication`], [`keyspace`] | the stream, offsets and link state; strings and lists with expiry |
//! | `redirect`, `commands` | who serves a key; the commands |
//! | `persistence` | the append-only file: writing, syncing, rewriting, loading |
//! | `stats` | what is counted, for INFO |
//! | [`disk`] | what the disk is asked for, and what it answers |
//! | [`rdb`] | snapshots and DUMP payloads |
//! | [`nodes_conf`], [`boot`] | the configuration file; how a node starts |

mod before_sleep;
pub mod boot;
mod clients;
mod commands;
mod cron;
pub mod disk;
pub mod effect;
mod election;
mod epoch;
pub mod exchange;
mod failure;
mod glimpse;
mod gossip;
mod handshake;
pub mod input;
pub mod keyspace;
mod link;
mod manual_failover;
mod message;
mod migration;
pub mod node;
pub mod nodes_conf;
pub mod outside;
mod packet;
mod persistence;
mod promotion;
pub mod rdb;
mod redirect;
mod replica_migration;
pub mod replication;
mod slots;
mod state;
mod stats;
pub mod view;
mod vote;

pub use boot::{Boot, BootError, Formed};
pub use disk::{DiskAnswer, DiskError, DiskFailure, DiskJob, DiskRequest, DiskStep, Wait};
pub use effect::{ClientOutput, Effect, Effects, Work};
pub use input::{BusInput, ClientInput, Input, MasterInput};
pub use link::LinkId;
pub use node::{ConnectionId, Node};
pub use outside::{Chance, Outside};
pub use persistence::{DataDamage, Files};
