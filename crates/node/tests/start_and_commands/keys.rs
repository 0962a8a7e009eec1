//! Commands on keys and lists, word for word as a 7.0.15 answered them.

use std::collections::BTreeSet;

use rcsim_protocol::{Command, Reply, Settings};

use super::support::Bench;

/// A master that serves all slots.
fn master() -> Bench {
    let mut node = Bench::boot(Settings::default(), None).expect("a new node");
    node.ask("CLUSTER ADDSLOTSRANGE 0 16383");
    node.tick_after(100);
    node.tick_after(2100);
    node
}

fn check(node: &mut Bench, cases: &[(&str, &str)]) {
    for (command, reply) in cases {
        assert_eq!(node.ask(command).to_string(), *reply, "{command}");
    }
}

/// A command with words of any bytes.
fn ask(node: &mut Bench, words: &[&[u8]]) -> String {
    node.ask_command(Command::new(words)).to_string()
}

/// What DUMP tells of a key.
fn payload(node: &mut Bench, key: &str) -> Vec<u8> {
    match node.ask(&format!("DUMP {key}")) {
        Reply::Bulk(bytes) => bytes,
        other => panic!("{other}"),
    }
}

#[test]
fn scan_goes_through_all_keys_and_leaves_out_what_is_not_wanted() {
    let mut node = master();
    check(
        &mut node,
        &[
            ("SCAN x", "-ERR invalid cursor"),
            ("SCAN 99999999999999999999", "-ERR invalid cursor"),
            ("SCAN 0 COUNT", "-ERR syntax error"),
            ("SCAN 0 COUNT 0", "-ERR syntax error"),
            ("SCAN 0 COUNT -1", "-ERR syntax error"),
            ("SCAN 0 COUNT x", "-ERR value is not an integer or out of range"),
            ("SCAN 0 FOO 1", "-ERR syntax error"),
            ("SCAN 0", "[0 []]"),
            ("SCAN 18446744073709551615", "[0 []]"),
            ("RANDOMKEY", "(nil)"),
            ("SET {t}1 v", "OK"),
            ("SET {t}2 v", "OK"),
            ("RPUSH {t}l v", "1"),
            ("SET {t}3 v PX 1", "OK"),
        ],
    );
    node.now_ms += 2;
    check(
        &mut node,
        &[
            ("SCAN 0", "[0 [{t}l {t}2 {t}1]]"),
            ("DBSIZE", "3"),
            ("SCAN 0 TYPE STRING", "[0 [{t}2 {t}1]]"),
            ("SCAN 0 TYPE nope", "[0 []]"),
            ("SCAN 0 TYPE string TYPE list", "[0 [{t}l]]"),
            ("SCAN 0 MATCH {t}[12] COUNT 100", "[0 [{t}2 {t}1]]"),
        ],
    );
    let told: BTreeSet<String> = (0..50).map(|_| node.ask("RANDOMKEY").to_string()).collect();
    assert!(told.iter().eq(["{t}1", "{t}2", "{t}l"]), "{told:?}");
    let Reply::Array(parts) = node.ask("SCAN 0 COUNT 2") else { panic!("an array") };
    assert_eq!(parts[1].to_string(), "[{t}l {t}2]");
    assert_ne!(parts[0].to_string(), "0");
    let next = node.ask(&format!("SCAN {} COUNT 2", parts[0]));
    assert_eq!(next.to_string(), "[0 [{t}1]]");
}

#[test]
fn object_tells_how_redis_would_keep_a_value() {
    let mut node = master();
    let lfu = "-ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when \
               switching between policies at runtime LRU and LFU data will take some time to adjust.";
    let lru = "-ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between \
               policies at runtime LRU and LFU data will take some time to adjust.";
    check(
        &mut node,
        &[
            ("OBJECT ENCODING nope", "(nil)"),
            ("OBJECT FREQ nope", "(nil)"),
            ("OBJECT NOPE k", "-ERR unknown subcommand 'NOPE'. Try OBJECT HELP."),
            ("SET k 9999", "OK"),
            ("OBJECT ENCODING k", "int"),
            ("OBJECT REFCOUNT k", "2147483647"),
            ("INCR k", "10000"),
            ("OBJECT REFCOUNT k", "1"),
            ("APPEND k 1", "6"),
            ("OBJECT ENCODING k", "raw"),
            ("INCRBY k -100000", "1"),
            ("OBJECT ENCODING k", "int"),
            ("SETRANGE k 0 1", "1"),
            ("OBJECT ENCODING k", "raw"),
            ("OBJECT REFCOUNT k", "1"),
            ("SET k 12345678901234567890", "OK"),
            ("OBJECT ENCODING k", "embstr"),
            ("SET k aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "OK"),
            ("OBJECT ENCODING k", "raw"),
            ("DEL k", "1"),
            ("APPEND k 5", "1"),
            ("OBJECT ENCODING k", "int"),
            ("RPUSH l a", "1"),
            ("OBJECT ENCODING l", "quicklist"),
            ("OBJECT REFCOUNT l", "1"),
            ("OBJECT FREQ k", lfu),
        ],
    );
    node.now_ms += 7_000;
    check(
        &mut node,
        &[
            ("EXISTS k", "1"),
            ("TTL k", "-1"),
            ("OBJECT IDLETIME k", "7"),
            ("TOUCH k", "1"),
            ("OBJECT IDLETIME k", "0"),
            ("CONFIG SET maxmemory 1gb maxmemory-policy allkeys-lfu", "OK"),
            ("OBJECT IDLETIME k", lru),
            ("OBJECT REFCOUNT k", "1"),
        ],
    );
}

#[test]
fn what_dump_tells_restore_takes() {
    let mut node = master();
    check(&mut node, &[("SET k v", "OK"), ("DUMP nope", "(nil)")]);
    let good = payload(&mut node, "k");
    assert_eq!(good, b"\x00\x01v\n\x00\x91\x08\xce\xb2\x198\x8a\xce", "as 7.0.15 tells it");
    let wrong = "-ERR DUMP payload version or checksum are wrong";
    let syntax = "-ERR syntax error";
    let cases: &[(&[&[u8]], &str)] = &[
        (&[b"RESTORE", b"k", b"-1", b"x"], "-BUSYKEY Target key name already exists."),
        (&[b"RESTORE", b"k", b"x", &good, b"FOO"], syntax),
        (&[b"RESTORE", b"k", b"-1", b"x", b"REPLACE"], "-ERR Invalid TTL value, must be >= 0"),
        (&[b"RESTORE", b"n", b"0", b"x"], wrong),
        (&[b"RESTORE", b"n", b"0", &good[..12]], wrong),
        (&[b"RESTORE", b"n", b"0", b" abc\n\x007\xb5\xdau\xad\xb5*\xa1"], "-ERR Bad data format"),
        (&[b"RESTORE", b"n", b"0", &good, b"IDLETIME"], syntax),
        (&[b"RESTORE", b"n", b"0", &good, b"IDLETIME", b"-1"], "-ERR Invalid IDLETIME value, must be >= 0"),
        (
            &[b"RESTORE", b"n", b"0", &good, b"FREQ", b"256"],
            "-ERR Invalid FREQ value, must be >= 0 and <= 255",
        ),
        (&[b"RESTORE", b"n", b"0", &good, b"FREQ", b"5", b"IDLETIME", b"5"], syntax),
        (&[b"RESTORE", b"n", b"0", &good, b"IDLETIME", b"100"], "OK"),
        (&[b"OBJECT", b"IDLETIME", b"n"], "100"),
        (&[b"GET", b"n"], "v"),
        (&[b"RESTORE", b"n", b"1000", &good, b"ABSTTL", b"REPLACE"], "OK"),
        (&[b"EXISTS", b"n"], "0"),
        (&[b"RESTORE", b"n", b"5000", &good], "OK"),
        (&[b"PTTL", b"n"], "5000"),
        (&[b"RESTORE", b"n", b"9223372036854775807", &good, b"REPLACE"], "OK"),
        (&[b"PTTL", b"n"], "-2"),
        (&[b"RESTORE-ASKING", b"n", b"0", &good], "OK"),
    ];
    for (words, reply) in cases {
        assert_eq!(ask(&mut node, words), *reply, "{}", Command::new(*words));
    }
}

#[test]
fn replies_of_the_commands_inside_lists() {
    let mut node = master();
    let wrong_type = "-WRONGTYPE Operation against a key holding the wrong kind of value";
    let rank = "-ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to \
                start from the end of the list";
    check(
        &mut node,
        &[
            ("RPUSH l a b c b d", "5"),
            ("LINSERT l BEFORE b X", "6"),
            ("LINSERT l after zz X", "-1"),
            ("LINSERT no before a b", "0"),
            ("LINSERT no foo a b", "-ERR syntax error"),
            ("LRANGE l 0 -1", "[a X b c b d]"),
            ("LSET l 0 z", "OK"),
            ("LSET l 100 z", "-ERR index out of range"),
            ("LSET l -100 z", "-ERR index out of range"),
            ("LSET no x y", "-ERR no such key"),
            ("LSET l x y", "-ERR value is not an integer or out of range"),
            ("LREM l 1 b", "1"),
            ("LREM l -1 b", "1"),
            ("LREM no x x", "-ERR value is not an integer or out of range"),
            ("LRANGE l 0 -1", "[z X c d]"),
            ("LTRIM l 1 -2", "OK"),
            ("LRANGE l 0 -1", "[X c]"),
            ("LREM l 0 X", "1"),
            ("LREM l 0 c", "1"),
            ("EXISTS l", "0"),
            ("RPUSH p a b c 1 2 3 c c", "8"),
            ("LPOS p c", "2"),
            ("LPOS p c RANK -1", "7"),
            ("LPOS p c RANK 2 COUNT 0", "[6 7]"),
            ("LPOS p c RANK -1 COUNT 2 MAXLEN 2", "[7 6]"),
            ("LPOS p c RANK -9223372036854775808", "7"),
            ("LPOS p c RANK 0", rank),
            ("LPOS p c COUNT -1", "-ERR COUNT can't be negative"),
            ("LPOS p c MAXLEN x", "-ERR MAXLEN can't be negative"),
            ("LPOS p c MAXLEN 2", "(nil)"),
            ("LPOS no x COUNT 1", "[]"),
            ("LTRIM p 5 3", "OK"),
            ("EXISTS p", "0"),
            ("SET {p}s 1", "OK"),
            ("RPUSH {p}1 x y", "2"),
            ("RPOPLPUSH {p}s p", wrong_type),
            ("RPOPLPUSH {p}1 {p}s", wrong_type),
            ("RPOPLPUSH {p}no {p}s", "(nil)"),
            ("RPOPLPUSH {p}1 p", "y"),
            ("LMOVE {p}1 p left right", "x"),
            ("LMOVE {p}1 p left foo", "-ERR syntax error"),
            ("EXISTS {p}1", "0"),
            ("LRANGE p 0 -1", "[y x]"),
            ("RPOPLPUSH p p", "x"),
            ("LRANGE p 0 -1", "[x y]"),
            ("RPOP p", "y"),
            ("EXPIRE p 100", "1"),
            ("RPOPLPUSH p p", "x"),
            ("TTL p", "100"),
        ],
    );
}
