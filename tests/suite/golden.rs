//! Transcripts of real servers, replayed command by command on six nodes that are linked as the real ones were.
//!
//! Each command goes to the node that was asked, on a connection that stays open where the real one did; ids and
//! addresses become names, times are masked, and the rest has to be equal. What is not there is listed by name in
//! `tests/data/golden/out-of-scope.txt`, and has to be refused as unknown.

mod transcript;

use rcsim_protocol::{Command, Reply, RespVersion, Settings};

use crate::bench::Bench;
use crate::repository::read;
pub(crate) use transcript::exchanges;
use transcript::{Piece, Typed, pieces, printed, words};

/// The parties of the bench in the places of the transcripts: port, id there, name here.
const CAST: [(u16, &str, &str); 6] = [
    (22200, "0f03f9c596ba1f75e1751f03c7e37be47e7b2489", "n1"),
    (22201, "9d035995dd9bb4c54510b081e05a8f91debe8316", "n2"),
    (22202, "cad1970e2f35da1169fe24015193b508a2f916c1", "n3"),
    (22203, "16432c20416b146024e764ef5a54e2bfe6b9afb2", "n5"),
    (22204, "38c234a94f92b9d33fabd4b7fe0d84c900b4c353", "n6"),
    (22205, "ab0d615b76d59baab3643d2864bc3016a9e2d1bf", "n4"),
];

/// The connections that stay open, one at each node, have this number.
const OPEN: u32 = 50;

/// Six nodes, and who is asked now.
struct Stage {
    bench: Bench,
    /// Ids and addresses of both worlds, and their names.
    names: Vec<(String, String)>,
    /// Commands that are not there.
    missing: Vec<String>,
    /// The node that wire commands go to.
    asked: &'static str,
    /// The next connection that is closed after one command.
    next: u32,
    compared: usize,
    refused: usize,
    /// Lines of shells that are no single command.
    passed_over: usize,
}

impl Stage {
    fn new() -> Stage {
        let mut bench = Bench::new();
        let settings = Settings { cluster_node_timeout: 2000, ..Settings::default() };
        bench.formed(3, 1, &settings, &["n1", "n2", "n3", "n4", "n5", "n6"]);
        bench.streams = true;
        // They tell each other of each other.
        bench.wait(5_000);
        let mut names = Vec::new();
        for (port, id, name) in CAST {
            let party = bench.party(name);
            let ours = [bench.id_of(party).to_string(), format!("10.0.0.{}:6379", party + 1)];
            let theirs = [id.to_owned(), format!("127.0.0.1:{port}")];
            bench.open(party, OPEN);
            names.extend(ours.into_iter().chain(theirs).map(|word| (word, name.to_owned())));
        }
        let list = read("tests/data/golden/out-of-scope.txt");
        let lines = list.lines().filter(|line| !line.starts_with('#'));
        let missing = lines.map(|line| line.split('|').next().expect("a name").to_owned()).collect();
        Stage { bench, names, missing, asked: "n1", next: OPEN + 1, compared: 0, refused: 0, passed_over: 0 }
    }

    /// Replays a piece of a transcript; remarks are for the caller.
    fn play(&mut self, piece: &Piece) {
        match piece {
            Piece::Remark(_) => {}
            Piece::Wire { command, reply } => {
                let asked = self.who(reply).unwrap_or(self.asked);
                let command = words(&self.translated(command));
                let answer = self.say(asked, OPEN, &command);
                let answer = answer.as_received(RespVersion::Resp2);
                if self.is_there(&command, &answer) {
                    let [ours, theirs] =
                        [&answer, reply].map(|reply| self.comparable(&command, &reply.to_string()));
                    assert_eq!(ours, theirs, "{asked}: {command}");
                    self.compared += 1;
                }
            }
            Piece::Shell { line, output } => match Typed::parse(line) {
                Some(typed) => self.play_typed(&typed, output),
                None => self.passed_over += 1,
            },
        }
    }

    fn play_typed(&mut self, typed: &Typed, output: &str) {
        let place = CAST.iter().find(|(port, ..)| *port == typed.port).expect("one of the six is asked");
        let mut answer = self.once(place.2, &[&typed.command]);
        while typed.follows
            && let Some(to) = self.redirected(&answer)
        {
            let asking = [&words("ASKING"), &typed.command];
            let is_ask = answer.to_string().starts_with("-ASK");
            answer = self.once(to, if is_ask { &asking } else { &asking[1..] });
        }
        if self.is_there(&typed.command, &answer) {
            let ours = self.comparable(&typed.command, &printed(&typed.command, &answer));
            assert_eq!(ours, self.comparable(&typed.command, output), "{}: {}", place.2, typed.command);
            self.compared += 1;
        }
    }

    /// Whether the node knows the command, as the list says.
    fn is_there(&mut self, command: &Command, answer: &Reply) -> bool {
        let is_missing = self.missing.iter().any(|name| command.is(0, name));
        let is_unknown = answer.to_string().starts_with("-ERR unknown command ");
        assert_eq!(
            is_missing, is_unknown,
            "{command} was answered with {answer}: is the list of what is missing right?"
        );
        self.refused += usize::from(is_missing);
        !is_missing
    }

    fn say(&mut self, name: &str, connection: u32, command: &Command) -> Reply {
        let party = self.bench.party(name);
        let replies = self.bench.say_as_client(party, connection, command);
        replies.into_iter().next().unwrap_or_else(|| panic!("{name}: {command} is to be answered at once"))
    }

    /// Says it on a connection of its own; the last reply.
    fn once(&mut self, name: &str, commands: &[&Command]) -> Reply {
        self.next += 1;
        let (party, connection) = (self.bench.party(name), self.next);
        self.bench.open(party, connection);
        let replies: Vec<Reply> =
            commands.iter().map(|command| self.say(name, connection, command)).collect();
        self.bench.hang_up(party, connection);
        replies.into_iter().next_back().expect("something was said")
    }

    /// Where a reply sends its client.
    fn redirected(&self, reply: &Reply) -> Option<&'static str> {
        let Reply::Error(text) = reply else { return None };
        let is_redirection = text.starts_with("MOVED ") || text.starts_with("ASK ");
        let name = self.masked(text.split(' ').nth(2).filter(|_| is_redirection)?);
        CAST.iter().map(|place| place.2).find(|place| *place == name)
    }

    /// Who gave this reply, if it tells.
    fn who(&self, reply: &Reply) -> Option<&'static str> {
        let text = reply.to_string();
        let line = text.lines().find(|line| line.contains("myself,"))?;
        CAST.iter().find(|(_, id, _)| line.starts_with(id)).map(|place| place.2)
    }

    /// A command with our ids and addresses.
    fn translated(&self, command: &str) -> String {
        CAST.iter().fold(command.to_owned(), |command, (port, id, name)| {
            let mut ours = self.names.iter().filter(|(_, known)| known == name).map(|(word, _)| word);
            let (our_id, address) = ours.next().zip(ours.next()).expect("each has an id and an address");
            let command = command.replace(id, our_id);
            command.replace(&format!("127.0.0.1 {port}"), &address.replace(':', " "))
        })
    }

    fn masked(&self, text: &str) -> String {
        self.names.iter().fold(text.to_owned(), |text, (word, name)| text.replace(word, name))
    }

    /// What has to be equal, line by line: names for ids and addresses, no times and no counts of messages. Keys come
    /// in any order, and one of chance may be any.
    fn comparable(&self, command: &Command, text: &str) -> Vec<String> {
        let word = |word: &str| match word.split_once('@') {
            Some((before, _)) => before.to_owned(),
            None if word.parse().is_ok_and(|number: i64| number > 1_700_000_000_000) => "time".to_owned(),
            None => word.to_owned(),
        };
        let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ");
        let lines = self.masked(text);
        let lines = lines.lines().filter(|line| !line.contains("stats_messages_")).map(line);
        let mut lines: Vec<String> = lines.collect();
        if command.is(1, "NODES") {
            lines.sort();
        } else if command.is(0, "KEYS") {
            lines.iter_mut().for_each(|line| *line = line.split(") ").last().unwrap_or_default().to_owned());
            lines.sort();
        } else if command.is(0, "RANDOMKEY") && text.starts_with('"') {
            lines = vec!["some key".to_owned()];
        } else if command.is(1, "GETKEYSINSLOT") {
            lines = text.trim_matches(['[', ']']).split(' ').map(str::to_owned).collect();
            lines.sort();
        }
        lines
    }
}

#[test]
fn rd_redirections_are_those_of_real_nodes() {
    let mut stage = Stage::new();
    for piece in pieces(&read("tests/data/golden/06_redirects.txt")) {
        if let Piece::Remark(remark) = &piece {
            stage.asked = if remark.starts_with("# replica") { "n4" } else { "n1" };
            // What was written a moment ago is with the replicas by now.
            stage.bench.wait(200);
        }
        stage.play(&piece);
    }
    assert_eq!((stage.compared, stage.refused, stage.passed_over), (43, 7, 2), "every line is accounted for");
}

#[test]
fn mig_5_a_slot_on_its_way_answers_as_between_real_nodes() {
    let mut stage = Stage::new();
    let (mut was_discarded, mut is_finishing) = (false, false);
    // The destination, the source, and the third node are told, asked, and shown.
    let mut finish = ["n2", "n3", "n3", "n3", "n2", "n1", "n1", "n3", "n2"].into_iter();
    for piece in pieces(&read("tests/data/golden/07_migration_ask_tryagain.txt")) {
        match &piece {
            Piece::Remark(remark) => {
                let towards = |words: &[&str]| words.iter().any(|word| remark.contains(word));
                stage.asked = match () {
                    () if towards(&["third node"]) => "n1",
                    () if towards(&["destination", "MULTI/EXEC with ASKING"]) => "n2",
                    () => "n3",
                };
            }
            // Who was asked does not stand in the transcript, but the replies tell it.
            Piece::Wire { command, reply } => {
                stage.asked = match command.as_str() {
                    "CLUSTER COUNTKEYSINSLOT 11826" if *reply == Reply::Integer(1) => "n2",
                    "MULTI" if was_discarded => "n3",
                    _ => stage.asked,
                };
                was_discarded |= command == "DISCARD";
                is_finishing |= command.starts_with("CLUSTER SETSLOT 11826 NODE") && *reply == Reply::ok();
                if is_finishing {
                    stage.asked = finish.next().expect("it is the last section");
                }
            }
            Piece::Shell { .. } => {}
        }
        stage.play(&piece);
    }
    assert_eq!((stage.compared, stage.refused, stage.passed_over), (62, 0, 5), "every line is accounted for");
}

#[test]
fn mig_a_migration_that_stops_half_way_begins_as_between_real_nodes() {
    let mut stage = Stage::new();
    // What follows are repairs by `redis-cli --cluster fix`.
    let transcript = pieces(&read("tests/data/golden/08_interrupted_migration_fix.txt"));
    for piece in transcript.iter().take_while(|piece| !matches!(piece, Piece::Shell { .. })) {
        if let Piece::Wire { command, .. } = piece {
            stage.asked = if command.contains("IMPORTING") { "n2" } else { "n1" };
        }
        stage.play(piece);
    }
    assert_eq!((stage.compared, stage.refused), (13, 0), "every line is accounted for");
    let left = ["4", "6"].map(|key| stage.once("n1", &[&words(&format!("GET {{t69068}}{key}"))]).to_string());
    assert_eq!(left, ["v4", "v6"]);
    assert_eq!(stage.once("n1", &[&words("GET {t69068}0")]).to_string(), "-ASK 5 10.0.0.2:6379");
}
