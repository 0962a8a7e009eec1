//! A master with a replica on a bench, and a replica with its master: snapshots, the stream, limits.

use std::sync::Arc;

use rcsim_node::keyspace::{Entry, Value};
use rcsim_node::replication::{BulkPiece, Feed, SOCKET_ROOM, Snapshot, StreamChunk};
use rcsim_node::{ClientInput, ClientOutput, ConnectionId, Effect, Input, MasterInput, Work};
use rcsim_protocol::{Command, Offset, ReplicationId, Reply};

use crate::support::{Bench, IDS};

const REPLICA: ConnectionId = ConnectionId(9);

fn say(bench: &mut Bench, text: &str) {
    let command = Command::new(text.split(' '));
    bench.input(Input::Client(REPLICA, ClientInput::Command(command)));
}

fn greet(bench: &mut Bench) {
    let remote = "127.0.0.1:40001".parse().expect("an address");
    bench.input(Input::Client(REPLICA, ClientInput::Opened { remote }));
    say(bench, "REPLCONF listening-port 22175");
    say(bench, "PSYNC ? -1");
}

fn state(bench: &mut Bench) -> String {
    let info = bench.ask("INFO replication").to_string();
    let line = info.lines().find(|line| line.starts_with("slave0:")).unwrap_or_default().to_owned();
    line.split("state=").nth(1).and_then(|rest| rest.split(',').next()).unwrap_or_default().to_owned()
}

fn feeds(bench: &Bench) -> Vec<Feed> {
    let feed = |effect: &Effect| match effect {
        Effect::Client(REPLICA, ClientOutput::Feed(feed)) => Some(feed.clone()),
        _ => None,
    };
    bench.effects.iter().filter_map(feed).collect()
}

fn child(bench: &Bench) -> Option<(u32, Work)> {
    bench.effects.iter().find_map(|effect| match effect {
        Effect::Child { child, work } => Some((*child, *work)),
        _ => None,
    })
}

/// Ticks until the child is forked; says what it is to do.
fn wait_for_child(bench: &mut Bench) -> (u32, Work) {
    for _ in 0..200 {
        if let Some(work) = child(bench) {
            return work;
        }
        bench.tick_after(100);
    }
    panic!("no child was forked in 20 s");
}

fn sends_stream(bench: &Bench) -> bool {
    feeds(bench).iter().any(|feed| matches!(feed, Feed::Stream(_)))
}

#[test]
fn rp_18_rp_20_a_streamed_snapshot_and_the_stream_after_the_first_ack() {
    let mut master = Bench::formed(0);
    master.ask("CONFIG SET repl-diskless-sync-delay 1");
    let start_ms = master.now_ms;
    greet(&mut master);
    assert_eq!(state(&mut master), "wait_bgsave");
    let (number, work) = wait_for_child(&mut master);
    assert!((1_000..=2_100).contains(&(master.now_ms - start_ms)), "RP-18: after the delay of 1 s");
    let offset = master.effects.iter().find_map(|effect| match effect {
        Effect::Client(REPLICA, ClientOutput::Reply(Reply::Simple(text))) => {
            text.split(' ').nth(2).map(str::to_owned)
        }
        _ => None,
    });
    let offset: i64 = offset.and_then(|text| text.parse().ok()).expect("FULLRESYNC with an offset");
    assert!(offset >= 280 && (offset - 280) % 14 == 0, "only PINGs came since: {offset}");
    assert!(master.effects.iter().any(|it| matches!(it, Effect::Fork { .. })));
    assert_eq!(master.ask("SET bar 1"), Reply::ok());
    assert!(!sends_stream(&master), "the stream is kept meanwhile");
    master.input(Input::Child { child: number, work });
    assert!(matches!(feeds(&master).as_slice(), [Feed::Bulk(piece)] if piece.is_last()));
    assert_eq!(state(&mut master), "wait_bgsave", "the child is reaped by the timer");
    master.tick_after(100);
    assert_eq!(state(&mut master), "online");
    master.tick_after(100);
    assert!(!sends_stream(&master), "RP-20: not before the first ACK");
    say(&mut master, "REPLCONF ACK 280");
    let feeds = feeds(&master);
    let [Feed::Stream(chunk)] = feeds.as_slice() else { panic!("one piece, not {feeds:?}") };
    let words: Vec<String> = chunk.commands.iter().map(Command::to_string).collect();
    assert_eq!(words, ["SELECT 0", "SET bar 1"], "RP-3");
}

#[test]
fn rp_20_a_file_goes_out_when_it_is_complete_and_the_stream_right_behind() {
    let mut master = Bench::formed(0);
    master.ask("CONFIG SET repl-diskless-sync no");
    greet(&mut master);
    let (number, work) = child(&master).expect("RP-18: at once");
    master.ask("SET bar 1");
    master.input(Input::Child { child: number, work });
    assert!(feeds(&master).is_empty());
    master.tick_after(100);
    let feeds = feeds(&master);
    assert!(matches!(feeds.as_slice(), [Feed::Bulk(_), Feed::Stream(_)]), "{feeds:?}");
    assert_eq!(state(&mut master), "online");
}

#[test]
fn rp_18_a_waiting_replica_gets_an_empty_line_per_second() {
    let mut master = Bench::formed(0);
    greet(&mut master);
    let lines = (0..30).map(|_| {
        master.tick_after(100);
        feeds(&master).iter().filter(|feed| matches!(feed, Feed::KeepAlive)).count()
    });
    assert_eq!(lines.sum::<usize>(), 3);
}

#[test]
fn rp_22_a_replica_whose_socket_takes_nothing_is_dropped_at_the_hard_limit() {
    let mut master = Bench::formed(0);
    master.ask("CONFIG SET repl-backlog-size 16384");
    let limits = ["CONFIG", "SET", "client-output-buffer-limit", "slave 1mb 0 0"];
    master.input(Input::Client(ConnectionId(1), ClientInput::Command(Command::new(limits))));
    let remote = "127.0.0.1:40001".parse().expect("an address");
    master.node.formed_replication_from(REPLICA, remote, 22175);
    let big = "v".repeat(256 * 1024);
    let closed = |bench: &Bench| {
        bench.effects.iter().any(|it| matches!(it, Effect::Client(REPLICA, ClientOutput::Close)))
    };
    for _ in 0..SOCKET_ROOM / (256 * 1024) {
        master.ask(&format!("SET bar {big}"));
        assert!(sends_stream(&master) && !closed(&master));
    }
    let asked = |it: &Effect| matches!(it, Effect::Client(REPLICA, ClientOutput::TellWhenWritable));
    assert!(master.effects.iter().any(asked), "the socket is full");
    for _ in 0..3 {
        master.ask(&format!("SET bar {big}"));
        assert!(!sends_stream(&master) && !closed(&master));
    }
    master.ask(&format!("SET bar {big}"));
    assert!(closed(&master));
}

fn snapshot(streamed: bool, offset: i64) -> Arc<Snapshot> {
    let mut keyspace = rcsim_node::keyspace::Keyspace::default();
    let value = Value::String(Arc::from(&b"new"[..]));
    keyspace.insert(b"bar", Entry { value, expires_at_ms: None });
    let id = ReplicationId([3; 5]);
    Arc::new(Snapshot { id, offset: Offset(offset), keyspace, length: 1000, keys: 1, streamed })
}

pub(super) fn from_master(bench: &mut Bench, feed: Feed) {
    bench.input(Input::Master(MasterInput::Feed(feed)));
}

/// A replica that lost its master and was promised a whole data set by it.
fn in_transfer() -> Bench {
    let mut replica = Bench::formed(5);
    replica.ask("READONLY");
    begin_transfer(&mut replica);
    replica
}

/// The same, done to a replica.
pub(super) fn begin_transfer(replica: &mut Bench) {
    replica.input(Input::Master(MasterInput::Closed));
    replica.input(Input::Master(MasterInput::Connected));
    let id = ReplicationId([3; 5]);
    for reply in ["PONG", "OK", "OK", &format!("FULLRESYNC {id} 1000")] {
        replica.input(Input::Master(MasterInput::Reply(Reply::simple(reply.to_owned()))));
    }
}

pub(super) fn bulk(streamed: bool, bytes: u64, received: u64) -> Feed {
    Feed::Bulk(Arc::new(BulkPiece { snapshot: snapshot(streamed, 1000), bytes, received }))
}

fn loading(bench: &Bench) -> Option<u32> {
    bench.effects.iter().find_map(|effect| match effect {
        Effect::Load { load, .. } => Some(*load),
        _ => None,
    })
}

fn acks(bench: &Bench) -> Vec<String> {
    let sent = |effect: &Effect| match effect {
        Effect::SendMaster(command) => Some(command.to_string()),
        _ => None,
    };
    bench.effects.iter().filter_map(sent).collect()
}

fn stream(commands: &[&str]) -> Feed {
    let commands: Vec<Command> = commands.iter().map(|text| Command::new(text.split(' '))).collect();
    let bytes = commands.iter().map(Command::resp_len).sum();
    Feed::Stream(Arc::new(StreamChunk { commands, bytes }))
}

#[test]
fn rp_21_the_old_data_is_served_until_the_snapshot_is_complete_and_then_comes_loading() {
    let mut replica = in_transfer();
    let role = |replica: &mut Bench| replica.ask("ROLE").to_string();
    from_master(&mut replica, bulk(true, 400, 400));
    assert!(role(&mut replica).contains("sync"));
    assert_eq!(replica.ask("GET bar"), Reply::Null, "the old data");
    let info = replica.ask("INFO replication").to_string();
    assert!(info.contains("slave_repl_offset:280"), "the old place in the stream is kept: {info}");
    assert!(info.contains("master_sync_read_bytes:400\r\nmaster_sync_left_bytes:-400"), "{info}");
    from_master(&mut replica, bulk(true, 600, 1000));
    let load = loading(&replica).expect("all is there");
    assert!(replica.ask("GET bar").to_string().contains("LOADING"));
    replica.input(Input::Loaded { load: load + 1 });
    assert!(replica.ask("GET bar").to_string().contains("LOADING"), "not this one");
    replica.input(Input::Loaded { load });
    assert_eq!(acks(&replica), ["REPLCONF ACK 1000"], "RP-20");
    assert_eq!(replica.ask("GET bar"), Reply::bulk("new"));
    assert!(role(&mut replica).contains("connected 1000"));
}

#[test]
fn rp_21_what_comes_behind_a_file_is_applied_after_loading() {
    let mut replica = in_transfer();
    from_master(&mut replica, bulk(false, 1000, 1000));
    let load = loading(&replica).expect("all is there");
    from_master(&mut replica, stream(&["SELECT 0", "SET bar newer"]));
    replica.input(Input::Master(MasterInput::Closed));
    replica.input(Input::Loaded { load });
    assert_eq!(replica.ask("GET bar"), Reply::bulk("newer"));
    assert!(!replica.ask("ROLE").to_string().contains("connected"), "the master hung up meanwhile");
}

#[test]
fn rp_13_a_transfer_that_breaks_is_tried_again_at_once_from_the_old_place() {
    let mut replica = in_transfer();
    from_master(&mut replica, bulk(true, 400, 400));
    replica.input(Input::Master(MasterInput::Closed));
    assert!(replica.effects.iter().any(|it| matches!(it, Effect::ConnectMaster(_))));
    replica.input(Input::Master(MasterInput::Connected));
    for reply in ["PONG", "OK", "OK"] {
        replica.input(Input::Master(MasterInput::Reply(Reply::simple(reply.to_owned()))));
    }
    assert!(acks(&replica)[0].ends_with(" 281"), "{:?}", acks(&replica));
}

#[test]
fn rp_12_a_transfer_ends_when_nothing_came_for_repl_timeout_but_an_empty_line_counts() {
    let mut replica = in_transfer();
    for _ in 0..5 {
        replica.now_ms += 50_000;
        from_master(&mut replica, Feed::KeepAlive);
        (0..10).for_each(|_| replica.tick_after(100));
        assert!(replica.ask("ROLE").to_string().contains("sync"));
    }
    replica.now_ms += 62_000;
    (0..10).for_each(|_| replica.tick_after(100));
    assert!(!replica.ask("ROLE").to_string().contains("sync"));
}

#[test]
fn rp_4_a_transaction_counts_when_it_is_complete() {
    let mut replica = Bench::formed(5);
    replica.ask("READONLY");
    from_master(&mut replica, stream(&["MULTI", "SET bar 1"]));
    assert_eq!(replica.ask("GET bar"), Reply::Null);
    assert!(replica.ask("ROLE").to_string().contains("connected 280"));
    from_master(&mut replica, stream(&["EXEC"]));
    assert_eq!(replica.ask("GET bar"), Reply::bulk("1"));
    assert!(!replica.ask("ROLE").to_string().contains("connected 280"));
}

#[test]
fn rp_4_half_a_transaction_is_forgotten_with_the_link_and_asked_for_again() {
    let mut replica = Bench::formed(5);
    replica.ask("READONLY");
    from_master(&mut replica, stream(&["MULTI", "SET bar 1"]));
    replica.input(Input::Master(MasterInput::Closed));
    replica.input(Input::Master(MasterInput::Connected));
    for reply in ["PONG", "OK", "OK"] {
        replica.input(Input::Master(MasterInput::Reply(Reply::simple(reply.to_owned()))));
    }
    assert!(acks(&replica)[0].ends_with(" 281"), "from before MULTI: {:?}", acks(&replica));
    replica.input(Input::Master(MasterInput::Reply(Reply::simple("CONTINUE"))));
    from_master(&mut replica, stream(&["SET bar 2"]));
    assert_eq!(replica.ask("GET bar"), Reply::bulk("2"), "the old MULTI does not hold it back");
}

#[test]
fn rp_4_rp_25_a_promoted_replica_has_no_half_of_a_transaction() {
    let mut replica = Bench::formed(5);
    from_master(&mut replica, stream(&["MULTI", "SET bar 1"]));
    assert_eq!(replica.ask("CLUSTER FAILOVER TAKEOVER"), Reply::ok());
    replica.tick_after(100);
    assert_eq!(replica.ask("GET bar"), Reply::Null);
    let info = replica.ask("INFO replication").to_string();
    assert!(info.contains("second_repl_offset:281\r\n"), "the old name ends before MULTI: {info}");
    assert_eq!(replica.ask("SET bar 2"), Reply::ok());
    assert_eq!(replica.ask("GET bar"), Reply::bulk("2"));
}

#[test]
fn rp_5_what_a_writable_replica_writes_by_itself_is_not_in_its_stream() {
    let mut replica = Bench::formed(5);
    let remote = "127.0.0.1:40001".parse().expect("an address");
    replica.node.formed_replication_from(REPLICA, remote, 22175);
    replica.ask("CONFIG SET replica-read-only no");
    assert_eq!(replica.ask("FLUSHALL"), Reply::ok());
    assert!(!sends_stream(&replica) && replica.ask("ROLE").to_string().contains("connected 280"));
    from_master(&mut replica, stream(&["SET bar 1"]));
    assert!(sends_stream(&replica), "RP-4: its master's stream goes on to its own replicas");
}

#[test]
fn rp_14_getack_is_answered_with_the_offset_before_it() {
    let mut replica = Bench::formed(5);
    from_master(&mut replica, stream(&["REPLCONF GETACK *"]));
    assert_eq!(acks(&replica), ["REPLCONF ACK 280"]);
    assert!(replica.ask("ROLE").to_string().contains("connected 317"));
}

fn with_replica() -> Bench {
    let mut master = Bench::formed(0);
    let remote = "127.0.0.1:40001".parse().expect("an address");
    master.node.formed_replication_from(REPLICA, remote, 22175);
    master
}

/// What a replica gets of the stream, command by command.
fn streamed(bench: &Bench) -> Vec<String> {
    let chunks = feeds(bench).into_iter().filter_map(|feed| match feed {
        Feed::Stream(chunk) => Some(chunk),
        _ => None,
    });
    chunks.flat_map(|chunk| chunk.commands.iter().map(Command::to_string).collect::<Vec<_>>()).collect()
}

#[test]
fn rp_24_wait_asks_the_replicas_and_ends_when_enough_have_acknowledged() {
    let mut master = with_replica();
    assert_eq!(master.ask("WAIT 0 0"), Reply::Integer(1), "nothing was written");
    master.ask("SET bar 1");
    let behind = 280 + Command::new(["SET", "bar", "1"]).resp_len() as i64;
    assert_eq!(master.try_ask("WAIT 1 0"), None);
    assert_eq!(streamed(&master), ["REPLCONF GETACK *"]);
    assert_eq!(master.try_ask("GET bar"), None, "what comes behind WAIT waits, too");
    say(&mut master, &format!("REPLCONF ACK {}", behind - 1));
    assert_eq!(master.replies(), []);
    say(&mut master, &format!("REPLCONF ACK {behind}"));
    assert_eq!(master.replies(), [Reply::Integer(1), Reply::bulk("1")]);
    assert_eq!(master.try_ask("WAIT 1 0"), None, "GETACK stands before the GET, and is not acknowledged yet");
}

#[test]
fn rp_24_wait_ends_with_what_there_is_when_its_time_is_over() {
    let mut master = with_replica();
    master.ask("SET bar 1");
    assert_eq!(master.try_ask("WAIT 1 250"), None);
    for _ in 0..2 {
        master.tick_after(100);
        assert_eq!(master.replies(), []);
    }
    master.tick_after(100);
    assert_eq!(master.replies(), [Reply::Integer(0)]);
    master.ask("MULTI");
    master.ask("WAIT 1 0");
    assert_eq!(master.ask("EXEC"), Reply::Array(vec![Reply::Integer(0)]), "no waiting inside MULTI");
}

#[test]
fn rp_24_wait_wants_two_numbers_and_a_master() {
    let mut master = with_replica();
    for (asked, error) in [
        ("WAIT x 0", "ERR value is not an integer or out of range"),
        ("WAIT 0 x", "ERR timeout is not an integer or out of range"),
        ("WAIT 0 -1", "ERR timeout is negative"),
        ("WAIT 1 9223372036854775807", "ERR timeout is out of range"),
    ] {
        assert_eq!(master.ask(asked), Reply::error(error), "{asked}");
    }
    let mut replica = Bench::formed(5);
    assert!(replica.ask("WAIT 0 0").to_string().contains("WAIT cannot be used with replica instances."));
}

#[test]
fn rp_24_getack_waits_for_the_end_of_a_pause() {
    let mut master = with_replica();
    master.ask("SET bar 1");
    master.ask("CLIENT PAUSE 1000 WRITE");
    assert_eq!(master.try_ask("WAIT 1 0"), None);
    assert_eq!(streamed(&master), [""; 0]);
    let asked_after_ms = (1..20).map(|tick| tick * 100).find(|_| {
        master.tick_after(100);
        streamed(&master).contains(&"REPLCONF GETACK *".to_owned())
    });
    assert_eq!(asked_after_ms, Some(1_100));
}

#[test]
fn rd_19_who_waits_for_replicas_of_a_node_that_follows_somebody_now_is_sent_away() {
    let mut master = with_replica();
    assert_eq!(master.try_ask("WAIT 2 0"), None);
    say(&mut master, "CLUSTER FLUSHSLOTS");
    say(&mut master, &format!("CLUSTER REPLICATE {}", IDS[1]));
    let text = "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)";
    assert_eq!(master.replies(), [Reply::error(text)]);
    let closed = |it: &Effect| matches!(it, Effect::Client(ConnectionId(1), ClientOutput::Close));
    assert!(master.effects.iter().any(closed));
}
