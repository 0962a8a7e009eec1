//! How a node starts (NC-5, NC-14, HS-10, BS-6, CF-13), and how it stands in a formed cluster.

use rcsim_node::{DiskStep, Effect, Wait};
use rcsim_observe::{Event, NodeGlimpse};
use rcsim_protocol::{NodeFlags, Settings, Slot};

use super::support::{Bench, IDS, START_MS};

fn settings(pairs: &[(&str, &str)]) -> Settings {
    let mut settings = Settings::default();
    for (name, value) in pairs {
        settings.set(name, value).expect("a legal value");
    }
    settings
}

/// NC-5, HS-10: the new identity is durable before anything else happens, and its first file knows no port.
#[test]
fn nc_5_a_new_node_makes_itself_an_identity() {
    for config in [None, Some(&b""[..])] {
        let mut node = Bench::boot(Settings::default(), config).expect("a new node");
        let id = node.registry.id(node.node.me());
        let first =
            format!("{id} :0@0 myself,master - 0 0 0 connected\nvars currentEpoch 0 lastVoteEpoch 0\n");
        let Effect::Disk(request) = &node.effects[0] else { panic!("{:?}", node.effects[0]) };
        let [DiskStep::WriteOver { content, .. }, DiskStep::Fsync { .. }, DiskStep::Truncate { .. }] =
            &request.steps[..]
        else {
            panic!("{request:?}")
        };
        assert_eq!((&content[..], request.wait), (first.as_bytes(), Wait::Process));
        let me = node.node.me();
        let started = |effect: &Effect| matches!(effect, Effect::Event(Event::Started { node, fresh: true }) if *node == me);
        assert!(node.effects.iter().any(started));
        let shown = format!("{id} :6379@16379 myself,master - 0 0 0 connected\n");
        assert_eq!(node.ask("CLUSTER NODES").to_string(), shown);
    }
}

#[test]
fn nc_5_every_new_node_has_another_id() {
    let one = Bench::boot(Settings::default(), None).expect("a new node");
    let mut other = Bench::boot(Settings::default(), None).expect("a new node");
    assert_eq!(one.node.me(), other.node.me(), "the same dice give the same id");
    let before = other.ask("CLUSTER MYID");
    other.ask("CLUSTER RESET HARD");
    assert_ne!(before, other.ask("CLUSTER MYID"));
}

/// NC-14, CF-13: ports come from the settings, the IP from the file unless one is announced.
#[test]
fn nc_14_own_address_after_a_restart() {
    let file = format!("{} 10.0.0.9:1@2,old myself,master - 0 0 1 connected\n", IDS[0]);
    let cases = [
        (vec![], "10.0.0.9:6379@16379"),
        (vec![("cluster-announce-ip", "10.9.9.9")], "10.9.9.9:6379@16379"),
        (vec![("cluster-announce-port", "7000")], "10.0.0.9:7000@16379"),
        (
            vec![("cluster-announce-bus-port", "7001"), ("cluster-announce-hostname", "new")],
            "10.0.0.9:6379@7001,new",
        ),
    ];
    for (pairs, address) in cases {
        let mut node = Bench::boot(settings(&pairs), Some(file.as_bytes())).expect("a good file");
        let line = format!("{} {address} myself,master - 0 0 1 connected\n", IDS[0]);
        assert_eq!(node.ask("CLUSTER NODES").to_string(), line, "{pairs:?}");
    }
}

/// FL-10, BS-6: the flag follows the setting; when that changes the flag of the file, the file is written.
#[test]
fn bs_6_nofailover_follows_the_setting() {
    for (in_file, setting, saves) in
        [("", "no", false), ("", "yes", true), (",nofailover", "yes", false), (",nofailover", "no", true)]
    {
        let file = format!("{} 10.0.0.9:1@2 myself,slave{in_file} - 0 0 1 connected\n", IDS[0]);
        let node = Bench::boot(settings(&[("cluster-replica-no-failover", setting)]), Some(file.as_bytes()))
            .expect("a good file");
        assert_eq!(node.node.is_flagged(node.node.me(), NodeFlags::NOFAILOVER), setting == "yes");
        assert_eq!(node.saved(), saves.then_some(false), "{in_file} {setting}");
    }
}

/// BT-4, ST-2: a master that restarts is out for two seconds after its first look at the state.
#[test]
fn bt_4_the_state_is_fail_after_a_start() {
    let file = format!("{} 10.0.0.9:1@2 myself,master - 0 0 1 connected 0-16383\n", IDS[0]);
    let mut node = Bench::boot(Settings::default(), Some(file.as_bytes())).expect("a good file");
    assert!(!node.node.state_ok());
    node.tick_after(100);
    node.tick_after(1900);
    assert!(!node.node.state_ok());
    node.tick_after(200);
    assert!(node.node.state_ok());
}

#[test]
fn a_formed_cluster_is_at_rest() {
    for index in 0..6 {
        let node = Bench::formed(index);
        assert!(node.effects.is_empty());
        assert!(node.node.state_ok());
        assert_eq!((node.node.cluster_size(), node.node.table().len()), (3, 6));
        assert_eq!(node.node.offset().0, 280);
        assert_eq!(node.node.replication_up(), index >= 3);
        assert_eq!(node.node.owner(Slot::new(5461).unwrap()), Some(node.member(1)));
        for other in 0..6 {
            let peer = node.member(other);
            assert_eq!(node.node.is_flagged(peer, NodeFlags::MIGRATE_TO), other < 3, "RM-3");
            assert!(!node.node.is_flagged(peer, NodeFlags::PFAIL | NodeFlags::FAIL));
        }
        for line in node.config().lines().filter(|line| !line.contains("myself") && !line.starts_with("vars"))
        {
            let pong: i64 = line.split(' ').nth(5).and_then(|time| time.parse().ok()).expect("a time");
            assert!((START_MS - 1000 + 1..=START_MS).contains(&pong), "CR-6: {line}");
            assert!(line.contains(" connected"), "{line}");
        }
    }
}

/// Its file is as good as its memory: who starts with it believes the same.
#[test]
fn a_formed_cluster_survives_a_restart() {
    let before = Bench::formed(4);
    let after =
        Bench::boot_at(22174, Settings::default(), Some(before.config().as_bytes())).expect("a good file");
    for slot in Slot::all() {
        let owner = |bench: &Bench| bench.node.owner(slot).map(|node| bench.registry.id(node));
        assert_eq!(owner(&before), owner(&after));
    }
    assert_eq!(after.registry.id(after.node.me()).to_string(), IDS[4]);
    assert_eq!(before.node.current_epoch(), after.node.current_epoch());
}
