//! What commands do, where the transcript of `golden` does not look.

use rcsim_node::{BusInput, Effect, Input};
use rcsim_observe::{Event, NodeGlimpse};
use rcsim_protocol::bus::{Body, Header, Message, MessageKind};
use rcsim_protocol::{AddressIx, Epoch, NodeFlags, Offset, Reply, Settings, Slot, SlotSet};

use super::support::{Bench, IDS};

pub(crate) fn error(text: &str) -> Reply {
    Reply::error(text.to_owned())
}

fn lone() -> Bench {
    Bench::boot(Settings::default(), None).expect("a new node")
}

fn slot(number: u16) -> Slot {
    Slot::new(number).expect("a slot")
}

/// Names, numbers of words, and texts, as a running 7.0.15 gave them.
#[test]
fn cm_1_commands_that_do_not_exist_or_have_too_many_words() {
    let mut node = lone();
    let long = "x".repeat(200);
    let cases = [
        ("FOO a b".to_owned(), "ERR unknown command 'FOO', with args beginning with: 'a' 'b' ".to_owned()),
        ("foo".to_owned(), "ERR unknown command 'foo', with args beginning with: ".to_owned()),
        (
            format!("FOO {long} y"),
            format!("ERR unknown command 'FOO', with args beginning with: '{}' ", &long[..128]),
        ),
        (
            format!("FOO {0} {0} {0} w", &long[..60]),
            format!("ERR unknown command 'FOO', with args beginning with: '{0}' '{0}' 'xx' ", &long[..60]),
        ),
        ("Get".to_owned(), "ERR wrong number of arguments for 'get' command".to_owned()),
        ("PING a b".to_owned(), "ERR wrong number of arguments for 'ping' command".to_owned()),
        ("cluster Info x".to_owned(), "ERR wrong number of arguments for 'cluster|info' command".to_owned()),
        ("CLUSTER F\nO".to_owned(), "ERR unknown subcommand 'F O'. Try CLUSTER HELP.".to_owned()),
        ("CLUSTER FORGET a\r\nb".to_owned(), "ERR Unknown node a  b".to_owned()),
        (
            "CLUSTER MEET 127.0.0.1 1 2 3".to_owned(),
            "ERR unknown subcommand or wrong number of arguments for 'MEET'. Try CLUSTER HELP.".to_owned(),
        ),
        ("CONFIG FOO".to_owned(), "ERR unknown subcommand 'FOO'. Try CONFIG HELP.".to_owned()),
        ("CONFIG SET hz".to_owned(), "ERR wrong number of arguments for 'config|set' command".to_owned()),
        ("CONFIG SET hz 10 foo".to_owned(), "ERR syntax error".to_owned()),
        (
            "CONFIG SET foo 1".to_owned(),
            "ERR Unknown option or number of arguments for CONFIG SET - 'foo'".to_owned(),
        ),
        ("FLUSHALL x".to_owned(), "ERR syntax error".to_owned()),
        ("SELECT 1".to_owned(), "ERR SELECT is not allowed in cluster mode".to_owned()),
        ("SELECT x".to_owned(), "ERR value is not an integer or out of range".to_owned()),
        (
            "DEBUG FOO".to_owned(),
            "ERR unknown subcommand or wrong number of arguments for 'FOO'. Try DEBUG HELP.".to_owned(),
        ),
        (
            "DEBUG DROP-CLUSTER-PACKET-FILTER x".to_owned(),
            "ERR value is not an integer or out of range".to_owned(),
        ),
    ];
    for (command, reply) in cases {
        assert_eq!(node.ask(&command), error(&reply), "{command}");
    }
}

#[test]
fn cm_13_slots_are_added_all_or_none() {
    let mut node = lone();
    assert!(node.ask("CLUSTER ADDSLOTSRANGE 0 5 3 9").is_error());
    assert!(node.ask("CLUSTER ADDSLOTS 1 2 99999").is_error());
    assert_eq!(node.node.owner(slot(1)), None);
    assert_eq!(node.ask("CLUSTER ADDSLOTSRANGE 0 5 7 9"), Reply::ok());
    assert_eq!(node.saved(), Some(false), "BS-6: saved, not durably");
    assert_eq!(node.ask("CLUSTER ADDSLOTSRANGE 0 1 5 x"), error("ERR Slot 0 is already busy"));
    assert_eq!(node.ask("CLUSTER DELSLOTSRANGE 1 2 2 3"), error("ERR Slot 2 specified multiple times"));
    assert_eq!(node.ask("CLUSTER DELSLOTSRANGE 1 2 4 4"), Reply::ok());
    assert!(node.config().contains("connected 0 3 5 7-9\n"), "{}", node.config());
    assert_eq!(node.ask("CLUSTER FLUSHSLOTS"), Reply::ok());
    assert!(node.config().contains("connected\n"));
    assert_eq!(node.node.config_epoch(), Epoch::ZERO, "CM-15: no bump");
}

#[test]
fn cm_13_deleted_slots_are_no_longer_imported() {
    let mut node = Bench::formed(0);
    node.ask(&format!("CLUSTER SETSLOT 6000 IMPORTING {}", IDS[1]));
    assert!(node.config().contains(&format!("[6000-<-{}]", IDS[1])));
    assert_eq!(node.ask("CLUSTER DELSLOTS 6000"), Reply::ok(), "of whatever owner");
    assert!(!node.config().contains("[6000"));
    assert_eq!(node.node.owner(slot(6000)), None);
}

#[test]
fn mig_7_an_imported_slot_raises_the_epoch_and_is_told_to_all() {
    let mut node = Bench::formed(0);
    node.ask(&format!("CLUSTER SETSLOT 6000 IMPORTING {}", IDS[1]));
    assert_eq!(node.saved(), Some(false));
    assert_eq!(node.ask(&format!("CLUSTER SETSLOT 6000 NODE {}", IDS[0])), Reply::ok());
    assert_eq!((node.node.config_epoch(), node.node.current_epoch()), (Epoch(7), Epoch(7)));
    assert_eq!(node.saved(), Some(true), "LP-4: durable before it is told");
    let pongs = node.sent().iter().filter(|(_, message)| message.kind() == MessageKind::Pong).count();
    assert_eq!(pongs, 5);
    // MIG-8: without having imported it, neither.
    assert_eq!(node.ask(&format!("CLUSTER SETSLOT 6001 NODE {}", IDS[0])), Reply::ok());
    assert_eq!((node.node.config_epoch(), node.sent().len()), (Epoch(7), 0));
    // MIG-9: given to somebody else, it stays open.
    node.ask(&format!("CLUSTER SETSLOT 6002 IMPORTING {}", IDS[1]));
    node.ask(&format!("CLUSTER SETSLOT 6002 NODE {}", IDS[2]));
    assert!(node.config().contains("[6002-<-"));
}

#[test]
fn mig_5_mig_6_a_slot_is_given_away() {
    let mut node = Bench::formed(0);
    node.ask("SET {06S}a 1");
    let give = |number: u16| format!("CLUSTER SETSLOT {number} NODE {}", IDS[1]);
    let held = "ERR Can't assign hashslot 0 to a different node while I still hold keys for this hash slot.";
    assert_eq!(node.ask(&give(0)), error(held));
    node.ask("DEL {06S}a");
    node.ask(&format!("CLUSTER SETSLOT 0 MIGRATING {}", IDS[1]));
    assert_eq!(node.ask(&give(0)), Reply::ok());
    assert!(!node.config().contains("[0"), "no keys: it no longer migrates");
    for number in 1..=5460 {
        assert_eq!(node.ask(&give(number)), Reply::ok());
    }
    assert!(
        node.node.is_flagged(node.node.me(), NodeFlags::SLAVE),
        "the last slot is gone: I follow its owner"
    );
    assert_eq!(node.saved(), Some(true));
}

#[test]
fn cm_22_reset() {
    let mut replica = Bench::formed(4);
    assert_eq!(replica.ask("CLUSTER RESET"), Reply::ok());
    assert_eq!(replica.saved(), Some(true));
    let line = format!("{} 127.0.0.1:22174@32174 myself,master - 0 0 5 connected\n", IDS[4]);
    assert_eq!(replica.ask("CLUSTER NODES").to_string(), line, "its own epoch comes to light (EP-8)");
    assert!(replica.node.current_epoch() == Epoch(6) && !replica.node.replication_up());

    let mut master = Bench::formed(2);
    assert_eq!(master.ask("CLUSTER RESET SOFT"), Reply::ok(), "slots, but no keys");
    assert_eq!(master.effects.iter().filter(|effect| matches!(effect, Effect::Close(_))).count(), 10);
    assert_eq!(master.node.table().len(), 1);
    assert_eq!(master.ask("CLUSTER RESET HARD"), Reply::ok());
    assert_ne!(master.ask("CLUSTER MYID").to_string(), IDS[2]);
    assert_eq!((master.node.config_epoch(), master.node.current_epoch()), (Epoch::ZERO, Epoch::ZERO));
}

/// BS-6: what each command writes, and whether durably.
#[test]
fn bs_6_what_commands_save() {
    let forget = format!("CLUSTER FORGET {}", IDS[3]);
    let cases = [
        ("CLUSTER MEET 127.0.0.1 9999", None),
        ("CLUSTER BUMPEPOCH", Some(true)),
        ("CLUSTER BUMPEPOCH", None),
        (&forget, Some(false)),
        ("CLUSTER SETSLOT 0 STABLE", Some(false)),
        ("CLUSTER SAVECONFIG", Some(true)),
        ("CONFIG SET cluster-replica-no-failover yes", Some(false)),
        ("CONFIG SET cluster-replica-no-failover yes", None),
        ("CLUSTER NODES", None),
    ];
    let mut node = Bench::formed(0);
    for (command, saved) in cases {
        assert!(!node.ask(command).is_error(), "{command}");
        assert_eq!(node.saved(), saved, "{command}");
    }
    let mut lone = lone();
    assert_eq!(lone.ask("CLUSTER SET-CONFIG-EPOCH 3"), Reply::ok());
    assert_eq!(lone.saved(), Some(false), "CM-23: without fsync");
    let mut replica = Bench::formed(3);
    assert_eq!(replica.ask(&format!("CLUSTER REPLICATE {}", IDS[0])), Reply::ok());
    assert_eq!(replica.saved(), Some(false));
}

#[test]
fn mf_2_to_mf_6_the_three_forms_of_failover() {
    let mut plain = Bench::formed(5);
    assert_eq!(plain.ask("CLUSTER FAILOVER"), Reply::ok());
    let sent = plain.sent();
    assert_eq!((sent.len(), sent[0].0, sent[0].1.kind()), (1, plain.links[0].unwrap(), MessageKind::MfStart));

    let mut force = Bench::formed(5);
    assert_eq!(force.ask("CLUSTER FAILOVER FORCE"), Reply::ok());
    assert!(force.sent().is_empty(), "MF-5: no contact with the master");
    force.tick_after(100);
    let asked = force.sent().iter().any(|(_, message)| message.kind() == MessageKind::AuthRequest);
    assert!(asked, "MF-5: but votes are needed");

    let mut takeover = Bench::formed(4);
    assert_eq!(takeover.ask("CLUSTER FAILOVER TAKEOVER"), Reply::ok());
    let me = takeover.node.me();
    assert!(takeover.node.is_flagged(me, NodeFlags::MASTER));
    assert_eq!((takeover.node.owner(slot(16383)), takeover.node.config_epoch()), (Some(me), Epoch(7)));
    assert_eq!(takeover.saved(), Some(true));
}

#[test]
fn mf_1_failover_needs_a_link_to_the_master() {
    let mut node = Bench::formed(5);
    let link = node.links[0].expect("a link to the master");
    node.input(Input::Bus(link, BusInput::Closed));
    assert_eq!(
        node.ask("CLUSTER FAILOVER"),
        error("ERR Master is down or failed, please use CLUSTER FAILOVER FORCE")
    );
    assert_eq!(node.ask("CLUSTER FAILOVER FORCE"), Reply::ok());
}

#[test]
fn cm_7_slots_shows_replicas_that_have_data() {
    let mut node = Bench::formed(0);
    let entry = |id: &str, port: i64| {
        let endpoint = Reply::bulk("127.0.0.1");
        Reply::Array(vec![endpoint, Reply::Integer(port), Reply::bulk(id), Reply::Map(vec![])])
    };
    let Reply::Array(ranges) = node.ask("CLUSTER SLOTS") else { panic!("a list") };
    let first = vec![Reply::Integer(0), Reply::Integer(5460), entry(IDS[0], 22170), entry(IDS[5], 22175)];
    assert_eq!((ranges.len(), &ranges[0]), (3, &Reply::Array(first)));
    node.ask("CONFIG SET cluster-announce-hostname h0 cluster-preferred-endpoint-type unknown-endpoint");
    let Reply::Array(ranges) = node.ask("CLUSTER SLOTS") else { panic!("a list") };
    let Reply::Array(range) = &ranges[0] else { panic!("a list") };
    let other_names = Reply::Map(vec![
        (Reply::bulk("ip"), Reply::bulk("127.0.0.1")),
        (Reply::bulk("hostname"), Reply::bulk("h0")),
    ]);
    let unknown = vec![Reply::Null, Reply::Integer(22170), Reply::bulk(IDS[0]), other_names];
    assert_eq!(range[2], Reply::Array(unknown));
    node.ask("CONFIG SET cluster-preferred-endpoint-type hostname");
    let shown = node.ask("CLUSTER SLOTS").to_string();
    assert!(shown.contains("[h0 22170") && shown.contains("[? 22171"), "{shown}");
}

#[test]
fn cm_8_cm_9_shards_and_links() {
    let mut lone = lone();
    let id = lone.ask("CLUSTER MYID").to_string();
    let shard = format!(
        "[slots=[] nodes=[id={id} port=6379 ip= endpoint= role=master replication-offset=0 health=online ] ]"
    );
    assert_eq!(lone.ask("CLUSTER SHARDS").to_string(), shard);
    assert_eq!(lone.ask("CLUSTER LINKS"), Reply::Array(vec![]));

    let mut node = Bench::formed(0);
    let shards = node.ask("CLUSTER SHARDS").to_string();
    assert_eq!(shards.matches("slots=").count(), 3);
    let replica = format!(
        "id={} port=22175 ip=127.0.0.1 endpoint=127.0.0.1 role=replica replication-offset=280 health=online",
        IDS[5]
    );
    assert!(shards.contains(&replica), "{shards}");
    let Reply::Array(links) = node.ask("CLUSTER LINKS") else { panic!("a list") };
    let shown: Vec<String> = links.iter().map(ToString::to_string).collect();
    assert_eq!(shown.len(), 10);
    assert!(shown.iter().step_by(2).all(|link| link.starts_with("direction=to node=")));
    assert!(shown.iter().skip(1).step_by(2).all(|link| link.contains("events=r send-buffer-allocated=0")));
}

#[test]
fn cf_13_config_set_takes_effect_at_once() {
    let mut node = Bench::formed(0);
    let cases = [
        ("cluster-announce-port 1234", "127.0.0.1:1234@32170"),
        ("cluster-announce-port 0 cluster-announce-bus-port 555", "127.0.0.1:22170@555"),
        ("cluster-announce-bus-port 0 cluster-announce-hostname foo", "127.0.0.1:22170@32170,foo"),
        ("cluster-announce-ip 10.0.0.1", "10.0.0.1:22170@32170,foo"),
    ];
    for (pairs, address) in cases {
        assert_eq!(node.ask(&format!("CONFIG SET {pairs}")), Reply::ok());
        assert!(node.config().contains(&format!("{} {address} myself", IDS[0])), "{}", node.config());
    }
    node.ask("CONFIG SET cluster-announce-ip ");
    assert!(node.config().contains(" :22170@32170,foo myself"), "HS-10: to be found out again");
    let why = "Unable to listen on this port. Check server logs.";
    let refused = format!("ERR CONFIG SET failed (possibly related to argument 'port') - {why}");
    assert_eq!(node.ask("CONFIG SET port 7000 hz 20"), error(&refused));
    assert_eq!(node.ask("CONFIG GET port H[a-z]").to_string(), "port=22170 hz=10 ");
    assert_eq!(node.ask("CONFIG GET CLUSTER-Port").to_string(), "CLUSTER-Port=0 ", "as it was asked for");
}

#[test]
fn cm_5_slots_by_the_health_of_their_owner() {
    let mut node = Bench::formed(0);
    let header = Header { sender: node.member(1), ..plain_header(&node) };
    node.receive(1, Message { header, body: Body::Fail(node.member(2)) });
    let shown = node.ask("CLUSTER INFO").to_string();
    let expected = "cluster_state:fail\r\ncluster_slots_assigned:16384\r\ncluster_slots_ok:10923\r\n\
                    cluster_slots_pfail:0\r\ncluster_slots_fail:5461\r\n";
    assert!(shown.starts_with(expected), "{shown}");
    let told = |effect: &Effect| matches!(effect, Effect::Event(Event::FailReceived { .. }));
    assert!(!node.effects.iter().any(told), "asking tells nothing");
}

pub(crate) fn plain_header(node: &Bench) -> Header {
    Header {
        sender: node.member(1),
        address: AddressIx::BLANK,
        current_epoch: Epoch(6),
        config_epoch: Epoch(2),
        offset: Offset(280),
        slots: SlotSet::empty(),
        master: None,
        flags: NodeFlags::MASTER,
        cluster_failed: false,
        paused: false,
        force_ack: false,
    }
}
