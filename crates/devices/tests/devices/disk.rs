//! What a file holds after a dead process, a lost fsync, a power loss and a lie.

use proptest::prelude::*;
use rcsim_devices::{Disk, DiskError, DiskFault, DiskSettings, FsyncAnswer, FsyncOutcome};
use rcsim_engine::{Distribution, Nanos, Span, Streams};

const FILE: &str = "appendonly.aof";

fn disk(seed: u64) -> Disk {
    let fsync = Distribution::constant(Span::from_millis(2));
    Disk::new(&Streams::new(seed), "n1", DiskSettings { fsync, ..DiskSettings::default() })
}

fn at(millis: u64) -> Nanos {
    Nanos::from_millis(millis)
}

/// Syncs and completes at once.
fn sync(disk: &mut Disk, now: Nanos, name: &str) -> FsyncOutcome {
    match disk.fsync(now, name).expect("the file is there") {
        FsyncAnswer::At(op, _) => disk.complete(op),
        FsyncAnswer::Stalled(op) => panic!("{op:?} stalls"),
    }
}

#[test]
fn an_fsync_has_its_effect_when_it_completes_and_covers_what_was_there_when_it_began() {
    let mut disk = disk(1);
    disk.append(at(0), FILE, b"one").unwrap();
    let FsyncAnswer::At(op, done) = disk.fsync(at(1), FILE).unwrap() else { panic!("no stall here") };
    assert_eq!(done, at(3));
    disk.append(at(2), FILE, b"two").unwrap();
    assert_eq!((disk.read(FILE), disk.durable(FILE)), (Some(&b"onetwo"[..]), None));
    assert_eq!(disk.complete(op), FsyncOutcome::Done);
    assert_eq!(disk.durable(FILE), Some(&b"one"[..]));
    assert_eq!(disk.complete(op), FsyncOutcome::Gone, "once is enough");
}

#[test]
fn power_lost_before_the_answer_loses_the_fsync() {
    let lost = (0..50).filter(|seed| {
        let mut disk = disk(*seed);
        disk.install(FILE, b"old".to_vec());
        disk.overwrite(at(0), FILE, b"new").unwrap();
        let FsyncAnswer::At(op, _) = disk.fsync(at(1), FILE).unwrap() else { panic!("no stall here") };
        disk.power_loss(at(2));
        assert_eq!(disk.complete(op), FsyncOutcome::Gone);
        disk.read(FILE) == Some(b"old")
    });
    assert!((10..40).contains(&lost.count()), "sometimes lost, sometimes not");
}

#[test]
fn what_is_old_enough_is_written_back_unless_the_disk_lies() {
    for (lies, survives) in [(false, true), (true, false)] {
        let survived = (0..20).filter(|seed| {
            let mut disk = disk(*seed);
            let _ = lies.then(|| disk.inflict(DiskFault::FsyncLie));
            disk.append(at(0), FILE, &[7; 10_000]).unwrap();
            assert_eq!(sync(&mut disk, at(0), FILE), FsyncOutcome::Done);
            disk.append(at(1), FILE, &[8; 10_000]).unwrap();
            disk.power_loss(Nanos::from_secs(31)).lost_bytes == 0
        });
        assert_eq!(survived.count() == 20, survives);
    }
}

#[test]
fn a_failed_fsync_takes_its_pages_with_it_and_the_next_answers_well() {
    let mut disk = disk(1);
    disk.install(FILE, b"old".to_vec());
    let fault = disk.inflict(DiskFault::FsyncFail);
    disk.overwrite(at(0), FILE, b"new").unwrap();
    assert_eq!(sync(&mut disk, at(0), FILE), FsyncOutcome::Failed);
    disk.lift(at(1), fault);
    assert_eq!(sync(&mut disk, at(1), FILE), FsyncOutcome::Done);
    assert_eq!((disk.read(FILE), disk.durable(FILE)), (Some(&b"new"[..]), Some(&b"old"[..])));
    assert_eq!(disk.effect(fault), 1);
}

#[test]
fn a_stalled_fsync_is_answered_after_the_stall() {
    let mut disk = disk(1);
    let faults = [disk.inflict(DiskFault::FsyncStall), disk.inflict(DiskFault::FsyncStall)];
    disk.append(at(0), FILE, b"x").unwrap();
    let FsyncAnswer::Stalled(op) = disk.fsync(at(0), FILE).unwrap() else { panic!("it stalls") };
    assert_eq!(disk.lift(at(50), faults[0]), []);
    assert_eq!(disk.lift(at(60), faults[1]), [(op, at(62))]);
    assert_eq!(disk.complete(op), FsyncOutcome::Done);
    assert_eq!(disk.durable(FILE), Some(&b"x"[..]));
}

#[test]
fn a_later_fsync_awaits_what_an_earlier_one_still_works_on() {
    let mut disk = disk(1);
    let fault = disk.inflict(DiskFault::FsyncStall);
    disk.append(at(0), FILE, b"one").unwrap();
    assert!(matches!(disk.fsync(at(0), FILE), Ok(FsyncAnswer::Stalled(_))));
    let waiting = disk.lift(at(1), fault);
    assert_eq!(sync(&mut disk, at(1), FILE), FsyncOutcome::Done);
    assert_eq!((waiting.len(), disk.durable(FILE)), (1, Some(&b"one"[..])));
}

#[test]
fn a_full_disk_refuses_growth_only_and_a_slow_one_takes_longer() {
    let mut disk = disk(1);
    disk.install(FILE, b"12345".to_vec());
    let full = disk.inflict(DiskFault::Full);
    assert_eq!(disk.append(at(0), FILE, b"6"), Err(DiskError::NoSpace));
    assert_eq!(disk.overwrite(at(0), FILE, b"abc"), Ok(at(0)));
    assert_eq!((disk.read(FILE), disk.effect(full)), (Some(&b"abc"[..]), 1));
    let slow = disk.inflict(DiskFault::Slow(Span::from_millis(80)));
    assert!(matches!(disk.fsync(at(0), FILE), Ok(FsyncAnswer::At(_, done)) if done == at(82)));
    assert_eq!(disk.effect(slow), 1);
    let error = disk.fsync(at(0), "missing").unwrap_err();
    assert_eq!(error.to_string(), "no such file: \"missing\"");
}

#[test]
fn a_synced_file_renamed_is_there_under_the_old_or_the_new_name() {
    let mut outcomes = [0; 2];
    for seed in 0..50 {
        let mut disk = disk(seed);
        disk.install("dump.rdb", b"old".to_vec());
        disk.append(at(0), "temp.rdb", b"new").unwrap();
        sync(&mut disk, at(0), "temp.rdb");
        disk.rename(at(0), "temp.rdb", "dump.rdb").unwrap();
        assert_eq!(disk.names().collect::<Vec<_>>(), ["dump.rdb"]);
        disk.power_loss(at(1));
        let renamed = disk.read("temp.rdb").is_none();
        assert_eq!(disk.read("dump.rdb"), Some(if renamed { &b"new"[..] } else { &b"old"[..] }));
        outcomes[usize::from(renamed)] += 1;
    }
    assert!(outcomes.iter().all(|count| *count > 10), "both happen: {outcomes:?}");
}

#[test]
fn a_removed_file_is_gone_for_good_after_the_journal_has_committed() {
    let mut disk = disk(1);
    disk.install(FILE, b"old".to_vec());
    disk.unlink(at(0), FILE).unwrap();
    assert_eq!((disk.read(FILE), disk.durable(FILE)), (None, Some(&b"old"[..])));
    assert_eq!(disk.power_loss(at(5000)).lost_names, 0);
    assert_eq!((disk.read(FILE), disk.durable(FILE)), (None, None));
}

#[test]
fn bit_rot_flips_one_bit() {
    let mut disk = disk(1);
    assert_eq!(disk.rot(at(0), FILE), None);
    disk.install(FILE, vec![0; 300]);
    let offset = disk.rot(at(0), FILE).expect("the file has bytes");
    let content = disk.read(FILE).unwrap();
    assert_eq!(content.iter().map(|byte| byte.count_ones()).sum::<u32>(), 1);
    assert_ne!(content[offset], 0);
    assert_eq!(disk.durable(FILE), Some(content));
}

#[derive(Clone, Debug)]
enum Step {
    Write(usize, usize),
    Append(usize),
    Truncate(usize),
    Sync,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..12_000usize, 1..9000usize).prop_map(|(offset, length)| Step::Write(offset, length)),
        (1..5000usize).prop_map(Step::Append),
        (0..12_000usize).prop_map(Step::Truncate),
        Just(Step::Sync),
    ]
}

proptest! {
    /// After a power loss each byte is a durable one or a cached one of its place, sector by sector; without
    /// unsynced steps all of it is as written.
    #[test]
    fn power_loss_leaves_a_mix_of_old_and_new_sectors(
        seed: u64, steps in prop::collection::vec(any_step(), 1..12)
    ) {
        let mut disk = disk(seed);
        disk.install(FILE, Vec::new());
        for (number, step) in steps.iter().enumerate() {
            let fill = number as u8 + 1;
            match *step {
                Step::Write(offset, length) => {
                    disk.write_at(at(0), FILE, offset, &vec![fill; length]).unwrap();
                }
                Step::Append(length) => {
                    disk.append(at(0), FILE, &vec![fill; length]).unwrap();
                }
                Step::Truncate(length) => {
                    disk.truncate(at(0), FILE, length).unwrap();
                }
                Step::Sync => prop_assert_eq!(sync(&mut disk, at(0), FILE), FsyncOutcome::Done),
            }
        }
        let (cached, durable) = (disk.read(FILE).unwrap().to_vec(), disk.durable(FILE).unwrap().to_vec());
        if matches!(steps.last(), Some(Step::Sync)) {
            prop_assert_eq!(&cached, &durable);
        }
        let loss = disk.power_loss(at(10));
        let survived = disk.read(FILE).unwrap();
        prop_assert_eq!(disk.durable(FILE).unwrap(), survived);
        let (short, long) = (cached.len().min(durable.len()), cached.len().max(durable.len()));
        prop_assert!((short..=long).contains(&survived.len()));
        for (index, byte) in survived.iter().enumerate() {
            let known = [cached.get(index), durable.get(index)];
            prop_assert!(known.contains(&Some(byte)), "byte {} is {}", index, byte);
        }
        prop_assert_eq!(loss.lost_bytes == 0, survived == cached);
    }

    /// A process crash is no event for the disk; nor does a run depend on anything but seed and steps.
    #[test]
    fn equal_disks_lose_alike(seed: u64, bytes in 1..30_000usize) {
        let lose = || {
            let mut disk = disk(seed);
            disk.install(FILE, vec![0; bytes / 2]);
            disk.overwrite(at(0), FILE, &vec![1; bytes]).unwrap();
            let loss = disk.power_loss(at(1));
            (loss, disk.read(FILE).unwrap().to_vec())
        };
        prop_assert_eq!(lose(), lose());
    }
}

#[test]
fn a_created_file_is_empty_and_an_fsync_of_the_directory_makes_its_name_durable() {
    for seed in 0..20 {
        let mut disk = disk(seed);
        disk.install(FILE, b"old".to_vec());
        disk.create(at(0), FILE);
        disk.create(at(0), "other");
        assert_eq!((disk.read(FILE), disk.read("other")), (Some(&b""[..]), Some(&b""[..])));
        let FsyncAnswer::At(op, done) = disk.fsync_directory(at(1)) else { panic!("no stall here") };
        assert_eq!((done, disk.durable("other")), (at(3), None));
        assert_eq!(disk.complete(op), FsyncOutcome::Done);
        disk.power_loss(at(3));
        assert!(disk.read("other").is_some(), "its name was synced");
        assert!(matches!(disk.read(FILE), Some(b"" | b"old")), "the cut was not: {:?}", disk.read(FILE));
    }
}

#[test]
fn while_writes_stall_each_refusal_is_counted() {
    let mut disk = disk(1);
    assert!(!disk.write_stalls());
    let stall = disk.inflict(DiskFault::WriteStall);
    assert!(disk.write_stalls() && disk.write_stalls());
    disk.lift(at(1), stall);
    assert!(!disk.write_stalls());
    assert_eq!(disk.effect(stall), 2);
}
