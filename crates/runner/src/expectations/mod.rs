//! What the scenario expects, judged in time.
//!
//! | room | what is in it |
//! |---|---|
//! | this one | all expectations of a run, and who is shown what |
//! | `bound` | `eventually`: reached within its bound, and kept until the next entry acts |
//! | `instant` | what is judged by one look: states, owners, roles |
//! | `sentence` | an expectation as a sentence |
//!
//! Judges in `"expect"` speak of the whole run; those of a `check` entry of the moment at which it acts. A broken
//! expectation is a finding: `expect-3`, with `-late` for a bound and `-unseen` for something that never came about.

mod bound;
mod instant;
mod sentence;

use std::collections::BTreeMap;

use rcsim_check::{Ledger, stale_reads};
use rcsim_observe::summary::ExpectationResult;
use rcsim_observe::{Finding, FindingKind, LossCause, Operation, Place, Record};
use rcsim_protocol::Reply;
use rcsim_scenario::{
    Action, ClientSpec, Count, Edge, Expectation, Ratio, ReplyPattern, Scenario, Span, Target,
};
use rcsim_world::{CommandResult, EntryEdge, World};

use bound::Bound;

/// One expectation and what was seen of it so far.
#[derive(Debug)]
struct Item<'a> {
    spec: &'a Expectation,
    label: String,
    /// Events that match (`event`, `never`).
    seen: u64,
    bound: Bound,
    /// Judged by one look at the moment of a check.
    judged: Option<Result<String, String>>,
    /// When the check was that it belongs to; `None` if it speaks of the whole run.
    checked_ns: Option<u64>,
}

/// All expectations of a run.
#[derive(Debug)]
pub(crate) struct Expectations<'a> {
    scenario: &'a Scenario,
    items: Vec<Item<'a>>,
    replies: Vec<(String, u64, Result<String, String>)>,
    /// How often each event was seen so far, by name and place; for checks.
    seen: BTreeMap<(&'static str, Option<Place>), u64>,
}

impl<'a> Expectations<'a> {
    pub(crate) fn new(scenario: &'a Scenario) -> Expectations<'a> {
        let items = scenario.expect.iter().enumerate();
        let items = items.map(|(index, spec)| Item::new(spec, format!("expect-{}", index + 1)));
        let (replies, seen) = (Vec::new(), BTreeMap::new());
        let mut expectations = Expectations { scenario, items: items.collect(), replies, seen };
        for item in &mut expectations.items {
            // Without a fault in the way, "after the last fault" is after the beginning.
            item.arm_after_last_fault(0);
        }
        expectations
    }

    /// When the next bound is over, in virtual ns.
    pub(crate) fn next_deadline_ns(&self) -> Option<u64> {
        self.items.iter().filter_map(|item| item.bound.next_due_ns()).min()
    }

    /// Takes in one record.
    pub(crate) fn observe(&mut self, record: &Record, world: &World) {
        *self.seen.entry((record.event.name(), record.place)).or_default() += 1;
        for item in &mut self.items {
            let (Expectation::Event { name, node, .. } | Expectation::Never { name, node }) = item.spec
            else {
                item.bound.observe(record, item.spec, world);
                continue;
            };
            let concerned =
                |target| record.place.is_some_and(|place| world.places_meant(target).contains(&place));
            if item.checked_ns.is_none()
                && *name == record.event.name()
                && node.as_ref().is_none_or(concerned)
            {
                item.seen += 1;
            }
        }
    }

    /// Takes in which entries began or ended, the replies of raw commands, and the checks that are to be made.
    pub(crate) fn note(
        &mut self,
        edges: &[EntryEdge],
        commands: &[CommandResult],
        checks: &[u32],
        mut clients: Clients<'_>,
        world: &World,
        now_ns: u64,
    ) {
        for edge in edges {
            self.note_edge(edge, world);
        }
        for command in commands {
            self.note_reply(command);
        }
        for &entry in checks {
            self.check_now(entry as usize, &mut clients, world, now_ns);
        }
    }

    fn note_edge(&mut self, edge: &EntryEdge, world: &World) {
        let entry = &self.scenario.timeline[edge.entry as usize];
        let is_fault = entry.action.kind().is_fault();
        for item in &mut self.items {
            if edge.edge == Edge::Begin {
                item.bound.released();
            }
            let Expectation::Eventually { within, of, .. } = item.spec else { continue };
            match of {
                Some(anchor) if sentence::is_meant(anchor, entry) && anchor.edge == edge.edge => {
                    item.bound.arm(edge.at_ns + within.as_nanos());
                }
                None if is_fault && edge.edge == Edge::Begin => item.bound.disarm(),
                None if is_fault && !world.has_open_fault() => item.arm_after_last_fault(edge.at_ns),
                _ => {}
            }
        }
    }

    fn note_reply(&mut self, command: &CommandResult) {
        let entry = &self.scenario.timeline[command.entry as usize];
        let Action::Command { reply: Some(pattern), .. } = &entry.action else { return };
        let label = format!("{} on {}", entry.id, command.node);
        let verdict = match &command.reply {
            None => Err("no reply".to_owned()),
            Some(reply) if matches(pattern, reply) => Ok(text_of(reply)),
            Some(reply) => Err(format!("replied {:?}", text_of(reply))),
        };
        self.replies.push((
            format!("{label} replies {}", sentence::pattern(pattern)),
            command.at_ns,
            verdict,
        ));
    }

    /// A `check` entry acts: what needs one look is judged, bounds count from here.
    fn check_now(&mut self, entry: usize, clients: &mut Clients<'_>, world: &World, now_ns: u64) {
        let spec = &self.scenario.timeline[entry];
        let Action::Check(expectations) = &spec.action else { return };
        for (index, expectation) in expectations.iter().enumerate() {
            let mut item = Item::new(expectation, format!("{}-{}", spec.id, index + 1));
            item.checked_ns = Some(now_ns);
            let operations = clients.operations;
            let answered =
                |client: &Option<String>| answered(client.as_deref(), &self.scenario.clients, operations);
            match expectation {
                Expectation::Eventually { within, .. } => item.bound.arm(now_ns + within.as_nanos()),
                Expectation::Event { name, node, .. } | Expectation::Never { name, node } => {
                    item.seen = self.seen_by(name, node.as_ref(), world);
                }
                Expectation::Answered { client, count } => {
                    item.judged = Some(counted(*count, answered(client).0));
                }
                Expectation::Availability { client, at_least } => {
                    item.judged = Some(share(answered(client), *at_least));
                }
                Expectation::StaleReads { client, count } => {
                    clients.ledger.count(operations, &world.at(now_ns));
                    let stale = stale(client.as_deref(), &self.scenario.clients, operations, clients.ledger);
                    item.judged = Some(counted(*count, stale));
                }
                Expectation::LostAcknowledgedWrites { count, because } => {
                    clients.ledger.count(operations, &world.at(now_ns));
                    item.judged = Some(lost(*count, *because, clients.ledger));
                }
                other => item.judged = instant::judge(other, world, now_ns),
            }
            self.items.push(item);
        }
    }

    /// How often an event was seen so far, at the nodes that are meant.
    fn seen_by(&self, name: &str, node: Option<&Target>, world: &World) -> u64 {
        let places = node.map(|node| world.places_meant(node));
        let meant = |place: Option<Place>| {
            places.as_ref().is_none_or(|places| place.is_some_and(|place| places.contains(&place)))
        };
        let seen = self.seen.iter().filter(|((event, place), _)| *event == name && meant(*place));
        seen.map(|(_, times)| times).sum()
    }

    /// Judges the bounds that are over.
    pub(crate) fn tick(&mut self, world: &World, now_ns: u64) {
        for item in &mut self.items {
            item.bound.tick(item.spec, world, now_ns);
        }
    }

    /// Judges the rest, and tells what became of every expectation.
    pub(crate) fn finish(
        self,
        world: &World,
        now_ns: u64,
        findings: &[Finding],
        operations: &[Operation],
        clients: &[ClientSpec],
        ledger: &Ledger,
    ) -> (Vec<ExpectationResult>, Vec<Finding>) {
        let end = End { world, now_ns, findings, operations, clients, ledger };
        let mut results = Vec::new();
        let mut missed = Vec::new();
        for item in self.items {
            let (at_ns, suffix, verdict) = item.verdict(&end);
            let text = item.sentence();
            let (held, seen) = match verdict {
                Ok(seen) => (Some(true), seen),
                Err(seen) => {
                    missed.push(finding(format!("{}{suffix}", item.label), at_ns, format!("{text}: {seen}")));
                    (if suffix == "-unseen" { None } else { Some(false) }, seen)
                }
            };
            results.push(ExpectationResult { text, held, seen });
        }
        for (text, at_ns, verdict) in self.replies {
            let (held, seen) = match verdict {
                Ok(seen) => (true, seen),
                Err(seen) => {
                    missed.push(finding("expect-reply".to_owned(), at_ns, format!("{text}: {seen}")));
                    (false, seen)
                }
            };
            results.push(ExpectationResult { text, held: Some(held), seen });
        }
        (results, missed)
    }
}

/// What the clients got so far.
pub(crate) struct Clients<'a> {
    /// The operations that ended.
    pub(crate) operations: &'a [Operation],
    /// What is gone of them.
    pub(crate) ledger: &'a mut Ledger,
}

/// What is known when the run is over.
struct End<'a> {
    world: &'a World,
    now_ns: u64,
    findings: &'a [Finding],
    operations: &'a [Operation],
    clients: &'a [ClientSpec],
    ledger: &'a Ledger,
}

impl<'a> Item<'a> {
    fn new(spec: &'a Expectation, label: String) -> Item<'a> {
        Item { spec, label, seen: 0, bound: Bound::default(), judged: None, checked_ns: None }
    }

    fn sentence(&self) -> String {
        let sentence = sentence::of(self.spec);
        match self.checked_ns {
            Some(at_ns) => format!("at {}: {sentence}", Span::from_nanos(at_ns)),
            None => sentence,
        }
    }

    fn arm_after_last_fault(&mut self, at_ns: u64) {
        if let Expectation::Eventually { within, of: None, .. } = self.spec {
            self.bound.disarm();
            self.bound.arm(at_ns + within.as_nanos());
        }
    }

    /// When it was judged, the suffix of its finding, and whether it held.
    fn verdict(&self, end: &End<'_>) -> (u64, &'static str, Result<String, String>) {
        let now = self.checked_ns.unwrap_or(end.now_ns);
        if let Some(judged) = &self.judged {
            return (now, "", judged.clone());
        }
        match self.spec {
            Expectation::Eventually { .. } => match self.bound.outcome() {
                None => (now, "-unseen", Err("what it counts from never came about in time".to_owned())),
                Some(Ok(seen)) => (now, "", Ok(seen)),
                Some(Err((at_ns, seen))) => (at_ns, "-late", Err(seen)),
            },
            Expectation::Event { count, .. } => {
                let suffix = if self.seen < count.at_least { "-unseen" } else { "" };
                (now, suffix, seen_often(*count, self.seen))
            }
            Expectation::Never { .. } => {
                (now, "", seen_often(Count { at_least: 0, at_most: Some(0) }, self.seen))
            }
            Expectation::Finding(id) => (now, "", shown(id, end.findings)),
            Expectation::LostAcknowledgedWrites { count, because } => {
                (now, "", lost(*count, *because, end.ledger))
            }
            Expectation::Answered { client, count } => {
                (now, "", counted(*count, end.answered(client.as_deref()).0))
            }
            Expectation::StaleReads { client, count } => {
                let stale = stale(client.as_deref(), end.clients, end.operations, end.ledger);
                (now, "", counted(*count, stale))
            }
            Expectation::Availability { client, at_least } => {
                (now, "", share(end.answered(client.as_deref()), *at_least))
            }
            Expectation::Now { .. } | Expectation::Owner { .. } | Expectation::Role { .. } => {
                let judged = instant::judge(self.spec, end.world, now);
                (now, "", judged.unwrap_or_else(|| Err("it was not judged".to_owned())))
            }
        }
    }
}

impl End<'_> {
    fn answered(&self, client: Option<&str>) -> (u64, u64) {
        answered(client, self.clients, self.operations)
    }
}

/// Operations that were answered with success, and all of them.
fn answered(client: Option<&str>, clients: &[ClientSpec], operations: &[Operation]) -> (u64, u64) {
    let index = number_of(client, clients);
    let mine = |operation: &&Operation| index.is_none_or(|index| operation.client == index);
    let all = operations.iter().filter(mine);
    let good = |operation: &&Operation| operation.outcome.is_ok();
    (all.clone().filter(good).count() as u64, all.count() as u64)
}

/// The number of a client that is named.
fn number_of(client: Option<&str>, clients: &[ClientSpec]) -> Option<u32> {
    let index = client.and_then(|name| clients.iter().position(|client| client.name == name));
    index.map(|index| index as u32)
}

/// How many reads were behind.
fn stale(client: Option<&str>, clients: &[ClientSpec], operations: &[Operation], ledger: &Ledger) -> u64 {
    let index = number_of(client, clients);
    let reads = stale_reads(operations, &ledger.losses());
    reads.iter().filter(|read| index.is_none_or(|index| read.client == index)).count() as u64
}

/// How many acknowledged writes are gone, of all or for one reason.
fn lost(count: Count, because: Option<LossCause>, ledger: &Ledger) -> Result<String, String> {
    let losses = ledger.losses();
    counted(
        count,
        losses.iter().filter(|loss| because.is_none_or(|cause| loss.cause == cause)).count() as u64,
    )
}

fn share((good, all): (u64, u64), at_least: Ratio) -> Result<String, String> {
    let enough = u128::from(good) * u128::from(at_least.denominator)
        >= u128::from(all) * u128::from(at_least.numerator);
    let seen = format!("{good} of {all}");
    if enough && all > 0 { Ok(seen) } else { Err(seen) }
}

fn counted(count: Count, number: u64) -> Result<String, String> {
    if count.allows(number) { Ok(number.to_string()) } else { Err(number.to_string()) }
}

fn seen_often(count: Count, seen: u64) -> Result<String, String> {
    let text = match seen {
        0 => "never seen".to_owned(),
        _ => format!("seen {}", sentence::often(seen)),
    };
    if count.allows(seen) { Ok(text) } else { Err(text) }
}

fn shown(id: &str, findings: &[Finding]) -> Result<String, String> {
    let named = |finding: &&Finding| finding.id == id || finding.known_as == Some(id);
    match findings.iter().filter(named).count() {
        0 => Err("the run does not show it".to_owned()),
        times => Ok(format!("shown {}", sentence::often(times as u64))),
    }
}

fn finding(id: String, at_ns: u64, text: String) -> Finding {
    let kind = FindingKind::Expectation;
    Finding { id, kind, at_ns, places: Vec::new(), text, known_as: None, led_by: Vec::new() }
}

fn matches(pattern: &ReplyPattern, reply: &Reply) -> bool {
    let text = text_of(reply);
    match pattern {
        ReplyPattern::Error(start) => reply.is_error() && text.starts_with(start.as_str()),
        _ if reply.is_error() => false,
        ReplyPattern::Equals(whole) => text == *whole,
        ReplyPattern::StartsWith(start) => text.starts_with(start.as_str()),
        ReplyPattern::Contains(part) => text.contains(part.as_str()),
    }
}

/// A reply as text: a member of a list per line, an error without its `-`.
fn text_of(reply: &Reply) -> String {
    match reply {
        Reply::Error(text) => text.to_string(),
        Reply::Array(items) => items.iter().map(text_of).collect::<Vec<_>>().join("\n"),
        other => other.to_string(),
    }
}
