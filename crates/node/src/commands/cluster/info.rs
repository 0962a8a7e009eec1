//! CLUSTER INFO, MYID, KEYSLOT, COUNT-FAILURE-REPORTS, COUNTKEYSINSLOT, GETKEYSINSLOT.
//!
//! Rules: CM-4, CM-5, CM-10, CM-12, CM-31, KS-1, KS-2.

use rcsim_protocol::bus::MessageKind;
use rcsim_protocol::{Command, NodeFlags, Reply, Slot, key_slot};

use crate::commands::Answer;
use crate::commands::text::required_integer;
use crate::node::Node;
use crate::outside::Outside;

impl Node {
    pub(super) fn cluster_info(&mut self, _: &Command, _: &mut Outside<'_>) -> Answer {
        let assigned = self.slots.assigned();
        let (failed, suspected) = self.troubled_slots();
        let lines = [
            ("state", if self.state_ok { "ok" } else { "fail" }.to_owned()),
            ("slots_assigned", assigned.to_string()),
            ("slots_ok", (assigned - failed - suspected).to_string()),
            ("slots_pfail", suspected.to_string()),
            ("slots_fail", failed.to_string()),
            ("known_nodes", self.view.len().to_string()),
            ("size", self.size.to_string()),
            ("current_epoch", self.current_epoch.to_string()),
            ("my_epoch", self.shown_epoch(self.me()).to_string()),
        ];
        let state: String = lines.iter().map(|(name, value)| format!("cluster_{name}:{value}\r\n")).collect();
        let sent = message_lines("sent", &self.counts.sent);
        let received = message_lines("received", &self.counts.received);
        let dropped = self.counts.buffer_limit_exceeded;
        let links = format!("total_cluster_links_buffer_limit_exceeded:{dropped}\r\n");
        Ok(Reply::verbatim(state + &sent + &received + &links))
    }

    /// Slots of owners that are FAIL, and of others that are PFAIL (CM-5).
    fn troubled_slots(&self) -> (u16, u16) {
        let count = |flag, but_not| {
            let owners = self.view.order().iter().map(|node| (*node, self.view.flags(*node)));
            let troubled = owners.filter(|(_, flags)| flags.any(flag) && !flags.any(but_not));
            troubled.map(|(node, _)| self.slot_count(node)).sum()
        };
        (count(NodeFlags::FAIL, NodeFlags::NONE), count(NodeFlags::PFAIL, NodeFlags::FAIL))
    }

    pub(super) fn cluster_myid(&mut self, _: &Command, out: &mut Outside<'_>) -> Answer {
        Ok(Reply::bulk(out.registry.id(self.me()).as_bytes()))
    }

    pub(super) fn cluster_keyslot(&mut self, command: &Command, _: &mut Outside<'_>) -> Answer {
        let slot = key_slot(command.word(2).unwrap_or_default());
        Ok(Reply::Integer(slot.number().into()))
    }

    /// How many masters say that a node does not answer; my own opinion does not count.
    pub(super) fn cluster_count_failure_reports(
        &mut self,
        command: &Command,
        out: &mut Outside<'_>,
    ) -> Answer {
        let node = self.known_node(command, 2, out)?;
        Ok(Reply::Integer(self.live_reports(node).into()))
    }

    pub(super) fn cluster_countkeysinslot(&mut self, command: &Command, _: &mut Outside<'_>) -> Answer {
        let slot = slot_number(required_integer(command, 2)?).ok_or_else(|| Reply::err("Invalid slot"))?;
        Ok(Reply::Integer(self.keyspace.count_in_slot(slot) as i64))
    }

    pub(super) fn cluster_getkeysinslot(&mut self, command: &Command, _: &mut Outside<'_>) -> Answer {
        let (slot, count) = (required_integer(command, 2)?, required_integer(command, 3)?);
        let invalid = || Reply::err("Invalid slot or number of keys");
        let slot = slot_number(slot).ok_or_else(invalid)?;
        let count = usize::try_from(count).map_err(|_| invalid())?;
        Ok(Reply::Array(self.keyspace.keys_in_slot(slot).take(count).map(Reply::bulk).collect()))
    }
}

fn slot_number(number: i64) -> Option<Slot> {
    u16::try_from(number).ok().and_then(Slot::new)
}

/// One line per kind of which there were any, in the order of their numbers, and their sum (CM-4).
fn message_lines(direction: &str, counts: &[u64; MessageKind::ALL.len()]) -> String {
    let counted = MessageKind::ALL.iter().zip(counts).filter(|(_, count)| **count > 0);
    let lines: String = counted
        .map(|(kind, count)| format!("cluster_stats_messages_{}_{direction}:{count}\r\n", kind.name()))
        .collect();
    let sum: u64 = counts.iter().sum();
    lines + &format!("cluster_stats_messages_{direction}:{sum}\r\n")
}
