//! MEET, FORGET, REPLICATE, RESET: who is in the cluster, and in which role.
//!
//! Rules: CM-18 … CM-22, HS-1, GS-14, RP-27, BS-6. A replica that was given slots by ADDSLOTS refuses
//! REPLICATE, where Redis would stop on an assertion.

use std::net::IpAddr;

use rcsim_observe::Event;
use rcsim_observe::reason::{BindCause, Departure, EpochCause, PromotionCause, ReconfigureCause};
use rcsim_protocol::{Address, Command, Epoch, NodeFlags, NodeId, Reply, Slot};

use super::too_many_words;
use crate::commands::Answer;
use crate::commands::text::{integer, shown_word};
use crate::keyspace::Keyspace;
use crate::node::Node;
use crate::outside::Outside;

impl Node {
    /// A handshake with this address begins; whether it comes to an end is seen later (CM-18).
    pub(super) fn cluster_meet(&mut self, command: &Command, out: &mut Outside<'_>) -> Answer {
        too_many_words(command, 5)?;
        let port = meet_port(command, 3, "base")?;
        let cport =
            if command.len() == 5 { meet_port(command, 4, "bus")? } else { port.saturating_add(10000) };
        let ip = std::str::from_utf8(command.word(2).unwrap_or_default()).ok();
        let ip: Option<IpAddr> = ip.and_then(|text| text.parse().ok());
        let legal = |port: i64| u16::try_from(port).ok().filter(|port| *port != 0);
        let (Some(ip), Some(port), Some(cport)) = (ip, legal(port), legal(cport)) else {
            let (ip, port) = (shown_word(command, 2), shown_word(command, 3));
            return Err(Reply::err(format_args!("Invalid node address specified: {ip}:{port}")));
        };
        self.start_handshake(Address { ip: Some(ip), port, cport, pport: 0 }, out);
        Ok(Reply::ok())
    }

    /// Takes a node out of my table, and bans it from coming back by gossip for a minute (CM-19, GS-14).
    pub(super) fn cluster_forget(&mut self, command: &Command, out: &mut Outside<'_>) -> Answer {
        let node = self.known_node(command, 2, out)?;
        if node == self.me() {
            return Err(Reply::err("I tried hard but I can't forget myself..."));
        }
        if !self.am_master() && self.my_master() == Some(node) {
            return Err(Reply::err("Can't forget my master!"));
        }
        self.ban(out.registry.id(node));
        self.delete_node(node, Departure::Forget, out);
        self.save_and_update();
        Ok(Reply::ok())
    }

    /// I follow this master from now on (CM-21).
    pub(super) fn cluster_replicate(&mut self, command: &Command, out: &mut Outside<'_>) -> Answer {
        let master = self.known_node(command, 2, out)?;
        if master == self.me() {
            return Err(Reply::err("Can't replicate myself"));
        }
        if self.view.flags(master).any(NodeFlags::SLAVE) {
            return Err(Reply::err("I can only replicate a master, not a replica."));
        }
        let has_slots = self.slot_count(self.me()) > 0;
        if has_slots || (self.am_master() && !self.keyspace.is_empty()) {
            return Err(Reply::err("To set a master the node must be empty and without assigned slots."));
        }
        self.follow(master, ReconfigureCause::Command, out);
        self.save_and_update();
        Ok(Reply::ok())
    }

    /// Back to a node that is in no cluster; with HARD under a new id, and without memory of epochs (CM-22).
    pub(super) fn cluster_reset(&mut self, command: &Command, out: &mut Outside<'_>) -> Answer {
        too_many_words(command, 3)?;
        let hard = command.is(2, "hard");
        if command.len() == 3 && !hard && !command.is(2, "soft") {
            return Err(Reply::err("syntax error"));
        }
        if self.am_master() && !self.keyspace.is_empty() {
            let text = "CLUSTER RESET can't be called with master nodes containing keys";
            return Err(Reply::err(text));
        }
        if !self.am_master() {
            self.leave_shard(out);
        }
        self.slots.close_all();
        self.reset_manual_failover(out);
        let assigned: Vec<Slot> = Slot::all().filter(|slot| self.slots.owner(*slot).is_some()).collect();
        self.bind(&assigned, None, BindCause::Command, out);
        for node in self.view.others() {
            self.delete_node(node, Departure::Reset, out);
        }
        if hard {
            self.forget_identity(out);
        }
        self.deferred.save_durably();
        self.deferred.update_state = true;
        Ok(Reply::ok())
    }

    /// From replica to empty master. The data goes without a word to anybody (AO-19).
    fn leave_shard(&mut self, out: &mut Outside<'_>) {
        let (me, old_master) = (self.me(), self.my_master());
        self.set_node_as_master(me);
        self.stop_replication(out);
        self.delete_silently(Keyspace::clear, out);
        let epoch = self.config_epoch();
        out.tell(Event::Promoted { cause: PromotionCause::Reset, old_master, epoch, slots: 0 });
    }

    fn forget_identity(&mut self, out: &mut Outside<'_>) {
        self.current_epoch = Epoch::ZERO;
        self.last_vote_epoch = Epoch::ZERO;
        self.set_config_epoch(Epoch::ZERO, EpochCause::Reset, out);
        let id = NodeId::from_random(out.chance.id_bits());
        let node = out.registry.node(id);
        self.view.rename(self.me(), node);
        out.tell(Event::IdentityChanged { node });
    }
}

/// A port as a number; whether it is in range is looked at with the rest of the address.
fn meet_port(command: &Command, index: usize, kind: &str) -> Result<i64, Reply> {
    let wrong =
        || Reply::err(format_args!("Invalid TCP {kind} port specified: {}", shown_word(command, index)));
    integer(command, index).ok_or_else(wrong)
}
