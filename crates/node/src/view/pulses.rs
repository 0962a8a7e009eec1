//! The pulse of every node: when it answered last, and whether anything else about it needs a look.
//!
//! Owns 4 bytes per node, all that a gossip entry about a healthy node needs, written or read: a thousand tables of a
//! thousand pulses are the working set of a large cluster, and what it costs grows with the memory that they take.
//! A time is kept in ms since an origin; the few that do not fit (a node that was silent for days) are kept beside.
//! Rules: ND-9, GS-9. Never: knows what the marks mean; the view sets them.

use std::collections::BTreeMap;

use rcsim_protocol::NodeIx;

/// Time in ms since the origin in the upper 29 bits (six days; 0: it is kept beside), three marks in the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pulse(u32);

/// A failure flag or report is there, the link is missing, or the node is unknown.
const WATCHED: u32 = 1;
/// A PING is pending.
const PENDING: u32 = 2;
/// To gossip about it needs a second look.
const SPECIAL: u32 = 4;
const MARKS: u32 = WATCHED | PENDING | SPECIAL;
const MARK_BITS: u32 = 3;
/// The greatest time that fits; one more would look like a stranger.
const LATEST: i64 = (u32::MAX >> MARK_BITS) as i64 - 1;
/// How far behind the youngest time a new origin lies.
const BEHIND: i64 = LATEST / 2;

/// From so many pulses on those of a whole cluster no longer fit into a processor's cache.
const LARGE: usize = 128;

impl Pulse {
    /// Of a node that is not in the table.
    const UNKNOWN: Pulse = Pulse(u32::MAX);

    /// Whether a failure flag or report is there, the link is missing, or the node is unknown.
    #[inline]
    pub(crate) fn watched(self) -> bool {
        self.0 & WATCHED != 0
    }

    /// Whether a PING is pending.
    #[inline]
    pub(crate) fn pending(self) -> bool {
        self.0 & PENDING != 0
    }

    /// Whether to gossip about the node needs a second look.
    #[inline]
    pub(crate) fn special(self) -> bool {
        self.0 & SPECIAL != 0
    }

    /// Whether the cron may have to do with it, whatever its time is.
    fn is_marked(self) -> bool {
        self.0 & (WATCHED | PENDING) != 0
    }

    fn is_known(self) -> bool {
        self != Pulse::UNKNOWN
    }

    fn time(self) -> u32 {
        self.0 >> MARK_BITS
    }

    fn at(self, time: u32) -> Pulse {
        Pulse(time << MARK_BITS | self.0 & MARKS)
    }
}

/// All pulses of a view.
#[derive(Clone, Debug)]
pub(crate) struct Pulses {
    origin: i64,
    pulses: Vec<Pulse>,
    /// Times that do not fit; a node with time 0 that is not here has never answered.
    beside: BTreeMap<NodeIx, i64>,
    /// How many are watched or have a PING pending.
    marked: u32,
    /// No time is older: as of the last scan, for times only grow.
    oldest: i64,
}

impl Pulses {
    pub(crate) fn new(now_ms: i64) -> Pulses {
        let origin = now_ms - BEHIND;
        Pulses { origin, pulses: Vec::new(), beside: BTreeMap::new(), marked: 0, oldest: 0 }
    }

    /// Nodes have indices below this.
    pub(crate) fn len(&self) -> usize {
        self.pulses.len()
    }

    /// The pulse of any node.
    #[inline]
    pub(crate) fn get(&self, node: NodeIx) -> Pulse {
        self.pulses.get(node.index()).copied().unwrap_or(Pulse::UNKNOWN)
    }

    /// Whether the node is in the table.
    pub(crate) fn knows(&self, node: NodeIx) -> bool {
        self.get(node).is_known()
    }

    /// When the node answered last, in ms; 0 = never.
    #[inline]
    pub(crate) fn time(&self, node: NodeIx) -> i64 {
        match self.get(node).time() {
            0 => self.time_beside(node),
            time => self.origin + i64::from(time),
        }
    }

    #[cold]
    fn time_beside(&self, node: NodeIx) -> i64 {
        self.beside.get(&node).copied().unwrap_or(0)
    }

    /// Notes when a node answered last, in ms.
    pub(crate) fn set_time(&mut self, node: NodeIx, time: i64) {
        self.oldest = self.oldest.min(time);
        if time - self.origin > LATEST {
            self.move_origin(time - BEHIND);
        }
        self.put_time(node, time);
    }

    fn put_time(&mut self, node: NodeIx, time: i64) {
        let fitting = u32::try_from(time - self.origin).unwrap_or(0);
        let pulse = &mut self.pulses[node.index()];
        *pulse = pulse.at(fitting);
        if fitting == 0 && time != 0 {
            self.beside.insert(node, time);
        } else if !self.beside.is_empty() {
            self.beside.remove(&node);
        }
    }

    fn move_origin(&mut self, origin: i64) {
        let nodes = (0..self.len() as u32).map(NodeIx).filter(|node| self.knows(*node));
        let times: Vec<(NodeIx, i64)> = nodes.map(|node| (node, self.time(node))).collect();
        self.origin = origin;
        times.into_iter().for_each(|(node, time)| self.put_time(node, time));
    }

    /// Takes over a younger time that is not later than `latest`, unless a PING is pending (GS-9). `false` if there is
    /// more to look at.
    #[inline]
    pub(crate) fn adopt(&mut self, node: NodeIx, time: i64, latest: i64) -> bool {
        let Some(pulse) = self.pulses.get_mut(node.index()).filter(|pulse| !pulse.watched()) else {
            return false;
        };
        let (told, known) = (time - self.origin, pulse.time());
        let fits = known != 0 && (1..=LATEST).contains(&told);
        if fits && !pulse.pending() && told > i64::from(known) && time <= latest {
            *pulse = pulse.at(told as u32);
        }
        fits || pulse.pending()
    }

    /// Sets or clears the marks of a node.
    pub(crate) fn mark(&mut self, node: NodeIx, watched: bool, pending: bool) {
        let pulse = &mut self.pulses[node.index()];
        self.marked -= u32::from(pulse.is_marked());
        pulse.0 &= !(WATCHED | PENDING);
        pulse.0 |= if watched { WATCHED } else { 0 } | if pending { PENDING } else { 0 };
        self.marked += u32::from(pulse.is_marked());
    }

    /// Says whether to gossip about the node needs a second look.
    pub(crate) fn mark_special(&mut self, node: NodeIx, special: bool) {
        let pulse = &mut self.pulses[node.index()];
        pulse.0 = pulse.0 & !SPECIAL | if special { SPECIAL } else { 0 };
    }

    /// A node comes into the table; it has never answered.
    pub(crate) fn enter(&mut self, node: NodeIx) {
        if self.len() <= node.index() {
            self.pulses.resize(node.index() + 1, Pulse::UNKNOWN);
        }
        self.pulses[node.index()] = Pulse(SPECIAL);
        self.oldest = 0;
    }

    /// A node leaves the table.
    pub(crate) fn leave(&mut self, node: NodeIx) {
        self.mark(node, false, false);
        self.pulses[node.index()] = Pulse::UNKNOWN;
        self.beside.remove(&node);
    }

    /// The marked nodes, and those whose time is older than `before`, beginning behind `me`; perhaps some more. Nothing
    /// is read while nobody can be among them.
    pub(crate) fn due(&mut self, me: NodeIx, before: i64) -> Vec<NodeIx> {
        if self.marked == 0 && self.oldest >= before {
            return Vec::new();
        }
        let (ahead, behind) = self.pulses.split_at(me.index());
        let others = || ahead.iter().chain(&behind[1..]).filter(|pulse| pulse.is_known());
        let oldest = others().map(|pulse| pulse.time()).min();
        self.oldest =
            oldest.map_or(i64::MAX, |oldest| if oldest == 0 { 0 } else { self.origin + i64::from(oldest) });
        let limit = (before - self.origin).clamp(0, LATEST + 1) as u32;
        let places = (me.index() + 1..self.len()).chain(0..me.index());
        let due = |pulse: Pulse| pulse.is_marked() || pulse.time() < limit || pulse.time() == 0;
        let found = places.filter(|place| self.pulses[*place].is_known() && due(self.pulses[*place]));
        found.map(|place| NodeIx(place as u32)).collect()
    }

    /// Reads all pulses at once: in a large cluster they are seldom in the caches, and one after the other they would cost
    /// many times as much.
    pub(crate) fn warm(&self) {
        if self.len() >= LARGE {
            std::hint::black_box(self.pulses.iter().fold(0, |sum, pulse| sum ^ pulse.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_348_832_000;
    const DAY: i64 = 86_400_000;
    const ME: NodeIx = NodeIx(0);
    const OTHER: NodeIx = NodeIx(1);

    fn pulses() -> Pulses {
        let mut pulses = Pulses::new(NOW);
        [ME, OTHER].into_iter().for_each(|node| pulses.enter(node));
        pulses.mark_special(OTHER, false);
        pulses
    }

    #[test]
    fn a_pulse_is_as_small_as_large_clusters_need_it() {
        assert_eq!(size_of::<Pulse>(), 4);
    }

    #[test]
    fn times_are_exact_however_far_apart() {
        let mut pulses = pulses();
        for time in [NOW, 1, NOW - 1_000 * DAY, NOW + 5 * DAY, NOW + 400 * DAY, 0, NOW - 30 * DAY] {
            pulses.set_time(OTHER, time);
            assert_eq!(pulses.time(OTHER), time);
            pulses.set_time(ME, NOW);
            assert_eq!((pulses.time(ME), pulses.time(OTHER)), (NOW, time), "the other one keeps its time");
        }
    }

    #[test]
    fn gs_9_a_younger_time_is_adopted_if_it_is_not_of_the_future_and_no_ping_is_pending() {
        let mut pulses = pulses();
        pulses.set_time(OTHER, NOW);
        assert!(pulses.adopt(OTHER, NOW + 2_000, NOW + 1_500) && pulses.time(OTHER) == NOW);
        assert!(pulses.adopt(OTHER, NOW - 1_000, NOW + 1_500) && pulses.time(OTHER) == NOW);
        pulses.mark(OTHER, false, true);
        assert!(pulses.adopt(OTHER, NOW + 1_000, NOW + 1_500) && pulses.time(OTHER) == NOW);
        pulses.mark(OTHER, false, false);
        assert!(pulses.adopt(OTHER, NOW + 1_000, NOW + 1_500) && pulses.time(OTHER) == NOW + 1_000);
        pulses.mark(OTHER, true, false);
        assert!(!pulses.adopt(OTHER, NOW + 1_400, NOW + 1_500) && !pulses.adopt(NodeIx(9), NOW, NOW));
    }

    #[test]
    fn cr_6_the_silent_and_the_marked_are_due() {
        let mut pulses = pulses();
        pulses.set_time(OTHER, NOW);
        assert_eq!(pulses.due(ME, NOW), []);
        assert_eq!(pulses.due(ME, NOW + 1), [OTHER]);
        pulses.mark(OTHER, false, true);
        assert_eq!(pulses.due(ME, NOW), [OTHER]);
        pulses.leave(OTHER);
        assert_eq!((pulses.due(ME, NOW + DAY), pulses.knows(OTHER)), (vec![], false));
    }
}
