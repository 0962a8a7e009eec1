//! Faults of the network: partition, cut, worse links, and the end of all of them.

use rcsim_devices::{Degradation, HostIx};
use rcsim_engine::Schedule;
use rcsim_scenario::{Action, Target};

use super::{Firing, Undo};
use crate::agenda::Happening;
use crate::formation::{distribution, per_million};
use crate::payload::class_of;
use crate::world::World;

impl World {
    pub(super) fn partition_groups(&mut self, groups: &[Vec<Target>], firing: Firing) -> Vec<Undo> {
        let groups = self.resolve_groups(groups, firing.entry, firing.round, firing.it);
        self.note_sides(firing.entry, &groups, "|");
        let rule = self.network.partition(&groups);
        self.under_rule(firing, rule)
    }

    pub(super) fn cut_path(&mut self, from: &Target, to: &Target, firing: Firing) -> Vec<Undo> {
        let (from, to) = self.two_sides(from, to, "->", firing);
        let rule = self.network.cut(&from, &to);
        self.under_rule(firing, rule)
    }

    pub(super) fn degrade_links(
        &mut self,
        action: &Action,
        firing: Firing,
        schedule: &mut Schedule<Happening>,
    ) -> Vec<Undo> {
        let Action::Network { between, latency, loss, drop, refuse, reset, bandwidth, one_way, .. } = action
        else {
            return Vec::new();
        };
        let way = if *one_way { "->" } else { "<->" };
        let (one, other) = self.two_sides(&between.0, &between.1, way, firing);
        let how = Degradation {
            latency: latency.as_ref().map(distribution),
            loss_per_million: loss.map(per_million),
            bandwidth: bandwidth.map(|bandwidth| bandwidth.0),
            drop: drop.iter().map(|kind| class_of(*kind)).collect(),
            refuse: *refuse,
        };
        let rule = if *one_way {
            self.network.degrade_one_way(&one, &other, how)
        } else {
            self.network.degrade(&one, &other, how)
        };
        if *reset {
            let connections = self.network.reset_between(&one, &other, schedule);
            self.faults.accounts[firing.entry].count("connections_reset", u64::from(connections));
        }
        self.under_rule(firing, rule)
    }

    fn two_sides(
        &mut self,
        one: &Target,
        other: &Target,
        way: &str,
        firing: Firing,
    ) -> (Vec<HostIx>, Vec<HostIx>) {
        let groups = [vec![one.clone()], vec![other.clone()]];
        let mut sides = self.resolve_groups(&groups, firing.entry, firing.round, firing.it);
        self.note_sides(firing.entry, &sides, way);
        let second = sides.pop().unwrap_or_default();
        (sides.pop().unwrap_or_default(), second)
    }

    /// Notes who is on which side, for people; of an entry that acts again and again, the first time.
    fn note_sides(&mut self, entry: usize, sides: &[Vec<HostIx>], between: &str) {
        if !self.faults.accounts[entry].targets.is_empty() {
            return;
        }
        for (index, side) in sides.iter().enumerate() {
            if index > 0 {
                self.faults.accounts[entry].targets.push(between.to_owned());
            }
            self.note_targets(entry, side);
        }
    }

    fn under_rule(&mut self, firing: Firing, rule: rcsim_devices::RuleId) -> Vec<Undo> {
        self.faults.accounts[firing.entry].rules.push(rule);
        vec![Undo::Rule(rule)]
    }

    /// Ends all partitions, cuts and worse links.
    pub(super) fn heal_network(&mut self, firing: Firing, schedule: &mut Schedule<Happening>) {
        for active in 0..self.faults.active.len() {
            let undo = &self.faults.active[active].undo;
            if undo.iter().any(|part| matches!(part, Undo::Rule(_))) {
                self.faults.accounts[firing.entry].count("faults_ended", 1);
                self.end_fault(active, schedule);
            }
        }
    }
}
