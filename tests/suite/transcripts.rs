//! Stories of single nodes, one file each in `tests/transcripts`: commands and packets in, decisions out.
//!
//! Lines that begin with `>` are what is done to the nodes; below each stands what they did, which is compared, or
//! rewritten with RCSIM_BLESS=1. Everything else is prose. The language:
//!
//! | line | does |
//! |---|---|
//! | `> cluster 3+1 real n2 with cluster-node-timeout 2000` | a bench cleared for masters and replicas of each; who is real; settings |
//! | `> new a` · `> stranger x` | a real node that knows nobody; a puppet that nobody knows |
//! | `> wait 2500 ms` | time passes |
//! | `> n3 is silent` · `is dead` · `answers` | what a puppet does with what it gets |
//! | `> n4 says ping` · `> n4 tells n1 ping` | a puppet sends a message to all real nodes, to one; see [`message`] |
//! | `> n4 has config-epoch=7 slots=0-5460` | from now on its messages say so; see [`header`] |
//! | `> n4 follows n2` | its messages say that it is a replica of n2 |
//! | `> ask n2 CLUSTER FORGET id-of:n1` · `> show n2` | a command of an operator; what a node believes |

use rcsim_protocol::bus::{Body, GossipEntry, Header, Heartbeat, Update};
use rcsim_protocol::{Card, Epoch, NodeFlags, Offset, Settings, Slot, SlotSet};

use crate::bench::{Bench, Mood};
use crate::repository::{files, hold_golden, read};

#[test]
fn nodes_do_what_their_stories_tell() {
    let stories = files("tests/transcripts", ".txt");
    assert!(stories.len() >= 8, "the stories were found: {stories:?}");
    for path in stories {
        hold_golden(&path, &told_again(&read(&path)));
    }
}

/// The story with what happens now in place of what happened then.
fn told_again(story: &str) -> String {
    let mut bench = Bench::new();
    let mut text = String::new();
    for line in story.lines().filter(|line| !is_output(line)) {
        text.push_str(line);
        text.push('\n');
        if let Some(command) = line.strip_prefix("> ") {
            perform(&mut bench, command);
            for told in bench.told() {
                text.push_str(&told);
                text.push('\n');
            }
        }
    }
    text
}

fn is_output(line: &str) -> bool {
    line.starts_with("  ")
}

fn perform(bench: &mut Bench, command: &str) {
    let words: Vec<&str> = command.split_whitespace().collect();
    match words.as_slice() {
        ["cluster", shape, "real", rest @ ..] => {
            let (masters, replicas) = shape.split_once('+').expect("masters+replicas");
            let (real, with) =
                rest.split_at(rest.iter().position(|word| *word == "with").unwrap_or(rest.len()));
            let number = |text: &str| text.parse().expect("a number");
            *bench = Bench::new();
            bench.formed(number(masters), number(replicas), &settings(with), real);
        }
        ["new", name, with @ ..] => bench.newcomer(name, &settings(with)),
        ["stranger", name] => bench.stranger(name),
        ["wait", ms, "ms"] => bench.wait(ms.parse().expect("milliseconds")),
        ["ask", name, rest @ ..] => {
            let typed: Vec<String> = rest.iter().map(|word| argument(bench, word)).collect();
            bench.ask(bench.party(name), &typed.join(" "));
        }
        ["show", name] => bench.show(bench.party(name)),
        [name, "is", "silent"] => bench.parties_mood(name, Mood::Silent),
        [name, "is", "dead"] => bench.kill(bench.party(name)),
        [name, "answers"] => bench.parties_mood(name, Mood::Answers),
        [name, "follows", master] => bench.follow(bench.party(name), bench.party(master)),
        [name, "has", fields @ ..] => {
            let party = bench.party(name);
            let changed = header(bench, bench.parties[party].header.clone(), fields);
            bench.parties[party].header = changed;
        }
        [name, "tells", to, kind, rest @ ..] => say(bench, name, Some(bench.party(to)), kind, rest),
        [name, "says", kind, rest @ ..] => say(bench, name, None, kind, rest),
        _ => panic!("this story has a line that nobody understands: > {command}"),
    }
}

fn say(bench: &mut Bench, name: &str, to: Option<usize>, kind: &str, words: &[&str]) {
    let party = bench.party(name);
    let (body, fields) = message(bench, kind, words);
    let told = header(bench, bench.parties[party].header.clone(), &fields);
    bench.say(party, to, told, body);
}

/// A word of a command; `id-of:n1` is the id of n1.
fn argument(bench: &Bench, word: &str) -> String {
    match word.strip_prefix("id-of:") {
        Some(name) => bench.registry.id(bench.parties[bench.party(name)].header.sender).to_string(),
        None => word.to_owned(),
    }
}

impl Bench {
    fn parties_mood(&mut self, name: &str, mood: Mood) {
        let party = self.party(name);
        self.parties[party].mood = mood;
    }
}

/// `with NAME VALUE NAME VALUE …`, on Redis' defaults.
fn settings(words: &[&str]) -> Settings {
    let mut settings = Settings::default();
    for pair in words.get(1..).unwrap_or_default().chunks(2) {
        settings.set(pair[0], pair[1]).unwrap_or_else(|error| panic!("{}: {error}", pair[0]));
    }
    settings
}

/// `ping`, `pong`, `meet`, each with `about n1=master,fail? n5=slave` as gossip; `fail n1`; `update n4 7 0-5460`;
/// `auth-request`, `auth-ack`, `mfstart`. What is left over are fields of the header.
fn message<'a>(bench: &mut Bench, kind: &str, words: &[&'a str]) -> (Body, Vec<&'a str>) {
    let (about, fields) = match words {
        ["about", rest @ ..] => {
            rest.split_at(rest.iter().position(|word| *word == "with").unwrap_or(rest.len()))
        }
        other => ([].as_slice(), other),
    };
    let gossip = about.iter().map(|word| gossip(bench, word)).collect();
    let heartbeat = || Heartbeat { gossip, hostname: None };
    let id = |name: &str| bench.parties[bench.party(name)].header.sender;
    let (body, used) = match (kind, words) {
        ("ping", _) => (Body::Ping(heartbeat()), 0),
        ("pong", _) => (Body::Pong(heartbeat()), 0),
        ("meet", _) => (Body::Meet(heartbeat()), 0),
        ("auth-request", _) => (Body::AuthRequest, 0),
        ("auth-ack", _) => (Body::AuthAck, 0),
        ("mfstart", _) => (Body::MfStart, 0),
        ("fail", [subject, ..]) => (Body::Fail(id(subject)), 1),
        ("update", [owner, epoch, ranges, ..]) => {
            let config_epoch = Epoch(epoch.parse().expect("an epoch"));
            (Body::Update(Update { node: id(owner), config_epoch, slots: slots(ranges) }), 3)
        }
        _ => panic!("nobody can say {kind}"),
    };
    (body, fields[used..].iter().copied().filter(|word| *word != "with").collect())
}

fn gossip(bench: &mut Bench, word: &str) -> GossipEntry {
    let (name, flags) = word.split_once('=').expect("name=flags");
    let subject = &bench.parties[bench.party(name)];
    let flags = flags.split(',').fold(NodeFlags::NONE, |flags, word| {
        flags | NodeFlags::from_word(word).unwrap_or_else(|| panic!("{word} is no flag"))
    });
    let card = Card { node: subject.header.sender, address: subject.place, flags };
    GossipEntry { card: bench.registry.card(card), ping_sent: 0, pong_received: (bench.now_ms / 1000) as u32 }
}

/// A header with fields changed: `current-epoch=7`, `config-epoch=7`, `offset=300`, `slots=0-5460`, `master=n1`, `paused`,
/// `forced`.
fn header(bench: &Bench, mut header: Header, fields: &[&str]) -> Header {
    for field in fields {
        let (key, value) = field.split_once('=').unwrap_or((field, ""));
        let number = || value.parse().unwrap_or_else(|_| panic!("{field} needs a number"));
        match key {
            "current-epoch" => header.current_epoch = Epoch(number()),
            "config-epoch" => header.config_epoch = Epoch(number()),
            "offset" => header.offset = Offset(value.parse().expect("an offset")),
            "slots" => header.slots = slots(value),
            "master" if value == "none" => {
                header.master = None;
                header.flags = NodeFlags::MYSELF | NodeFlags::MASTER;
            }
            "master" => header.master = Some(bench.parties[bench.party(value)].header.sender),
            "paused" => header.paused = true,
            "forced" => header.force_ack = true,
            _ => panic!("a header has no {key}"),
        }
    }
    header
}

/// `0-5460,7000`; `none`.
fn slots(text: &str) -> SlotSet {
    let number = |text: &str| -> u16 { text.parse().unwrap_or_else(|_| panic!("{text} is no slot")) };
    let range = |range: &str| match range.split_once('-') {
        Some((first, last)) => number(first)..=number(last),
        None => number(range)..=number(range),
    };
    text.split(',').filter(|part| *part != "none").flat_map(range).filter_map(Slot::new).collect()
}
