//! The transcript of a real cluster's replies, replayed command by command (CM-1 … CM-25, MIG-1 … MIG-5).

use rcsim_protocol::{Reply, RespVersion, Settings};

use super::support::Bench;

const TRANSCRIPT: &str = include_str!("../../../../tests/data/golden/14_error_replies.txt");

/// Sections that are not replayed, and why.
const SKIPPED_SECTIONS: [(&str, &str); 2] = [
    (
        "replica failover while its master is down",
        "a master dies and is replaced: that takes a whole cluster",
    ),
    (
        "RESET on a replica / with slots but no keys",
        "continues the failover; `commands::cm_22` has the same commands",
    ),
];

/// Lines that are not replayed, and why.
const SKIPPED_LINES: [(&str, &str); 1] = [("[nocluster]>", "every node of this crate is one of a cluster")];

#[test]
fn replies_are_those_of_a_real_cluster() {
    let (mut master, mut replica) = (Bench::formed(0), Bench::formed(5));
    let mut lone = Bench::boot_at(22176, Settings::default(), None).expect("a new node");
    // ST-2: a master looks at the state for the first time two seconds after its start.
    lone.tick_after(100);
    lone.tick_after(2100);
    let mut lines = TRANSCRIPT.lines();
    let (mut section, mut compared, mut skipped) = ("", 0, 0);
    while let Some(line) = lines.next() {
        if let Some(title) = line.strip_prefix("## ") {
            section = title;
        } else if line.starts_with("(handshake node above disappears") {
            master.tick_after(2100);
        }
        let Some((who, command)) = line.strip_prefix('[').and_then(|line| line.split_once("]> ")) else {
            continue;
        };
        let expected = lines.next().expect("a reply");
        let skip = |(start, _): &(&str, &str)| line.starts_with(start);
        if SKIPPED_SECTIONS.iter().any(|(title, _)| section == *title) || SKIPPED_LINES.iter().any(skip) {
            skipped += 1;
            continue;
        }
        let node = match who.split(' ').next() {
            Some("master") => &mut master,
            Some("replica") => &mut replica,
            Some("lone") => &mut lone,
            _ => panic!("nobody plays {who}"),
        };
        let reply = python(&node.ask(command));
        assert_eq!(comparable(who, command, &reply), comparable(who, command, expected), "{line}");
        compared += 1;
    }
    assert_eq!((compared, skipped), (151, 26), "every line is accounted for");
}

/// The reply as the transcript writes it: as Python does.
fn python(reply: &Reply) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\r', "\\r").replace('\n', "\\n"));
    let list = |items: Vec<String>| format!("[{}]", items.join(", "));
    match reply.clone().as_received(RespVersion::Resp2) {
        Reply::Simple(text) => quoted(&text),
        Reply::Error(text) => format!("-{text}"),
        Reply::Integer(number) => number.to_string(),
        Reply::Bulk(bytes) => quoted(&String::from_utf8_lossy(&bytes)),
        Reply::Null | Reply::NullArray => "None".to_owned(),
        Reply::Array(items) => list(items.iter().map(python).collect()),
        newer => panic!("{newer} is not of RESP2"),
    }
}

/// What of a reply does not differ from run to run: not times, random ids, message counts, and the order of
/// tables.
fn comparable(who: &str, command: &str, reply: &str) -> Vec<String> {
    let lines = |separator| reply.trim_matches(['\'', '[', ']']).split(separator).map(ToOwned::to_owned);
    let mut parts: Vec<String> = match command {
        "CLUSTER NODES" => lines("\\n").map(|line| without_times(&line)).collect(),
        "CLUSTER INFO" => lines("\\r\\n").filter(|line| !line.contains("stats_messages")).collect(),
        "CLUSTER MYID" if who == "lone" => vec![reply.len().to_string()],
        _ if command.starts_with("CONFIG GET") => {
            let words: Vec<String> = lines(", ").map(|word| word.replace('\'', "")).collect();
            words.chunks(2).map(|pair| pair.join(" ")).collect()
        }
        _ if command.starts_with("CLUSTER REPLICAS") => {
            lines("', '").map(|line| without_times(&line)).collect()
        }
        _ => vec![reply.to_owned()],
    };
    parts.sort();
    parts
}

/// A line of CLUSTER NODES without its times, and without the random id of a node in handshake.
fn without_times(line: &str) -> String {
    let mut fields: Vec<&str> = line.split(' ').collect();
    if fields.len() > 6 {
        fields[4] = "ping";
        fields[5] = "pong";
        if fields[2] == "handshake" {
            fields[0] = "random";
        }
    }
    fields.join(" ")
}
