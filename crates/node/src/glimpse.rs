//! The node as others may look at it: read-only, through the traits of `observe`.

use rcsim_observe::{DataPoint, NodeGlimpse, PeerGlimpse};
use rcsim_protocol::{AddressIx, Epoch, NodeFlags, NodeIx, Offset, Settings, Slot};

use crate::keyspace::Value;
use crate::node::Node;

impl NodeGlimpse for Node {
    fn me(&self) -> NodeIx {
        self.view.me()
    }

    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn current_epoch(&self) -> Epoch {
        self.current_epoch
    }

    fn config_epoch(&self) -> Epoch {
        Node::config_epoch(self)
    }

    fn last_vote_epoch(&self) -> Epoch {
        self.last_vote_epoch
    }

    fn is_loading(&self) -> bool {
        Node::is_loading(self)
    }

    fn state_ok(&self) -> bool {
        self.state_ok
    }

    fn cluster_size(&self) -> u32 {
        self.size
    }

    fn offset(&self) -> Offset {
        self.replication.offset
    }

    fn data(&self) -> Option<DataPoint> {
        self.data_at()
    }

    fn replication_up(&self) -> bool {
        !self.am_master() && self.replication.link.is_up()
    }

    fn owner(&self, slot: Slot) -> Option<NodeIx> {
        self.slots.owner(slot)
    }

    fn accepts_write(&self, slot: Slot) -> bool {
        let serves = self.am_master() && self.slots.owner(slot) == Some(self.view.me());
        serves && self.state_ok && self.clients.paused().is_none()
    }

    fn table(&self) -> Vec<NodeIx> {
        self.view.order().to_vec()
    }

    fn peer(&self, node: NodeIx) -> Option<PeerGlimpse> {
        let peer = self.view.get(node)?;
        Some(PeerGlimpse {
            flags: self.view.flags(node),
            config_epoch: peer.config_epoch,
            slots: peer.slots.clone(),
            master: peer.master,
            address: self.view.address(node),
            link: peer.link().is_some(),
        })
    }
}

impl Node {
    /// The address index of a node in the table; the registry has the address.
    pub fn address_of(&self, node: NodeIx) -> Option<AddressIx> {
        self.view.knows(node).then(|| self.view.address(node))
    }

    /// Whether a node in the table is flagged so.
    pub fn is_flagged(&self, node: NodeIx, flags: NodeFlags) -> bool {
        self.view.knows(node) && self.view.flags(node).any(flags)
    }

    /// Whether nobody on the bus is let in, because the data of the start are not loaded yet (BT-3). Who connects waits,
    /// and what he sends waits with him.
    pub fn lets_nobody_in(&self) -> bool {
        self.is_starting()
    }

    /// The string at a key, as this node holds it.
    pub fn value(&self, key: &[u8]) -> Option<&[u8]> {
        match &self.keyspace.get(key)?.value {
            Value::String(bytes) => Some(bytes),
            Value::List(_) => None,
        }
    }

    /// The elements of a key that holds a list, as this node holds it.
    pub fn elements(&self, key: &[u8]) -> Option<Vec<Vec<u8>>> {
        match &self.keyspace.get(key)?.value {
            Value::List(items) => Some(items.iter().map(|item| item.to_vec()).collect()),
            Value::String(_) => None,
        }
    }
}
