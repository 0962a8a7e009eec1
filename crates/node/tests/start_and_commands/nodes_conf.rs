//! nodes.conf, written and read (NC-2 … NC-15). What is called damage here, and how, was tried on a 7.0.15
//! server.

use proptest::collection::vec;
use proptest::prelude::*;
use rcsim_node::nodes_conf::{Damage, parse};
use rcsim_protocol::{Epoch, NodeFlags, Settings};

use super::support::{Bench, START_MS};

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const MYSELF: &str = "127.0.0.1:6379@16379 myself,master - 0 0 3 connected";
const TRANSCRIPT: &str = include_str!("../../../../tests/data/golden/11_nodesconf_failover.txt");

/// A file with a line about the node itself and the epochs, and these words or lines besides.
fn file(slots: &str, more: &str) -> String {
    format!("{A} {MYSELF} {slots}\n{more}vars currentEpoch 5 lastVoteEpoch 4\n")
}

fn boot(text: &str) -> Bench {
    Bench::boot(Settings::default(), Some(text.as_bytes())).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn nc_7_nc_8_damage_that_keeps_a_node_down() {
    let other = |line: &str| file("0-5", &format!("{line}\n"));
    let text = |word: &str| word.to_owned();
    let at_b = |rest: &str| other(&format!("{B} {rest}"));
    let open = |word: &str| file(word, "");
    let long = "x".repeat(60);
    let cases: Vec<(String, Option<u32>, Damage)> = vec![
        (file("0-5 \"7", ""), Some(1), Damage::Quotes),
        (file("0-5 \"7\"8", ""), Some(1), Damage::Quotes),
        (other("bbbbbbb"), Some(2), Damage::TooFewFields(1)),
        (at_b("1.2.3.4:5@7 master - 0 0 1"), Some(2), Damage::TooFewFields(7)),
        (file("0-5", "").replace(A, &A[1..]), Some(1), Damage::NodeId(text(&A[1..]))),
        (at_b("1.2.3.4:5@7 slave xyz 0 0 1 connected"), Some(2), Damage::MasterId(text("xyz"))),
        (at_b("1.2.3.4 master - 0 0 1 connected"), Some(2), Damage::Address(text("1.2.3.4"))),
        (file("0-16384", ""), Some(1), Damage::Slot(text("0-16384"))),
        (open("[16384->-x]"), Some(1), Damage::Slot(text("[16384->-x]"))),
        (open("[3->-xyz]"), Some(1), Damage::OpenSlot(text("[3->-xyz]"))),
        (open("[3->"), Some(1), Damage::OpenSlot(text("[3->"))),
        (file("", "").replace("myself,", ""), None, Damage::NoMyself),
        ("\n\n".to_owned(), None, Damage::NoMyself),
        (other("vars currentEpoch 5 last"), Some(2), Damage::HalfVariable),
        (at_b("1.2.3.4:5@7 master,foo - 0 0 1 connected"), Some(2), Damage::Flag(text("foo"))),
        (at_b("1.2.3.4:5@7 master,,fail - 0 0 1 connected"), Some(2), Damage::Flag(text(""))),
        (at_b(MYSELF), Some(2), Damage::SecondMyself),
        (open("[3]"), Some(1), Damage::OpenSlotWithoutDash(text("[3]"))),
        (at_b(&format!("{long}:5@7 master - 0 0 1 connected")), Some(2), Damage::IpTooLong(long.clone())),
        (other("  "), Some(2), Damage::Blanks),
    ];
    for (text, line, damage) in cases {
        let error = parse(text.as_bytes()).expect_err(&text);
        assert_eq!((error.line, &error.damage), (line, &damage), "{text}");
        let crashes = ["no flag", "second", "no '-'", "45 characters", "blanks"];
        let is_crash = crashes.iter().any(|words| damage.to_string().contains(words));
        assert_eq!(damage.is_crash(), is_crash, "NC-8: {damage}");
    }
}

#[test]
fn nc_9_damage_that_nobody_notices() {
    let slots = [
        ("0-5 7-", "0-5"),
        ("9-7", ""),
        ("7x abc", "0 7"),
        ("-3", "0-3"),
        ("3-4-5", "3-4"),
        ("0-5 \"7\"", "0-5 7"),
    ];
    for (written, read) in slots {
        let config = parse(file(written, "").as_bytes()).expect(written);
        assert_eq!(config.nodes[0].slots.to_string(), read, "{written}");
    }
    let epochs = [
        ("", (0, 0)),
        ("vars\n", (0, 0)),
        ("vars currentEpoch 5 lastVoteEpoch 4\n", (5, 4)),
        ("VARS lastvoteepoch 7x foo 3 CURRENTEPOCH abc\n", (0, 7)),
        ("vars currentEpoch -1 lastVoteEpoch 18446744073709551616\n", (u64::MAX, u64::MAX)),
    ];
    for (line, (current, last_vote)) in epochs {
        let config = parse(format!("{line}\n{A} {MYSELF}").as_bytes()).expect(line);
        assert_eq!(
            (config.current_epoch, config.last_vote_epoch),
            (Epoch(current), Epoch(last_vote)),
            "{line}"
        );
    }
}

#[test]
fn nc_3_addresses_are_read_from_their_last_colon() {
    let cases = [
        ("1.2.3.4:5@7", ("1.2.3.4", 5, 7, None)),
        ("1.2.3.4:5", ("1.2.3.4", 5, 10005, None)),
        (":0@0", ("", 0, 0, None)),
        ("::1:5@7,host", ("::1", 5, 7, Some("host"))),
        ("1.2.3.4:5,h,k", ("1.2.3.4", 5, 10005, Some("h,k"))),
        ("1@2:9", ("1@2", 9, 10009, None)),
        ("1.2.3.4:-5@70000,", ("1.2.3.4", 0, 0, None)),
    ];
    for (word, expected) in cases {
        let text = file("", &format!("{B} {word} noflags - 0 0 1 connected\n"));
        let node = parse(text.as_bytes()).expect(word).nodes.remove(1);
        assert_eq!((node.ip.as_str(), node.port, node.cport, node.hostname.as_deref()), expected, "{word}");
    }
}

/// The files of real nodes before and after a failover: what they say is what a node that starts with them
/// says.
#[test]
fn nc_10_to_nc_15_real_files_are_understood() {
    let mut files = 0;
    for (command, text) in TRANSCRIPT.split("$ ").filter_map(|block| block.split_once('\n')) {
        if !command.ends_with("nodes.conf") {
            continue;
        }
        let text = text.split("[exit").next().expect("a file");
        let port = command.rsplit('/').nth(1).and_then(|port| port.parse().ok()).expect("a port");
        let node = Bench::boot_at(port, Settings::default(), Some(text.as_bytes())).expect(text);
        let mut expected: Vec<String> =
            text.lines().filter(|line| !line.is_empty()).map(after_a_start).collect();
        let now = node.config();
        let mut found: Vec<&str> = now.lines().collect();
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "{command}");
        assert_eq!(node.saved(), None, "nothing new is to be remembered");
        files += 1;
    }
    assert_eq!(files, 18, "six nodes, three times");
}

/// A line of a file as a node shows it that started with it: links are gone, times are now (NC-12).
fn after_a_start(line: &str) -> String {
    let mut fields: Vec<String> = line.split(' ').map(ToOwned::to_owned).collect();
    if fields[0] != "vars" {
        for time in [4, 5] {
            fields[time] = if fields[time] == "0" { "0".to_owned() } else { START_MS.to_string() };
        }
        let state = if fields[2].contains("myself") { "connected" } else { "disconnected" };
        fields[7] = state.to_owned();
    }
    fields.join(" ")
}

#[test]
fn nc_10_the_first_line_gets_the_slot_and_nc_11_a_master_may_come_later_or_never() {
    let more = format!(
        "{B} 1.2.3.4:5@7 slave {} 1 1 9 connected 3-8 [4-<-{A}]\n{} 1.2.3.4:6@8 slave - 0 0 13 connected\n",
        "c".repeat(40),
        "d".repeat(40)
    );
    let node = boot(&file("0-5 [3->-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb]", &more));
    let config = node.config();
    let lines = [
        format!("{A} {MYSELF} 0-5 [3->-{B}] [4-<-{A}]"),
        format!("{B} 1.2.3.4:5@7 slave {} {START_MS} {START_MS} 0 disconnected 6-8", "c".repeat(40)),
        format!("{} :0@0 noflags - 0 0 0 disconnected", "c".repeat(40)),
        "vars currentEpoch 13 lastVoteEpoch 4".to_owned(),
    ];
    for line in lines {
        assert!(config.lines().any(|other| other == line), "{line}\nis not in\n{config}");
    }
}

#[test]
fn nc_2_nodes_in_handshake_are_not_written_and_hostnames_are() {
    let mut node = Bench::formed(0);
    node.ask("CLUSTER MEET 127.0.0.1 9999");
    node.ask("CONFIG SET cluster-announce-hostname master-0");
    assert!(format!("{}", node.ask("CLUSTER NODES")).contains("handshake"));
    let config = parse(node.config().as_bytes()).expect("what a node writes it can read");
    assert_eq!(config.nodes.len(), 6);
    let myself = config.nodes.iter().find(|saved| saved.flags.any(NodeFlags::MYSELF)).expect("myself");
    assert_eq!(myself.hostname.as_deref(), Some("master-0"));
}

proptest! {
    /// What a node writes, it reads back the same; and a node that starts with it says the same again.
    #[test]
    fn nc_2_what_is_written_is_read_back(
        slots in vec((0_u16..16384, 0_u16..40, 0_usize..6), 0..12),
        flags in vec(0_u8..4, 5),
        times in vec(0_i64..3, 10),
        epochs in vec(0_u64..9, 8),
    ) {
        let id = |index: usize| format!("{index}").repeat(40);
        let mut text = String::new();
        for index in 0..6 {
            let runs = slots.iter().filter(|(_, _, owner)| *owner == index);
            let runs: String =
                runs.map(|(first, len, _)| format!(" {first}-{}", (first + len).min(16383))).collect();
            let (kind, ping, pong) = match index {
                0 => ("myself,master".to_owned(), 0, times[0]),
                _ => {
                    let role = if flags[index - 1] == 3 { "slave" } else { "master" };
                    let health = ["", ",fail?", ",fail", ",noaddr,nofailover"][flags[index - 1] as usize];
                    (format!("{role}{health}"), times[index], times[index + 4])
                }
            };
            let master = if kind.starts_with("slave") { id(0) } else { "-".to_owned() };
            let epoch = epochs[index];
            text += &format!("{} 10.0.0.{index}:6379@16379 {kind} {master} {ping} {pong} {epoch} x{runs}\n", id(index));
        }
        text += &format!("vars currentEpoch {} lastVoteEpoch {}\n", epochs[6], epochs[7]);
        let node = boot(&text);
        let written = node.config();
        let (given, again) = (parse(text.as_bytes()).unwrap(), parse(written.as_bytes()).unwrap());
        prop_assert_eq!(again.last_vote_epoch, given.last_vote_epoch);
        // EP-8, NC-13: a replica shows its master's epoch, its own is forgotten.
        let replica = |saved: &&rcsim_node::nodes_conf::SavedNode| saved.flags.any(NodeFlags::SLAVE);
        let own = given.nodes.iter().filter(|saved| !replica(saved)).map(|saved| saved.config_epoch).max();
        prop_assert_eq!(again.current_epoch, given.current_epoch.max(own.unwrap_or_default()), "NC-15");
        for saved in &given.nodes {
            let read = again.nodes.iter().find(|other| other.id == saved.id).expect("still there");
            prop_assert_eq!((&read.ip, read.port, read.cport), (&saved.ip, saved.port, saved.cport));
            prop_assert_eq!((read.flags, read.master), (saved.flags, saved.master));
            prop_assert_eq!((read.ping_sent, read.pong_received),
                ((saved.ping_sent != 0) as i64 * START_MS, (saved.pong_received != 0) as i64 * START_MS), "NC-12");
        }
        let mut owned = rcsim_protocol::SlotSet::empty();
        for (first, second) in again.nodes.iter().map(|saved| &saved.slots).zip(1..).filter(|(set, _)| !set.is_empty()) {
            prop_assert!(first.iter().all(|slot| owned.insert(slot)), "NC-10: one owner ({second})");
        }
        let claimed: rcsim_protocol::SlotSet = given.nodes.iter().flat_map(|saved| saved.slots.iter()).collect();
        prop_assert_eq!(owned, claimed);
        let mut lines: Vec<&str> = written.lines().collect();
        let second = boot(&written).config();
        let mut lines_again: Vec<&str> = second.lines().collect();
        lines.sort();
        lines_again.sort();
        prop_assert_eq!(lines, lines_again, "a second start changes nothing");
    }

    /// Whatever stands in the file: it is read or refused, and a node that starts with it ticks on.
    #[test]
    fn nc_7_damaged_files_harm_nobody(
        damage in vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..4), 1..6),
        noise in vec(any::<u8>(), 0..80),
    ) {
        let _ = parse(&noise);
        let mut text = Bench::formed(3).config().into_bytes();
        for (at, byte, how) in damage {
            let at = at.index(text.len());
            match how {
                0 => text[at] = byte,
                1 => text.insert(at, byte),
                2 => text.truncate(at.max(1)),
                _ => {
                    text.remove(at);
                    if text.is_empty() {
                        text.push(byte);
                    }
                }
            }
        }
        if let Ok(mut node) = Bench::boot(Settings::default(), Some(&text)) {
            node.tick_after(100);
            node.tick_after(100);
            let written = node.config();
            prop_assert!(parse(written.as_bytes()).is_ok(), "{written}");
        }
    }
}
