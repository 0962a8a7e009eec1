//! The whole report for people: options, story, findings, expectations, tables, verdict, and as the last line the
//! command that repeats the run.
//!
//! Nothing is shown by colour alone: lines of the story have symbols (`!` fault, `^` better, `v` worse, `✗` broken
//! promise, `·` the rest), judgements have ✓ (held), ✗ (did not) and – (could not be judged).

use rcsim_observe::summary::{ExpectationResult, Failover, FaultLedger, Millis, NodeSummary};
use rcsim_observe::{Finding, Summary, Verdict};

use crate::losses;
use crate::narration::{aligned, narrate, story};
use crate::paint::{Paint, Style};
use crate::sentence::Interest;
use crate::table::{Align, table};
use crate::time::{length, second_digits, stamp};

/// So many events that led to a finding, and so many nodes, are shown unless details are asked for.
const LED_BY_SHOWN: usize = 10;
const NODES_SHOWN: usize = 24;

/// What a report says besides the run itself.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// What was run and how, as names and values: scenario, seed, cluster, network …
    pub options: Vec<(String, String)>,
    /// Real time that the run took, in milliseconds.
    pub wall_ms: f64,
    /// The command that repeats the run; the last line.
    pub reproduction: String,
}

/// The report as text, every line with its line feed. `level`: how much of the story; `None` leaves out everything
/// but findings, what was not met, the verdict and the reproduction.
pub fn human(summary: &Summary, about: &About, level: Option<Interest>, paint: &dyn Paint) -> String {
    let page = Page { summary, about, level, paint };
    let mut sections = Vec::new();
    if level.is_some() {
        sections.extend([page.options(), page.story()]);
    }
    sections.extend([page.findings(), page.expectations()]);
    if level.is_some() {
        sections.push(page.failovers());
    }
    sections.push(page.faults());
    if level.is_some() {
        sections.extend([page.clients(), page.nodes()]);
    }
    sections.push(page.verdict());
    let sections: Vec<String> =
        sections.into_iter().filter(|lines| !lines.is_empty()).map(|lines| lines.join("\n")).collect();
    format!("{}\n", sections.join("\n\n"))
}

struct Page<'a> {
    summary: &'a Summary,
    about: &'a About,
    level: Option<Interest>,
    paint: &'a dyn Paint,
}

impl Page<'_> {
    fn options(&self) -> Vec<String> {
        let rows: Vec<Vec<String>> =
            self.about.options.iter().map(|(name, value)| vec![name.clone(), value.clone()]).collect();
        table(&rows, &[Align::Left, Align::Left])
    }

    fn story(&self) -> Vec<String> {
        let level = self.level.unwrap_or(Interest::Story);
        aligned(&story(self.summary, level), second_digits(self.summary.sim_ns), self.paint)
    }

    fn findings(&self) -> Vec<String> {
        let findings = &self.summary.findings;
        let mut lines: Vec<String> = findings.iter().flat_map(|finding| self.finding(finding)).collect();
        if !lines.is_empty() {
            lines.insert(0, self.heading("findings"));
        }
        lines
    }

    fn finding(&self, finding: &Finding) -> Vec<String> {
        let digits = second_digits(self.summary.sim_ns);
        let head = format!("✗ {} ({}) {}", finding.id, finding.kind.name(), stamp(finding.at_ns, digits));
        let names = &self.summary.names;
        let nodes: Vec<String> = finding.places.iter().map(|place| names.place(*place)).collect();
        let head = format!("{} {}", self.paint.paint(Style::Bad, &head), nodes.join(" "));
        let mut lines = vec![head.trim_end().to_owned()];
        lines.push(format!("    {}", finding.text));
        if let Some(weakness) = finding.known_as {
            lines.push(format!(
                "    a known weakness of Redis 7.0.15: {weakness} in docs/known-weaknesses.md"
            ));
        }
        if !finding.led_by.is_empty() {
            lines.push("    what led there:".to_owned());
        }
        let shown = if self.level > Some(Interest::Story) { usize::MAX } else { LED_BY_SHOWN };
        let hidden = finding.led_by.len().saturating_sub(shown);
        if hidden > 0 {
            lines.push(format!("      … {hidden} earlier events (-v shows them)"));
        }
        let led_by = narrate(&finding.led_by[hidden..], names, &self.summary.faults, Interest::Trace);
        lines.extend(aligned(&led_by, digits, self.paint).into_iter().map(|line| format!("     {line}")));
        lines
    }

    fn expectations(&self) -> Vec<String> {
        let quiet = self.level.is_none();
        let wanted = |it: &&ExpectationResult| !(quiet && it.held == Some(true));
        let judged: Vec<&ExpectationResult> = self.summary.expectations.iter().filter(wanted).collect();
        let rows: Vec<Vec<String>> = judged
            .iter()
            .map(|it| vec![judgement(it.held).0.to_owned(), it.text.clone(), it.seen.clone()])
            .collect();
        let lines = table(&rows, &[Align::Left, Align::Left, Align::Left]);
        let lines = lines.iter().zip(judged).map(|(line, it)| self.paint.paint(judgement(it.held).1, line));
        self.section("expectations", lines.collect())
    }

    fn failovers(&self) -> Vec<String> {
        let names = [
            "master",
            "cause",
            "down at",
            "PFAIL",
            "FAIL",
            "all know",
            "scheduled",
            "started",
            "promoted",
            "slots",
            "state ok",
            "winner",
            "epoch",
            "votes",
        ];
        let failovers = &self.summary.failovers;
        if failovers.is_empty() {
            return Vec::new();
        }
        let digits = second_digits(self.summary.sim_ns);
        let mut rows = vec![names.map(str::to_owned).to_vec()];
        rows.extend(failovers.iter().map(|failover| failover_row(failover, digits)));
        let mut align = [Align::Right; 14];
        align[..3].fill(Align::Left);
        align[11] = Align::Left;
        self.section("failovers (ms after the master was gone)", table(&rows, &align))
    }

    /// All faults; without a level only those that should have bitten and did not.
    fn faults(&self) -> Vec<String> {
        let wanted = |fault: &&FaultLedger| self.level.is_some() || (fault.must_fire && !fault.fired());
        let digits = second_digits(self.summary.sim_ns);
        let faults: Vec<&FaultLedger> = self.summary.faults.iter().filter(wanted).collect();
        let rows: Vec<Vec<String>> = faults.iter().map(|fault| fault_row(fault, digits)).collect();
        let lines = table(&rows, &[Align::Left; 6]);
        let style = |fault: &FaultLedger| judgement(bit(fault)).1;
        let lines = lines.iter().zip(&faults).map(|(line, fault)| self.paint.paint(style(fault), line));
        self.section("faults", lines.collect())
    }

    fn clients(&self) -> Vec<String> {
        let clients = self.summary.clients;
        if clients == Default::default() {
            return Vec::new();
        }
        let mut lines = vec![format!(
            "{}  {} ok, {} failed, {} unknown, {} acknowledged writes lost",
            self.heading("clients"),
            clients.ok,
            clients.failed,
            clients.unknown,
            clients.lost_acknowledged
        )];
        if clients.stale_reads > 0 {
            let behind_ms = clients.stalest_ns.div_ceil(1_000_000);
            lines.push(format!("{} stale reads, behind by up to {behind_ms}ms", clients.stale_reads));
        }
        lines.extend(losses::lines(self.summary, second_digits(self.summary.sim_ns)));
        lines
    }

    fn nodes(&self) -> Vec<String> {
        let all = &self.summary.nodes;
        let shown = if self.level > Some(Interest::Story) { all.len() } else { all.len().min(NODES_SHOWN) };
        let mut rows = vec![["node", "role", "epoch", "state", "slots"].map(str::to_owned).to_vec()];
        rows.extend(all[..shown].iter().map(node_row));
        let mut lines = table(&rows, &[Align::Left, Align::Left, Align::Right, Align::Left, Align::Left]);
        if shown < all.len() {
            lines.push(format!("… {} more (-v shows them)", all.len() - shown));
        }
        if all.is_empty() { Vec::new() } else { self.section("nodes at the end", lines) }
    }

    fn verdict(&self) -> Vec<String> {
        let summary = self.summary;
        let (style, meaning) = verdict_words(summary.verdict);
        let word = format!("verdict: {}", summary.verdict.name());
        let code = summary.verdict.exit_code();
        let wall_ns = (self.about.wall_ms.max(0.0) * 1e6) as u64;
        let speed = summary.sim_ns.checked_div(wall_ns).map(|times| format!(", {times} x real time"));
        vec![
            format!("{} (exit code {code}): {meaning}", self.paint.paint(style, &word)),
            format!(
                "fingerprint {}, {} virtual, {} events, {} messages, {} wall{}",
                summary.fingerprint,
                length(summary.sim_ns),
                summary.events,
                summary.messages,
                length(wall_ns / 100_000 * 100_000),
                speed.unwrap_or_default()
            ),
            self.about.reproduction.clone(),
        ]
    }

    fn heading(&self, title: &str) -> String {
        self.paint.paint(Style::Heading, title)
    }

    fn section(&self, title: &str, lines: Vec<String>) -> Vec<String> {
        if lines.is_empty() {
            return lines;
        }
        let lines = lines.into_iter().map(|line| format!("  {line}"));
        std::iter::once(self.heading(title)).chain(lines).collect()
    }
}

fn judgement(held: Option<bool>) -> (&'static str, Style) {
    match held {
        Some(true) => ("✓", Style::Good),
        Some(false) => ("✗", Style::Bad),
        None => ("–", Style::Doubt),
    }
}

/// Whether a fault did what it should: `None` if it did nothing and need not.
fn bit(fault: &FaultLedger) -> Option<bool> {
    if fault.fired() || fault.must_fire { Some(fault.fired()) } else { None }
}

fn fault_row(fault: &FaultLedger, digits: usize) -> Vec<String> {
    let began = match fault.started_ns.as_slice() {
        [] => "never began".to_owned(),
        [once] => stamp(*once, digits),
        [first, ..] => format!("{} and {} more", stamp(*first, digits), fault.started_ns.len() - 1),
    };
    let counts = fault.effect.iter().filter(|(_, count)| **count > 0);
    let effect = match fault.fired() {
        true => counts.map(|(what, count)| format!("{what}: {count}")).collect::<Vec<_>>().join(", "),
        false => "never bit".to_owned(),
    };
    let mark = judgement(bit(fault)).0.to_owned();
    vec![mark, fault.id.clone(), fault.kind.clone(), fault.targets.join(" "), began, effect]
}

fn failover_row(failover: &Failover, digits: usize) -> Vec<String> {
    let dash = || "–".to_owned();
    let down = failover.down_at_ms;
    let after = |stage: Option<Millis>| stage.map_or_else(dash, |stage| (stage.0 / 1000).to_string());
    let stages = [
        failover.first_pfail_ms,
        failover.first_fail_ms,
        failover.fail_known_by_all_ms,
        failover.election_scheduled_ms,
        failover.election_started_ms,
        failover.promoted_ms,
        failover.slots_agreed_ms,
        failover.cluster_ok_ms,
    ];
    let began = down.map_or_else(dash, |down| stamp(down.0 * 1000, digits));
    let mut row = vec![failover.master.clone(), failover.cause.clone(), began];
    row.extend(stages.map(after));
    row.push(failover.winner.clone().unwrap_or_else(dash));
    row.push(failover.epoch.map_or_else(dash, |epoch| epoch.to_string()));
    row.push(failover.votes.map_or_else(dash, |votes| votes.to_string()));
    row
}

fn node_row(node: &NodeSummary) -> Vec<String> {
    let role = match &node.master {
        Some(master) => format!("{} of {master}", node.role),
        None => node.role.to_owned(),
    };
    let slots = match node.slots.len() {
        0 => "–".to_owned(),
        count => format!("{} ({count})", node.slots),
    };
    vec![node.name.clone(), role, node.config_epoch.to_string(), node.state.to_owned(), slots]
}

fn verdict_words(verdict: Verdict) -> (Style, &'static str) {
    match verdict {
        Verdict::Passed => (Style::Good, "all that was expected held"),
        Verdict::Violated => (Style::Bad, "an invariant was violated, or an expectation did not hold"),
        Verdict::Liveness => (Style::Bad, "the cluster was healed and did not recover in time"),
        Verdict::Nondeterministic => (Style::Bad, "the same input gave another fingerprint"),
        Verdict::Vacuous => {
            (Style::Doubt, "a fault never bit, or what an expectation speaks of never happened")
        }
        Verdict::Unknown => (Style::Doubt, "a budget ran out before there was a verdict"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example;
    use crate::paint::Plain;

    fn about() -> About {
        About {
            options: vec![("scenario".into(), "a master dies".into()), ("seed".into(), "7".into())],
            wall_ms: 1.25,
            reproduction: "rcsim run x.json --seed 7".into(),
        }
    }

    #[test]
    fn the_whole_report() {
        let text = human(&example::summary(), &about(), Some(Interest::Story), &Plain);
        example::check("report.txt", &text);
    }

    #[test]
    fn the_last_line_repeats_the_run_at_every_level() {
        for level in [None, Some(Interest::Story), Some(Interest::Detail), Some(Interest::Trace)] {
            let text = human(&example::summary(), &about(), level, &Plain);
            assert_eq!(text.lines().last(), Some("rcsim run x.json --seed 7"));
        }
    }

    #[test]
    fn without_a_level_only_what_is_wrong_is_shown() {
        let text = human(&example::summary(), &about(), None, &Plain);
        assert!(!text.contains("✓") && !text.contains("T+25.102s"), "{text}");
        assert!(text.contains("✗  partition-1") && text.contains("✗ S3 (safety)"), "{text}");
    }
}
