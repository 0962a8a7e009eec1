//! Commands on data, word for word as a 7.0.15 answered them, and what they leave in the replication stream.

use rcsim_node::replication::Feed;
use rcsim_node::{ClientInput, ClientOutput, ConnectionId, Effect, Input};
use rcsim_protocol::{Command, Settings};

use super::support::Bench;

/// A master that serves all slots.
fn master() -> Bench {
    let mut node = Bench::boot(Settings::default(), None).expect("a new node");
    node.ask("CLUSTER ADDSLOTSRANGE 0 16383");
    node.tick_after(100);
    node.tick_after(2100);
    node
}

#[test]
fn replies_of_the_data_commands() {
    let mut node = master();
    for (command, reply) in [
        ("SET k v NX GET", "(nil)"),
        ("SET k w XX GET", "v"),
        ("SET k w NX", "(nil)"),
        ("SET k w EX 10 KEEPTTL", "-ERR syntax error"),
        ("SET k w EX 0", "-ERR invalid expire time in 'set' command"),
        ("SET k w PX x", "-ERR value is not an integer or out of range"),
        ("SET k w EX 9223372036854775807", "-ERR invalid expire time in 'set' command"),
        ("INCR k", "-ERR value is not an integer or out of range"),
        ("INCRBY n 5", "5"),
        ("DECR n", "4"),
        ("DECRBY n -9223372036854775808", "-ERR decrement would overflow"),
        ("INCRBY n 9223372036854775807", "-ERR increment or decrement would overflow"),
        ("APPEND k xyz", "4"),
        ("GETRANGE k -3 -1", "xyz"),
        ("GETRANGE k -1 -3", ""),
        ("SETRANGE k 5 a", "6"),
        ("SETRANGE k -1 a", "-ERR offset is out of range"),
        ("STRLEN k", "6"),
        ("RPUSH l a b c", "3"),
        ("LPUSH l z", "4"),
        ("LRANGE l 0 -1", "[z a b c]"),
        ("LRANGE l -2 9", "[b c]"),
        ("LINDEX l -1", "c"),
        ("LPOP l 2", "[z a]"),
        ("LPOP l -1", "-ERR value is out of range, must be positive"),
        ("RPOP l", "c"),
        ("LLEN l", "1"),
        ("GET l", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("LPUSH k a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("TYPE l", "list"),
        ("RPOP l", "b"),
        ("TYPE l", "none"),
        ("RPUSHX l a", "0"),
        ("EXPIRE k 10 GT", "0"),
        ("EXPIRE k 10 NX XX", "-ERR NX and XX, GT or LT options at the same time are not compatible"),
        ("EXPIRE k 10 YY", "-ERR Unsupported option YY"),
        ("EXPIRE k 10", "1"),
        ("TTL k", "10"),
        ("PERSIST k", "1"),
        ("TTL k", "-1"),
        ("PTTL nothing", "-2"),
        ("EXPIRE k -1", "1"),
        ("EXISTS n n", "2"),
        ("MSET {n}a 1 {n}b", "-ERR wrong number of arguments for 'mset' command"),
        ("MSET {n}a 1 {n}b 2", "OK"),
        ("MSETNX {n}a 1 {n}c 2", "0"),
        ("MGET {n}a {n}b {n}c", "[1 2 (nil)]"),
        ("KEYS {n}?", "[{n}a {n}b]"),
        ("GETDEL {n}a", "1"),
        ("UNLINK {n}a {n}b", "1"),
        ("DBSIZE", "1"),
        ("FLUSHDB", "OK"),
        ("GETEX n PERSIST NX", "-ERR syntax error"),
        ("ZADD z 1 a", "-ERR unknown command 'ZADD', with args beginning with: 'z' '1' 'a' "),
    ] {
        assert_eq!(node.ask(command).to_string(), reply, "{command}");
    }
}

/// A replica that is connected to the node from now on.
fn attach_replica(node: &mut Bench) -> ConnectionId {
    let connection = ConnectionId(9);
    let settings = node.ask("CONFIG SET repl-diskless-sync-delay 0");
    assert!(!settings.is_error());
    let remote = "127.0.0.1:40009".parse().expect("an address");
    node.input(Input::Client(connection, ClientInput::Opened { remote }));
    let psync = Command::new(["PSYNC", "?", "-1"]);
    node.ask("CONFIG SET repl-diskless-sync no");
    node.input(Input::Client(connection, ClientInput::Command(psync)));
    let child = node.effects.iter().find_map(|effect| match effect {
        Effect::Child { child, work } => Some((*child, *work)),
        _ => None,
    });
    let (child, work) = child.expect("a snapshot is begun at once");
    node.input(Input::Child { child, work });
    node.tick_after(100);
    connection
}

/// What the last input put into the replication stream.
fn stream(node: &Bench, replica: ConnectionId) -> Vec<String> {
    let commands = node.effects.iter().filter_map(|effect| match effect {
        Effect::Client(to, ClientOutput::Feed(Feed::Stream(chunk))) if *to == replica => {
            Some(&chunk.commands)
        }
        _ => None,
    });
    commands.flatten().map(ToString::to_string).collect()
}

#[test]
fn rp_32_the_stream_has_absolute_times_and_deletes_what_expired() {
    let mut node = master();
    let replica = attach_replica(&mut node);
    let at = |node: &Bench, ms: i64| node.now_ms + ms;
    node.ask("SET k v EX 1");
    let until = at(&node, 1000);
    assert_eq!(stream(&node, replica), ["SELECT 0".to_owned(), format!("SET k v PXAT {until}")]);
    node.ask("EXPIRE k 2");
    let until = at(&node, 2000);
    assert_eq!(stream(&node, replica), [format!("PEXPIREAT k {until}")]);
    node.ask("GETEX k PX 5");
    node.now_ms += 5;
    assert_eq!(node.ask("GET k").to_string(), "v", "it is there at the very millisecond of its end");
    node.now_ms += 1;
    assert_eq!(node.ask("INCR k").to_string(), "1", "what expired is gone");
    assert_eq!(stream(&node, replica), ["MULTI", "DEL k", "INCR k", "EXEC"]);
    node.ask("SET k v PX 10");
    node.tick_after(100);
    assert_eq!(stream(&node, replica), ["DEL k"], "the timer deletes it too");
    node.ask("SET k v NX");
    assert_eq!(stream(&node, replica), ["SET k v NX"]);
    node.ask("SET k w NX");
    assert!(stream(&node, replica).is_empty(), "what changes nothing does not go into the stream");
}

#[test]
fn a_restored_value_ends_at_an_absolute_time_in_the_stream() {
    let mut node = master();
    let replica = attach_replica(&mut node);
    node.ask("SET k v");
    let rcsim_protocol::Reply::Bulk(payload) = node.ask("DUMP k") else { panic!("a payload") };
    let until = node.now_ms + 5000;
    let mut restore = |time: &[u8], options: &[&[u8]]| {
        let words = [&[&b"RESTORE"[..], b"k", time, &payload], options].concat();
        assert_eq!(node.ask_command(Command::new(words)).to_string(), "OK");
        let told = stream(&node, replica);
        told.into_iter()
            .map(|command| command.replace(&*String::from_utf8_lossy(&payload), ".."))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        restore(b"5000", &[b"REPLACE", b"IDLETIME", b"7"]),
        [format!("RESTORE k {until} .. REPLACE IDLETIME 7 ABSTTL")]
    );
    assert_eq!(restore(b"1", &[b"ABSTTL", b"REPLACE"]), ["DEL k"]);
    assert!(restore(b"1", &[b"ABSTTL", b"REPLACE"]).is_empty(), "nothing was there, nothing is there");
}
