//! INFO and ROLE.
//!
//! Rules: CM-27, CM-28, RP-23. INFO has the sections `replication`, `cluster` and `keyspace`; of a running
//! transfer it does not tell the bytes. A restarted replica that does not replicate yet shows itself as a
//! master, as in Redis.

use std::fmt::Write;
use std::net::SocketAddr;

use rcsim_protocol::{Command, Offset, ReplicationId, Reply};

use crate::node::{ConnectionId, Node};
use crate::outside::Outside;
use crate::replication::{AttachedReplica, MasterLink, ReplicaState};

/// A section's heading, and what writes it.
type Section = (&'static str, fn(&Node) -> String);

/// The sections in the order in which they are shown.
const SECTIONS: [Section; 3] = [
    ("Replication", Node::replication_section),
    ("Cluster", |_| "cluster_enabled:1\r\n".to_owned()),
    ("Keyspace", Node::keyspace_section),
];

impl Node {
    pub(super) fn info_command(
        &mut self,
        _: ConnectionId,
        command: &Command,
        _: &mut Outside<'_>,
    ) -> Option<Reply> {
        let asked = |name: &str| (1..command.len()).any(|index| command.is(index, name));
        let all = command.len() == 1 || ["default", "all", "everything"].into_iter().any(asked);
        let shown = SECTIONS.iter().filter(|(name, _)| all || asked(name));
        let sections: Vec<String> = shown.map(|(name, text)| format!("# {name}\r\n{}", text(self))).collect();
        Some(Reply::Verbatim(sections.join("\r\n")))
    }

    /// My role, and how far the stream is (CM-28).
    pub(super) fn role_command(
        &mut self,
        _: ConnectionId,
        _: &Command,
        _: &mut Outside<'_>,
    ) -> Option<Reply> {
        let link = self.replication.link;
        if let Some(master) = master_address(link) {
            return Some(Reply::Array(vec![
                Reply::bulk("slave"),
                Reply::bulk(master.ip().to_string()),
                Reply::Integer(master.port().into()),
                Reply::bulk(link.name()),
                Reply::Integer(self.applied_offset().0),
            ]));
        }
        let online = self.replication.replicas.values().filter(|replica| is_online(replica));
        let shown = |replica: &AttachedReplica| {
            let ip = replica.ip.map(|ip| ip.to_string()).unwrap_or_default();
            let words = [ip, replica.port.to_string(), replica.ack.to_string()];
            Reply::Array(words.into_iter().map(Reply::bulk).collect())
        };
        let replicas = online.map(shown).collect();
        let offset = Reply::Integer(self.replication.offset.0);
        Some(Reply::Array(vec![Reply::bulk("master"), offset, Reply::Array(replicas)]))
    }

    /// Whether writes are refused because too few replicas answer (RP-23).
    pub(super) fn lacks_good_replicas(&self) -> bool {
        let (needed, max_lag) = (self.settings.min_replicas_to_write, self.settings.min_replicas_max_lag);
        needed > 0 && max_lag > 0 && self.good_replicas() < needed as usize
    }

    fn good_replicas(&self) -> usize {
        let oldest = self.clock.cached_s() - self.settings.min_replicas_max_lag;
        let good = |replica: &&AttachedReplica| is_online(replica) && replica.ack_s >= oldest;
        self.replication.replicas.values().filter(good).count()
    }

    fn replication_section(&self) -> String {
        let role = match master_address(self.replication.link) {
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
             slave_read_repl_offset:{offset}\r\nslave_repl_offset:{offset}\r\n{down_line}slave_priority:{}\r\n\
             slave_read_only:{}\r\nreplica_announced:{}\r\n",
            master.ip(),
            master.port(),
            u8::from(replication.link.name() == "sync"),
            self.settings.replica_priority,
            u8::from(self.settings.replica_read_only),
            u8::from(self.settings.replica_announced),
        )
    }

    /// The replicas that are connected to me; those that only greeted are none yet.
    fn attached_lines(&self) -> String {
        let attached: Vec<(&AttachedReplica, &str)> = self
            .replication
            .replicas
            .values()
            .filter_map(|replica| Some((replica, state_word(replica)?)))
            .collect();
        let mut lines = format!("connected_slaves:{}\r\n", attached.len());
        if self.settings.min_replicas_to_write > 0 && self.settings.min_replicas_max_lag > 0 {
            lines += &format!("min_slaves_good_slaves:{}\r\n", self.good_replicas());
        }
        for (index, (replica, state)) in attached.into_iter().enumerate() {
            let ip = replica.ip.map(|ip| ip.to_string()).unwrap_or_default();
            let lag = if is_online(replica) { self.clock.cached_s() - replica.ack_s } else { 0 };
            let (port, offset) = (replica.port, replica.ack);
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
            backlog.map_or(0, |backlog| backlog.len(replication.offset)),
        )
    }

    fn keyspace_section(&self) -> String {
        let mut text = String::new();
        if !self.keyspace.is_empty() {
            let (keys, expires) = (self.keyspace.len(), self.keyspace.expiring_len());
            let left: i64 = self.keyspace.expiry_times().map(|at| (at - self.clock.cached_ms).max(0)).sum();
            let average = left.checked_div(expires as i64).unwrap_or(0);
            write!(text, "db0:keys={keys},expires={expires},avg_ttl={average}\r\n")
                .expect("a string takes all");
        }
        text
    }
}

/// Where my master serves clients, if I replicate one.
fn master_address(link: MasterLink) -> Option<SocketAddr> {
    match link {
        MasterLink::Off => None,
        MasterLink::Connect(address) | MasterLink::Handshake(address, ..) | MasterLink::Up(address) => {
            Some(address)
        }
    }
}

/// Whether a replica gets the stream.
fn is_online(replica: &AttachedReplica) -> bool {
    replica.state == ReplicaState::Online
}

/// The word for a replica's state; `None` for one that has not asked for the stream yet.
fn state_word(replica: &AttachedReplica) -> Option<&'static str> {
    match replica.state {
        ReplicaState::Greeting => None,
        ReplicaState::WaitsForSnapshot(_) => Some("wait_bgsave"),
        ReplicaState::Online => Some("online"),
    }
}
