//! Snapshots on the disk (RB-1 … RB-6). What is answered was compared with a server of 7.0.15.

use rcsim_node::{DiskJob, DiskRequest, DiskStep, Effect, Files, Wait};
use rcsim_observe::Event;
use rcsim_observe::reason::{DataSource, ExitCause};
use rcsim_protocol::{Reply, Settings};

use super::support::{Bench, IDS, START_MS};

/// A master that is alone and serves all slots, with a save point at 2 changes in 10 s.
fn master() -> Bench {
    let settings = Settings { save: vec![(10, 2)], ..Settings::default() };
    let mut node = Bench::boot(settings, None).expect("a new node");
    node.ask("CLUSTER ADDSLOTSRANGE 0 16383");
    node.tick_after(100);
    node.tick_after(2_100);
    node
}

fn saving(node: &Bench) -> Option<&DiskRequest> {
    node.effects.iter().find_map(|effect| match effect {
        Effect::Disk(request) if request.job == DiskJob::SnapshotChild => Some(request),
        _ => None,
    })
}

/// The bytes that the steps save.
fn saved(steps: &[DiskStep]) -> Vec<u8> {
    let appended = |step: &DiskStep| match step {
        DiskStep::Append { bytes, .. } => Some(bytes.to_vec()),
        _ => None,
    };
    steps.iter().find_map(appended).expect("a snapshot is written")
}

/// Ticks until a child is sent to save, at most so many seconds; says after how many ms.
fn wait_for_child(node: &mut Bench, seconds: i64) -> Option<i64> {
    let start_ms = node.now_ms;
    for _ in 0..10 * seconds {
        node.tick_after(100);
        if saving(node).is_some() {
            return Some(node.now_ms - start_ms);
        }
    }
    None
}

#[test]
fn rb_1_a_save_point_needs_its_changes_and_more_than_its_seconds() {
    let mut node = master();
    node.ask("SET b 1");
    assert_eq!(wait_for_child(&mut node, 20), None, "one change is too few");
    let mut node = master();
    node.ask("SET b 1");
    node.ask("SET b 2");
    wait_for_child(&mut node, 20).expect("two are enough");
    let age_ms = node.now_ms - START_MS;
    assert!((10_000..=11_100).contains(&age_ms), "{age_ms} since the start");
    assert_eq!(node.info("rdb_bgsave_in_progress"), "1");
    assert_eq!(wait_for_child(&mut node, 20), None, "there is one child at a time");
}

#[test]
fn rb_2_a_snapshot_gets_its_name_when_it_is_complete_and_what_came_since_is_not_in_it() {
    let mut node = master();
    node.ask("SET b 1");
    node.ask("SET hello 1");
    wait_for_child(&mut node, 20).expect("a child");
    let request = saving(&node).expect("a child").clone();
    let [
        DiskStep::Create { .. },
        DiskStep::Append { file, bytes },
        DiskStep::Fsync { .. },
        DiskStep::Rename { from, to },
        DiskStep::FsyncDirectory,
    ] = &request.steps[..]
    else {
        panic!("{request:?}")
    };
    assert_eq!((file, to.as_str(), request.wait), (from, "dump.rdb", Wait::Child { keys: 2 }));
    assert!(bytes.starts_with(b"REDIS0010"));
    let mut effects = node.effects.clone();
    node.ask("SET b 2");
    std::mem::swap(&mut node.effects, &mut effects);
    node.serve_disk(None);
    assert_eq!(node.info("rdb_changes_since_last_save"), "3", "the timer has not seen the end of the child");
    node.tick_after(100);
    assert!(node.told(&Event::RdbSaved { size: bytes.len() as u64 }));
    assert_eq!(node.info("rdb_changes_since_last_save"), "1");
    assert_eq!(node.ask("LASTSAVE"), Reply::Integer(node.now_ms / 1000));
}

#[test]
fn rb_3_while_the_last_snapshot_failed_writes_are_refused() {
    let text = "-MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. \
                Commands that may modify the data set are disabled, because this instance is configured to report \
                errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the \
                Redis logs for details about the RDB error.";
    let mut node = master();
    node.ask("SET b 1");
    assert_eq!(node.ask("BGSAVE").to_string(), "Background saving started");
    let fail = |node: &mut Bench| {
        node.serve_disk(Some(DiskJob::SnapshotChild));
        node.tick_after(100);
        assert!(node.told(&Event::RdbSaveFailed));
    };
    fail(&mut node);
    assert_eq!(node.ask("SET b 2").to_string(), text);
    assert_eq!(node.ask("PING").to_string(), text);
    assert_eq!(node.ask("GET b").to_string(), "1");
    assert_eq!(node.info("rdb_last_bgsave_status"), "err");
    node.ask("CONFIG SET stop-writes-on-bgsave-error no");
    assert_eq!(node.ask("SET b 2"), Reply::ok());
    node.ask("CONFIG SET stop-writes-on-bgsave-error yes");
    // RB-1: the next try comes more than 5 s after the last one.
    node.now_ms += 8_000;
    let waited_ms = wait_for_child(&mut node, 20).expect("another child");
    assert!(waited_ms <= 3_100, "{waited_ms}");
    fail(&mut node);
    let waited_ms = wait_for_child(&mut node, 20).expect("another child");
    assert!((5_000..=6_100).contains(&waited_ms), "{waited_ms}");
    node.serve_disk(None);
    node.tick_after(100);
    assert_eq!(node.ask("SET b 3"), Reply::ok());
}

#[test]
fn rb_2_save_answers_when_the_snapshot_is_on_the_disk() {
    let mut node = master();
    node.ask("SET b 1");
    assert_eq!(node.try_ask("SAVE"), None);
    node.serve_disk(None);
    assert_eq!(node.replies(), [Reply::ok()]);
    assert_eq!(node.info("rdb_changes_since_last_save"), "0");
    node.ask("SET b 2");
    node.try_ask("SAVE");
    node.serve_disk(Some(DiskJob::Snapshot));
    assert_eq!(node.replies(), [Reply::error("ERR")]);
    assert_eq!(node.info("rdb_changes_since_last_save"), "1");
    assert_eq!(node.ask("SET b 3"), Reply::ok(), "only a child's failure counts (RB-3)");
}

#[test]
fn bgsave_and_bgrewriteaof_wait_for_each_other() {
    let mut node = master();
    assert_eq!(node.ask("BGSAVE x").to_string(), "-ERR syntax error");
    node.ask("BGSAVE");
    let child = node.effects.clone();
    assert_eq!(node.ask("BGSAVE").to_string(), "-ERR Background save already in progress");
    assert_eq!(node.ask("SAVE").to_string(), "-ERR Background save already in progress");
    let scheduled = "Background append only file rewriting scheduled";
    assert_eq!(node.ask("BGREWRITEAOF").to_string(), scheduled);
    node.effects = child;
    node.serve_disk(None);
    node.tick_after(100);
    node.tick_after(100);
    node.serve_disk(None);
    assert_eq!(node.info("aof_rewrite_in_progress"), "1");
    let reply = node.ask("BGSAVE").to_string();
    assert!(
        reply.starts_with("-ERR Another child process is active (AOF?): can't BGSAVE right now."),
        "{reply}"
    );
    assert_eq!(node.ask("BGSAVE SCHEDULE").to_string(), "Background saving scheduled");
    assert_eq!(
        node.ask("BGREWRITEAOF").to_string(),
        "-ERR Background append only file rewriting already in progress"
    );
    for _ in 0..3 {
        node.tick_after(100);
        node.serve_disk(None);
    }
    assert_eq!(node.info("rdb_saves"), "2", "what was scheduled began when the rewrite was over");
}

#[test]
fn flushall_kills_the_child_and_replaces_the_snapshot() {
    let mut node = master();
    node.ask("SET b 1");
    node.ask("BGSAVE");
    assert_eq!(node.try_ask("FLUSHALL"), None, "the process writes a snapshot first");
    assert!(node.effects.iter().any(|effect| matches!(effect, Effect::KillChild)));
    let steps = node.serve_disk(None);
    assert_eq!(node.replies(), [Reply::ok()]);
    assert!(!saved(&steps).windows(3).any(|bytes| bytes == b"\x01b\xc0"), "it is empty");
    assert_eq!(node.info("rdb_changes_since_last_save"), "0");
    assert_eq!(node.info("rdb_last_bgsave_status"), "ok", "a child that was killed has not failed");
    let mut node = master();
    node.ask("CONFIG SET stop-writes-on-bgsave-error no");
    node.ask("SET b 1");
    assert_eq!(node.ask("FLUSHDB"), Reply::ok(), "FLUSHDB leaves the snapshot alone");
}

/// A process that starts as this member of the formed cluster, with this snapshot on its disk.
fn restart(member: usize, snapshot: Vec<u8>, appendonly: bool) -> Bench {
    let config = Bench::formed(member).config();
    let files = Files::from([("dump.rdb".to_owned(), snapshot)]);
    let settings = Settings { appendonly, ..Settings::default() };
    Bench::boot_with(22170 + member as u16, settings, Some(config.as_bytes()), files).expect("a good file")
}

fn snapshot_of(node: &mut Bench) -> Vec<u8> {
    node.try_ask("SAVE");
    saved(&node.serve_disk(None))
}

#[test]
fn rb_4_a_master_goes_on_under_a_new_name_with_the_old_stream_as_its_past() {
    let mut before = Bench::formed(0);
    before.ask("SET b 1");
    before.ask("SET hello 1 PX 100");
    let (id, offset) = (before.info("master_replid"), before.info("master_repl_offset"));
    let snapshot = snapshot_of(&mut before);
    let mut after = restart(0, snapshot.clone(), false);
    assert!(after.told(&Event::DataLoaded { from: DataSource::Snapshot, keys: 2, cut: 0 }));
    assert_eq!(after.node.value(b"b"), Some(&b"1"[..]));
    assert_eq!(after.info("master_replid2"), id);
    assert_ne!(after.info("master_replid"), id);
    assert_eq!(after.info("master_repl_offset"), offset);
    let end: i64 = after.info("second_repl_offset").parse().expect("a number");
    assert_eq!((end - 1).to_string(), offset);
    // RB-6: what has expired meanwhile is left out, and its replicas are told.
    let config = before.config();
    let files = Files::from([("dump.rdb".to_owned(), snapshot)]);
    let mut late = Bench::boot_later(22170, Settings::default(), Some(config.as_bytes()), files, 200)
        .expect("a good file");
    assert_eq!(late.node.value(b"hello"), None);
    assert_eq!(late.info("rdb_last_load_keys_expired"), "1");
    let fed: i64 = late.info("master_repl_offset").parse().expect("a number");
    let told = "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*2\r\n$3\r\nDEL\r\n$5\r\nhello\r\n".len() as i64;
    assert_eq!(fed, offset.parse::<i64>().expect("a number") + told);
}

#[test]
fn rb_4_a_replica_is_where_it_was() {
    let mut before = Bench::formed(3);
    let (id, offset) = (before.info("master_replid"), before.info("master_repl_offset"));
    let snapshot = snapshot_of(&mut before);
    let mut after = restart(3, snapshot, false);
    assert_eq!((after.info("master_replid"), after.info("master_repl_offset")), (id, offset));
    assert_eq!(after.registry.id(after.node.me()).to_string(), IDS[3]);
}

#[test]
fn rb_5_rb_6_which_snapshots_are_loaded() {
    let mut before = Bench::formed(0);
    before.ask("SET b 1");
    let snapshot = snapshot_of(&mut before);
    let after = restart(0, snapshot.clone(), true);
    assert_eq!(after.node.value(b"b"), None, "with an append-only file the snapshot does not count");
    for wrong in [Vec::new(), b"hello".to_vec(), snapshot[..snapshot.len() - 1].to_vec()] {
        let node = restart(0, wrong, false);
        assert!(node.effects.iter().any(|effect| matches!(effect, Effect::Exit(ExitCause::DataCorrupt))));
    }
    let longer = [&snapshot[..], b"xyz"].concat();
    assert_eq!(
        restart(0, longer, false).node.value(b"b"),
        Some(&b"1"[..]),
        "what stands behind is not looked at"
    );
}
