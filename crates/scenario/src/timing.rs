//! Checks of time: what would happen after the end, faults that do not end, bounds that nobody can judge.

use crate::code;
use crate::diagnostic::Diagnostics;
use crate::model::{Action, ActionKind, Anchor, Edge, Entry, FaultRef, Nemesis, NemesisFault, Span, When};
use crate::read::{Bound, Placed};
use crate::source::Node;

/// Checks the entries and the bounds of all `eventually` against the end of the run.
pub(crate) fn check(
    entries: &[Placed<'_>],
    bounds: &[Bound<'_>],
    nemesis: Option<&Nemesis>,
    until: Option<Span>,
    diagnostics: &mut Diagnostics,
) {
    let mut timing = Timing { entries, nemesis, diagnostics, blamed: vec![false; entries.len()] };
    for bound in bounds {
        timing.check_anchor(bound);
    }
    let Some(until) = until else { return };
    for placed in entries {
        timing.check_entry(placed, until);
    }
    for bound in bounds {
        timing.check_bound(bound, until);
    }
}

/// When something is over, or happens.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// At this time, at the latest.
    At(Span),
    /// Nobody knows before the run.
    Open,
    /// Not before the run's own end.
    Never,
}

struct Timing<'t> {
    entries: &'t [Placed<'t>],
    nemesis: Option<&'t Nemesis>,
    diagnostics: &'t mut Diagnostics,
    /// Entries that were called endless already; once is enough.
    blamed: Vec<bool>,
}

impl Timing<'_> {
    // ---- entries ------------------------------------------------------------------------------------------

    fn check_entry(&mut self, placed: &Placed<'_>, until: Span) {
        let Some(entry) = &placed.entry else { return };
        match &entry.when {
            When::At(at) => self.check_before_end(placed.node, "at", *at, until),
            When::On { after, .. } => self.check_before_end(placed.node, "after", *after, until),
            When::Every { every, from, to, .. } => {
                let key = if placed.node.get("from").is_some() { "from" } else { "every" };
                self.check_before_end(placed.node, key, *from, until);
                if *every == Span::ZERO {
                    let node = place(placed.node, "every");
                    let message = "the distance between two times must be more than zero".to_owned();
                    self.diagnostics.error(code::OUT_OF_RANGE, node.place, message).at(&node.pointer);
                }
                if let Some(to) = to.filter(|to| to < from) {
                    let node = place(placed.node, "to");
                    let message = format!("it would end at {to}, before the first time at {from}");
                    self.diagnostics.error(code::ENDS_FIRST, node.place, message).at(&node.pointer);
                }
            }
        }
    }

    fn check_before_end(&mut self, entry: &Node, key: &str, at: Span, until: Span) {
        if at < until {
            return;
        }
        let node = place(entry, key);
        let message = "this would happen after the end of the run".to_owned();
        let error = self.diagnostics.error(code::AFTER_END, node.place, message).at(&node.pointer);
        error
            .label(format!("the run ends at {until}"))
            .help("choose an earlier time, or set a later \"until\"");
    }

    // ---- anchors ------------------------------------------------------------------------------------------

    fn check_anchor(&mut self, bound: &Bound<'_>) {
        let Some(anchor) = &bound.of else { return };
        let drawn = match &anchor.fault {
            FaultRef::Kind(kind) => self.nemesis.is_some_and(|nemesis| draws(nemesis, *kind)),
            FaultRef::Id(_) => self.nemesis.is_some(),
        };
        // An entry that was refused may well be the one that is meant.
        let unsure = self.entries.iter().any(|placed| placed.entry.is_none());
        if drawn || unsure || self.meant(anchor).next().is_some() {
            return;
        }
        let node = place(bound.node, "of");
        let (message, help) = match &anchor.fault {
            FaultRef::Kind(kind) => (format!("nothing in the timeline is a {}", kind.word()), None),
            FaultRef::Id(id) => {
                let ids =
                    || self.entries.iter().filter_map(|placed| Some(placed.entry.as_ref()?.id.as_str()));
                let words = ActionKind::ALL.iter().map(|kind| kind.word());
                let near = crate::suggest::nearest(id, ids().chain(words));
                (
                    format!("no entry of the timeline has the id \"{id}\""),
                    near.map(|id| format!("did you mean \"{id}\"?")),
                )
            }
        };
        let error = self.diagnostics.error(code::UNKNOWN_FAULT, node.place, message).at(&node.pointer);
        if let Some(help) = help {
            error.help(help);
        }
    }

    /// The entries that an anchor means, by index.
    fn meant(&self, anchor: &Anchor) -> impl Iterator<Item = usize> {
        let is_meant = |entry: &Entry| match &anchor.fault {
            FaultRef::Kind(kind) => entry.action.kind() == *kind,
            FaultRef::Id(id) => entry.id == *id,
        };
        let entries = self.entries.iter().enumerate();
        let meant: Vec<usize> = entries
            .filter(|(_, placed)| placed.entry.as_ref().is_some_and(is_meant))
            .map(|(index, _)| index)
            .collect();
        meant.into_iter()
    }

    // ---- bounds -------------------------------------------------------------------------------------------

    fn check_bound(&mut self, bound: &Bound<'_>, until: Span) {
        let moments: Vec<(usize, Moment)> = match (&bound.of, bound.entry) {
            (Some(anchor), _) => {
                let edge = anchor.edge;
                self.meant(anchor).map(|index| (index, self.moment(index, edge, until))).collect()
            }
            (None, Some(index)) => vec![(index, self.moment(index, Edge::Begin, until))],
            (None, None) => {
                (0..self.entries.len()).map(|index| (index, self.moment(index, Edge::End, until))).collect()
            }
        };
        let mut latest = Span::ZERO;
        let mut known = true;
        for (index, moment) in moments {
            match moment {
                Moment::At(time) if time <= until => latest = latest.max(time),
                Moment::At(_) | Moment::Never => {
                    self.blame(index, bound, until);
                    known = false;
                }
                Moment::Open => known = false,
            }
        }
        if let (None, None, Some(nemesis)) = (&bound.of, bound.entry, self.nemesis) {
            latest = latest.max(nemesis.to);
        }
        if known && latest.saturating_add(bound.within) > until {
            self.too_late(bound, latest, until);
        }
    }

    fn too_late(&mut self, bound: &Bound<'_>, latest: Span, until: Span) {
        let node = place(bound.node, "within");
        let end = latest.saturating_add(bound.within);
        let message = "the run ends before this bound".to_owned();
        let error = self.diagnostics.error(code::BOUND_AFTER_END, node.place, message).at(&node.pointer);
        error
            .label(format!("counted from {latest}, it ends at {end}; the run ends at {until}"))
            .help(format!("set \"until\": \"{end}\" or later"));
    }

    /// Says that an entry does not end although an expectation counts from its end.
    fn blame(&mut self, index: usize, bound: &Bound<'_>, until: Span) {
        if std::mem::replace(&mut self.blamed[index], true) {
            return;
        }
        let placed = &self.entries[index];
        let Some(entry) = &placed.entry else { return };
        let tag = entry.action.kind().word();
        let node = placed.node.get("for").unwrap_or_else(|| place(placed.node, tag));
        let message = format!("this {tag} does not end before the run does");
        let error = self.diagnostics.error(code::NEVER_HEALS, node.place, message).at(&node.pointer);
        match (&entry.when, entry.action.length()) {
            (When::At(at), Some(length)) => {
                let end = at.saturating_add(length);
                error.label(format!("it begins at {at}, so it ends at {end}; the run ends at {until}"));
                error.help(format!("make it shorter, or set \"until\" to more than \"{end}\""));
            }
            (_, Some(_)) => {
                error
                    .label(format!("the run ends at {until}"))
                    .help("make it shorter, or set a later \"until\"");
            }
            (_, None) => {
                error.help("say how long: \"for\": \"6s\"");
            }
        }
        error.also(bound.node.place, "this counts from its end");
    }

    // ---- moments ------------------------------------------------------------------------------------------

    /// When an entry acts for the last time, or when its last effect is over.
    fn moment(&self, index: usize, edge: Edge, until: Span) -> Moment {
        let Some(entry) = &self.entries[index].entry else { return Moment::Open };
        let begin = last_time(&entry.when, until);
        if matches!(begin, Moment::At(begin) if begin >= until) {
            return Moment::Open; // it never acts, and that was said already
        }
        if edge == Edge::Begin || !lasts(&entry.action) {
            return begin;
        }
        match (begin, entry.action.length()) {
            (Moment::At(begin), Some(length)) => Moment::At(begin.saturating_add(length)),
            (_, Some(_)) => Moment::Open,
            (begin, None) => self.taken_back(entry, begin, until),
        }
    }

    /// When a fault without a length is taken back by another entry.
    fn taken_back(&self, fault: &Entry, begin: Moment, until: Span) -> Moment {
        let ends = |entry: &&Entry| match fault.action.kind() {
            ActionKind::Pause => matches!(entry.action.kind(), ActionKind::Resume | ActionKind::Restart),
            ActionKind::Partition | ActionKind::Cut | ActionKind::Network => {
                entry.action.kind() == ActionKind::Heal
            }
            _ => entry.action.kind() == ActionKind::Restart && fault.action.kind() == ActionKind::Slow,
        };
        let others = self.entries.iter().filter_map(|placed| placed.entry.as_ref()).filter(ends);
        let times = others.map(|entry| last_time(&entry.when, until));
        let later = |moment: &Moment| match (begin, *moment) {
            (Moment::At(begin), Moment::At(end)) => end >= begin,
            _ => true,
        };
        let mut later: Vec<Moment> = times.filter(later).collect();
        match later.iter().position(|moment| *moment == Moment::Open) {
            Some(index) => later.swap_remove(index),
            None => later.pop().unwrap_or(Moment::Never),
        }
    }
}

/// The value under a key, for pointing at it, or the whole object.
fn place<'a>(node: &'a Node, key: &str) -> &'a Node {
    node.get(key).unwrap_or(node)
}

/// The last time at which an entry acts.
fn last_time(when: &When, until: Span) -> Moment {
    match when {
        When::At(at) => Moment::At(*at),
        When::On { .. } => Moment::Open,
        When::Every { every, from, to, times } => {
            let end = to.unwrap_or(until).min(until);
            let most = end.as_nanos().saturating_sub(from.as_nanos()) / every.as_nanos().max(1);
            let repeats = times.map_or(most, |times| most.min(u64::from(times) - 1));
            Moment::At(from.saturating_add(Span::from_nanos(every.as_nanos().saturating_mul(repeats))))
        }
    }
}

/// Whether an action has an effect that lasts and that the cluster does not outlive by itself. A dead process
/// is replaced by its replica, and a step of a clock without a length is for good.
fn lasts(action: &Action) -> bool {
    match action {
        Action::Clock { length, .. } => length.is_some(),
        Action::Network { latency, loss, drop, refuse, bandwidth, .. } => {
            latency.is_some() || loss.is_some() || !drop.is_empty() || *refuse || bandwidth.is_some()
        }
        Action::Pause { .. }
        | Action::Partition { .. }
        | Action::Cut { .. }
        | Action::Disk { .. }
        | Action::Slow { .. } => true,
        _ => false,
    }
}

/// Whether a nemesis can draw entries of this kind.
fn draws(nemesis: &Nemesis, kind: ActionKind) -> bool {
    let family =
        |fault: NemesisFault| nemesis.faults.iter().any(|(drawn, weight)| *drawn == fault && *weight > 0);
    match kind {
        ActionKind::Restart => family(NemesisFault::Crash) || family(NemesisFault::PowerOff),
        kind => NemesisFault::ALL.into_iter().any(|fault| fault.word() == kind.word() && family(fault)),
    }
}
