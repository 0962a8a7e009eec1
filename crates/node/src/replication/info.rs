//! INFO replication and ROLE, in every state of a synchronisation.
//!
//! Rules: CM-27, CM-28, RP-15; compared with a running pair of 7.0.15. A restarted replica that does not replicate yet
//! shows itself as a master, as in Redis.

use std::net::SocketAddr;

use rcsim_protocol::{Command, Offset, ReplicationId, Reply};

use crate::node::Node;
use crate::outside::Outside;
use crate::replication::{AttachedReplica, MasterLink};

impl Node {
    /// My role, and how far the stream is (CM-28).
    pub(crate) fn role_command(&mut self, _: &Command, _: &mut Outside<'_>) -> Result<Reply, Reply> {
        let link = self.replication.link;
        if let Some(master) = link.address() {
            return Ok(Reply::Array(vec![
                Reply::bulk("slave"),
                Reply::bulk(master.ip().to_string()),
                Reply::Integer(master.port().into()),
                Reply::bulk(link.name()),
                Reply::Integer(self.applied_offset().0),
            ]));
        }
        let online = self.replication.replicas.values().filter(|replica| replica.is_online());
        let shown = |replica: &AttachedReplica| {
            let words = [replica.ip.clone(), replica.port.to_string(), replica.ack.to_string()];
            Reply::Array(words.into_iter().map(Reply::bulk).collect())
        };
        let replicas = online.map(shown).collect();
        let offset = Reply::Integer(self.replication.offset.0);
        Ok(Reply::Array(vec![Reply::bulk("master"), offset, Reply::Array(replicas)]))
    }

    /// The lines of INFO replication (CM-27).
    pub(crate) fn replication_section(&self) -> String {
        let role = match self.replication.link.address() {
            Some(master) => self.replica_lines(master),
            None => "role:master\r\n".to_owned(),
        };
        role + &self.attached_lines() + &self.stream_lines()
    }

    fn replica_lines(&self, master: SocketAddr) -> String {
        let (replication, now_s) = (&self.replication, self.clock.cached_s());
        let up = replication.link.is_up();
        let (status, last_io) = if up { ("up", now_s - replication.last_io_s) } else { ("down", -1) };
        let offset = self.replica_offset();
        let down_for = if replication.down_since_s == 0 { -1 } else { now_s - replication.down_since_s };
        let down_line =
            if up { String::new() } else { format!("master_link_down_since_seconds:{down_for}\r\n") };
        format!(
            "role:slave\r\nmaster_host:{}\r\nmaster_port:{}\r\nmaster_link_status:{status}\r\n\
             master_last_io_seconds_ago:{last_io}\r\nmaster_sync_in_progress:{}\r\n\
             slave_read_repl_offset:{offset}\r\nslave_repl_offset:{offset}\r\n{}{down_line}\
             slave_priority:{}\r\nslave_read_only:{}\r\nreplica_announced:{}\r\n",
            master.ip(),
            master.port(),
            u8::from(replication.link.is_in_transfer()),
            self.transfer_lines(),
            self.settings.replica_priority,
            u8::from(self.settings.replica_read_only),
            u8::from(self.settings.replica_announced),
        )
    }

    /// How far a snapshot on its way to me is. Of a streamed one nobody knows the length: it counts as 0; of a file it
    /// counts as -1 until the first of it comes.
    fn transfer_lines(&self) -> String {
        let MasterLink::Handshake(_, _, since) = self.replication.link else { return String::new() };
        let Some(incoming) = &self.replication.incoming else { return String::new() };
        let read = incoming.received as i64;
        let total = match incoming.length {
            Some(length) => length as i64,
            None if read > 0 => 0,
            None => -1,
        };
        let percent = match total {
            -1 => "-0.00".to_owned(),
            0 => "0.00".to_owned(),
            _ => {
                let hundredths = read * 10_000 / total;
                format!("{}.{:02}", hundredths / 100, hundredths % 100)
            }
        };
        format!(
            "master_sync_total_bytes:{total}\r\nmaster_sync_read_bytes:{read}\r\n\
             master_sync_left_bytes:{}\r\nmaster_sync_perc:{percent}\r\n\
             master_sync_last_io_seconds_ago:{}\r\n",
            total - read,
            self.clock.cached_s() - since,
        )
    }

    /// The replicas that are connected to me; those that only greeted are none yet.
    fn attached_lines(&self) -> String {
        let replicas = self.replication.replicas.values();
        let attached: Vec<(&AttachedReplica, &str)> =
            replicas.filter_map(|replica| Some((replica, replica.state_word()?))).collect();
        let mut lines = format!("connected_slaves:{}\r\n", attached.len());
        if self.settings.min_replicas_to_write > 0 && self.settings.min_replicas_max_lag > 0 {
            lines += &format!("min_slaves_good_slaves:{}\r\n", self.replication.good_replicas);
        }
        for (index, (replica, state)) in attached.into_iter().enumerate() {
            let lag = if replica.is_online() { self.clock.cached_s() - replica.ack_s } else { 0 };
            let (ip, port, offset) = (&replica.ip, replica.port, replica.ack);
            lines += &format!("slave{index}:ip={ip},port={port},state={state},offset={offset},lag={lag}\r\n");
        }
        lines
    }

    fn stream_lines(&self) -> String {
        let replication = &self.replication;
        let (previous, end) = replication.previous.unwrap_or((ReplicationId::NONE, Offset(-1)));
        let backlog = replication.backlog.as_ref();
        format!(
            "master_failover_state:no-failover\r\nmaster_replid:{}\r\nmaster_replid2:{previous}\r\n\
             master_repl_offset:{}\r\nsecond_repl_offset:{end}\r\nrepl_backlog_active:{}\r\n\
             repl_backlog_size:{}\r\nrepl_backlog_first_byte_offset:{}\r\nrepl_backlog_histlen:{}\r\n",
            replication.id,
            replication.offset,
            u8::from(backlog.is_some()),
            self.settings.repl_backlog_size,
            backlog.map_or(0, |backlog| backlog.first_byte()),
            backlog.map_or(0, |backlog| backlog.len()),
        )
    }
}
