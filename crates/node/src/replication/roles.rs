//! What promotion and demotion do to the stream.
//!
//! Rules: RP-25 … RP-28, RP-31, HS-9. Keeps: a promoted replica goes on under a new name and remembers the old one, so
//! that its siblings and its old master can go on where they stopped.

use std::net::SocketAddr;

use rcsim_observe::Event;
use rcsim_observe::reason::ReplicationDown;
use rcsim_protocol::{NodeIx, ReplicationId};

use crate::effect::Effect;
use crate::node::Node;
use crate::outside::Outside;
use crate::replication::MasterLink;

impl Node {
    /// I am a master now (RP-25).
    pub(crate) fn stop_replication(&mut self, out: &mut Outside<'_>) {
        if !self.follows() {
            return;
        }
        self.leave_master(out);
        let end = self.replication.offset.plus(1);
        self.replication.previous = Some((self.replication.id, end));
        self.replication.id = ReplicationId::from_random(out.chance.id_bits());
        self.replication.cached = None;
        self.replication.link = MasterLink::Off;
        self.replication.down_since_s = 0;
        self.replication.needs_select = true;
        self.replication.no_replicas_since_s = self.clock.cached_s();
        self.mark_this_point(out);
        self.drop_replicas(out);
        self.restart_log_after_sync(out);
    }

    /// I follow this master now (RP-27). A former master offers its own stream for a partial resync.
    pub(crate) fn replicate_from(&mut self, master: NodeIx, was_master: bool, out: &mut Outside<'_>) {
        self.leave_master(out);
        self.disconnect_waiting(out);
        if was_master {
            self.synthesise_cached_master();
        }
        match self.client_address(master, out) {
            Some(address) => self.connect_master(address, out),
            None => self.replication.link = MasterLink::Off,
        }
    }

    /// My master moved (HS-9, RP-31).
    pub(crate) fn follow_address_of(&mut self, master: NodeIx, out: &mut Outside<'_>) {
        self.replicate_from(master, false, out);
    }

    fn leave_master(&mut self, out: &mut Outside<'_>) {
        if matches!(self.replication.link, MasterLink::Handshake(..) | MasterLink::Up(_)) {
            out.effects.push(Effect::CloseMaster);
        }
        if self.replication.link.is_up() {
            self.cache_master();
            out.tell(Event::ReplicationDown { why: ReplicationDown::Repointed });
        }
        self.abort_sync(ReplicationDown::Repointed, out);
    }

    /// Where a node serves clients, if that is known.
    pub(crate) fn client_address(&self, node: NodeIx, out: &Outside<'_>) -> Option<SocketAddr> {
        let address = out.registry.address_of(self.view.address(node));
        address.ip.map(|ip| SocketAddr::new(ip, address.port))
    }
}
