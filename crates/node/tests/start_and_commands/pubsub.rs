//! Pub/sub on one node, and what it sends to the others.

use rcsim_node::ConnectionId;
use rcsim_protocol::Reply;
use rcsim_protocol::bus::{Body, Header, Message};

use super::commands::{error, plain_header};
use super::support::Bench;

fn said(node: &mut Bench, client: ConnectionId, command: &str) -> Vec<String> {
    node.try_ask_as(client, command);
    node.replies_to(client).iter().map(ToString::to_string).collect()
}

#[test]
fn each_name_is_confirmed_with_the_number_of_subscriptions() {
    let mut node = Bench::formed(0);
    let me = node.connect(2);
    let mut said = |command: &str| said(&mut node, me, command);
    assert_eq!(said("SUBSCRIBE a b"), ["[subscribe a 1]", "[subscribe b 2]"]);
    assert_eq!(said("SUBSCRIBE a"), ["[subscribe a 2]"]);
    assert_eq!(said("PSUBSCRIBE a*"), ["[psubscribe a* 3]"]);
    assert_eq!(said("SSUBSCRIBE bar"), ["[ssubscribe bar 1]"], "counted apart");
    assert_eq!(said("UNSUBSCRIBE"), ["[unsubscribe a 2]", "[unsubscribe b 1]"]);
    assert_eq!(said("UNSUBSCRIBE"), ["[unsubscribe (nil) 1]"]);
    assert_eq!(said("PUNSUBSCRIBE zz a*"), ["[punsubscribe zz 1]", "[punsubscribe a* 0]"]);
    assert_eq!(said("SUNSUBSCRIBE"), ["[sunsubscribe bar 0]"]);
    assert_eq!(said("GET bar"), ["(nil)"]);
}

#[test]
fn who_listens_may_ask_for_little_else_before_the_third_protocol() {
    let mut node = Bench::formed(0);
    node.try_ask("SUBSCRIBE a");
    let refused = "ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in \
                   this context";
    assert_eq!(node.ask("GET bar"), error(refused));
    assert_eq!(
        (node.ask("PING").to_string(), node.ask("PING x").to_string()),
        ("[pong ]".into(), "[pong x]".into())
    );
    assert_eq!(node.ask("RESET"), Reply::simple("RESET"));
    assert_eq!(node.ask("PUBSUB CHANNELS"), Reply::Array(Vec::new()));
    node.ask("HELLO 3");
    node.try_ask("SUBSCRIBE a");
    assert_eq!((node.ask("GET bar"), node.ask("PING")), (Reply::Null, Reply::simple("PONG")));
}

#[test]
fn a_message_goes_to_channels_then_to_patterns_and_to_all_nodes() {
    let mut node = Bench::formed(0);
    let (first, second) = (node.connect(2), node.connect(3));
    for command in ["SUBSCRIBE news", "PSUBSCRIBE n?ws n*"] {
        node.try_ask_as(first, command);
    }
    node.try_ask_as(second, "SUBSCRIBE news other");
    assert_eq!(node.ask("PUBLISH news hello").to_string(), "4");
    let got = |node: &Bench, who| node.replies_to(who).iter().map(ToString::to_string).collect::<Vec<_>>();
    let direct = "[message news hello]";
    assert_eq!(got(&node, first), [direct, "[pmessage n* news hello]", "[pmessage n?ws news hello]"]);
    assert_eq!(got(&node, second), [direct]);
    let sent = node.sent();
    assert_eq!(sent.len(), 5, "CM-29: every node");
    assert!(sent.iter().all(|(_, message)| matches!(message.body, Body::Publish(..))));
    assert_eq!(node.ask("PUBSUB NUMSUB news other none").to_string(), "[news 2 other 1 none 0]");
    assert_eq!(
        (node.ask("PUBSUB NUMPAT"), node.ask("PUBSUB CHANNELS o*").to_string()),
        (Reply::Integer(2), "[other]".into())
    );
    let shown = node.ask("CLIENT LIST TYPE pubsub").to_string();
    assert!(shown.contains("flags=P db=0 sub=1 psub=2 ssub=0 ") && shown.lines().count() == 2, "{shown}");
}

#[test]
fn cm_29_a_sharded_message_stays_in_the_shard() {
    let mut node = Bench::formed(0);
    let listener = node.connect(2);
    assert_eq!(said(&mut node, listener, "SSUBSCRIBE foo"), ["-MOVED 12182 127.0.0.1:22172"]);
    node.try_ask_as(listener, "SSUBSCRIBE bar");
    assert_eq!(node.ask("SPUBLISH bar hello"), Reply::Integer(1));
    assert_eq!(node.replies_to(listener)[0].to_string(), "[smessage bar hello]");
    let links: Vec<_> = node.sent().iter().map(|(link, _)| Some(*link)).collect();
    assert_eq!(links, [node.links[5]], "my replica only");
    assert_eq!(node.ask("PUBLISH bar hello"), Reply::Integer(0), "two worlds");
    assert_eq!(node.ask("PUBSUB SHARDNUMSUB bar").to_string(), "[bar 1]");
    assert_eq!(node.ask("PUBSUB SHARDCHANNELS").to_string(), "[bar]");
    let mut replica = Bench::formed(5);
    assert_eq!(said(&mut replica, ConnectionId(1), "SSUBSCRIBE bar"), ["[ssubscribe bar 1]"], "RD-10");
    assert_eq!(replica.ask("RESET"), Reply::simple("RESET"));
    assert_eq!(replica.ask("SPUBLISH bar hello"), Reply::Integer(0));
    assert_eq!(replica.sent().len(), 1, "to its master");
}

#[test]
fn pk_20_what_comes_by_the_bus_is_delivered_and_not_passed_on() {
    let mut node = Bench::formed(0);
    node.try_ask("PSUBSCRIBE *");
    let header = |node: &Bench| Header { sender: node.member(1), ..plain_header(node) };
    let body = |channel: &str| (channel.as_bytes().into(), b"hello"[..].into());
    let (channel, text) = body("news");
    let message = Message { header: header(&node), body: Body::Publish(channel, text) };
    node.receive(1, message);
    assert_eq!(node.replies()[0].to_string(), "[pmessage * news hello]");
    assert!(node.sent().is_empty());
    let (channel, text) = body("bar");
    let message = Message { header: header(&node), body: Body::PublishShard(channel, text) };
    node.receive(1, message);
    assert!(node.replies().is_empty());
}

#[test]
fn listeners_of_a_slot_that_leaves_the_shard_are_told() {
    let mut node = Bench::formed(0);
    let listener = node.connect(2);
    node.try_ask_as(listener, "SSUBSCRIBE bar");
    let (slot, other) = (node.ask("CLUSTER KEYSLOT bar"), super::support::IDS[1]);
    assert_eq!(node.ask(&format!("CLUSTER SETSLOT {slot} NODE {other}")), Reply::ok());
    let told: Vec<String> = node.replies_to(listener).iter().map(ToString::to_string).collect();
    assert_eq!(told, ["[sunsubscribe bar 0]"]);
    assert_eq!(node.ask("PUBSUB SHARDCHANNELS"), Reply::Array(Vec::new()));
}

#[test]
fn a_transaction_can_subscribe() {
    let mut node = Bench::formed(0);
    for command in ["MULTI", "SUBSCRIBE a b", "PING", "EXEC"] {
        node.ask(command);
    }
    assert_eq!(node.replies()[0].to_string(), "[[subscribe a 1] [subscribe b 2] [pong ]]");
}
