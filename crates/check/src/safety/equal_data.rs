//! S14: who is at the same point of the same stream has the same data.
//!
//! Nodes mark points of the stream (`stream-mark`), all the same ones; a mark that differs from an earlier one of that
//! point is a finding, whoever set it, whenever. At the end of the run the nodes are compared as they stand. Keys that
//! have expired count until their master deletes them, for the stream does (RP-32). Not seen: what differs only between
//! two marks.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rcsim_observe::{DataPoint, Digest, Event, EventKind, FindingKind, Place, Record};
use rcsim_protocol::settings::DisklessLoad;
use rcsim_protocol::{Offset, ReplicationId};

use crate::catalogue::{Cost, Description};
use crate::findings::{Broken, Findings};
use crate::invariant::{Invariant, Scene};
use crate::known;

pub(crate) const DESCRIPTION: Description = Description {
    id: "S14",
    name: "replication prefix",
    kind: FindingKind::Safety,
    sentence: "Nodes that are at the same offset of the same replication id have the same data, at the points of the \
               stream that all mark and at the end of the run.",
    rules: &["RP-4", "RP-17", "RP-28"],
    weaknesses: &[known::EMPTY_CANDIDATE, known::DROPPED_KEYS],
    cost: Cost::PerEvent,
    events: &[
        EventKind::StreamMark,
        EventKind::KeysDropped,
        EventKind::SyncAborted,
        EventKind::ReplicationUp,
        EventKind::DataLoaded,
        EventKind::Crashed,
        EventKind::PoweredOff,
        EventKind::Exited,
    ],
};

/// How many points are remembered, of all streams together.
const KEPT: usize = 1 << 16;

type Point = (ReplicationId, Offset);

/// What data is known of which points.
#[derive(Clone, Default)]
pub(crate) struct EqualData {
    /// By point: the data, and who marked it first.
    marks: BTreeMap<Point, (Digest, Place)>,
    /// The points in the order in which they were marked.
    order: VecDeque<Point>,
    /// Places whose data are not those of their stream, and why that is known.
    strayed: BTreeMap<Place, &'static str>,
    /// The same of places whose process ended: the data may be on the disk.
    on_disk: BTreeMap<Place, &'static str>,
    /// Streams that such a place had a part in.
    tainted: BTreeMap<ReplicationId, &'static str>,
    /// Streams of which a finding tells already: what differs once differs at all later points.
    told: BTreeSet<(ReplicationId, Place, Place)>,
}

impl Invariant for EqualData {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn observe(&mut self, record: &Record, scene: Scene<'_>, findings: &mut Findings) {
        let Some(place) = record.place else { return };
        match record.event {
            Event::StreamMark { stream, offset, data } => {
                self.compare(place, DataPoint { stream, offset, data }, scene, findings);
            }
            Event::KeysDropped { .. } => {
                self.strayed.insert(place, known::DROPPED_KEYS);
            }
            // The old data went with the first byte of the new.
            Event::SyncAborted { received, .. } if received > 0 && loads_directly(place, scene) => {
                self.strayed.insert(place, known::EMPTY_CANDIDATE);
            }
            // It has what its master has, or had when it died: what that sent may arrive later.
            Event::ReplicationUp { full: true, master, .. } => {
                let source = scene.glimpse.place_of(master);
                let why = source.and_then(|source| self.strayed.get(&source).or(self.on_disk.get(&source)));
                match why.copied() {
                    Some(why) => self.strayed.insert(place, why),
                    None => self.strayed.remove(&place),
                };
            }
            Event::Crashed | Event::PoweredOff | Event::Exited { .. } => {
                if let Some(why) = self.strayed.remove(&place) {
                    self.on_disk.insert(place, why);
                }
            }
            // A snapshot brings back its place in the stream, too (RB-4).
            Event::DataLoaded { keys: 1.., .. } => {
                if let Some(why) = self.on_disk.get(&place) {
                    self.strayed.insert(place, why);
                }
            }
            _ => (),
        }
    }

    fn finish(&mut self, scene: Scene<'_>, findings: &mut Findings) {
        let points: Vec<(Place, DataPoint)> =
            scene.all_running().filter_map(|(place, node)| Some((place, node.data()?))).collect();
        for (place, point) in points {
            self.compare(place, point, scene, findings);
        }
    }
}

fn loads_directly(place: Place, scene: Scene<'_>) -> bool {
    let node = scene.glimpse.node(place);
    node.is_some_and(|node| node.settings().repl_diskless_load != DisklessLoad::Disabled)
}

impl EqualData {
    fn compare(&mut self, place: Place, point: DataPoint, scene: Scene<'_>, findings: &mut Findings) {
        let DataPoint { stream, offset, data } = point;
        if let Some(why) = self.strayed.get(&place) {
            self.tainted.insert(stream, why);
        }
        let Some(&(first, by)) = self.marks.get(&(stream, offset)) else {
            return self.remember((stream, offset), data, place);
        };
        if first == data || !self.told.insert((stream, by, place)) {
            return;
        }
        let known_as = self.tainted.get(&stream).or_else(|| self.strayed.get(&by)).copied();
        let text = format!(
            "At offset {offset} of the stream {stream} {place} has data with the digest {data}, and {by} had {first} there."
        );
        findings.report(scene, Broken { invariant: &DESCRIPTION, places: vec![by, place], text, known_as });
    }

    fn remember(&mut self, point: Point, data: Digest, place: Place) {
        if self.order.len() == KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.marks.remove(&oldest);
        }
        self.order.push_back(point);
        self.marks.insert(point, (data, place));
    }
}

#[cfg(test)]
mod tests {
    use rcsim_observe::reason::{DataSource, ReplicationDown};

    use super::*;
    use crate::testing::{Bench, node};

    const STREAM: ReplicationId = ReplicationId([7; 5]);

    fn mark(offset: i64, data: u64) -> Event {
        Event::StreamMark { stream: STREAM, offset: Offset(offset), data: Digest(data) }
    }

    #[test]
    fn rp_4_other_data_at_the_same_point_is_found_however_late_the_replica_is() {
        let mut bench = Bench::new(3, 3);
        bench.event(0, mark(100, 1));
        bench.event(0, mark(200, 2));
        bench.event(3, mark(100, 1));
        assert_eq!(bench.broken("S14"), 0);
        bench.event(3, mark(200, 3));
        bench.event(3, mark(200, 3));
        assert_eq!(bench.known("S14"), [None]);
    }

    #[test]
    fn another_stream_or_another_offset_is_another_matter() {
        let mut bench = Bench::new(3, 3);
        bench.event(0, mark(100, 1));
        bench.event(3, mark(101, 2));
        let stream = ReplicationId([8; 5]);
        bench.event(3, Event::StreamMark { stream, offset: Offset(100), data: Digest(3) });
        assert_eq!(bench.broken("S14"), 0);
    }

    #[test]
    fn the_end_of_the_run_is_looked_at_too() {
        let mut bench = Bench::new(3, 3);
        for (place, data) in [(0, 1), (3, 2), (4, 2)] {
            let point = DataPoint { stream: STREAM, offset: Offset(100), data: Digest(data) };
            bench.world.places[place].node.data = Some(point);
        }
        bench.crash(4);
        bench.finish();
        assert_eq!(bench.known("S14"), [None]);
        assert_eq!(bench.findings[0].places, [Place(0), Place(3)]);
    }

    #[test]
    fn so_11_keys_that_were_dropped_behind_the_back_of_the_stream_are_known() {
        let mut bench = Bench::new(3, 3);
        bench.event(0, Event::KeysDropped { keys: 3 });
        bench.event(0, mark(100, 1));
        bench.event(3, mark(100, 2));
        assert_eq!(bench.known("S14"), [Some(known::DROPPED_KEYS)]);
    }

    #[test]
    fn who_copies_from_a_node_that_strayed_has_strayed() {
        let mut bench = Bench::new(3, 3);
        bench.event(0, Event::KeysDropped { keys: 3 });
        bench.event(3, Event::ReplicationUp { master: node(0), full: true, offset: Offset(50) });
        bench.crash(0);
        bench.event(3, mark(100, 1));
        bench.event(4, mark(100, 2));
        assert_eq!(bench.known("S14"), [Some(known::DROPPED_KEYS)]);
    }

    #[test]
    fn rb_4_a_snapshot_brings_back_what_strayed() {
        let mut bench = Bench::new(3, 3);
        bench.event(0, Event::KeysDropped { keys: 3 });
        bench.crash(0);
        bench.event(0, mark(100, 1));
        bench.event(3, mark(100, 2));
        assert_eq!(bench.known("S14"), [None], "it began without data, as far as is known");
        bench.event(0, Event::DataLoaded { from: DataSource::Snapshot, keys: 2, cut: 0 });
        bench.event(0, mark(200, 1));
        bench.event(4, mark(200, 2));
        assert_eq!(bench.known("S14"), [None, Some(known::DROPPED_KEYS)]);
    }

    #[test]
    fn rp_21_a_whole_data_set_makes_good_what_an_aborted_one_spoiled() {
        let mut bench = Bench::new(3, 3);
        let aborted = Event::SyncAborted { why: ReplicationDown::Lost, received: 10 };
        bench.world.places[3].node.settings.repl_diskless_load = DisklessLoad::SwapDb;
        bench.event(3, aborted.clone());
        bench.event(3, Event::ReplicationUp { master: node(0), full: true, offset: Offset(50) });
        bench.event(0, mark(100, 1));
        bench.event(3, mark(100, 2));
        assert_eq!(bench.known("S14"), [None]);
        bench.event(3, aborted);
        bench.event(3, mark(300, 2));
        bench.event(0, mark(300, 1));
        assert_eq!(bench.known("S14"), [None, Some(known::EMPTY_CANDIDATE)]);
    }
}
