//! Replies, word for word: what real servers answered (`tests/data`) and what simulated ones answer in the same place.
//!
//! Ids and addresses become the names of nodes, times and what differs from run to run are masked; the rest must be
//! equal. Error replies of single commands are compared in the node's own tests.

use rcsim_engine::Nanos;
use rcsim_protocol::{Reply, RespVersion, key_slot};
use rcsim_scenario::{Action, Argument, Entry, Scenario, Span, Target, When};

use crate::committed::parse;
use crate::golden::exchanges;
use crate::repository::read;

/// What an operator types while a scenario runs, and where; one command after the other.
struct Console {
    scenario: Scenario,
    at_ms: u64,
    /// From one command to the next, in ms.
    pause_ms: u64,
    asked: usize,
}

impl Console {
    /// Types fast, but slow enough for an fsync.
    fn new(scenario: Scenario) -> Console {
        Console { scenario, at_ms: 0, pause_ms: 20, asked: 0 }
    }

    /// What is typed from now on, is typed from this second on.
    fn wait_until(&mut self, second: u64) {
        self.at_ms = second * 1_000;
    }

    /// Types a command at a node: `ask(1, ...)` at n1. Words may be `id-of:n2`, as in scenarios.
    fn ask(&mut self, node: usize, command: &str) {
        let argv = command.split(' ').map(Argument::from_text).collect();
        let action = Action::Command { node: Target::Node(format!("n{node}")), argv, reply: None };
        let when = When::At(Span::from_millis(self.at_ms));
        self.asked += 1;
        let id = format!("console-{}", self.asked);
        self.scenario.timeline.push(Entry { id, when, must_fire: true, action });
        self.at_ms += self.pause_ms;
    }

    /// Runs it all: the replies in the order of the commands, and the names behind the ids.
    fn run(self) -> (Vec<Reply>, Mask) {
        let mut engine = rcsim_world::start(&self.scenario, 1);
        engine.run_until(Nanos((self.at_ms + 1_000) * 1_000_000));
        let names = engine.world().names();
        let mask =
            names.nodes.iter().filter_map(|(id, place)| Some((id.to_string(), names.place((*place)?))));
        let mask = Mask(mask.collect());
        let first = self.scenario.timeline.len() - self.asked;
        let (world, _) = engine.parts();
        let mut replies = vec![None; self.asked];
        for result in world.take_command_results() {
            if let Some(index) = (result.entry as usize).checked_sub(first) {
                replies[index] = result.reply;
            }
        }
        let replied = |(index, reply): (usize, Option<Reply>)| {
            reply.unwrap_or_else(|| panic!("{} was not answered", self.scenario.timeline[first + index].id))
        };
        (replies.into_iter().enumerate().map(replied).collect(), mask)
    }
}

/// Ids to names; everything that differs from run to run to a word.
struct Mask(Vec<(String, String)>);

impl Mask {
    /// The names behind the ids of a transcript: the node on port 22200 is n1, and so on.
    fn of_transcript(transcript: &str) -> Mask {
        let named = |word: &str, next: &str| {
            let port = next.strip_prefix("127.0.0.1:")?.split('@').next()?;
            let number: u32 = port.parse::<u32>().ok()?.checked_sub(22199)?;
            (word.len() == 40).then(|| (word.to_owned(), format!("n{number}")))
        };
        let words: Vec<&str> = transcript.split([' ', '\n']).collect();
        let named = words.windows(2).filter_map(|pair| named(pair[0], pair[1]));
        let mask = Mask(named.collect());
        assert!(!mask.0.is_empty(), "the transcript names its nodes");
        mask
    }

    fn word(&self, word: &str) -> String {
        if let Some((_, name)) = self.0.iter().find(|(id, _)| id == word) {
            return name.clone();
        }
        let (host, port) = word.split_once(':').unwrap_or((word, ""));
        match (host.parse::<std::net::Ipv4Addr>(), port) {
            (Ok(_), "") => "ip".to_owned(),
            (Ok(_), port) if port.contains('@') => "ip:port@cport".to_owned(),
            (Ok(_), _) => "ip:port".to_owned(),
            _ if word.parse().is_ok_and(is_time) => "time".to_owned(),
            _ if word.parse().is_ok_and(is_port) => "port".to_owned(),
            _ => word.to_owned(),
        }
    }

    /// A text with every word masked; message counts are left out, and lines come in order of their names.
    fn text(&self, text: &str) -> String {
        let line = |line: &str| {
            let words: Vec<String> = line.split(' ').map(|word| self.word(word)).collect();
            words.join(" ").replace(" 0 time ", " time time ")
        };
        let mut lines: Vec<String> =
            text.split('\n').filter(|line| !line.contains("_stats_messages_")).map(line).collect();
        if text.contains("myself") {
            lines.sort();
        }
        lines.join("\n")
    }

    /// A reply masked; lists whose order is that of a hash table are sorted.
    fn reply(&self, reply: &Reply) -> Reply {
        let each = |items: &[Reply]| -> Vec<Reply> { items.iter().map(|item| self.reply(item)).collect() };
        match reply {
            Reply::Simple(text) => Reply::simple(self.text(text)),
            Reply::Error(text) => Reply::error(self.text(text)),
            Reply::Verbatim(text) => Reply::verbatim(self.text(text)),
            Reply::Bulk(bytes) => Reply::bulk(self.text(&String::from_utf8_lossy(bytes))),
            Reply::Integer(number) if is_time(*number) => Reply::simple("time"),
            Reply::Integer(number) if is_port(*number) => Reply::simple("port"),
            Reply::Array(items) => {
                let mut masked = each(items);
                for index in 1..masked.len() {
                    if masked[index - 1] == Reply::bulk("send-buffer-allocated") {
                        masked[index] = Reply::simple("bytes");
                    }
                }
                if items.iter().all(|item| matches!(item, Reply::Array(_) | Reply::Map(_))) {
                    masked.sort_by_key(|item| format!("{item:?}"));
                }
                Reply::Array(masked)
            }
            Reply::Map(pairs) => Reply::Map(pairs.iter().map(|pair| self.pair(pair)).collect()),
            other => other.clone(),
        }
    }

    fn pair(&self, (name, value): &(Reply, Reply)) -> (Reply, Reply) {
        let measured = *name == Reply::bulk("send-buffer-allocated");
        let value = if measured { Reply::simple("bytes") } else { self.reply(value) };
        (self.reply(name), value)
    }
}

fn is_time(number: i64) -> bool {
    number > 1_700_000_000_000
}

fn is_port(number: i64) -> bool {
    number == 6379 || (22_200..22_206).contains(&number)
}

// ---- key slots --------------------------------------------------------------------------------------------------

#[test]
fn ks_1_keys_have_the_slots_that_real_servers_gave_them() {
    let table = read("tests/data/reference/keyslots.csv");
    let mut rows = 0;
    for line in table.lines().skip(1) {
        let (hex, rest) = line.split_once(',').expect("a key in hexadecimal");
        // The key as Python prints it may contain commas; the three columns behind it do not.
        let slot = rest.rsplit(',').nth(2).expect("the slot that Redis gave");
        let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("two digits");
        let key: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
        assert_eq!(key_slot(&key).number().to_string(), slot, "{line}");
        rows += 1;
    }
    assert_eq!(rows, 150);
}

// ---- CLUSTER commands in a cluster of six -----------------------------------------------------------------------

/// The six nodes before they know of each other; they are introduced to n1 after two seconds.
const BARE: &str = r#"{
  "name": "created by commands",
  "cluster": { "formed": false, "settings": { "repl-diskless-sync-delay": 0, "cluster-node-timeout": "2s" } },
  "timeline": [
    { "at": "2s", "command": { "node": ["n2", "n3", "n4", "n5", "n6"], "argv": ["CLUSTER", "MEET", "ip-of:n1", "port-of:n1"] } }
  ],
  "until": "60s"
}"#;

/// Six nodes made into a cluster as `redis-cli --cluster create` does it; n4 follows n2, n5 n3 and n6 n1.
fn created() -> Console {
    let mut console = Console::new(parse(BARE, "bare.json"));
    console.wait_until(1);
    for (node, range) in [(1, "0 5460"), (2, "5461 10922"), (3, "10923 16383")] {
        console.ask(node, &format!("CLUSTER ADDSLOTSRANGE {range}"));
    }
    for node in 1..=6 {
        console.ask(node, &format!("CLUSTER SET-CONFIG-EPOCH {node}"));
    }
    console.wait_until(5);
    for (replica, master) in [(4, 2), (5, 3), (6, 1)] {
        console.ask(replica, &format!("CLUSTER REPLICATE id-of:n{master}"));
    }
    console.wait_until(8);
    console
}

#[test]
fn cm_reading_commands_answer_as_a_real_cluster_of_six() {
    let transcript = read("tests/data/golden/05_cluster_cmds.txt");
    let theirs = Mask::of_transcript(&transcript);
    let mut console = created();
    let formed = console.asked;
    // First n1 (a master) is asked, then n4 (a replica), each first in RESP2 and then in RESP3.
    let (mut node, mut resp3, mut infos, mut expected) = (1, false, 0, Vec::new());
    for (command, reply) in exchanges(&transcript) {
        let Some(reply) = reply else {
            resp3 = command.contains("RESP3");
            continue;
        };
        infos += u32::from(command == "CLUSTER INFO");
        if infos == 3 && node == 1 {
            (node, resp3) = (4, false);
        }
        // The protocol version belongs to the connection, and each command here has one of its own.
        if command != "HELLO 3" {
            console.ask(node, &command);
            expected.push((node, resp3, command, reply));
        }
    }
    assert_eq!(expected.len(), 28, "both nodes are asked everything");
    let (replies, ours) = console.run();
    assert!(replies[..formed].iter().all(|reply| *reply == Reply::ok()), "the cluster is made: {replies:?}");
    for ((node, resp3, command, theirs_said), reply) in expected.iter().zip(&replies[formed..]) {
        let reply = if *resp3 { reply.clone() } else { reply.clone().as_received(RespVersion::Resp2) };
        let (reply, expected) = (ours.reply(&reply), theirs.reply(theirs_said));
        assert_eq!(reply, expected, "n{node}: {command} in RESP{}", 2 + u8::from(*resp3));
    }
}

// ---- when the cluster is down -----------------------------------------------------------------------------------

/// The cluster of the transcript: slots as they lay there, and the two other shards stopped for a while at the end.
const CLUSTER_DOWN: &str = r#"{
  "name": "cluster down",
  "cluster": {
    "settings": { "cluster-node-timeout": "2s" },
    "nodes": [
      { "name": "n1", "slots": "0-5461" },
      { "name": "n2", "slots": "5462-6826,6828-10922,11826" },
      { "name": "n3", "slots": "6827,10923-11825,11827-16383" }
    ]
  },
  "timeline": [{ "at": "20s", "pause": ["n2", "n3", "n5", "n6"], "for": "5s" }],
  "until": "60s"
}"#;

/// Commands of the transcript that are scripts, need a connection that stays open, or count keys of another life.
const NOT_PLAYED: [&str; 5] = ["EVAL", "EVAL_RO", "MULTI", "EXEC", "DBSIZE"];

#[test]
fn rd_replies_while_the_cluster_is_down_are_those_of_a_real_one() {
    let mut console = Console::new(parse(CLUSTER_DOWN, "down.json"));
    // A changed setting changes the state with the next timer only (ST-1).
    console.pause_ms = 150;
    console.wait_until(10);
    let (mut node, mut minority, mut expected) = (1, false, Vec::new());
    for (command, reply) in exchanges(&read("tests/data/golden/10_clusterdown.txt")) {
        let Some(reply) = reply else {
            node = if command.starts_with("# n1 still believes") { 2 } else { 1 };
            if command.starts_with("# minority") {
                minority = true;
                console.wait_until(24);
            }
            continue;
        };
        if NOT_PLAYED.iter().any(|name| command.split(' ').next() == Some(name)) {
            continue;
        }
        if minority && command == "CLUSTER INFO" && reply.to_string().starts_with("cluster_state:ok") {
            console.wait_until(40);
        }
        console.ask(node, &command);
        expected.push((node, command, reply));
    }
    assert_eq!(expected.len(), 36, "every line is accounted for");
    let (replies, _) = console.run();
    for ((node, command, expected), reply) in expected.iter().zip(replies) {
        let reply = reply.as_received(RespVersion::Resp2);
        assert_eq!(settled(command, &reply), settled(command, expected), "n{node}: {command}");
    }
}

/// What of a reply does not depend on the life of the cluster before: not its epochs, and of CLUSTER NODES the flags.
fn settled(command: &str, reply: &Reply) -> Vec<String> {
    let text = Mask(Vec::new()).reply(reply).to_string();
    let mut lines: Vec<String> = text.lines().map(|line| line.trim_end().to_owned()).collect();
    match command {
        "CLUSTER INFO" => lines.retain(|line| !line.contains("_epoch:")),
        "CLUSTER NODES" => {
            lines = lines.iter().filter_map(|line| line.split(' ').nth(2).map(str::to_owned)).collect();
            lines.sort();
        }
        _ => {}
    }
    lines
}

// ---- a quiet cluster --------------------------------------------------------------------------------------------

#[test]
fn cm_cluster_info_of_every_node_after_half_a_minute_of_quiet() {
    let mut console = Console::new(Scenario::named("quiet"));
    console.wait_until(30);
    (1..=6).for_each(|node| console.ask(node, "CLUSTER INFO"));
    for (node, reply) in (1..=6).zip(console.run().0) {
        let Reply::Verbatim(text) = reply else { panic!("INFO is a text") };
        let fields: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once(':')).collect();
        let epoch = ((node - 1) % 3 + 1).to_string();
        let expected = [
            ("cluster_state", "ok"),
            ("cluster_slots_assigned", "16384"),
            ("cluster_slots_ok", "16384"),
            ("cluster_slots_pfail", "0"),
            ("cluster_slots_fail", "0"),
            ("cluster_known_nodes", "6"),
            ("cluster_size", "3"),
            ("cluster_current_epoch", "6"),
            ("cluster_my_epoch", epoch.as_str()),
        ];
        assert_eq!(fields[..9], expected, "n{node}");
        let names: Vec<&str> = fields[9..].iter().map(|field| field.0).collect();
        let counts = ["ping_sent", "pong_sent", "sent", "ping_received", "pong_received", "received"];
        let counts = counts.map(|count| format!("cluster_stats_messages_{count}"));
        assert_eq!(names[..6], counts, "n{node}: in a quiet cluster there are heartbeats only");
        assert_eq!(names[6..], ["total_cluster_links_buffer_limit_exceeded"], "n{node}");
        let count = |name: &str| -> u64 {
            let named = fields.iter().find(|field| field.0 == format!("cluster_stats_messages_{name}"));
            named.expect("the field was there").1.parse().expect("a number")
        };
        assert_eq!(count("sent"), count("ping_sent") + count("pong_sent"), "n{node}");
        assert_eq!(count("pong_sent"), count("ping_received"), "n{node}: every PING is answered");
        assert!(count("ping_sent") >= 25, "n{node}: CR-5: about one PING a second at least");
    }
}
