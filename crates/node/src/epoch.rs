//! Config epochs outside of elections: the bump that asks nobody, and collisions.
//!
//! Rules: EP-1 … EP-9. Keeps: a new epoch always comes from `currentEpoch + 1`.

use rcsim_observe::Event;
use rcsim_observe::reason::EpochCause;
use rcsim_protocol::bus::Header;
use rcsim_protocol::{Epoch, NodeIx};

use crate::node::Node;
use crate::outside::Outside;

impl Node {
    /// The greatest epoch that I know of (EP-2).
    pub(crate) fn max_epoch(&self) -> Epoch {
        let known = self.view.order().iter().map(|node| self.view.peer(*node).config_epoch);
        known.fold(self.current_epoch, Epoch::max)
    }

    /// My own config epoch.
    pub(crate) fn config_epoch(&self) -> Epoch {
        self.view.peer(self.me()).config_epoch
    }

    pub(crate) fn set_config_epoch(&mut self, epoch: Epoch, cause: EpochCause, out: &mut Outside<'_>) {
        let me = self.me();
        self.view.peer_mut(me).config_epoch = epoch;
        out.tell(Event::ConfigEpochChanged { epoch, cause });
    }

    /// Takes a new config epoch without asking anybody, unless mine is the greatest already (EP-3). Says whether it
    /// did.
    pub(crate) fn bump_config_epoch(&mut self, out: &mut Outside<'_>) -> bool {
        let mine = self.config_epoch();
        if mine != Epoch::ZERO && mine == self.max_epoch() {
            return false;
        }
        self.current_epoch = self.current_epoch.next();
        self.set_config_epoch(self.current_epoch, EpochCause::Bump, out);
        self.deferred.save_durably();
        true
    }

    /// Two masters with one config epoch: the smaller id takes a new one (EP-6).
    pub(crate) fn resolve_epoch_collision(&mut self, sender: NodeIx, header: &Header, out: &mut Outside<'_>) {
        let epoch = self.config_epoch();
        let collides = self.view.knows(sender)
            && header.config_epoch == epoch
            && self.view.peer(sender).config_epoch == epoch
            && self.is_master(sender)
            && self.am_master();
        if !collides || out.registry.id(sender) <= out.registry.id(self.me()) {
            return;
        }
        out.tell(Event::EpochCollision { other: sender, epoch });
        self.current_epoch = self.current_epoch.next();
        self.set_config_epoch(self.current_epoch, EpochCause::Collision, out);
        self.save_config(true, out);
    }
}
