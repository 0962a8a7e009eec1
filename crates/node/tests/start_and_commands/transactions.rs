//! Transactions: what is queued, what runs, and what ends one early.

use rcsim_observe::NodeGlimpse;
use rcsim_protocol::Reply;

use super::commands::error;
use super::support::Bench;

fn told(node: &mut Bench, commands: &[&str]) -> Vec<String> {
    commands.iter().map(|command| node.ask(command).to_string()).collect()
}

#[test]
fn what_is_queued_runs_at_once_and_errors_in_it_stop_nothing() {
    let mut node = Bench::formed(0);
    let commands = ["MULTI", "INCR bar", "LPUSH bar 1", "GET bar", "PING", "SELECT 1", "EXEC"];
    let wrong = "-WRONGTYPE Operation against a key holding the wrong kind of value";
    let database = "-ERR SELECT is not allowed in cluster mode";
    let all = format!("[1 {wrong} 1 PONG {database}]");
    let queued = "QUEUED";
    assert_eq!(told(&mut node, &commands), ["OK", queued, queued, queued, queued, queued, &all]);
    assert_eq!(node.ask("EXEC"), error("ERR EXEC without MULTI"));
    assert_eq!(node.ask("DISCARD"), error("ERR DISCARD without MULTI"));
}

#[test]
fn rd_13_an_error_in_the_queue_runs_nothing() {
    let mut node = Bench::formed(0);
    let aborted = "-EXECABORT Transaction discarded because of previous errors.";
    for wrong in ["NOPE", "GET", "PSYNC ? -1", "SET foo 1"] {
        let replies = told(&mut node, &["MULTI", "SET bar 1", wrong, "SET bar 2", "EXEC"]);
        assert!(replies[2].starts_with('-'), "{replies:?}");
        assert_eq!((replies[3].as_str(), replies[4].as_str()), ("QUEUED", aborted), "{wrong}");
    }
    let harmless = told(&mut node, &["MULTI", "MULTI", "WATCH bar", "SET bar 3", "EXEC"]);
    let nested = "-ERR MULTI calls can not be nested";
    assert_eq!(harmless, ["OK", nested, "-ERR WATCH inside MULTI is not allowed", "QUEUED", "[OK]"]);
    let bare = "-EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command";
    assert_eq!(told(&mut node, &["MULTI", "EXEC x", "EXEC"]), ["OK", bare, "-ERR EXEC without MULTI"]);
}

#[test]
fn rd_1_the_keys_of_a_transaction_are_looked_at_together() {
    let mut node = Bench::formed(0);
    let crossing = "-CROSSSLOT Keys in request don't hash to the same slot";
    let replies = told(&mut node, &["MULTI", "SET bar 1", "SET {06S} 1", "EXEC", "GET bar", "EXEC"]);
    assert_eq!(replies[3..], [crossing, "(nil)", "-ERR EXEC without MULTI"]);
}

#[test]
fn a_watched_key_that_changed_stops_the_transaction() {
    let mut node = Bench::formed(0);
    let other = node.connect(2);
    let mut watched = |before: &[&str], meanwhile: &[&str], ms: i64| {
        node.ask("FLUSHALL");
        before.iter().for_each(|command| drop(node.ask(command)));
        assert_eq!(node.ask("WATCH bar {bar}x bar"), Reply::ok());
        meanwhile.iter().for_each(|command| drop(node.ask_as(other, command)));
        node.now_ms += ms;
        assert_eq!(told(&mut node, &["MULTI", "PING"]), ["OK", "QUEUED"]);
        node.ask("EXEC") != Reply::NullArray
    };
    assert!(watched(&[], &["SET {bar}y 1", "GET bar", "DEL bar", "FLUSHALL"], 0), "nothing has changed");
    assert!(!watched(&[], &["SET bar 1"], 0));
    assert!(!watched(&["SET {bar}x 1"], &["SET {bar}x 1"], 0), "even to the same value");
    assert!(!watched(&[], &["SET bar 1", "DEL bar"], 0), "even if it is undone");
    assert!(!watched(&["SET bar 1"], &["EXPIRE bar 100"], 0));
    assert!(!watched(&["SET bar 1"], &["FLUSHALL"], 0));
    assert!(!watched(&["RPUSH bar 1 2"], &["LPOP bar"], 0));
    assert!(!watched(&["SET bar 1 PX 10"], &[], 20), "it has expired, whether it is deleted or not");
    assert!(watched(&["SET bar 1 PX 100"], &[], 20));
    assert!(watched(&["SET bar 1"], &["PERSIST bar"], 0), "a command that did nothing");
}

#[test]
fn watching_ends_with_the_transaction_or_with_unwatch() {
    let mut node = Bench::formed(0);
    let other = node.connect(2);
    for end in [&["UNWATCH"][..], &["MULTI", "DISCARD"], &["MULTI", "EXEC"], &["RESET"]] {
        node.ask("WATCH bar");
        told(&mut node, end);
        node.ask_as(other, "INCR bar");
        assert_eq!(told(&mut node, &["MULTI", "EXEC"]), ["OK", "[]"], "{end:?}");
    }
}

/// RP-4: several writes of one transaction are one piece of the stream; a single one needs no brackets.
#[test]
fn rp_4_a_transaction_goes_into_the_stream_as_one() {
    let mut node = Bench::formed(0);
    let mut grown_by = |commands: &[&str]| {
        let before = node.node.offset().0;
        told(&mut node, commands);
        node.node.offset().0 - before
    };
    assert_eq!(grown_by(&["MULTI", "GET bar", "EXEC"]), 0);
    assert_eq!(grown_by(&["MULTI", "SET bar 1", "GET bar", "EXEC"]), 29);
    let brackets = 15 + 14;
    assert_eq!(grown_by(&["MULTI", "SET bar 1", "DEL {bar}x", "DEL bar", "EXEC"]), 29 + 22 + brackets);
}

/// Redis looks at a watched key when a command is queued, too: what is in vain is not queued, so nothing stands in the way
/// of EXEC.
#[test]
fn a_transaction_in_vain_is_told_so_even_when_writes_are_refused() {
    for hindrance in ["CONFIG SET min-replicas-to-write 1", "CLIENT PAUSE 1000 WRITE", "CLUSTER DELSLOTS 0"] {
        let mut node = Bench::formed(0);
        let other = node.connect(2);
        node.ask("WATCH bar");
        node.ask_as(other, "SET bar 1");
        told(&mut node, &["MULTI", "SET bar 2"]);
        node.ask_as(other, hindrance);
        assert_eq!(node.ask("EXEC"), Reply::NullArray, "{hindrance}");
    }
}

/// RB-4, AO-13: what a transaction did so far is in the data and not in the stream yet.
#[test]
fn children_begin_behind_a_transaction() {
    let mut node = Bench::formed(0);
    let replies = told(&mut node, &["MULTI", "SET bar 1", "BGSAVE", "EXEC"]);
    assert_eq!(replies[3], "[OK Background saving scheduled]");
    let replies = told(&mut node, &["MULTI", "SET bar 1", "BGREWRITEAOF", "EXEC"]);
    assert_eq!(replies[3], "[OK Background append only file rewriting scheduled]");
    assert!(!node.effects.iter().any(|effect| matches!(effect, rcsim_node::Effect::Fork { .. })));
}
