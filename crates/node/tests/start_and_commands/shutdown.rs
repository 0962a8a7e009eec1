//! SHUTDOWN (RB-7). What is answered was compared with a server of 7.0.15.

use rcsim_node::{ClientInput, ConnectionId, DiskAnswer, DiskJob, DiskStep, Effect, Input};
use rcsim_observe::reason::ExitCause;
use rcsim_observe::{Event, NodeGlimpse};
use rcsim_protocol::{Command, Reply};

use super::support::Bench;

const REPLICA: ConnectionId = ConnectionId(9);

fn has_ended(node: &Bench) -> bool {
    node.effects.iter().any(|effect| matches!(effect, Effect::Exit(ExitCause::Shutdown)))
}

fn renamed(steps: &[DiskStep]) -> bool {
    steps.iter().any(|step| matches!(step, DiskStep::Rename { to, .. } if to == "dump.rdb"))
}

/// A master with save points or without.
fn master(save: &str) -> Bench {
    let mut node = Bench::formed(0);
    node.ask_words(&["CONFIG", "SET", "save", save]);
    node
}

fn say(node: &mut Bench, text: &str) {
    node.input(Input::Client(REPLICA, ClientInput::Command(Command::new(text.split(' ')))));
}

#[test]
fn rb_7_a_snapshot_is_saved_with_save_points_or_when_asked_for() {
    for (save, command, saves) in [
        ("", "SHUTDOWN", false),
        ("", "SHUTDOWN SAVE", true),
        ("3600 1", "SHUTDOWN", true),
        ("3600 1", "SHUTDOWN NOSAVE", false),
        ("3600 1", "SHUTDOWN now force", true),
    ] {
        let mut node = master(save);
        assert_eq!(node.try_ask(command), None);
        let steps = node.serve_disk(None);
        assert_eq!((renamed(&steps), has_ended(&node)), (saves, true), "{save:?} {command}");
    }
}

#[test]
fn rb_7_a_process_that_cannot_save_goes_on_unless_forced() {
    let mut node = master("3600 1");
    node.try_ask("SHUTDOWN");
    node.serve_disk(Some(DiskJob::Snapshot));
    let reply = Reply::error("ERR Errors trying to SHUTDOWN. Check logs.");
    assert_eq!((node.replies(), has_ended(&node)), (vec![reply], false));
    assert_eq!(node.ask("SET b 1"), Reply::ok());
    node.try_ask("SHUTDOWN FORCE");
    node.serve_disk(Some(DiskJob::Snapshot));
    assert!(has_ended(&node));
}

#[test]
fn shutdown_says_what_it_does_not_understand() {
    let mut node = master("");
    for (command, reply) in [
        ("SHUTDOWN FOO", "-ERR syntax error"),
        ("SHUTDOWN SAVE NOSAVE", "-ERR syntax error"),
        ("SHUTDOWN ABORT NOW", "-ERR syntax error"),
        ("SHUTDOWN ABORT", "-ERR No shutdown in progress."),
    ] {
        assert_eq!(node.ask(command).to_string(), reply, "{command}");
    }
}

#[test]
fn rb_7_writes_pause_until_the_replicas_have_everything_or_the_time_is_over() {
    let with_replica = || {
        let mut node = master("");
        let remote = "127.0.0.1:40001".parse().expect("an address");
        node.input(Input::Client(REPLICA, ClientInput::Opened { remote }));
        say(&mut node, "REPLCONF listening-port 22175");
        say(&mut node, "PSYNC ? -1");
        assert_eq!(node.try_ask("SHUTDOWN"), None);
        assert!(node.told(&Event::ShutdownWaits) && !has_ended(&node));
        node
    };
    let mut node = with_replica();
    let (writer, reader) = (node.connect(11), node.connect(12));
    assert_eq!(node.try_ask_as(writer, "SET b 1"), None, "writes wait");
    assert_eq!(node.ask_as(reader, "GET b").to_string(), "(nil)");
    node.tick_after(9_900);
    assert!(!has_ended(&node));
    node.tick_after(100);
    assert!(has_ended(&node), "after 10 s nobody is waited for any more");

    let mut node = with_replica();
    let offset = node.node.offset();
    say(&mut node, &format!("REPLCONF ACK {offset}"));
    node.tick_after(100);
    assert!(has_ended(&node), "it has everything");

    let mut node = with_replica();
    let (writer, operator) = (node.connect(11), node.connect(12));
    assert_eq!(node.try_ask_as(writer, "SET b 1"), None);
    assert_eq!(node.ask_as(operator, "SHUTDOWN ABORT"), Reply::ok());
    let failed = Reply::error("ERR Errors trying to SHUTDOWN. Check logs.");
    assert_eq!((node.replies(), node.replies_to(writer)), (vec![failed], vec![Reply::ok()]));
    node.try_ask_as(operator, "SHUTDOWN NOW");
    assert!(has_ended(&node));
}

#[test]
fn rb_7_a_first_rewrite_is_not_left_behind_unless_forced() {
    let mut node = master("");
    node.try_ask("CONFIG SET appendonly yes");
    node.input(Input::Disk(DiskAnswer { job: DiskJob::AofOpen, result: Ok(()) }));
    assert_eq!(node.info("aof_rewrite_in_progress"), "1");
    let reply = Reply::error("ERR Errors trying to SHUTDOWN. Check logs.");
    assert_eq!(node.ask("SHUTDOWN NOSAVE"), reply);
    assert!(node.told(&Event::ShutdownCancelled) && !has_ended(&node));
    node.try_ask("SHUTDOWN FORCE");
    assert!(has_ended(&node));
}

#[test]
fn rb_7_the_log_is_synced_before_the_process_ends() {
    let mut node = master("");
    node.try_ask("CONFIG SET appendonly yes");
    for _ in 0..3 {
        node.serve_disk(None);
        node.tick_after(100);
    }
    node.serve_disk(None);
    node.try_ask("SHUTDOWN");
    assert!(has_ended(&node));
    let steps = node.serve_disk(None);
    let synced = |step: &DiskStep| matches!(step, DiskStep::Fsync { file } if file == "appendonlydir/appendonly.aof.1.incr.aof");
    assert!(steps.iter().any(synced), "{steps:?}");
}
