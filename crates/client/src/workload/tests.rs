//! What the workloads ask for, key by key.

use super::*;
use crate::setup::ClientSetup;

const SECOND: u64 = 1_000_000_000;

fn workload(work: Work, change: impl FnOnce(&mut Load)) -> Workload {
    let mut load = ClientSetup::new(0, "c1", Vec::new()).load;
    (load.work, load.read_ratio) = (work, (0, 1));
    change(&mut load);
    Workload::new(1, &load)
}

fn words(plan: &Plan) -> Vec<String> {
    plan.commands().map(ToString::to_string).collect()
}

#[test]
fn numbers_grow_and_a_register_has_one_writer_at_a_time() {
    let mut work = workload(Work::Registers, |load| load.keys = 2);
    let first = work.next(0, &mut |_| 0);
    assert_eq!(words(&first), ["SET c1:0 1"]);
    assert_eq!(words(&work.next(0, &mut |_| 0)), ["SET c1:1 1"]);
    assert_eq!(words(&work.next(0, &mut |_| 0)), ["GET c1:0"]);
    assert!(work.sequel(&first, &Outcome::Unknown).is_none());
    assert_eq!(words(&work.next(0, &mut |_| 0)), ["SET c1:0 2"]);
}

#[test]
fn wait_follows_writes_only() {
    let mut work = workload(Work::Registers, |load| (load.wait, load.keys) = (Some((1, 100)), 1));
    assert_eq!(words(&work.next(0, &mut |_| 0)), ["SET c1:0 1", "WAIT 1 100"]);
    assert_eq!(words(&work.next(0, &mut |_| 0)), ["GET c1:0"]);
}

#[test]
fn elements_of_lists_name_their_client() {
    let mut work = workload(Work::Lists, |_| ());
    assert_eq!(work.next(0, &mut |_| 0).kind, OperationKind::Append((1 << CLIENT_SHIFT) + 1));
    assert_eq!(work.next(0, &mut |_| 0).kind, OperationKind::Append((1 << CLIENT_SHIFT) + 2));
}

#[test]
fn keys_of_a_tag_are_written_together_with_one_number() {
    let mut work = workload(Work::Together, |load| (load.keys, load.group) = (4, 2));
    let write = work.next(0, &mut |_| 0);
    assert_eq!(words(&write), ["MSET {c1:0}:0 1 {c1:0}:1 1"]);
    assert_eq!(words(&work.next(0, &mut |_| 0)), ["MGET {c1:0}:0 {c1:0}:1"]);
    work.sequel(&write, &Outcome::Unknown);
    assert_eq!(words(&work.next(0, &mut |_| 0)), ["MSET {c1:0}:0 2 {c1:0}:1 2"]);
}

#[test]
fn whoever_is_first_in_a_window_limits_its_life() {
    let mut work = workload(Work::RateLimiter, |load| load.for_ms = 1000);
    let hit = work.next(7 * SECOND, &mut |_| 0);
    assert_eq!(words(&hit), ["INCR c1:0:7"]);
    assert!(work.sequel(&hit, &Outcome::Counted(2)).is_none());
    let (limit, pause_ns) = work.sequel(&hit, &Outcome::Counted(1)).expect("a sequel");
    assert_eq!((words(&limit), pause_ns), (vec!["EXPIRE c1:0:7 1".to_owned()], 0));
    let later = work.next(8 * SECOND, &mut |_| 0);
    assert_eq!(words(&later), ["INCR c1:0:8"]);
    assert_eq!(later.slot, work.slot(0));
}

#[test]
fn what_a_cache_does_not_have_is_loaded_and_kept() {
    let mut work = workload(Work::CacheAside, |load| (load.for_ms, load.load_ns) = (500, 9));
    let read = work.next(0, &mut |_| 0);
    assert!(work.sequel(&read, &Outcome::Read(Some(1))).is_none());
    let (fill, pause_ns) = work.sequel(&read, &Outcome::Read(None)).expect("a sequel");
    assert_eq!((words(&fill), pause_ns), (vec!["SET c1:0 1 PX 500".to_owned()], 9));
    assert!(work.sequel(&read, &Outcome::Read(None)).is_none(), "it is being filled");
}

#[test]
fn sessions_have_a_time_to_live() {
    let mut work = workload(Work::Sessions, |load| load.for_ms = 1500);
    assert_eq!(words(&work.next(0, &mut |_| 0)), ["SET c1:0 1 PX 1500"]);
}
