//! S11: who is elected has the data of the shard, and they are not too old.
//!
//! Every data set has a lineage: that of the master it came from. A node that has never been a master or replica of
//! somebody, or lost its data, has none. The winner of an election must be of a lineage that its old master had while it
//! was a master. Not seen: how old the data of a replica are whose connection to the master is still open, though
//! nothing comes any more.

use std::collections::{BTreeMap, BTreeSet};

use rcsim_observe::reason::PromotionCause;
use rcsim_observe::{Event, EventKind, FindingKind, NodeGlimpse, Place, Record};
use rcsim_protocol::settings::DisklessLoad;
use rcsim_protocol::{NodeFlags, NodeIx, Settings};

use crate::catalogue::{Cost, Description};
use crate::findings::{Broken, Findings};
use crate::invariant::{Invariant, Scene};
use crate::known;

pub(crate) const DESCRIPTION: Description = Description {
    id: "S11",
    name: "sane successor",
    kind: FindingKind::Safety,
    sentence: "Who is elected has once had the data of the master whose slots it takes, and has not been without its \
               stream for longer than the validity factor allows.",
    rules: &["EL-3", "EL-4", "EL-5"],
    weaknesses: &[known::FOREIGN_CANDIDATE, known::EMPTY_CANDIDATE, known::CLOCK_JUMP],
    cost: Cost::PerEvent,
    events: &[
        EventKind::Promoted,
        EventKind::ReplicationUp,
        EventKind::ReplicationDown,
        EventKind::SyncAborted,
        EventKind::Started,
        EventKind::DataLoaded,
        EventKind::Crashed,
        EventKind::PoweredOff,
        EventKind::Exited,
    ],
};

/// Ages are counted in whole seconds, one for each end (CK-5).
const GRANULARITY_MS: u64 = 2_000;

/// Where data came from: a number for each beginning of a data set.
type Lineage = u32;

/// Who has whose data, and since when no more of it.
#[derive(Clone, Default)]
pub(crate) struct SaneSuccessor {
    lineages: Lineage,
    has: BTreeMap<Place, Lineage>,
    /// What the data of a process that ended were; they may be on its disk.
    had: BTreeMap<Place, Lineage>,
    /// The lineages that a node had while it was a master.
    as_master: BTreeMap<NodeIx, BTreeSet<Lineage>>,
    /// Since when a place is without its stream, in ns.
    lost_ns: BTreeMap<Place, u64>,
}

impl Invariant for SaneSuccessor {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn begin(&mut self, scene: Scene<'_>) {
        let (masters, replicas): (Vec<Place>, Vec<Place>) =
            scene.facts.places().partition(|place| is_master(*place, scene));
        for place in masters {
            self.leads(place, scene);
        }
        for place in replicas {
            let node = scene.glimpse.node(place).filter(|node| node.replication_up());
            let master = node.and_then(|node| node.peer(node.me())?.master);
            if let Some(lineage) = master.and_then(|master| self.of_master(master, scene)) {
                self.has.insert(place, lineage);
            }
        }
    }

    fn observe(&mut self, record: &Record, scene: Scene<'_>, findings: &mut Findings) {
        let Some(place) = record.place else { return };
        match record.event {
            Event::Promoted { cause, old_master, .. } => {
                if let (PromotionCause::Election, Some(old_master)) = (cause, old_master) {
                    self.judge_winner(place, old_master, scene, findings);
                }
                self.leads(place, scene);
            }
            Event::ReplicationUp { master, .. } => {
                self.lost_ns.remove(&place);
                if let Some(lineage) = self.of_master(master, scene) {
                    self.has.insert(place, lineage);
                }
            }
            Event::ReplicationDown { .. } => {
                self.lost_ns.entry(place).or_insert(record.at_ns);
            }
            Event::SyncAborted { received, .. } => {
                let node = scene.glimpse.node(place);
                let direct =
                    |node: &dyn NodeGlimpse| node.settings().repl_diskless_load != DisklessLoad::Disabled;
                if received > 0 && node.is_some_and(direct) {
                    self.has.remove(&place);
                }
            }
            Event::Crashed | Event::PoweredOff | Event::Exited { .. } => {
                self.lost_ns.entry(place).or_insert(record.at_ns);
                if let Some(lineage) = self.has.remove(&place) {
                    self.had.insert(place, lineage);
                }
            }
            Event::Started { .. } if is_master(place, scene) && !is_loading(place, scene) => {
                self.leads(place, scene);
            }
            Event::DataLoaded { keys: 1.., .. } => {
                if let Some(lineage) = self.had.remove(&place) {
                    self.has.insert(place, lineage);
                }
                if is_master(place, scene) {
                    self.leads(place, scene);
                }
            }
            _ => (),
        }
    }
}

impl SaneSuccessor {
    /// A master has data, be it none: who follows it has them, too.
    fn leads(&mut self, place: Place, scene: Scene<'_>) {
        let lineage = *self.has.entry(place).or_insert_with(|| {
            self.lineages += 1;
            self.lineages
        });
        if let Some(node) = scene.glimpse.node(place) {
            self.as_master.entry(node.me()).or_default().insert(lineage);
        }
    }

    /// What a master has, or had when it died: what it sent may arrive later.
    fn of_master(&self, master: NodeIx, scene: Scene<'_>) -> Option<Lineage> {
        let place = scene.glimpse.place_of(master)?;
        self.has.get(&place).or_else(|| self.had.get(&place)).copied()
    }

    fn judge_winner(&self, place: Place, old_master: NodeIx, scene: Scene<'_>, findings: &mut Findings) {
        let Some(node) = scene.glimpse.node(place) else { return };
        let master = scene.name(old_master);
        let places = scene.places_of([old_master]).into_iter().chain([place]).collect();
        let report = |findings: &mut Findings, text: String, known_as| {
            findings.report(scene, Broken { invariant: &DESCRIPTION, places, text, known_as });
        };
        let factor = node.settings().cluster_replica_validity_factor;
        let of_shard = |lineage: &Lineage| {
            self.as_master.get(&old_master).is_some_and(|lineages| lineages.contains(lineage))
        };
        match self.has.get(&place) {
            None => {
                let text = format!(
                    "{place} was elected in place of {master}, and never had its data, or lost them."
                );
                return report(findings, text, (factor == 0).then_some(known::EMPTY_CANDIDATE));
            }
            Some(lineage) if !of_shard(lineage) => {
                let text =
                    format!("{place} was elected in place of {master} with the data of another shard.");
                return report(findings, text, Some(known::FOREIGN_CANDIDATE));
            }
            Some(_) => (),
        }
        let allowed_ms = allowed_age_ms(node.settings());
        let Some((lost_ns, allowed_ms)) = self.lost_ns.get(&place).copied().zip(allowed_ms) else { return };
        let age_ms = (scene.now_ns - lost_ns) / 1_000_000;
        if age_ms > allowed_ms {
            let text = format!(
                "{place} was elected in place of {master} with data that is {age_ms} ms old; {allowed_ms} ms are allowed."
            );
            report(findings, text, scene.facts.clock.ever_jumped(place).then_some(known::CLOCK_JUMP));
        }
    }
}

/// How old the data of a candidate may be, with what the clocks add; `None` if there is no limit (EL-5).
fn allowed_age_ms(settings: &Settings) -> Option<u64> {
    let factor = u64::try_from(settings.cluster_replica_validity_factor).ok().filter(|factor| *factor > 0)?;
    let period_ms = 1_000 * u64::try_from(settings.repl_ping_replica_period).ok()?;
    let timeout_ms = u64::try_from(settings.cluster_node_timeout).ok()?;
    Some(period_ms + timeout_ms * (factor + 1) + GRANULARITY_MS)
}

/// Whether the data of a node are not there yet.
fn is_loading(place: Place, scene: Scene<'_>) -> bool {
    scene.glimpse.node(place).is_some_and(NodeGlimpse::is_loading)
}

fn is_master(place: Place, scene: Scene<'_>) -> bool {
    let me = |node: &dyn NodeGlimpse| node.peer(node.me());
    scene.glimpse.node(place).and_then(me).is_some_and(|me| me.flags.any(NodeFlags::MASTER))
}

#[cfg(test)]
mod tests {
    use rcsim_observe::reason::{DataSource, ReplicationDown};
    use rcsim_protocol::Offset;

    use super::*;
    use crate::testing::{Bench, SECOND, node, promoted};

    fn elected(bench: &mut Bench, winner: u32, old_master: u32) {
        bench.event(winner, promoted(PromotionCause::Election, old_master, 9));
    }

    fn synced(bench: &mut Bench, place: u32, master: u32) {
        let offset = Offset::ZERO;
        bench.event(place, Event::ReplicationUp { master: node(master), full: true, offset });
    }

    fn moved(factor: i32) -> Bench {
        let mut bench = Bench::new(3, 6);
        bench.world.places[4].node.settings.cluster_replica_validity_factor = factor;
        bench.world.places[4].node.follow(node(4), node(0));
        bench
    }

    #[test]
    fn a_replica_of_the_shard_may_win_and_its_siblings_after_it() {
        let mut bench = moved(10);
        bench.crash(0);
        elected(&mut bench, 3, 0);
        bench.crash(3);
        elected(&mut bench, 6, 3);
        assert_eq!(bench.broken("S11"), 0);
    }

    #[test]
    fn rp_27_a_replica_that_came_from_another_shard_must_have_been_synchronised() {
        let mut bench = moved(10);
        elected(&mut bench, 4, 0);
        assert_eq!(bench.known("S11"), [Some(known::FOREIGN_CANDIDATE)]);
        let mut bench = moved(10);
        synced(&mut bench, 4, 0);
        elected(&mut bench, 4, 0);
        assert_eq!(bench.broken("S11"), 0);
    }

    #[test]
    fn el_4_a_restarted_replica_has_nothing_until_it_was_synchronised_or_loaded() {
        let restarted = |factor| {
            let mut bench = moved(factor);
            synced(&mut bench, 4, 0);
            bench.crash(4);
            bench.restart(4);
            bench
        };
        let mut bench = restarted(0);
        elected(&mut bench, 4, 0);
        assert_eq!(bench.known("S11"), [Some(known::EMPTY_CANDIDATE)]);
        let mut bench = restarted(10);
        elected(&mut bench, 4, 0);
        assert_eq!(bench.known("S11"), [None]);
        let mut bench = restarted(0);
        bench.event(4, Event::DataLoaded { from: DataSource::Log, keys: 3, cut: 0 });
        elected(&mut bench, 4, 0);
        assert_eq!(bench.broken("S11"), 0);
    }

    #[test]
    fn a_master_that_started_empty_gives_what_it_has_to_its_replicas() {
        let mut bench = moved(10);
        bench.crash(0);
        bench.restart(0);
        elected(&mut bench, 3, 0);
        synced(&mut bench, 6, 0);
        elected(&mut bench, 6, 0);
        assert_eq!(bench.broken("S11"), 0);
    }

    #[test]
    fn what_a_master_sent_counts_also_if_it_died_meanwhile() {
        let mut bench = moved(10);
        bench.crash(4);
        bench.restart(4);
        bench.crash(0);
        synced(&mut bench, 4, 0);
        elected(&mut bench, 4, 0);
        assert_eq!(bench.broken("S11"), 0);
    }

    #[test]
    fn el_5_data_must_not_be_older_than_the_factor_allows() {
        let run = |seconds: u64, factor| {
            let mut bench = moved(factor);
            synced(&mut bench, 4, 0);
            bench.event(4, Event::ReplicationDown { why: ReplicationDown::Lost });
            bench.advance(seconds * SECOND);
            elected(&mut bench, 4, 0);
            bench.known("S11")
        };
        assert_eq!(run(66, 10), [None; 0]);
        assert_eq!(run(68, 10), [None]);
        assert_eq!(run(600, 0), [None; 0]);
    }
}
