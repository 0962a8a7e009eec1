//! The simulated machine room: network, disks and clocks. It knows bytes, files and time, and not Redis.
//!
//! Devices are state machines without a loop of their own. What must happen later is either put into the
//! engine's [`rcsim_engine::Schedule`] as a [`Wire`] (the network) or returned with its time (the disk); the
//! world hands it back when it is due. Every fault keeps a ledger of what it did, so that one that never bit
//! can be told.
//!
//! | room | what it owns |
//! |---|---|
//! | [`hosts`] | [`HostIx`] and [`HostSet`]: who is meant |
//! | [`network`] | [`Network`]: connections, what travels on them, rules that cut or worsen paths |
//! | [`reachability`] | [`Reachability`]: who can reach whom, and the components of a partition |
//! | [`disk`] | [`Disk`]: page cache and durable content of the files of one host |
//! | [`clock`] | [`WallClock`]: what one host takes for the time |

pub mod clock;
pub mod disk;
pub mod hosts;
pub mod network;
pub mod reachability;

pub use clock::WallClock;
pub use disk::{
    Disk, DiskError, DiskFault, DiskFaultId, DiskSettings, FsyncAnswer, FsyncOp, FsyncOutcome, PowerLoss,
};
pub use hosts::{HostIx, HostSet};
pub use network::{
    ConnId, Degradation, Delivery, End, Ended, Label, Ledger, MessageClass, Network, Path, RuleId, Sent,
    What, Wire,
};
pub use reachability::Reachability;
