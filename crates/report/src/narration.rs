//! From records to lines: which are told, in which order, and which are told together.
//!
//! What several nodes see within a quarter of a second in the same words is one line, at the time of the first of
//! them; the line says how far apart they were. What a fault does to its target at the same instant is told by
//! the fault alone. At [`Interest::Trace`] every record has its own line.

use rcsim_observe::summary::FaultLedger;
use rcsim_observe::{Event, Finding, FindingKind, Names, Record, Summary};

use crate::paint::{Paint, Style};
use crate::sentence::{Interest, Sentence, Symbol, sentence};
use crate::table::{Align, pad};
use crate::time::{length, stamp};

/// Lines of the same words within this time are told together, in ns.
const TOGETHER_NS: u64 = 250_000_000;
/// So many names stand in a line; more are counted.
const NAMES_IN_LINE: usize = 6;
/// Widest columns for names and for predicates, in characters; what is longer pushes the rest to the right.
const WIDEST_WHO: usize = 18;
const WIDEST_WHAT: usize = 46;

/// One line of a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Virtual time of the first record in it, in ns.
    pub at_ns: u64,
    /// Virtual time of the last record in it, in ns.
    pub last_ns: u64,
    /// Of whom it speaks; `world` if of nobody in particular.
    pub who: Vec<String>,
    /// What it says.
    pub sentence: Sentence,
}

impl Line {
    /// The names: all of them, or the first ones and how many more.
    pub fn subjects(&self) -> String {
        match self.who.len() {
            0..=NAMES_IN_LINE => self.who.join(" "),
            more => format!("{} +{}", self.who[..NAMES_IN_LINE - 1].join(" "), more - NAMES_IN_LINE + 1),
        }
    }

    /// The predicate that fits the number of names.
    pub fn what(&self) -> String {
        self.sentence.predicate(self.who.len() > 1)
    }

    /// The reason, and how far apart the records in this line were if it is a millisecond or more.
    pub fn why(&self) -> String {
        let apart = self.last_ns - self.at_ns;
        let within =
            if apart < 1_000_000 { String::new() } else { format!("within {}", whole_millis(apart)) };
        let parts = [self.sentence.why.as_str(), &within];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
    }
}

fn whole_millis(ns: u64) -> String {
    length(ns.div_ceil(1_000_000) * 1_000_000)
}

/// The lines of these records, up to `level`, in order of time.
pub fn narrate(records: &[Record], names: &Names, faults: &[FaultLedger], level: Interest) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for (index, record) in records.iter().enumerate() {
        let mut said = sentence(&record.event, names, faults);
        let told = told_by_fault(record, names, &lines) || is_over_at_once(record, &records[..index]);
        if said.interest > level || (level < Interest::Trace && told) {
            continue;
        }
        if let Event::FaultStarted { fault } = record.event {
            said.why.push_str(&how_long(fault, record.at_ns, &records[index..]));
        }
        let who = subjects(record, &said, names);
        let line = Line { at_ns: record.at_ns, last_ns: record.at_ns, who, sentence: said };
        if level == Interest::Trace || !joined(&mut lines, &line) {
            lines.push(line);
        }
    }
    lines
}

/// The story of a run: its records and its findings, in order of time.
pub fn story(summary: &Summary, level: Interest) -> Vec<Line> {
    let mut lines = narrate(&summary.records, &summary.names, &summary.faults, level);
    lines.extend(summary.findings.iter().map(|finding| finding_line(finding, &summary.names)));
    lines.sort_by_key(|line| line.at_ns);
    lines
}

fn finding_line(finding: &Finding, names: &Names) -> Line {
    let who = match finding.places.is_empty() {
        true => vec!["world".to_owned()],
        false => finding.places.iter().map(|place| names.place(*place)).collect(),
    };
    let rest = match finding.kind {
        FindingKind::Safety => format!("invariant {} is broken", finding.id),
        FindingKind::Liveness => format!("{} did not come about in time", finding.id),
        FindingKind::Expectation => format!("{} does not hold", finding.id),
    };
    let (symbol, interest, why) = (Symbol::Violation, Interest::Story, finding.text.clone());
    let sentence = Sentence { symbol, interest, subjects: Vec::new(), verb: "", rest, why };
    Line { at_ns: finding.at_ns, last_ns: finding.at_ns, who, sentence }
}

fn subjects(record: &Record, said: &Sentence, names: &Names) -> Vec<String> {
    match record.place {
        _ if !said.subjects.is_empty() => said.subjects.clone(),
        Some(place) => vec![names.place(place)],
        None => vec!["world".to_owned()],
    }
}

/// Whether a fault line at the same instant says already what the record says of this node.
fn told_by_fault(record: &Record, names: &Names, lines: &[Line]) -> bool {
    let by_fault =
        matches!(record.event, Event::Crashed | Event::PoweredOff | Event::Paused | Event::Resumed);
    let Some(place) = record.place.filter(|_| by_fault) else { return false };
    let name = names.place(place);
    let mut same_time = lines.iter().rev().take_while(|line| line.at_ns == record.at_ns);
    same_time.any(|line| line.sentence.symbol == Symbol::Fault && line.who.contains(&name))
}

/// Whether it is the end of a fault that began at the same instant: not worth a second line.
fn is_over_at_once(record: &Record, earlier: &[Record]) -> bool {
    let Event::FaultEnded { fault } = record.event else { return false };
    let mut same_time = earlier.iter().rev().take_while(|other| other.at_ns == record.at_ns);
    same_time.any(|other| other.event == Event::FaultStarted { fault })
}

/// How long a fault lasts, if its end is on record: `, for 6s`.
fn how_long(fault: u32, from_ns: u64, later: &[Record]) -> String {
    let end = later.iter().find(|record| record.event == Event::FaultEnded { fault });
    let lasts = end.map(|end| end.at_ns - from_ns).filter(|lasts| *lasts > 0);
    lasts.map(|lasts| format!(", for {}", length(lasts))).unwrap_or_default()
}

/// Adds the line to a recent one of the same words, if there is one without its nodes.
fn joined(lines: &mut [Line], line: &Line) -> bool {
    if line.sentence.verb.is_empty() || !line.sentence.subjects.is_empty() {
        return false;
    }
    let mut recent = lines.iter_mut().rev().take_while(|other| other.at_ns + TOGETHER_NS >= line.at_ns);
    let same = |other: &&mut Line| {
        other.sentence == line.sentence && !other.who.iter().any(|name| line.who.contains(name))
    };
    let Some(other) = recent.find(same) else { return false };
    other.who.extend(line.who.iter().cloned());
    other.last_ns = line.at_ns;
    true
}

/// The lines as text with aligned columns: time, symbol, who, what, why. `digits`: of the seconds.
pub fn aligned(lines: &[Line], digits: usize, paint: &dyn Paint) -> Vec<String> {
    let widest = |texts: &mut dyn Iterator<Item = String>, most: usize| {
        texts.map(|text| text.chars().count()).filter(|width| *width <= most).max().unwrap_or(0)
    };
    let who_width = widest(&mut lines.iter().map(Line::subjects), WIDEST_WHO);
    let what_width = widest(&mut lines.iter().map(Line::what), WIDEST_WHAT);
    let line = |line: &Line| {
        let style = line.sentence.symbol.style();
        let head = paint.paint(Style::Dim, &stamp(line.at_ns, digits));
        let symbol = paint.paint(style, line.sentence.symbol.text());
        let who = pad(&line.subjects(), who_width, Align::Left);
        let (what, why) = (line.what(), line.why());
        let gap = if why.is_empty() { 0 } else { what_width };
        let what = paint.paint(style, &pad(&what, gap, Align::Left));
        let why = if why.is_empty() { why } else { format!("  {}", paint.paint(Style::Dim, &why)) };
        format!(" {head} {symbol}  {who}  {what}{why}")
    };
    lines.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use rcsim_observe::Place;
    use rcsim_protocol::NodeIx;

    use super::*;
    use crate::example;
    use crate::paint::Plain;

    fn told(records: &[Record], level: Interest) -> String {
        let lines = narrate(records, &example::names(), &example::faults(), level);
        aligned(&lines, 2, &Plain).join("\n")
    }

    #[test]
    fn the_story_of_a_failover_reads_like_one() {
        example::check("story.txt", &told(&example::records(), Interest::Story));
    }

    #[test]
    fn at_trace_nothing_is_told_together_and_nothing_is_left_out() {
        let records = example::records();
        assert_eq!(told(&records, Interest::Trace).lines().count(), records.len());
    }

    #[test]
    fn the_same_words_are_told_together_only_while_they_are_near_and_of_different_nodes() {
        let seen = |at_ms: u64, place| Record {
            at_ns: at_ms * 1_000_000,
            place: Some(Place(place)),
            event: Event::Pfail { subject: NodeIx(0) },
        };
        let lines = |records: &[Record]| told(records, Interest::Story).lines().count();
        assert_eq!(lines(&[seen(0, 1), seen(250, 2)]), 1);
        assert_eq!(lines(&[seen(0, 1), seen(251, 2)]), 2);
        assert_eq!(lines(&[seen(0, 1), seen(10, 1)]), 2);
    }

    #[test]
    fn many_names_are_counted() {
        let who = (1..=9).map(|number| format!("n{number}")).collect();
        let sentence = sentence(&Event::StateOk, &example::names(), &[]);
        let line = Line { at_ns: 0, last_ns: 37_400_000, who, sentence };
        assert_eq!(line.subjects(), "n1 n2 n3 n4 n5 +4");
        assert_eq!(line.what(), "see the cluster up (state ok)");
        assert_eq!(line.why(), "within 38ms");
    }
}
