//! The order of the checks before a command: of two reasons to refuse it, the client hears the first.

use rcsim_node::input::MasterInput;
use rcsim_node::{ConnectionId, DiskAnswer, DiskError, DiskFailure, DiskJob, Effect, Input, Wait};

use super::replication::{begin_transfer, bulk, from_master};
use super::support::Bench;

/// Who asks in these tests. The client that the bench begins with makes the settings.
const CLIENT: u32 = 7;

/// A reason not to run a command at once, and what the client hears of it.
struct Reason {
    name: &'static str,
    heard: &'static str,
    prepare: fn(&mut Bench),
    /// What the client says before the command, in the midst of which it is then.
    before: &'static [&'static str],
}

const fn reason(name: &'static str, heard: &'static str, prepare: fn(&mut Bench)) -> Reason {
    Reason { name, heard, prepare, before: &[] }
}

const fn state(name: &'static str, heard: &'static str, before: &'static [&'static str]) -> Reason {
    Reason { name, heard, prepare: |_| (), before }
}

const PASSWORD: Reason = reason("password", "-NOAUTH Authentication required.", |node| {
    node.ask("CONFIG SET requirepass secret");
});
const DISK: Reason = reason("disk", "-MISCONF Errors writing to the AOF file: No space left", |node| {
    node.try_ask("CONFIG SET appendonly yes");
    while let Some(job) = awaited(node) {
        node.input(Input::Disk(DiskAnswer { job, result: Ok(()) }));
    }
    let failure = DiskFailure { step: 0, error: DiskError::NoSpace };
    node.input(Input::Disk(DiskAnswer { job: DiskJob::AofFsync, result: Err(failure) }));
});

/// What the process waits for its disk for.
fn awaited(node: &Bench) -> Option<DiskJob> {
    node.effects.iter().find_map(|effect| match effect {
        Effect::Disk(request) if request.wait == Wait::Process => Some(request.job),
        _ => None,
    })
}

const PAUSE: Reason = reason("pause", "", |node| {
    node.ask("CLIENT PAUSE 100000 WRITE");
});
const SUBSCRIBER: Reason = state("subscriber", "-ERR Can't execute '", &["SUBSCRIBE x"]);
const QUEUE: Reason = state("queue", "QUEUED", &["MULTI"]);

/// In the order of the checks.
const OF_A_MASTER: &[Reason] = &[
    PASSWORD,
    reason("redirection", "-CLUSTERDOWN The cluster is down", |node| {
        node.ask("CLUSTER DELSLOTS 0");
    }),
    reason("memory", "-OOM command not allowed when used memory > 'maxmemory'.", |node| {
        node.ask("CONFIG SET maxmemory 1");
    }),
    DISK,
    reason("replicas", "-NOREPLICAS Not enough good replicas to write.", |node| {
        node.ask("CONFIG SET min-replicas-to-write 1");
    }),
    SUBSCRIBER,
    PAUSE,
    QUEUE,
];

/// In the order of the checks.
const OF_A_REPLICA: &[Reason] = &[
    PASSWORD,
    DISK,
    reason("read only", "-READONLY You can't write against a read only replica.", |node| {
        node.ask("CONFIG SET replica-read-only yes");
    }),
    SUBSCRIBER,
    reason("master down", "-MASTERDOWN Link with MASTER is down", |node| {
        if node.ask("ROLE").to_string().contains("connected") {
            node.input(Input::Master(MasterInput::Closed));
        }
        node.ask("CONFIG SET replica-serve-stale-data no");
    }),
    reason("loading", "-LOADING Redis is loading the dataset in memory", |node| {
        begin_transfer(node);
        from_master(node, bulk(true, 1000, 1000));
    }),
    PAUSE,
    QUEUE,
];

/// What the client hears when all these reasons are there. What is checked last is made first, for the client that makes
/// the settings must be able to do so.
fn heard(mut node: Bench, reasons: &[&Reason], command: &str) -> String {
    for reason in reasons.iter().rev() {
        (reason.prepare)(&mut node);
    }
    let client = node.connect(CLIENT);
    for reason in reasons {
        for command in reason.before {
            node.try_ask_as(client, command);
        }
    }
    node.try_ask_as(client, command).map_or(String::new(), |reply| reply.to_string())
}

fn of_two_reasons_the_first_is_heard(node: fn() -> Bench, order: &[Reason], command: &str) {
    for (index, first) in order.iter().enumerate() {
        let alone = heard(node(), &[first], command);
        assert!(alone.starts_with(first.heard) && alone.is_empty() == first.heard.is_empty(), "{alone}");
        for second in &order[index + 1..] {
            if (first.name, second.name) == ("subscriber", "queue") {
                // Nobody is in both states before the command: who listens cannot say MULTI, and what comes behind
                // MULTI is only queued.
                continue;
            }
            let both = heard(node(), &[first, second], command);
            assert_eq!(both, alone, "{} comes before {}", first.name, second.name);
        }
    }
}

#[test]
fn rd_12_the_checks_of_a_master_have_an_order() {
    of_two_reasons_the_first_is_heard(|| Bench::formed(0), OF_A_MASTER, "SET bar 1");
}

#[test]
fn rd_12_the_checks_of_a_replica_have_an_order() {
    let replica = || {
        let mut replica = Bench::formed(5);
        replica.ask("CONFIG SET replica-read-only no");
        replica
    };
    of_two_reasons_the_first_is_heard(replica, OF_A_REPLICA, "FLUSHALL");
}

/// RD-12: who serves the keys, from the first reason to the last one.
#[test]
fn rd_12_the_decision_about_keys_has_an_order() {
    let other = super::support::IDS[2];
    let migrating = format!("CLUSTER SETSLOT 5061 MIGRATING {other}");
    let importing = format!("CLUSTER SETSLOT 12182 IMPORTING {other}");
    let cross = "-CROSSSLOT Keys in request don't hash to the same slot";
    let down = "-CLUSTERDOWN The cluster is down";
    let again = "-TRYAGAIN Multiple keys request during rehashing of slot";
    let rows: &[(&[&str], &str, &str)] = &[
        (&["CLUSTER DELSLOTS 5061"], "MGET bar foo", "-CLUSTERDOWN Hash slot not served"),
        (&["CLUSTER DELSLOTS 0"], "MGET bar foo", cross),
        (&[&migrating, "CLUSTER DELSLOTS 0"], "GET bar", down),
        (&[&migrating], "GET bar", "-ASK 5061 127.0.0.1:22172"),
        (&["SET bar 1", &migrating], "GET bar", "1"),
        (&["SET bar 1", &migrating], "MGET bar {bar}x", again),
        (&["SET bar 1", &migrating], "MGET {bar}x {bar}x", "-ASK 5061 127.0.0.1:22172"),
        (&[&importing], "GET foo", "-MOVED 12182 127.0.0.1:22172"),
        (&[&importing, "ASKING"], "GET foo", "(nil)"),
        (&[&importing, "ASKING"], "MGET foo {foo}x", again),
        (&[&importing, "ASKING"], "MGET foo foo", "[(nil) (nil)]"),
        (&["ASKING"], "GET foo", "-MOVED 12182 127.0.0.1:22172"),
        (&[&importing, "CLUSTER DELSLOTS 0", "ASKING"], "GET foo", down),
        (&["CONFIG SET cluster-allow-reads-when-down yes", "CLUSTER DELSLOTS 0"], "GET bar", "(nil)"),
        (
            &["CONFIG SET cluster-allow-reads-when-down yes", "CLUSTER DELSLOTS 0"],
            "SET bar 1",
            "-CLUSTERDOWN The cluster is down and only accepts read commands",
        ),
        (&["CLUSTER DELSLOTS 0"], "SPUBLISH bar x", "0"),
        (
            &["CONFIG SET cluster-allow-pubsubshard-when-down no", "CLUSTER DELSLOTS 0"],
            "SPUBLISH bar x",
            down,
        ),
    ];
    for (before, command, expected) in rows {
        let mut node = Bench::formed(0);
        before.iter().for_each(|command| drop(node.ask(command)));
        assert_eq!(node.ask(command).to_string(), *expected, "{before:?} {command}");
    }
}

/// RD-14: ASKING counts for one command, or for one transaction.
#[test]
fn rd_14_asking_lasts_for_a_transaction() {
    let mut node = Bench::formed(0);
    let other = super::support::IDS[2];
    node.ask(&format!("CLUSTER SETSLOT 12182 IMPORTING {other}"));
    let told: Vec<String> = ["ASKING", "MULTI", "SET foo 1", "GET foo", "EXEC", "GET foo"]
        .iter()
        .map(|command| node.ask(command).to_string())
        .collect();
    assert_eq!(told, ["OK", "OK", "QUEUED", "QUEUED", "[OK 1]", "-MOVED 12182 127.0.0.1:22172"]);
    let waiting = ConnectionId(1);
    node.ask("CLIENT PAUSE 1000 WRITE");
    node.ask("ASKING");
    assert_eq!(node.try_ask("SET foo 2"), None);
    node.tick_after(1001);
    assert_eq!(node.replies_to(waiting)[0].to_string(), "OK", "it waits with its command");
}
