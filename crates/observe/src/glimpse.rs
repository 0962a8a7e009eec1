//! Read-only access to the state of a world, for checkers and reports.
//!
//! The world implements these traits; who looks through them sees every node's own beliefs and the truth about
//! processes and the network, and can change nothing.

use rcsim_protocol::{AddressIx, Epoch, NodeFlags, NodeId, NodeIx, Offset, Settings, Slot, SlotSet};

use crate::data::DataPoint;
use crate::record::Place;

/// What has become of the process at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Process {
    /// It runs.
    Running,
    /// It is stopped (SIGSTOP); its sockets stay open.
    Paused,
    /// There is no process.
    Down,
    /// The host has no power.
    Off,
}

/// The whole world at one instant.
pub trait Glimpse {
    /// Virtual time in nanoseconds since the start of the run.
    fn now_ns(&self) -> u64;
    /// How many places there are; they are numbered from 0.
    fn place_count(&self) -> u32;
    /// Where the process of this node id lives or lived last; `None` for temporary ids.
    fn place_of(&self, node: NodeIx) -> Option<Place>;
    /// The id behind an interned node.
    fn id(&self, node: NodeIx) -> NodeId;
    /// What has become of the process there.
    fn process(&self, place: Place) -> Process;
    /// The node there, as it stands in memory (also while paused); `None` without a process.
    fn node(&self, place: Place) -> Option<&dyn NodeGlimpse>;
    /// `lastVoteEpoch` as the durable nodes.conf there has it; `None` without a readable file.
    fn durable_last_vote_epoch(&self, place: Place) -> Option<Epoch>;
    /// Whether packets from one place reach the other now.
    fn reaches(&self, from: Place, to: Place) -> bool;
    /// The value of a key that holds a string, as the node there has it.
    fn value(&self, place: Place, key: &[u8]) -> Option<Vec<u8>>;
    /// The elements of a key that holds a list, as the node there has it.
    fn elements(&self, place: Place, key: &[u8]) -> Option<Vec<Vec<u8>>>;
}

/// One node's state and beliefs.
pub trait NodeGlimpse {
    /// Its own id.
    fn me(&self) -> NodeIx;
    /// Its settings.
    fn settings(&self) -> &Settings;
    /// `currentEpoch`.
    fn current_epoch(&self) -> Epoch;
    /// The config epoch of its own record.
    fn config_epoch(&self) -> Epoch;
    /// `lastVoteEpoch`.
    fn last_vote_epoch(&self) -> Epoch;
    /// Whether it loads a data set, so that what it holds says nothing yet.
    fn is_loading(&self) -> bool {
        false
    }
    /// Whether the cluster is up in its view.
    fn state_ok(&self) -> bool;
    /// The number of masters with slots, as last computed.
    fn cluster_size(&self) -> u32;
    /// Its replication offset: produced as a master, applied as a replica.
    fn offset(&self) -> Offset;
    /// Its data, and where in the stream they are from; `None` if they are not those of one point.
    fn data(&self) -> Option<DataPoint>;
    /// Whether it is a replica whose link to its master is up.
    fn replication_up(&self) -> bool;
    /// The owner of a slot.
    fn owner(&self, slot: Slot) -> Option<NodeIx>;
    /// Whether it would take a write for this slot from a client now.
    fn accepts_write(&self, slot: Slot) -> bool;
    /// Everybody in its table, itself included, in its own order.
    fn table(&self) -> Vec<NodeIx>;
    /// What it believes about a node.
    fn peer(&self, node: NodeIx) -> Option<PeerGlimpse>;
}

/// What one node believes about another (or about itself).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerGlimpse {
    /// Flags.
    pub flags: NodeFlags,
    /// Config epoch.
    pub config_epoch: Epoch,
    /// Slots.
    pub slots: SlotSet,
    /// Its master, if it is a replica of a known one.
    pub master: Option<NodeIx>,
    /// Address, interned.
    pub address: AddressIx,
    /// Whether the outbound link to it exists.
    pub link: bool,
}
