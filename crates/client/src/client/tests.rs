//! A client driven by hand: the test plays the nodes.

use rcsim_observe::OperationKind;

use super::*;

const MS: u64 = 1_000_000;

struct Hand {
    client: Client,
    now_ns: u64,
    effects: Vec<ClientEffect>,
}

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 1], port))
}

/// CLUSTER SLOTS of one master that owns everything.
fn all_slots(port: u16) -> Reply {
    let node = Reply::Array(vec![Reply::bulk("10.0.0.1"), Reply::Integer(i64::from(port))]);
    Reply::Array(vec![Reply::Array(vec![Reply::Integer(0), Reply::Integer(16383), node])])
}

impl Hand {
    fn new(change: impl FnOnce(&mut ClientSetup)) -> Hand {
        let mut setup = ClientSetup::new(0, "c1", vec![address(1), address(2)]);
        setup.load.read_ratio = (0, 1);
        change(&mut setup);
        Hand { client: Client::new(setup), now_ns: 0, effects: Vec::new() }
    }

    fn input(&mut self, input: ClientInput) -> Vec<ClientEffect> {
        self.client.handle(self.now_ns, input, &mut |_| 0, &mut self.effects);
        std::mem::take(&mut self.effects)
    }

    fn wake_after(&mut self, ns: u64) -> Vec<ClientEffect> {
        self.now_ns += ns;
        self.input(ClientInput::Wake)
    }

    /// Up to the first operation: connection 0 to seed 1 stands, `port` owns all slots.
    fn ready(change: impl FnOnce(&mut ClientSetup), port: u16) -> (Hand, Vec<ClientEffect>) {
        let mut hand = Hand::new(change);
        hand.input(ClientInput::Start);
        hand.input(ClientInput::Connected(0));
        let effects = hand.input(ClientInput::Reply(0, all_slots(port)));
        (hand, effects)
    }
}

fn sent(effects: &[ClientEffect]) -> Vec<(u32, String)> {
    let send = |effect: &ClientEffect| match effect {
        ClientEffect::Send { conn, command } => Some((*conn, command.to_string())),
        _ => None,
    };
    effects.iter().filter_map(send).collect()
}

fn connects(effects: &[ClientEffect]) -> Vec<(u32, u16)> {
    let connect = |effect: &ClientEffect| match effect {
        ClientEffect::Connect { conn, address } => Some((*conn, address.port())),
        _ => None,
    };
    effects.iter().filter_map(connect).collect()
}

fn outcomes(effects: &[ClientEffect]) -> Vec<Outcome> {
    let done = |effect: &ClientEffect| match effect {
        ClientEffect::Done { operation, .. } => Some(operation.outcome.clone()),
        _ => None,
    };
    effects.iter().filter_map(done).collect()
}

fn error(text: &str) -> Reply {
    Reply::error(text.to_owned())
}

#[test]
fn the_map_comes_from_the_first_seed_that_answers() {
    let mut hand = Hand::new(|_| ());
    assert_eq!(connects(&hand.input(ClientInput::Start)), [(0, 1)]);
    assert_eq!(connects(&hand.input(ClientInput::Closed(0))), [(1, 2)]);
    assert_eq!(sent(&hand.input(ClientInput::Connected(1))), [(1, "CLUSTER SLOTS".to_owned())]);
    let effects = hand.input(ClientInput::Reply(1, all_slots(2)));
    assert_eq!(sent(&effects), [(1, "SET c1:0 1".to_owned())]);
}

#[test]
fn a_silent_seed_is_left_after_the_time_limit() {
    let mut hand = Hand::new(|_| ());
    assert!(hand.input(ClientInput::Start).contains(&ClientEffect::Wake { at_ns: 1000 * MS }));
    let effects = hand.wake_after(1000 * MS);
    assert!(effects.contains(&ClientEffect::Close { conn: 0 }));
    assert_eq!(connects(&effects), [(1, 2)]);
}

#[test]
fn an_acknowledged_write_tells_who_answered() {
    let (mut hand, _) = Hand::ready(|_| (), 1);
    hand.now_ns = 3 * MS;
    let effects = hand.input(ClientInput::Reply(0, Reply::ok()));
    let operation = Operation {
        client: 0,
        key: "c1:0".into(),
        kind: OperationKind::Set(1),
        invoked_ns: 0,
        ended_ns: 3 * MS,
        told_ns: 3 * MS,
        outcome: Outcome::Written,
        answered_by: None,
        replicas: None,
        unanswered: false,
    };
    assert_eq!(effects[0], ClientEffect::Done { operation, answered_by: Some(address(1)) });
    assert!(effects.contains(&ClientEffect::Wake { at_ns: 5 * MS }));
}

#[test]
fn moved_is_followed_at_once_and_a_new_map_is_fetched_not_more_often_than_allowed() {
    let (mut hand, _) = Hand::ready(|_| (), 1);
    let slot = rcsim_protocol::key_slot(b"c1:0");
    let effects = hand.input(ClientInput::Reply(0, error(&format!("MOVED {slot} 10.0.0.1:3"))));
    assert_eq!(connects(&effects), [(1, 3)]);
    assert_eq!(hand.client.slot_map().owner(slot), Some(address(3)));
    assert_eq!(sent(&hand.input(ClientInput::Connected(1))), [(1, "SET c1:0 1".to_owned())]);
    hand.input(ClientInput::Reply(1, Reply::ok()));
    let refreshed = sent(&hand.wake_after(500 * MS));
    assert!(refreshed.contains(&(0, "CLUSTER SLOTS".to_owned())), "{refreshed:?}");
}

#[test]
fn rd_14_ask_is_followed_once_and_the_map_stays() {
    let (mut hand, _) = Hand::ready(|_| (), 1);
    let slot = rcsim_protocol::key_slot(b"c1:0");
    hand.input(ClientInput::Reply(0, error(&format!("ASK {slot} 10.0.0.1:3"))));
    let effects = hand.input(ClientInput::Connected(1));
    assert_eq!(sent(&effects), [(1, "ASKING".to_owned()), (1, "SET c1:0 1".to_owned())]);
    assert_eq!(hand.client.slot_map().owner(slot), Some(address(1)));
    assert!(outcomes(&hand.input(ClientInput::Reply(1, Reply::ok()))).is_empty());
    assert_eq!(outcomes(&hand.input(ClientInput::Reply(1, Reply::ok()))), [Outcome::Written]);
}

#[test]
fn redirections_in_a_circle_end() {
    let (mut hand, _) = Hand::ready(|setup| setup.policy.redirects = 2, 1);
    let slot = rcsim_protocol::key_slot(b"c1:0");
    let moved = || error(&format!("MOVED {slot} 10.0.0.1:1"));
    assert!(outcomes(&hand.input(ClientInput::Reply(0, moved()))).is_empty());
    assert!(outcomes(&hand.input(ClientInput::Reply(0, moved()))).is_empty());
    let last = outcomes(&hand.input(ClientInput::Reply(0, moved())));
    assert_eq!(last, [Outcome::Failed("too many redirections".into())]);
}

#[test]
fn rd_6_a_write_is_tried_again_after_an_error_reply_until_patience_ends() {
    let (mut hand, _) = Hand::ready(|setup| setup.policy.retries = 1, 1);
    let down = || error("CLUSTERDOWN The cluster is down");
    assert!(outcomes(&hand.input(ClientInput::Reply(0, down()))).is_empty());
    assert_eq!(sent(&hand.wake_after(25 * MS)), [(0, "SET c1:0 1".to_owned())]);
    let last = outcomes(&hand.input(ClientInput::Reply(0, down())));
    assert_eq!(last, [Outcome::Failed("CLUSTERDOWN The cluster is down".into())]);
}

#[test]
fn a_write_that_was_sent_and_not_answered_is_unknown() {
    let (mut hand, _) = Hand::ready(|_| (), 1);
    assert_eq!(outcomes(&hand.wake_after(999 * MS)), []);
    let effects = hand.wake_after(MS);
    assert!(effects.contains(&ClientEffect::Close { conn: 0 }));
    assert_eq!(outcomes(&effects), [Outcome::Unknown]);
    let (mut hand, _) = Hand::ready(|_| (), 1);
    assert_eq!(outcomes(&hand.input(ClientInput::Closed(0))), [Outcome::Unknown]);
}

#[test]
fn a_write_that_was_never_sent_and_a_read_are_tried_again() {
    let (mut hand, effects) = Hand::ready(|_| (), 9);
    assert_eq!(connects(&effects), [(1, 9)]);
    assert_eq!(outcomes(&hand.input(ClientInput::Closed(1))), []);
    assert_eq!(connects(&hand.wake_after(25 * MS)), [(2, 9)]);

    let (mut hand, _) = Hand::ready(|setup| setup.load.read_ratio = (1, 1), 1);
    assert_eq!(outcomes(&hand.input(ClientInput::Closed(0))), []);
    assert_eq!(connects(&hand.wake_after(25 * MS)), [(1, 1)]);
}

#[test]
fn lost_time_is_not_made_up_for() {
    let (mut hand, _) = Hand::ready(|_| (), 1);
    hand.now_ns = 42 * MS;
    let effects = hand.input(ClientInput::Reply(0, Reply::ok()));
    assert_eq!(sent(&effects), [(0, "SET c1:0 2".to_owned())]);
    let effects = hand.input(ClientInput::Reply(0, Reply::ok()));
    assert_eq!(sent(&effects), []);
    assert!(effects.contains(&ClientEffect::Wake { at_ns: 47 * MS }));
}

#[test]
fn several_operations_may_be_under_way() {
    let (mut hand, _) = Hand::ready(|setup| setup.pace.concurrency = 2, 1);
    assert_eq!(sent(&hand.wake_after(5 * MS)), [(0, "SET c1:1 1".to_owned())]);
    assert_eq!(sent(&hand.wake_after(5 * MS)), []);
}

/// CLUSTER SLOTS of one master that owns everything, with a replica.
fn with_replica(master: u16, replica: u16) -> Reply {
    let node = |port: u16| Reply::Array(vec![Reply::bulk("10.0.0.1"), Reply::Integer(i64::from(port))]);
    Reply::Array(vec![Reply::Array(vec![
        Reply::Integer(0),
        Reply::Integer(16383),
        node(master),
        node(replica),
    ])])
}

#[test]
fn rd_10_reads_go_to_a_replica_over_a_connection_of_their_own() {
    let mut hand = Hand::new(|setup| {
        setup.policy.read_from = ReadFrom::Replica;
        setup.load.read_ratio = (1, 1);
    });
    hand.input(ClientInput::Start);
    hand.input(ClientInput::Connected(0));
    let effects = hand.input(ClientInput::Reply(0, with_replica(1, 4)));
    assert_eq!(connects(&effects), [(1, 4)]);
    let effects = hand.input(ClientInput::Connected(1));
    assert_eq!(sent(&effects), [(1, "READONLY".to_owned()), (1, "GET c1:0".to_owned())]);
    assert!(outcomes(&hand.input(ClientInput::Reply(1, Reply::ok()))).is_empty());
    assert_eq!(outcomes(&hand.input(ClientInput::Reply(1, Reply::bulk("3")))), [Outcome::Read(Some(3))]);
}

#[test]
fn a_transaction_is_judged_by_exec_and_redirected_as_a_whole() {
    let (mut hand, effects) = Hand::ready(
        |setup| {
            setup.load.work = crate::Work::Transactions;
            (setup.load.group, setup.load.keys) = (2, 2);
        },
        1,
    );
    let said: Vec<String> = sent(&effects).into_iter().map(|(_, words)| words).collect();
    assert_eq!(said, ["MULTI", "SET {c1:0}:0 1", "SET {c1:0}:1 1", "EXEC"]);
    let slot = rcsim_protocol::key_slot(b"c1:0");
    hand.input(ClientInput::Reply(0, Reply::ok()));
    for _ in 0..2 {
        hand.input(ClientInput::Reply(0, error(&format!("MOVED {slot} 10.0.0.1:3"))));
    }
    let effects = hand.input(ClientInput::Reply(0, error("EXECABORT Transaction discarded")));
    assert_eq!(connects(&effects), [(1, 3)]);
    assert_eq!(sent(&hand.input(ClientInput::Connected(1))).len(), 4);
    for reply in [Reply::ok(), Reply::simple("QUEUED"), Reply::simple("QUEUED")] {
        assert!(outcomes(&hand.input(ClientInput::Reply(1, reply))).is_empty());
    }
    let last = outcomes(&hand.input(ClientInput::Reply(1, Reply::Array(vec![Reply::ok(), Reply::ok()]))));
    assert_eq!(last, [Outcome::Parts([Outcome::Written, Outcome::Written].into())]);
}

#[test]
fn rp_24_wait_tells_how_many_replicas_have_the_write() {
    let (mut hand, effects) = Hand::ready(|setup| setup.load.wait = Some((1, 100)), 1);
    assert_eq!(sent(&effects).len(), 2);
    hand.now_ns = MS;
    assert!(outcomes(&hand.input(ClientInput::Reply(0, Reply::ok()))).is_empty());
    hand.now_ns = 3 * MS;
    let effects = hand.input(ClientInput::Reply(0, Reply::Integer(1)));
    let ClientEffect::Done { operation, .. } = &effects[0] else { panic!("{effects:?}") };
    assert_eq!((&operation.outcome, operation.replicas), (&Outcome::Written, Some(1)));
    assert_eq!((operation.told_ns, operation.ended_ns), (MS, 3 * MS));
}

#[test]
fn a_write_whose_wait_is_not_answered_is_acknowledged_all_the_same() {
    let (mut hand, _) = Hand::ready(|setup| setup.load.wait = Some((1, 100)), 1);
    hand.input(ClientInput::Reply(0, Reply::ok()));
    assert_eq!(outcomes(&hand.input(ClientInput::Closed(0))), [Outcome::Written]);
}

#[test]
fn a_bold_client_sends_again_what_was_not_answered_and_cannot_be_sure_of_a_refusal() {
    let policy = || crate::profile("redis-py").expect("a profile").policy.clone();
    let (mut hand, _) = Hand::ready(|setup| setup.policy = policy(), 1);
    assert!(outcomes(&hand.input(ClientInput::Closed(0))).is_empty());
    hand.wake_after(25 * MS);
    let effects = hand.input(ClientInput::Connected(1));
    assert!(sent(&effects).contains(&(1, "SET c1:0 1".to_owned())), "{effects:?}");
    hand.input(ClientInput::Reply(1, all_slots(1)));
    assert_eq!(outcomes(&hand.input(ClientInput::Reply(1, error("OOM too much")))), [Outcome::Unknown]);
}

#[test]
fn without_a_map_the_node_that_redirected_last_is_asked() {
    let policy = || crate::profile("redis-cli").expect("a profile").policy.clone();
    let mut hand = Hand::new(|setup| setup.policy = policy());
    assert_eq!(connects(&hand.input(ClientInput::Start)), [(0, 1)]);
    assert_eq!(sent(&hand.input(ClientInput::Connected(0))), [(0, "SET c1:0 1".to_owned())]);
    let slot = rcsim_protocol::key_slot(b"c1:0");
    hand.input(ClientInput::Reply(0, error(&format!("MOVED {slot} 10.0.0.1:3"))));
    hand.input(ClientInput::Connected(1));
    assert_eq!(outcomes(&hand.input(ClientInput::Reply(1, Reply::ok()))), [Outcome::Written]);
    assert_eq!(sent(&hand.wake_after(5 * MS)), [(1, "SET c1:0 2".to_owned())]);
    let down = error("CLUSTERDOWN The cluster is down");
    let told = [Outcome::Failed("CLUSTERDOWN The cluster is down".into())];
    assert_eq!(outcomes(&hand.input(ClientInput::Reply(1, down))), told);
}

#[test]
fn an_open_loop_makes_up_for_lost_time() {
    let (mut hand, _) = Hand::ready(|setup| setup.pace.open = true, 1);
    hand.now_ns = 12 * MS;
    assert_eq!(sent(&hand.input(ClientInput::Reply(0, Reply::ok()))).len(), 1);
    assert_eq!(sent(&hand.input(ClientInput::Reply(0, Reply::ok()))).len(), 1);
    assert_eq!(sent(&hand.input(ClientInput::Reply(0, Reply::ok()))).len(), 0);
}

#[test]
fn a_burst_is_pipelined_on_one_connection() {
    let change = |setup: &mut ClientSetup| (setup.pace.burst, setup.pace.concurrency) = (3, 8);
    let (mut hand, effects) = Hand::ready(change, 1);
    assert_eq!(sent(&effects).len(), 3);
    assert_eq!(sent(&hand.wake_after(5 * MS)).len(), 3);
    assert_eq!(sent(&hand.wake_after(5 * MS)).len(), 2, "no more than may be under way");
}

#[test]
fn every_fifth_correction_of_redis_py_fetches_a_map() {
    let policy = || crate::profile("redis-py").expect("a profile").policy.clone();
    let (mut hand, _) = Hand::ready(|setup| setup.policy = policy(), 1);
    let slot = rcsim_protocol::key_slot(b"c1:0");
    let mut fetched = Vec::new();
    for _ in 0..5 {
        let effects = hand.input(ClientInput::Reply(0, error(&format!("MOVED {slot} 10.0.0.1:1"))));
        fetched.push(sent(&effects).iter().any(|(_, words)| words == "CLUSTER SLOTS"));
    }
    assert_eq!(fetched, [false, false, false, false, true]);
}
