//! Losses made by hand: what happened, what the owner holds, and what the ledger says of it.

use rcsim_observe::reason::{BindCause, ManualFailoverKind, PromotionCause, ReconfigureCause};
use rcsim_observe::{Operation, OperationKind, Outcome};

use super::*;
use crate::testing::{FakeWorld, SECOND};

/// The key's slot, 0, belongs to the first master.
const KEY: &str = "{la2}a";

/// A ledger with its world: three masters, three replicas; place 3 follows place 0.
struct Desk {
    ledger: Ledger,
    world: FakeWorld,
    operations: Vec<Operation>,
}

impl Desk {
    fn new() -> Desk {
        let world = FakeWorld::new(3, 3);
        let owner = owner(key_slot(KEY.as_bytes()), &world);
        assert_eq!(owner, Some(Place(0)), "{KEY} belongs to the first master");
        Desk { ledger: Ledger::default(), world, operations: Vec::new() }
    }

    fn acknowledge(&mut self, at_ns: u64, by: u32, kind: OperationKind, outcome: Outcome) {
        self.operations.push(Operation {
            client: 0,
            key: KEY.into(),
            kind,
            invoked_ns: at_ns,
            ended_ns: at_ns,
            told_ns: at_ns,
            outcome: outcome.clone(),
            answered_by: Some(Place(by)),
            replicas: None,
            unanswered: outcome == Outcome::Unknown,
        });
    }

    fn set(&mut self, at_ns: u64, value: u64) {
        self.acknowledge(at_ns, 0, OperationKind::Set(value), Outcome::Written);
    }

    fn event(&mut self, at_ns: u64, place: u32, event: Event) {
        self.world.now_ns = at_ns;
        let record = Record { at_ns, place: Some(Place(place)), event };
        self.ledger.observe(&record, &self.operations, &self.world);
    }

    fn promoted(&mut self, at_ns: u64, cause: PromotionCause) {
        self.world.take_over(3, 0, Epoch(9));
        self.event(at_ns, 3, Event::Promoted { cause, old_master: None, epoch: Epoch(9), slots: 1 });
    }

    fn holds(&mut self, place: u32, value: &str) {
        self.world.values.insert((Place(place), KEY.as_bytes().to_vec()), value.as_bytes().to_vec());
    }

    fn end(&mut self, at_ns: u64) -> Vec<(u64, &'static str)> {
        self.world.now_ns = at_ns;
        self.ledger.count(&self.operations, &self.world);
        self.ledger.losses().iter().map(|loss| (loss.value, loss.cause.word())).collect()
    }
}

#[test]
fn lw_1_what_had_not_reached_the_winner_is_lost_in_the_replication_window() {
    let mut desk = Desk::new();
    desk.set(SECOND, 1);
    desk.set(2 * SECOND, 2);
    desk.holds(3, "1");
    desk.event(2 * SECOND + 1, 0, Event::Crashed);
    desk.promoted(8 * SECOND, PromotionCause::Election);
    assert_eq!(desk.end(9 * SECOND), [(2, "replication-window")]);
    assert_eq!(desk.ledger.losses()[0].remedies, ["WAIT", "min-replicas-to-write"]);
    assert!(desk.ledger.findings().is_empty());
}

#[test]
fn lw_2_what_an_isolated_master_acknowledged_is_lost_with_it() {
    let mut desk = Desk::new();
    desk.world.cut_off(0);
    desk.world.now_ns = SECOND;
    let record = Record { at_ns: SECOND, place: None, event: Event::FaultStarted { fault: 0 } };
    desk.ledger.observe(&record, &[], &desk.world);
    desk.set(2 * SECOND, 1);
    desk.promoted(8 * SECOND, PromotionCause::Election);
    assert_eq!(desk.end(9 * SECOND), [(1, "isolated-master")]);
}

#[test]
fn the_old_master_may_still_acknowledge_after_the_promotion() {
    let mut desk = Desk::new();
    desk.promoted(SECOND, PromotionCause::Election);
    desk.set(SECOND + 5, 1);
    assert_eq!(desk.end(9 * SECOND), [(1, "last-words")]);
}

#[test]
fn lw_4_a_forced_failover_waits_for_nobody() {
    let mut desk = Desk::new();
    desk.set(SECOND, 1);
    desk.event(2 * SECOND, 3, Event::ManualFailoverRequested { kind: ManualFailoverKind::Force });
    desk.promoted(2 * SECOND, PromotionCause::ManualFailover);
    assert_eq!(desk.end(9 * SECOND), [(1, "forced-failover")]);
}

#[test]
fn s10b_a_default_manual_failover_must_not_lose_anything() {
    let mut desk = Desk::new();
    desk.set(SECOND, 1);
    desk.event(2 * SECOND, 3, Event::ManualFailoverRequested { kind: ManualFailoverKind::Default });
    desk.promoted(2 * SECOND, PromotionCause::ManualFailover);
    assert_eq!(desk.end(9 * SECOND), [(1, "manual-failover")]);
    let [finding] = desk.ledger.findings().try_into().expect("one finding");
    assert!(finding.id == "S10" && finding.text.contains("S10b"), "{}", finding.text);
}

#[test]
fn mf_13_a_master_that_gave_the_failover_up_promises_no_more() {
    let asked = || Event::ManualFailoverRequested { kind: ManualFailoverKind::Default };
    let paused = Event::ManualFailoverPaused { replica: crate::testing::node(3) };
    let mut desk = Desk::new();
    desk.event(SECOND, 3, asked());
    desk.event(SECOND, 0, paused.clone());
    desk.event(2 * SECOND, 0, Event::ManualFailoverTimedOut);
    desk.set(2 * SECOND + 1, 1);
    desk.promoted(2 * SECOND + 2, PromotionCause::ManualFailover);
    assert_eq!(desk.end(9 * SECOND), [(1, "replication-window")]);
    let mut desk = Desk::new();
    desk.event(SECOND, 3, asked());
    desk.event(SECOND, 0, Event::ManualFailoverTimedOut);
    desk.event(2 * SECOND, 0, paused);
    desk.set(2 * SECOND + 1, 1);
    desk.promoted(2 * SECOND + 2, PromotionCause::ManualFailover);
    assert_eq!(desk.end(9 * SECOND), [(1, "manual-failover")], "another one, and its clients wait");
}

#[test]
fn s10a_a_loss_without_a_cause_is_a_finding_whatever_happened_elsewhere() {
    let mut desk = Desk::new();
    desk.set(SECOND, 1);
    assert_eq!(desk.end(9 * SECOND), [(1, "unknown")]);
    assert!(desk.ledger.findings()[0].text.contains("S10a"));
    let mut desk = Desk::new();
    desk.event(SECOND, 2, Event::Crashed);
    desk.set(2 * SECOND, 1);
    assert_eq!(desk.end(9 * SECOND), [(1, "unknown")]);
    assert!(desk.ledger.findings()[0].text.contains("S10a"));
}

#[test]
fn a_write_that_was_given_up_may_arrive_late_and_cover_a_newer_one() {
    let end = |outcome: Outcome| {
        let mut desk = Desk::new();
        desk.acknowledge(SECOND, 0, OperationKind::Set(1), outcome);
        desk.set(2 * SECOND, 2);
        desk.holds(0, "1");
        let losses = desk.end(9 * SECOND);
        (losses, desk.ledger.findings().len())
    };
    assert_eq!(end(Outcome::Unknown), (vec![(2, "late-write")], 0));
    assert_eq!(end(Outcome::Written), (vec![(2, "unknown")], 1));
}

#[test]
fn the_end_of_a_window_may_arrive_late_too() {
    let mut desk = Desk::new();
    desk.acknowledge(SECOND, 0, OperationKind::Increment, Outcome::Counted(1));
    desk.acknowledge(SECOND, 0, OperationKind::Expire { for_ms: 3000 }, Outcome::Unknown);
    assert_eq!(desk.end(4 * SECOND), []);
}

#[test]
fn lw_1_a_replica_that_could_not_hear_its_master_is_a_stale_successor() {
    let mut desk = Desk::new();
    let network = |desk: &mut Desk, at_ns: u64, event: Event| {
        desk.world.now_ns = at_ns;
        desk.ledger.observe(&Record { at_ns, place: None, event }, &desk.operations, &desk.world);
    };
    desk.world.cut_off(3);
    network(&mut desk, SECOND, Event::FaultStarted { fault: 0 });
    desk.set(2 * SECOND, 1);
    desk.world.join(3);
    network(&mut desk, 3 * SECOND, Event::FaultEnded { fault: 0 });
    desk.set(4 * SECOND, 2);
    desk.set(6 * SECOND, 3);
    desk.event(7 * SECOND, 0, Event::Crashed);
    desk.promoted(8 * SECOND, PromotionCause::Election);
    // The first retransmission after the interruption comes when it is over as long again, at the latest.
    let causes = [(1, "stale-successor"), (2, "stale-successor"), (3, "replication-window")];
    assert_eq!(desk.end(9 * SECOND), causes);
}

#[test]
fn a_process_that_starts_without_its_data_has_lost_it() {
    let mut desk = Desk::new();
    desk.set(SECOND, 1);
    desk.event(2 * SECOND, 0, Event::Crashed);
    desk.event(3 * SECOND, 0, Event::Started { node: rcsim_protocol::NodeIx(0), fresh: false });
    assert_eq!(desk.end(9 * SECOND), [(1, "empty-successor")]);
}

#[test]
fn lw_5_a_slot_that_was_given_away_explains_the_loss_of_its_own_keys_only() {
    let end = |first: u16| {
        let mut desk = Desk::new();
        desk.set(SECOND, 1);
        desk.event(
            2 * SECOND,
            1,
            Event::SlotsMoved {
                from: Some(rcsim_protocol::NodeIx(0)),
                to: Some(rcsim_protocol::NodeIx(1)),
                count: 1,
                first,
                from_epoch: Epoch(1),
                to_epoch: Epoch(2),
                abandoned: false,
                cause: BindCause::Command,
            },
        );
        desk.end(9 * SECOND)
    };
    assert_eq!(end(0), [(1, "migration")]);
    assert_eq!(end(1), [(1, "unknown")]);
}

#[test]
fn w_el_03_a_replica_from_another_shard_may_win_without_the_data() {
    let win = |at_once: bool| {
        let mut desk = Desk::new();
        desk.set(SECOND, 1);
        let (master, cause) = (rcsim_protocol::NodeIx(0), ReconfigureCause::Migration);
        desk.event(2 * SECOND, 3, Event::Reconfigured { master, was_master: false, cause });
        if !at_once {
            desk.event(
                3 * SECOND,
                3,
                Event::ReplicationUp { master, full: true, offset: rcsim_protocol::Offset(9) },
            );
        }
        desk.event(4 * SECOND, 0, Event::Crashed);
        desk.promoted(5 * SECOND, PromotionCause::Election);
        desk.end(9 * SECOND)
    };
    assert_eq!(win(true), [(1, "foreign-successor")]);
    assert_eq!(win(false), [(1, "replication-window")]);
}

#[test]
fn a_successor_that_had_it_and_starts_anew_has_lost_it_itself() {
    let mut desk = Desk::new();
    desk.set(SECOND, 1);
    desk.event(2 * SECOND, 0, Event::Crashed);
    desk.holds(3, "1");
    desk.promoted(3 * SECOND, PromotionCause::Election);
    desk.world.values.clear();
    desk.event(4 * SECOND, 3, Event::Started { node: rcsim_protocol::NodeIx(3), fresh: false });
    assert_eq!(desk.end(9 * SECOND), [(1, "empty-successor")]);
}

#[test]
fn what_comes_back_is_not_lost_and_what_is_newer_tells_nothing() {
    let mut desk = Desk::new();
    desk.set(SECOND, 1);
    assert_eq!(desk.end(2 * SECOND).len(), 1);
    desk.holds(0, "1");
    assert_eq!(desk.end(3 * SECOND), []);
    desk.holds(0, "0");
    assert_eq!(desk.end(4 * SECOND).len(), 1);
    desk.set(5 * SECOND, 2);
    desk.holds(0, "2");
    assert_eq!(desk.end(6 * SECOND), [(1, "unknown")]);
}

#[test]
fn a_session_that_is_over_is_not_lost() {
    let mut desk = Desk::new();
    desk.acknowledge(SECOND, 0, OperationKind::SetFor { value: 1, for_ms: 3000 }, Outcome::Written);
    assert_eq!(desk.end(4 * SECOND), []);
    let mut desk = Desk::new();
    desk.acknowledge(SECOND, 0, OperationKind::SetFor { value: 1, for_ms: 3000 }, Outcome::Written);
    assert_eq!(desk.end(4 * SECOND - 1).len(), 1);
}

#[test]
fn a_count_that_is_told_twice_was_forgotten_in_between() {
    let mut desk = Desk::new();
    for (at, count) in [(1, 1), (2, 2), (3, 2), (4, 3)] {
        desk.acknowledge(at * SECOND, 0, OperationKind::Increment, Outcome::Counted(count));
    }
    desk.holds(0, "3");
    assert_eq!(desk.end(9 * SECOND), [(2, "unknown")]);
}

#[test]
fn answers_that_overtake_each_other_are_no_loss() {
    let mut desk = Desk::new();
    for (invoked, ended, count) in [(1, 5, 2), (1, 6, 1), (7, 8, 3)] {
        desk.acknowledge(ended * SECOND, 0, OperationKind::Increment, Outcome::Counted(count));
        desk.operations.last_mut().expect("an operation").invoked_ns = invoked * SECOND;
    }
    desk.holds(0, "3");
    assert_eq!(desk.end(9 * SECOND), []);
}

#[test]
fn of_a_list_the_missing_elements_are_lost() {
    let mut desk = Desk::new();
    for element in 7..10 {
        desk.acknowledge(element * SECOND, 0, OperationKind::Append(element), Outcome::Counted(1));
    }
    desk.holds(0, "7 9");
    assert_eq!(desk.end(20 * SECOND), [(8, "unknown")]);
}
