//! MIGRATE on the source: what it says to the target, and what it makes of the answers.

use std::net::SocketAddr;

use rcsim_node::exchange::{Exchange, ExchangeFailure, ExchangeStage, Exchanged};
use rcsim_node::{ClientOutput, ConnectionId, Effect, Input};
use rcsim_observe::NodeGlimpse;
use rcsim_protocol::Reply;

use super::commands::error;
use super::support::{Bench, IDS};

const READING: &str = "IOERR error or timeout reading to target instance";

fn exchange(node: &Bench) -> Exchange {
    let asked = node.effects.iter().find_map(|effect| match effect {
        Effect::Exchange(exchange) => Some(exchange.clone()),
        _ => None,
    });
    asked.expect("it talks to the target")
}

/// The names of the commands that the target is sent, with the key if there is one.
fn said(node: &Bench) -> Vec<String> {
    let words = |command: &rcsim_protocol::Command| {
        command
            .words()
            .take(3)
            .map(|word| String::from_utf8_lossy(word).into_owned())
            .collect::<Vec<_>>()
            .join(" ")
    };
    exchange(node).commands.iter().map(words).collect()
}

fn answer(node: &mut Bench, replies: &[&'static str], failure: Option<(ExchangeStage, bool)>) {
    let reply = |text: &&'static str| match text.strip_prefix('-') {
        Some(text) => Reply::error(text),
        None => Reply::simple(*text),
    };
    let failure = failure.map(|(stage, timed_out)| ExchangeFailure { stage, timed_out });
    let replies = replies.iter().map(reply).collect();
    node.input(Input::Exchanged(Exchanged { replies, failure }));
}

fn with_keys() -> Bench {
    let mut node = Bench::formed(0);
    for command in ["SET {06S}a 1", "SET {06S}b 2 PX 5000", "RPUSH {06S}c x y"] {
        node.ask(command);
    }
    node
}

#[test]
fn mg_4_keys_go_as_restore_asking_and_select_comes_first_on_a_new_connection() {
    let mut node = with_keys();
    assert_eq!(node.try_ask("MIGRATE 10.0.0.2 6379 {06S}a 0 500"), None, "MG-1: it waits");
    assert_eq!(said(&node), ["SELECT 0", "RESTORE-ASKING {06S}a 0"]);
    let first = exchange(&node);
    let to: SocketAddr = "10.0.0.2:6379".parse().expect("an address");
    assert_eq!((first.open, first.timeout_ms), (Some(to), 500));
    let before = node.node.offset().0;
    answer(&mut node, &["OK", "OK"], None);
    assert_eq!(node.replies(), [Reply::ok()]);
    assert_eq!(node.ask("EXISTS {06S}a"), Reply::Integer(0));
    assert_eq!(node.node.offset().0 - before, 25, "MG-6: DEL {{06S}}a");
    node.now_ms += 1000;
    node.try_ask("MIGRATE 10.0.0.2 6379  0 0 REPLACE KEYS {06S}b {06S}none {06S}c");
    assert_eq!(
        said(&node),
        ["RESTORE-ASKING {06S}b 4000", "RESTORE-ASKING {06S}c 0"],
        "MG-3: the connection is kept"
    );
    let again = exchange(&node);
    assert_eq!((again.open, again.target, again.timeout_ms), (None, first.target, 1000), "MG-1: the default");
    assert_eq!(again.commands[0].word(4), Some(&b"REPLACE"[..]));
}

#[test]
fn mg_5_what_the_target_refused_stays_here() {
    let mut node = with_keys();
    node.try_ask("MIGRATE 10.0.0.2 6379  0 500 KEYS {06S}a {06S}b {06S}c");
    answer(&mut node, &["OK", "OK", "-BUSYKEY Target key name already exists.", "OK"], None);
    let refused = "ERR Target instance replied with error: BUSYKEY Target key name already exists.";
    assert_eq!(node.replies(), [error(refused)]);
    assert_eq!(node.ask("CLUSTER GETKEYSINSLOT 0 9").to_string(), "[{06S}b]");
    node.try_ask("MIGRATE 10.0.0.2 6379 {06S}b 0 500 COPY");
    assert_eq!(said(&node)[0], "SELECT 0", "after an error nobody knows where it stands");
    answer(&mut node, &["OK", "OK"], None);
    assert_eq!(node.ask("EXISTS {06S}b"), Reply::Integer(1), "a copy");
}

#[test]
fn mg_8_mg_9_a_failure_is_tried_once_more_unless_it_was_the_time_or_something_was_heard() {
    let mut node = with_keys();
    node.try_ask("MIGRATE 10.0.0.2 6379 {06S}a 0 500");
    let first = exchange(&node).target;
    answer(&mut node, &[], Some((ExchangeStage::Write, false)));
    assert!(
        node.effects.iter().any(|effect| matches!(effect, Effect::CloseTarget(target) if *target == first))
    );
    assert!(exchange(&node).target != first && exchange(&node).open.is_some(), "on a new connection");
    answer(&mut node, &[], Some((ExchangeStage::Write, false)));
    assert_eq!(node.replies(), [error("IOERR error or timeout writing to target instance")]);
    node.try_ask("MIGRATE 10.0.0.2 6379 {06S}a 0 500");
    answer(&mut node, &[], Some((ExchangeStage::Connect, true)));
    assert_eq!(node.replies(), [error("IOERR error or timeout connecting to the client")]);
    node.try_ask("MIGRATE 10.0.0.2 6379  0 500 KEYS {06S}a {06S}b");
    answer(&mut node, &["OK", "OK"], Some((ExchangeStage::Read, false)));
    assert_eq!(node.replies(), [error(READING)]);
    assert_eq!(node.ask("EXISTS {06S}a {06S}b"), Reply::Integer(1), "MG-10: what was heard of counts");
    node.try_ask("MIGRATE 10.0.0.2 6379 {06S}b 0 500");
    answer(&mut node, &["OK"], Some((ExchangeStage::Read, true)));
    assert_eq!(node.replies(), [error(READING)]);
    assert_eq!(node.ask("EXISTS {06S}b"), Reply::Integer(1), "MG-10: it may be on both now");
}

#[test]
fn mg_2_words_that_make_no_sense() {
    let mut node = with_keys();
    let named = "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string";
    for (words, reply) in [
        ("{06S}none 0 100", Reply::simple("NOKEY")),
        (" 0 100 KEYS {06S}none", Reply::simple("NOKEY")),
        ("{06S}a 0 100 KEYS {06S}a", error(named)),
        ("{06S}a 0 100 FOO", error("ERR syntax error")),
        ("{06S}a 0 100 AUTH", error("ERR syntax error")),
        ("{06S}a x 100", error("ERR value is not an integer or out of range")),
        (" 0 100 KEYS {06S}a bar", error("CROSSSLOT Keys in request don't hash to the same slot")),
    ] {
        assert_eq!(node.ask(&format!("MIGRATE 10.0.0.2 6379 {words}")), reply, "{words}");
    }
    let unknown = "IOERR error or timeout connecting to the client";
    assert_eq!(node.ask("MIGRATE nohost 6379 {06S}a 0 100"), error(unknown));
    for command in ["MULTI", "MIGRATE 10.0.0.2 6379 {06S}a 0 100"] {
        node.ask(command);
    }
    assert!(node.ask("EXEC").to_string().contains("rcsim does not model MIGRATE inside a transaction"));
}

#[test]
fn mg_3_a_connection_is_closed_after_ten_seconds_without_use() {
    let mut node = with_keys();
    node.try_ask("MIGRATE 10.0.0.2 6379 {06S}a 0 500 AUTH2 me secret");
    assert_eq!(said(&node), ["AUTH me secret", "SELECT 0", "RESTORE-ASKING {06S}a 0"]);
    answer(&mut node, &["OK", "OK", "OK"], None);
    let closed_after = (0..200).position(|_| {
        node.tick_after(100);
        node.effects.iter().any(|effect| matches!(effect, Effect::CloseTarget(_)))
    });
    assert!(matches!(closed_after, Some(99..=109)), "{closed_after:?}");
}

#[test]
fn rd_7_an_open_slot_does_not_turn_migrate_away() {
    let mut node = with_keys();
    let other = IDS[1];
    node.ask(&format!("CLUSTER SETSLOT 0 MIGRATING {other}"));
    assert_eq!(node.ask("MIGRATE 10.0.0.2 6379 {06S}none 0 100"), Reply::simple("NOKEY"));
    assert!(node.ask("GET {06S}none").to_string().starts_with("-ASK 0"));
    assert!(node.ask("MIGRATE 10.0.0.2 6379 foo 0 100").to_string().starts_with("-MOVED 12182"));
}

/// While it waits, nothing of the turn is done; afterwards come the commands behind it.
#[test]
fn mg_1_commands_of_others_that_were_postponed_wait_for_it() {
    let mut node = with_keys();
    let other = node.connect(2);
    node.ask("CLIENT PAUSE 100 WRITE");
    assert_eq!(node.try_ask("MIGRATE 10.0.0.2 6379 {06S}a 0 500"), None);
    assert_eq!(node.try_ask("GET {06S}b"), None);
    assert_eq!(node.try_ask_as(other, "SET {06S}d 1"), None);
    node.tick_after(101);
    assert_eq!(said(&node).len(), 2);
    assert!(!node.effects.iter().any(|effect| matches!(effect, Effect::Client(..))));
    answer(&mut node, &["OK", "OK"], None);
    assert_eq!(node.replies(), [Reply::ok(), Reply::bulk("2")]);
    assert_eq!(node.replies_to(other), [Reply::ok()]);
    let to = |effect: &Effect| match effect {
        Effect::Client(to, ClientOutput::Reply(_)) => Some(*to),
        _ => None,
    };
    let order: Vec<ConnectionId> = node.effects.iter().filter_map(to).collect();
    assert_eq!(order, [ConnectionId(1), ConnectionId(1), other]);
}
