//! How connections live and die: handshake, order, stalls, half-open ends, resets, and the rules that do it.

use crate::lab::{Hands, Lab, PORT, lab};
use rcsim_devices::{ConnId, Degradation, End, Ended, HostIx, MessageClass, Sent, What};
use rcsim_engine::{Distribution, Engine, Nanos, Span};

const A: HostIx = HostIx(0);
const B: HostIx = HostIx(1);
const C: HostIx = HostIx(2);

fn ms(millis: u64) -> Span {
    Span::from_millis(millis)
}

/// Two hosts and an established connection from the first to the second.
fn pair() -> (Engine<Lab>, ConnId) {
    let mut lab = lab(3);
    let conn = lab.act(|network, _| network.establish(A, B, PORT));
    (lab, conn)
}

#[test]
fn a_connection_takes_three_steps_and_then_carries_messages_both_ways() {
    let mut lab = lab(2);
    let conn = lab.act(|network, schedule| network.connect(A, B, PORT, schedule));
    assert_eq!(lab.say(conn, End::Opener, 1), Sent::NotOpen);
    lab.wait(ms(2));
    assert_eq!(lab.log(), [(2, 0, What::Connected)]);
    assert_eq!(lab.say(conn, End::Opener, 2), Sent::OnItsWay(Nanos::from_millis(3)));
    lab.wait(ms(1));
    assert_eq!(lab.log(), [(3, 1, What::Accepted { port: PORT }), (3, 1, What::Message(2))]);
    lab.say(conn, End::Acceptor, 3);
    lab.wait(ms(1));
    assert_eq!(lab.log(), [(4, 0, What::Message(3))]);
}

#[test]
fn nobody_listening_refuses_and_nobody_there_times_out() {
    let mut lab = lab(3);
    lab.act(|network, schedule| {
        network.connect(A, B, 1, schedule);
        network.power_off(C, schedule);
        network.connect(A, C, PORT, schedule);
    });
    lab.wait(Span::from_secs(200));
    let refused = (2, 0, What::ConnectFailed(Ended::Refused));
    assert_eq!(lab.log()[0], refused);
    assert_eq!(lab.act(|network, _| network.connection_count()), 0);
    let mut again = lab;
    let start = again.now().as_millis();
    again.act(|network, schedule| network.connect(A, C, PORT, schedule));
    again.wait(Span::from_secs(200));
    let log = again.log();
    assert_eq!(log.len(), 1);
    assert_eq!(log[0].2, What::ConnectFailed(Ended::TimedOut));
    assert!((127_000..127_010).contains(&(log[0].0 - start)), "{log:?}");
}

#[test]
fn a_request_that_meets_a_cut_is_repeated() {
    let mut lab = lab(2);
    let rule = lab.act(|network, _| network.cut(&[B], &[A]));
    lab.act(|network, schedule| network.connect(A, B, PORT, schedule));
    lab.wait(ms(1500));
    lab.act(|network, _| network.lift(rule));
    lab.wait(Span::from_secs(10));
    assert_eq!(lab.log()[0], (3004, 0, What::Connected), "after 1 s and 2 s");
    assert_eq!(lab.act(|network, _| network.effect(rule)).cut, 2, "both answers");
}

#[test]
fn a_message_never_overtakes_another() {
    let (mut lab, conn) = pair();
    let slow = Degradation { latency: Some(Distribution::constant(ms(50))), ..Degradation::default() };
    let rule = lab.act(|network, _| network.degrade(&[A], &[B], slow));
    lab.say(conn, End::Opener, 1);
    lab.act(|network, _| network.lift(rule));
    lab.say(conn, End::Opener, 2);
    lab.wait(ms(100));
    assert_eq!(lab.log(), [(50, 1, What::Message(1)), (50, 1, What::Message(2))]);
    assert_eq!(lab.act(|network, _| network.effect(rule)).delayed, 1);
}

#[test]
fn a_partition_holds_what_is_in_flight_and_what_follows_until_a_retransmission_after_it() {
    let (mut lab, conn) = pair();
    lab.say(conn, End::Opener, 1);
    let rule = lab.act(|network, _| network.partition(&[vec![A], vec![B, C]]));
    assert_eq!(lab.say(conn, End::Opener, 2), Sent::Held);
    lab.wait(ms(300));
    assert_eq!(lab.act(|network, _| network.send_buffer(Nanos::from_millis(300), conn, End::Opener)), 200);
    lab.act(|network, _| network.lift(rule));
    assert_eq!(lab.say(conn, End::Opener, 3), Sent::Held, "behind the others");
    lab.wait(ms(1000));
    // Held at 0, tried again after 200 ms, and 400 ms later with success.
    let log = lab.log();
    assert_eq!(log, [1, 2, 3].map(|n| (601, 1, What::Message(n))));
    let ledger = lab.act(|network, _| network.effect(rule));
    assert_eq!((ledger.cut, ledger.stalled, ledger.total()), (1, 1, 2));
    assert_eq!(lab.say(conn, End::Opener, 4), Sent::OnItsWay(lab.now() + ms(1)), "all is well again");
}

#[test]
fn a_one_way_cut_stops_one_direction_only() {
    let (mut lab, conn) = pair();
    lab.act(|network, _| network.cut(&[A], &[B]));
    lab.say(conn, End::Opener, 1);
    lab.say(conn, End::Acceptor, 2);
    lab.wait(ms(10));
    assert_eq!(lab.log(), [(1, 0, What::Message(2))]);
}

#[test]
fn a_sender_gives_up_after_15_retransmissions() {
    let (mut lab, conn) = pair();
    lab.act(|network, _| network.partition(&[vec![A], vec![B]]));
    lab.say(conn, End::Opener, 1);
    lab.wait(Span::from_secs(1000));
    assert_eq!(lab.log(), [(924_600, 0, What::Closed(Ended::TimedOut))]);
    assert!(lab.act(|network, _| network.is_open(conn, End::Acceptor)), "the other end is half-open");
}

#[test]
fn closing_lets_what_was_sent_arrive_first() {
    let (mut lab, conn) = pair();
    lab.say(conn, End::Opener, 1);
    lab.act(|network, schedule| network.close(conn, End::Opener, schedule));
    assert_eq!(lab.say(conn, End::Opener, 2), Sent::NotOpen);
    lab.wait(ms(5));
    assert_eq!(lab.log(), [(1, 1, What::Message(1)), (1, 1, What::Closed(Ended::Finished))]);
    assert_eq!(lab.act(|network, _| network.connection_count()), 0);
}

#[test]
fn a_dead_process_is_noticed_at_once_but_through_a_partition_only_after_it() {
    let (mut lab, conn) = pair();
    let behind = lab.act(|network, _| network.establish(C, B, PORT));
    let rule = lab.act(|network, _| network.partition(&[vec![A], vec![B]]));
    assert_eq!(lab.act(|network, schedule| network.crash_process(B, schedule)), 2);
    lab.wait(ms(100));
    assert_eq!(lab.log(), [(1, 2, What::Closed(Ended::Finished))]);
    assert!(
        lab.act(|network, _| network.is_open(conn, End::Opener) && !network.is_open(behind, End::Opener))
    );
    lab.act(|network, _| network.lift(rule));
    lab.wait(ms(500));
    assert_eq!(lab.log(), [(201, 0, What::Closed(Ended::Finished))]);
}

#[test]
fn a_host_without_power_says_nothing_and_afterwards_resets() {
    let (mut lab, conn) = pair();
    assert_eq!(lab.act(|network, schedule| network.power_off(B, schedule)), 1);
    lab.say(conn, End::Opener, 1);
    lab.wait(ms(300));
    assert!(lab.log().is_empty());
    lab.act(|network, _| network.power_on(B));
    lab.wait(ms(1000));
    // Arrived in vain at 1, retransmitted at 201 and 601, reset at 603.
    assert_eq!(lab.log(), [(603, 0, What::Closed(Ended::Reset))]);
    assert_eq!(lab.act(|network, _| network.connection_count()), 0);
}

#[test]
fn keepalive_finds_a_silent_half_open_end_lk_8() {
    let mut lab = lab(2);
    lab.act(|network, _| network.set_keepalive(PORT, Span::from_secs(10)));
    let conn = lab.act(|network, _| network.establish(A, B, PORT));
    lab.act(|network, schedule| network.power_off(A, schedule));
    lab.wait(Span::from_secs(60));
    assert_eq!(lab.log(), [(20_000, 1, What::Closed(Ended::TimedOut))]);
    assert!(!lab.act(|network, _| network.is_open(conn, End::Acceptor)));
}

#[test]
fn a_reset_between_hosts_tells_both_ends() {
    let (mut lab, _) = pair();
    assert_eq!(lab.act(|network, schedule| network.reset_between(&[B], &[A], schedule)), 1);
    lab.wait(ms(5));
    assert_eq!(lab.log(), [0, 1].map(|host| (1, host, What::Closed(Ended::Reset))));
    assert_eq!(lab.act(|network, _| network.connection_count()), 0);
}

#[test]
fn a_rule_drops_one_class_and_refuses_connections() {
    let (mut lab, conn) = pair();
    let how = Degradation { drop: vec![MessageClass(3)], refuse: true, ..Degradation::default() };
    let rule = lab.act(|network, _| network.degrade(&[A], &[B], how));
    let send = |class| {
        move |network: &mut rcsim_devices::Network<u64>, schedule: &mut _| {
            network.send(conn, End::Opener, 100, MessageClass(class), u64::from(class), schedule)
        }
    };
    assert_eq!(lab.act(send(3)), Sent::Dropped);
    assert!(matches!(lab.act(send(4)), Sent::OnItsWay(_)));
    lab.act(|network, schedule| network.connect(B, A, PORT, schedule));
    lab.wait(ms(5));
    assert_eq!(lab.log(), [(1, 1, What::Message(4)), (2, 1, What::ConnectFailed(Ended::Refused))]);
    let ledger = lab.act(|network, _| network.effect(rule));
    assert_eq!((ledger.dropped, ledger.refused, ledger.total()), (1, 1, 2));
}

#[test]
fn bandwidth_queues_messages_and_fills_the_send_buffer() {
    let (mut lab, conn) = pair();
    let how = Degradation { bandwidth: Some(1000), ..Degradation::default() };
    let rule = lab.act(|network, _| network.degrade_one_way(&[A], &[B], how));
    lab.say(conn, End::Opener, 1);
    lab.say(conn, End::Opener, 2);
    let waiting = |lab: &mut Engine<Lab>| {
        let now = lab.now();
        lab.act(|network, _| network.send_buffer(now, conn, End::Opener))
    };
    assert_eq!(waiting(&mut lab), 200);
    lab.wait(ms(150));
    assert_eq!(waiting(&mut lab), 50);
    lab.wait(ms(100));
    assert_eq!(lab.log(), [(101, 1, What::Message(1)), (201, 1, What::Message(2))]);
    assert_eq!((waiting(&mut lab), lab.act(|network, _| network.effect(rule)).delayed), (0, 2));
}

#[test]
fn a_lossy_path_delays_and_loses_nothing() {
    let (mut lab, conn) = pair();
    let how = Degradation { loss_per_million: Some(200_000), ..Degradation::default() };
    let rule = lab.act(|network, _| network.degrade(&[A], &[B], how));
    for n in 0..100 {
        lab.say(conn, End::Opener, n);
        lab.wait(ms(7));
    }
    lab.wait(Span::from_secs(600));
    let log = lab.log();
    assert!(log.iter().map(|entry| &entry.2).eq((0..100).map(What::Message).collect::<Vec<_>>().iter()));
    assert!(log.iter().any(|entry| entry.0 % 7 != 1), "some came late");
    assert!((10..40).contains(&lab.act(|network, _| network.effect(rule)).lost));
}

#[test]
fn a_host_in_two_groups_is_a_bridge() {
    let mut lab = lab(4);
    let hosts = [0, 1, 2, 3].map(HostIx);
    lab.act(|network, schedule| {
        let everyone = network.reachability(&hosts);
        assert_eq!((everyone.components(), everyone.is_whole()), (vec![hosts.to_vec()], true));
        network.partition(&[vec![A, C], vec![B, C]]);
        let bridged = network.reachability(&hosts);
        assert_eq!(bridged.components(), [hosts.to_vec()], "news goes round by way of host 2");
        assert!(!bridged.both_ways(A, B) && bridged.both_ways(A, C) && bridged.both_ways(A, hosts[3]));
        network.power_off(C, schedule);
        network.cut(&[hosts[3]], &[B]);
        let split = network.reachability(&hosts);
        assert_eq!(split.components(), [vec![A, hosts[3]], vec![B]], "a one-way street joins nobody");
        assert!(split.one_way(B, hosts[3]) && !split.one_way(hosts[3], B));
        assert_eq!(network.heal().len(), 2);
        assert!(network.reachability(&hosts).is_whole());
    });
}

#[test]
fn a_new_host_is_beyond_the_rules_in_force() {
    let mut lab = lab(2);
    lab.act(|network, _| {
        network.partition(&[vec![A], vec![B]]);
        let new = network.add_host();
        assert!(network.reaches(A, new) && network.reaches(new, B) && !network.reaches(A, B));
    });
}
