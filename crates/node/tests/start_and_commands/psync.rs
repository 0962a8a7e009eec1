//! Who may go on where it stopped, and when a silent end is given up.

use rcsim_node::{ClientInput, ClientOutput, ConnectionId, Effect, Input, MasterInput};
use rcsim_protocol::{Command, ReplicationId, Reply};

use crate::support::Bench;

const OWN: ReplicationId = ReplicationId([7; 5]);

/// Another replica comes and says PSYNC; what it is told at once.
fn psync(bench: &mut Bench, id: ReplicationId, from: i64) -> Option<String> {
    let replica = ConnectionId(50 + (bench.now_ms % 1_000) as u32);
    bench.now_ms += 1;
    let remote = "127.0.0.1:40001".parse().expect("an address");
    bench.input(Input::Client(replica, ClientInput::Opened { remote }));
    let command = Command::new(["PSYNC", &id.to_string(), &from.to_string()]);
    bench.input(Input::Client(replica, ClientInput::Command(command)));
    bench.effects.iter().find_map(|effect| match effect {
        Effect::Client(to, ClientOutput::Reply(reply)) if *to == replica => Some(reply.to_string()),
        _ => None,
    })
}

fn goes_on(bench: &mut Bench, id: ReplicationId, from: i64) -> bool {
    psync(bench, id, from).is_some_and(|reply| reply.contains("CONTINUE"))
}

fn from_master(bench: &mut Bench, text: &str) {
    let command = Command::new(text.split(' '));
    let bytes = command.resp_len();
    let chunk = rcsim_node::replication::StreamChunk { commands: vec![command], bytes };
    let feed = rcsim_node::replication::Feed::Stream(std::sync::Arc::new(chunk));
    bench.input(Input::Master(MasterInput::Feed(feed)));
}

fn offset(bench: &mut Bench) -> i64 {
    field(bench, "master_repl_offset").parse().expect("a number")
}

fn field(bench: &mut Bench, name: &str) -> String {
    let info = bench.ask("INFO replication").to_string();
    let line = info.lines().find_map(|line| line.strip_prefix(&format!("{name}:")));
    line.unwrap_or_else(|| panic!("{name} in {info}")).to_owned()
}

#[test]
fn rp_17_a_replica_goes_on_in_the_same_stream_if_the_backlog_has_what_it_misses() {
    let mut master = Bench::formed(0);
    master.ask("SET bar 1");
    let end = offset(&mut master);
    assert!(end > 281, "a formed master has a backlog, from 281 on");
    for (id, from, expected) in [
        (OWN, 281, true),
        (OWN, end, true),
        (OWN, end + 1, true),
        (OWN, 280, false),
        (OWN, end + 2, false),
        (OWN, -1, false),
        (ReplicationId([8; 5]), 281, false),
        (ReplicationId::NONE, 281, false),
    ] {
        assert_eq!(goes_on(&mut master, id, from), expected, "{id} from {from}, the stream ends at {end}");
    }
}

#[test]
fn rp_17_rp_28_the_old_name_of_a_promoted_replica_holds_up_to_the_promotion_and_no_further() {
    let mut winner = Bench::formed(5);
    from_master(&mut winner, "SET bar 1");
    let end = offset(&mut winner);
    assert_eq!(winner.ask("CLUSTER FAILOVER TAKEOVER"), Reply::ok());
    winner.tick_after(100);
    winner.ask("SET bar 2");
    let new: ReplicationId = ReplicationId::parse(&field(&mut winner, "master_replid")).expect("an id");
    assert_ne!(new, OWN);
    assert_eq!(psync(&mut winner, OWN, end + 1), Some(format!("CONTINUE {new}")), "a sibling that had all");
    assert!(goes_on(&mut winner, OWN, 281), "a sibling that is behind");
    assert!(!goes_on(&mut winner, OWN, end + 2), "the old master, which had more: its last writes vanish");
    assert!(goes_on(&mut winner, new, end + 2), "the same offset of the new stream");
}

#[test]
fn rp_16_a_replica_without_its_own_master_serves_no_other() {
    let mut replica = Bench::formed(5);
    assert!(goes_on(&mut replica, OWN, 281), "RP-30: with its master it does");
    replica.input(Input::Master(MasterInput::Closed));
    let refused = psync(&mut replica, OWN, 281).expect("it is answered at once");
    assert!(refused.contains("NOMASTERLINK Can't SYNC while not connected with my master"), "{refused}");
}

#[test]
fn rp_12_a_master_that_says_nothing_for_repl_timeout_is_given_up() {
    let mut replica = Bench::formed(5);
    replica.ask("CONFIG SET repl-timeout 20");
    let start_ms = replica.now_ms;
    let given_up = |bench: &Bench| bench.effects.iter().any(|it| matches!(it, Effect::CloseMaster));
    while !given_up(&replica) && replica.now_ms < start_ms + 60_000 {
        replica.tick_after(100);
    }
    let after_ms = replica.now_ms - start_ms;
    assert!((20_001..=22_100).contains(&after_ms), "{after_ms} ms");
    assert!(
        replica.effects.iter().any(|it| matches!(it, Effect::ConnectMaster(_))),
        "and tried again at once"
    );
}

#[test]
fn rp_22_a_replica_that_acknowledges_nothing_for_repl_timeout_is_dropped() {
    let mut master = Bench::formed(0);
    master.ask("CONFIG SET repl-timeout 20");
    let (replica, remote) = (ConnectionId(9), "127.0.0.1:40001".parse().expect("an address"));
    master.node.formed_replication_from(replica, remote, 22175);
    let start_ms = master.now_ms;
    let dropped = |bench: &Bench| {
        let closed = |it: &Effect| matches!(it, Effect::Client(to, ClientOutput::Close) if *to == replica);
        bench.effects.iter().any(closed)
    };
    for _ in 0..150 {
        master.tick_after(100);
    }
    let ack = Command::new(["REPLCONF", "ACK", "280"]);
    master.input(Input::Client(replica, ClientInput::Command(ack)));
    while !dropped(&master) && master.now_ms < start_ms + 90_000 {
        master.tick_after(100);
    }
    let after_ms = master.now_ms - start_ms - 15_000;
    assert!((20_001..=22_100).contains(&after_ms), "{after_ms} ms after its last word");
}

#[test]
fn rp_2_rp_7_a_master_without_replicas_gives_up_backlog_and_name_and_its_offset_stands_still() {
    let mut master = Bench::formed(0);
    master.ask("CONFIG SET repl-backlog-ttl 5");
    let name = field(&mut master, "master_replid");
    for _ in 0..80 {
        master.tick_after(100);
    }
    assert_ne!(field(&mut master, "master_replid"), name);
    assert_eq!(field(&mut master, "repl_backlog_active"), "0");
    let before = offset(&mut master);
    master.ask("SET bar 1");
    assert_eq!(offset(&mut master), before, "RP-2");
    assert!(!goes_on(&mut master, OWN, before + 1));
    assert_eq!(field(&mut master, "repl_backlog_active"), "1", "the first replica makes a new one");
}
