//! Rules: what is wrong with which paths, and the ledger of what each did.
//!
//! Without rules a path costs one branch. With rules, two bits per pair of hosts say whether some rule blocks
//! or worsens it; only then the rules themselves are read. If several rules speak about the same property of
//! a path, the youngest decides; blocks, drops and refusals add up. A host's way to itself is beyond all
//! rules.

use rcsim_engine::Distribution;

use super::wire::MessageClass;
use crate::hosts::{HostIx, HostSet};

/// A path in good health.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Path {
    /// How long a message travels, one way.
    pub latency: Distribution,
    /// How many of a million segments get lost (each costs a retransmission timeout).
    pub loss_per_million: u32,
    /// Bytes per second of one connection in one direction; `None` is unlimited.
    pub bandwidth: Option<u64>,
}

impl Path {
    /// A lossless path without a limit.
    pub fn new(latency: Distribution) -> Self {
        Self { latency, loss_per_million: 0, bandwidth: None }
    }
}

/// What is worse on a path; what is `None` or empty stays as it is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Degradation {
    /// Takes the place of the latency.
    pub latency: Option<Distribution>,
    /// Takes the place of the loss, in a million segments.
    pub loss_per_million: Option<u32>,
    /// Takes the place of the bandwidth, in bytes per second.
    pub bandwidth: Option<u64>,
    /// Messages of these classes vanish (the connection does not notice).
    pub drop: Vec<MessageClass>,
    /// Requests for a connection are answered as if nobody listened.
    pub refuse: bool,
}

/// A rule, in the order of their making. It stays valid (for its ledger) after it was lifted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RuleId(pub u32);

/// What a rule did so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ledger {
    /// Messages, requests and answers that met a blocked path when they were sent.
    pub cut: u64,
    /// Those that were on their way when the path was blocked.
    pub stalled: u64,
    /// Messages that took the rule's latency or bandwidth.
    pub delayed: u64,
    /// Segments lost by the rule's loss.
    pub lost: u64,
    /// Messages dropped by their class.
    pub dropped: u64,
    /// Requests for a connection that were refused.
    pub refused: u64,
}

impl Ledger {
    /// All together: zero means that the rule never bit.
    pub fn total(&self) -> u64 {
        self.cut + self.stalled + self.delayed + self.lost + self.dropped + self.refused
    }
}

#[derive(Clone, Debug)]
enum Area {
    Groups(Vec<HostSet>),
    OneWay { from: HostSet, to: HostSet },
    Between { one: HostSet, other: HostSet },
}

impl Area {
    /// The hosts that paths from `from` lead to under this area.
    fn targets(&self, from: HostIx) -> HostSet {
        let mut targets = HostSet::default();
        match self {
            Self::Groups(groups) => {
                let (mine, theirs): (Vec<_>, Vec<_>) = groups.iter().partition(|group| group.contains(from));
                if !mine.is_empty() {
                    theirs.iter().for_each(|group| targets.insert_all(group));
                    mine.iter().for_each(|group| targets.remove_all(group));
                }
            }
            Self::OneWay { from: sources, to } if sources.contains(from) => targets.insert_all(to),
            Self::OneWay { .. } => {}
            Self::Between { one, other } => {
                for (mine, theirs) in [(one, other), (other, one)] {
                    if mine.contains(from) {
                        targets.insert_all(theirs);
                    }
                }
            }
        }
        targets
    }
}

#[derive(Clone, Debug)]
struct Rule {
    area: Area,
    /// `None` blocks.
    worse: Option<Degradation>,
    /// By source host: the hosts whose path is concerned.
    rows: Vec<HostSet>,
    ledger: Ledger,
}

impl Rule {
    fn covers(&self, from: HostIx, to: HostIx) -> bool {
        from != to && self.rows.get(from.index()).is_some_and(|row| row.contains(to))
    }
}

/// How a path is right now: each property with the rule that it comes from.
pub(super) struct Now<'a> {
    pub(super) latency: (&'a Distribution, Option<u32>),
    pub(super) loss: (u32, Option<u32>),
    pub(super) bandwidth: (Option<u64>, Option<u32>),
}

/// All rules, those in force, and the bits made from them.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    base: Path,
    all: Vec<Rule>,
    in_force: Vec<u32>,
    blocked: Vec<HostSet>,
    worse: Vec<HostSet>,
    hosts: u32,
}

impl Rules {
    pub(super) fn new(base: Path, hosts: u32) -> Self {
        Self { base, all: Vec::new(), in_force: Vec::new(), blocked: Vec::new(), worse: Vec::new(), hosts }
    }

    pub(super) fn set_hosts(&mut self, hosts: u32) {
        self.hosts = hosts;
        for index in 0..self.all.len() {
            self.all[index].rows = rows(&self.all[index].area, hosts);
        }
        self.rebuild();
    }

    pub(super) fn partition(&mut self, groups: &[Vec<HostIx>]) -> RuleId {
        self.add(Area::Groups(groups.iter().map(|group| HostSet::from(group.as_slice())).collect()), None)
    }

    pub(super) fn cut(&mut self, from: &[HostIx], to: &[HostIx]) -> RuleId {
        self.add(Area::OneWay { from: from.into(), to: to.into() }, None)
    }

    pub(super) fn degrade(
        &mut self,
        one: &[HostIx],
        other: &[HostIx],
        both: bool,
        how: Degradation,
    ) -> RuleId {
        let (one, other) = (one.into(), other.into());
        let area = if both { Area::Between { one, other } } else { Area::OneWay { from: one, to: other } };
        self.add(area, Some(how))
    }

    fn add(&mut self, area: Area, worse: Option<Degradation>) -> RuleId {
        let id = self.all.len() as u32;
        let rows = rows(&area, self.hosts);
        self.all.push(Rule { area, worse, rows, ledger: Ledger::default() });
        self.in_force.push(id);
        self.rebuild();
        RuleId(id)
    }

    /// Ends a rule; false if it was not in force.
    pub(super) fn lift(&mut self, rule: RuleId) -> bool {
        let before = self.in_force.len();
        self.in_force.retain(|id| *id != rule.0);
        self.rebuild();
        self.in_force.len() < before
    }

    /// Ends every rule that blocks.
    pub(super) fn heal(&mut self) -> Vec<RuleId> {
        let blocks = |id: &&u32| self.all[**id as usize].worse.is_none();
        let healed: Vec<RuleId> = self.in_force.iter().filter(blocks).map(|id| RuleId(*id)).collect();
        self.in_force.retain(|id| !healed.contains(&RuleId(*id)));
        self.rebuild();
        healed
    }

    pub(super) fn effect(&self, rule: RuleId) -> Ledger {
        self.all[rule.0 as usize].ledger
    }

    fn rebuild(&mut self) {
        self.blocked.clear();
        self.worse.clear();
        for id in &self.in_force {
            let rule = &self.all[*id as usize];
            let bits = if rule.worse.is_none() { &mut self.blocked } else { &mut self.worse };
            bits.resize_with(rule.rows.len(), HostSet::default);
            bits.iter_mut().zip(&rule.rows).for_each(|(row, more)| row.insert_all(more));
        }
    }

    #[inline]
    pub(super) fn blocks(&self, from: HostIx, to: HostIx) -> bool {
        !self.blocked.is_empty() && from != to && self.blocked[from.index()].contains(to)
    }

    pub(super) fn block_nothing(&self) -> bool {
        self.blocked.is_empty()
    }

    #[inline]
    fn worsens(&self, from: HostIx, to: HostIx) -> bool {
        !self.worse.is_empty() && from != to && self.worse[from.index()].contains(to)
    }

    /// Enters something into the ledger of every rule that blocks this path.
    pub(super) fn charge(&mut self, from: HostIx, to: HostIx, count: fn(&mut Ledger) -> &mut u64) {
        for id in &self.in_force {
            let rule = &mut self.all[*id as usize];
            if rule.worse.is_none() && rule.covers(from, to) {
                *count(&mut rule.ledger) += 1;
            }
        }
    }

    /// Does a rule drop messages of this class here? Each that does enters it.
    #[inline]
    pub(super) fn drops(&mut self, from: HostIx, to: HostIx, class: MessageClass) -> bool {
        self.worsens(from, to)
            && self.any_worse(from, to, |how| how.drop.contains(&class), |ledger| &mut ledger.dropped)
    }

    /// Does a rule refuse connections here? Each that does enters it.
    pub(super) fn refuses(&mut self, from: HostIx, to: HostIx) -> bool {
        self.worsens(from, to) && self.any_worse(from, to, |how| how.refuse, |ledger| &mut ledger.refused)
    }

    fn any_worse(
        &mut self,
        from: HostIx,
        to: HostIx,
        applies: impl Fn(&Degradation) -> bool,
        count: fn(&mut Ledger) -> &mut u64,
    ) -> bool {
        let mut any = false;
        for id in &self.in_force {
            let rule = &mut self.all[*id as usize];
            if rule.covers(from, to) && rule.worse.as_ref().is_some_and(&applies) {
                *count(&mut rule.ledger) += 1;
                any = true;
            }
        }
        any
    }

    /// The path as it is right now.
    #[inline]
    pub(super) fn now(&self, from: HostIx, to: HostIx) -> Now<'_> {
        let mut now = Now {
            latency: (&self.base.latency, None),
            loss: (self.base.loss_per_million, None),
            bandwidth: (self.base.bandwidth, None),
        };
        if self.worsens(from, to) {
            self.worsen(from, to, &mut now);
        }
        now
    }

    fn worsen<'a>(&'a self, from: HostIx, to: HostIx, now: &mut Now<'a>) {
        for id in &self.in_force {
            let rule = &self.all[*id as usize];
            let Some(how) = rule.worse.as_ref().filter(|_| rule.covers(from, to)) else { continue };
            if let Some(latency) = &how.latency {
                now.latency = (latency, Some(*id));
            }
            if let Some(loss) = how.loss_per_million {
                now.loss = (loss, Some(*id));
            }
            if how.bandwidth.is_some() {
                now.bandwidth = (how.bandwidth, Some(*id));
            }
        }
    }

    /// Enters a message that took longer because of these rules.
    pub(super) fn enter(
        &mut self,
        latency: Option<u32>,
        bandwidth: Option<u32>,
        loss: Option<u32>,
        lost: u64,
    ) {
        for id in latency.into_iter().chain(bandwidth.filter(|_| bandwidth != latency)) {
            self.all[id as usize].ledger.delayed += 1;
        }
        if let Some(id) = loss {
            self.all[id as usize].ledger.lost += lost;
        }
    }
}

fn rows(area: &Area, hosts: u32) -> Vec<HostSet> {
    (0..hosts).map(|host| area.targets(HostIx(host))).collect()
}
