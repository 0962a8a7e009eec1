//! Replication links that stand already, for clusters that are formed when a run begins.

use std::net::SocketAddr;

use crate::node::{ConnectionId, Node};
use crate::replication::master::AttachedReplica;
use crate::replication::replica::MasterLink;

impl Node {
    /// My link to my master is up; `address` is where it serves clients.
    pub fn formed_replication_to(&mut self, address: SocketAddr) {
        self.replication.link = MasterLink::Up(address);
    }

    /// A replica has long been connected to me and has all of my stream. `remote` is the socket it comes from, `port`
    /// the port on which it serves clients.
    pub fn formed_replication_from(&mut self, connection: ConnectionId, remote: SocketAddr, port: u16) {
        self.clients.open(connection, remote, true, self.clock.cached_ms);
        let (offset, now_s) = (self.replication.offset, self.clock.cached_s());
        let replica = AttachedReplica::in_step(remote.ip().to_string(), port, offset, now_s);
        self.replication.replicas.insert(connection, replica);
        self.refresh_good_replicas();
    }
}
