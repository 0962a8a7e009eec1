//! Serving clients: data, redirections, refusals, INFO and ROLE.

use rcsim_node::{ConnectionId, Input, input::MasterInput};
use rcsim_observe::NodeGlimpse;
use rcsim_protocol::bus::{Body, Header, Message};
use rcsim_protocol::{NodeFlags, Reply};

use super::commands::{error, plain_header};
use super::support::Bench;

/// MF-11, MF-12: writes wait while the master pauses its clients, reads do not.
#[test]
fn mf_11_writes_wait_for_the_end_of_a_manual_failover() {
    let mut master = Bench::formed(0);
    let replica = master.member(5);
    let header = Header { sender: replica, master: Some(master.node.me()), ..plain_header(&master) };
    master.receive(5, Message { header, body: Body::MfStart });
    let other = master.connect(2);
    assert_eq!(master.ask("MULTI"), Reply::ok());
    assert_eq!(master.try_ask("SET bar 1"), None, "not even to be queued");
    assert_eq!(master.ask_as(other, "GET bar"), Reply::Null);
    assert!(
        master.ask_as(other, "SET foo 1").to_string().starts_with("-MOVED 12182"),
        "RD-12: who serves it comes first"
    );
    assert_eq!(master.try_ask_as(other, "FLUSHALL"), None);
    for behind in ["GET bar", "EXEC", "GET bar"] {
        assert_eq!(master.try_ask(behind), None, "replies keep the order of the commands");
    }
    master.tick_after(5100);
    let shown: Vec<String> = master.replies().iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["QUEUED", "QUEUED", "[OK 1]", "1"], "MF-3: given up after 5 s, and they go on");
    assert_eq!(master.replies_to(other), [Reply::ok()]);
    assert_eq!(master.ask("GET bar"), Reply::Null, "FLUSHALL came later");
}

#[test]
fn a_replica_refuses_writes_and_can_be_told_to_refuse_more() {
    let mut replica = Bench::formed(5);
    let moved = error("MOVED 5061 127.0.0.1:22170");
    let read_only = error("READONLY You can't write against a read only replica.");
    assert_eq!(replica.ask("GET bar"), moved);
    assert_eq!(replica.ask("READONLY"), Reply::ok());
    assert_eq!(replica.ask("GET bar"), Reply::Null, "RD-10");
    assert_eq!(replica.ask("SET bar 1"), moved);
    assert_eq!(replica.ask("FLUSHALL"), read_only, "RD-21");
    replica.ask("CONFIG SET replica-serve-stale-data no");
    assert_eq!(replica.ask("GET bar"), Reply::Null, "its master is there");
    replica.input(Input::Master(MasterInput::Closed));
    let down = error("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.");
    for command in ["GET bar", "PING", "DBSIZE", "ASKING"] {
        assert_eq!(replica.ask(command), down, "CF-24: {command}");
    }
    for command in ["ECHO a", "CLUSTER MYID", "INFO", "READWRITE"] {
        assert!(!replica.ask(command).is_error(), "CF-24: {command}");
    }
    assert_eq!(replica.ask("FLUSHALL"), read_only, "comes before");
}

#[test]
fn rp_23_a_master_with_too_few_replicas_refuses_writes() {
    let mut master = Bench::formed(0);
    master.ask("CONFIG SET min-replicas-to-write 1");
    assert_eq!(master.ask("SET bar 1"), error("NOREPLICAS Not enough good replicas to write."));
    let remote = "127.0.0.1:40001".parse().expect("an address");
    master.node.formed_replication_from(ConnectionId(9), remote, 22175);
    assert_eq!(master.ask("SET bar 1"), Reply::ok());
    master.now_ms += 11_000;
    assert_eq!(master.ask("SET bar 1"), Reply::ok(), "they are counted once per second");
    (0..10).for_each(|_| master.tick_after(100));
    assert_eq!(
        master.ask("SET bar 1"),
        error("NOREPLICAS Not enough good replicas to write."),
        "lag of 10 s"
    );
}

#[test]
fn cm_27_cm_28_info_and_role() {
    let mut master = Bench::formed(0);
    let remote = "127.0.0.1:40001".parse().expect("an address");
    master.node.formed_replication_from(ConnectionId(9), remote, 22175);
    assert_eq!(master.ask("ROLE").to_string(), "[master 280 [[127.0.0.1 22175 280]]]");
    let info = master.ask("INFO replication").to_string();
    let names: Vec<&str> = info.lines().map(|line| line.split(':').next().unwrap_or_default()).collect();
    let tail = [
        "master_failover_state",
        "master_replid",
        "master_replid2",
        "master_repl_offset",
        "second_repl_offset",
        "repl_backlog_active",
        "repl_backlog_size",
        "repl_backlog_first_byte_offset",
        "repl_backlog_histlen",
    ];
    assert_eq!(names, [&["# Replication", "role", "connected_slaves", "slave0"], &tail[..]].concat());
    assert!(info.contains("slave0:ip=127.0.0.1,port=22175,state=online,offset=280,lag=0\r\n"));

    let mut replica = Bench::formed(5);
    assert_eq!(replica.ask("ROLE").to_string(), "[slave 127.0.0.1 22170 connected 280]");
    assert!(!replica.ask("INFO replication").to_string().contains("link_down_since"));
    replica.input(Input::Master(MasterInput::Closed));
    replica.now_ms += 3000;
    let info = replica.ask("INFO replication").to_string();
    let names: Vec<&str> = info.lines().map(|line| line.split(':').next().unwrap_or_default()).collect();
    let head = [
        "# Replication",
        "role",
        "master_host",
        "master_port",
        "master_link_status",
        "master_last_io_seconds_ago",
        "master_sync_in_progress",
        "slave_read_repl_offset",
        "slave_repl_offset",
        "master_link_down_since_seconds",
        "slave_priority",
        "slave_read_only",
        "replica_announced",
        "connected_slaves",
    ];
    assert_eq!(names, [&head[..], &tail[..]].concat());
    assert!(info.contains("slave_repl_offset:280\r\nmaster_link_down_since_seconds:3\r\n"), "{info}");
    assert_eq!(replica.ask("INFO cluster").to_string(), "# Cluster\r\ncluster_enabled:1\r\n");
    assert_eq!(replica.ask("INFO foo").to_string(), "");
}

#[test]
fn cm_10_keys_of_a_slot() {
    let mut node = Bench::formed(0);
    for key in ["{06S}a", "{06S}b", "{06S}c"] {
        assert_eq!(node.ask(&format!("SET {key} 1")), Reply::ok());
    }
    assert_eq!(node.ask("CLUSTER COUNTKEYSINSLOT 0"), Reply::Integer(3));
    assert_eq!(node.ask("CLUSTER GETKEYSINSLOT 0 2").to_string(), "[{06S}c {06S}b]");
    assert_eq!(node.ask("CLUSTER KEYSLOT {06S}x"), Reply::Integer(0));
    assert_eq!(node.ask("EXISTS {06S}a {06S}a {06S}x"), Reply::Integer(2));
    assert_eq!(node.ask("DEL {06S}a {06S}a"), Reply::Integer(1));
    assert_eq!(
        (node.ask("DBSIZE"), node.ask("INFO keyspace").to_string()),
        (Reply::Integer(2), "# Keyspace\r\ndb0:keys=2,expires=0,avg_ttl=0\r\n".to_owned())
    );
    assert_eq!(node.ask("SET {06S}a 1 EX"), error("ERR syntax error"));
}

/// RP-3: what changed something goes into the stream, and nothing else does.
#[test]
fn rp_3_writes_move_the_offset() {
    let mut node = Bench::formed(0);
    let mut grown_by = |command: &str| {
        let before = node.node.offset().0;
        node.ask(command);
        node.node.offset().0 - before
    };
    assert_eq!(grown_by("SET bar 1"), 29);
    assert_eq!((grown_by("GET bar"), grown_by("DEL {bar}x"), grown_by("SET bar 1 2")), (0, 0, 0));
    assert_eq!((grown_by("DEL bar"), grown_by("FLUSHALL")), (22, 18));
}

#[test]
fn pk_5_the_debug_filter_drops_messages_of_one_kind() {
    let mut node = Bench::formed(0);
    let header = Header { sender: node.member(1), ..plain_header(&node) };
    let fail = Message { header, body: Body::Fail(node.member(3)) };
    assert_eq!(node.ask("DEBUG DROP-CLUSTER-PACKET-FILTER 3"), Reply::ok());
    node.receive(1, fail.clone());
    assert!(!node.node.is_flagged(node.member(3), NodeFlags::FAIL));
    assert_eq!(node.ask("DEBUG DROP-CLUSTER-PACKET-FILTER -1"), Reply::ok());
    node.receive(1, fail);
    assert!(node.node.is_flagged(node.member(3), NodeFlags::FAIL));
    let shown = node.ask("CLUSTER INFO").to_string();
    assert!(shown.contains("cluster_stats_messages_fail_received:2\r\n"), "{shown}");
}
