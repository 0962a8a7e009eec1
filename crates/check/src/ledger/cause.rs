//! Why an acknowledged write is gone, and what would have narrowed the window.

use rcsim_observe::{Glimpse, LossCause, Place};
use rcsim_protocol::settings::AppendFsync;
use rcsim_protocol::{Settings, Slot};

use super::held::Ack;
use super::past::{How, Past, Promotion};

impl Past {
    /// The cause of a write to a key of `slot` that `owner` does not have, with its remedies; `is_overwritten`: it has an older one there
    /// that may have arrived late.
    pub(super) fn explain(
        &self,
        ack: &Ack,
        owner: Place,
        slot: Slot,
        is_overwritten: bool,
        glimpse: &dyn Glimpse,
    ) -> (LossCause, Vec<&'static str>) {
        let cause = match self.cause(ack, owner, slot, glimpse) {
            // The same data as before, and only a write can have changed them.
            LossCause::Unknown if is_overwritten => LossCause::LateWrite,
            cause => cause,
        };
        let place = ack.by.unwrap_or(owner);
        let settings = glimpse.node(place).or_else(|| glimpse.node(owner)).map(|node| node.settings());
        (cause, settings.map(|settings| remedies(cause, settings)).unwrap_or_default())
    }

    fn cause(&self, ack: &Ack, owner: Place, slot: Slot, glimpse: &dyn Glimpse) -> LossCause {
        let Some(by) = ack.by else { return LossCause::Unknown };
        let promotion = self.promotions.iter().rfind(|promotion| promotion.place == owner);
        let promotion = promotion.filter(|promotion| by != owner || promotion.at_ns > ack.at_ns);
        // What it did not have when it became a master was noticed then.
        let had_it_at_ns = promotion.map_or(ack.at_ns, |promotion| promotion.at_ns.max(ack.at_ns));
        let restarted = self.story(owner).and_then(|it| it.started_between(had_it_at_ns, glimpse.now_ns()));
        match promotion {
            // The same node as before: it ended in between and does not have it any more.
            _ if restarted.is_some() => {
                let has_file = glimpse.node(owner).is_some_and(|node| node.settings().appendonly);
                if has_file { LossCause::AofPolicy } else { LossCause::EmptySuccessor }
            }
            Some(promotion) => self.after_promotion(ack, by, promotion),
            None if self.was_reassigned(slot, ack.at_ns) => LossCause::Migration,
            None if self.story(by).is_some_and(|story| story.was_cut_off(ack.at_ns)) => {
                LossCause::IsolatedMaster
            }
            None if self.story(by).is_some_and(|story| story.demoted.iter().any(|at| *at >= ack.at_ns)) => {
                LossCause::FullResync
            }
            None => LossCause::Unknown,
        }
    }

    /// The owner took over from the node that acknowledged, or from a successor of it.
    fn after_promotion(&self, ack: &Ack, by: Place, promotion: &Promotion) -> LossCause {
        let (acker, winner) = (self.story(by), self.story(promotion.place));
        let at_ns = promotion.at_ns;
        if acker.is_some_and(|story| story.was_cut_off(ack.at_ns)) {
            return LossCause::IsolatedMaster;
        }
        if promotion.how == How::Forced {
            return LossCause::ForcedFailover;
        }
        if ack.at_ns > at_ns {
            return LossCause::LastWords;
        }
        // Somebody between the two may have started without it and overwritten the winner's copy.
        let emptied = acker.and_then(|story| story.started_between(ack.at_ns, at_ns));
        let overwritten = winner.is_some_and(|story| {
            emptied.is_some_and(|emptied| story.overwritten.iter().any(|at| (emptied..=at_ns).contains(at)))
        });
        if overwritten {
            return LossCause::FullResync;
        }
        if winner.is_some_and(|story| story.never_followed(ack.at_ns, at_ns)) {
            return LossCause::ForeignSuccessor;
        }
        let lost_touch = |story: &super::past::Story| {
            story.had_no_stream(ack.at_ns, at_ns)
                || story.had_lost_touch(ack.at_ns)
                || story.started_between(ack.at_ns, at_ns).is_some()
        };
        if winner.is_some_and(lost_touch) {
            return LossCause::StaleSuccessor;
        }
        let stopped = |story: Option<&super::past::Story>| {
            story.is_some_and(|story| story.stopped_between(ack.at_ns, at_ns))
        };
        match promotion.how {
            // The master had given it up and acknowledged again; its replica had not (W-X-14).
            How::Manual if acker.is_some_and(|story| story.had_given_up(ack.at_ns)) => {
                LossCause::ReplicationWindow
            }
            How::Manual if !stopped(acker) && !stopped(winner) => LossCause::ManualFailover,
            _ => LossCause::ReplicationWindow,
        }
    }
}

/// What would have narrowed the window of such a loss, as far as these settings do not do it already.
fn remedies(cause: LossCause, settings: &Settings) -> Vec<&'static str> {
    let mut remedies = Vec::new();
    let min_replicas = settings.min_replicas_to_write == 0;
    match cause {
        LossCause::ReplicationWindow => {
            remedies.push("WAIT");
            remedies.extend(min_replicas.then_some("min-replicas-to-write"));
        }
        LossCause::IsolatedMaster | LossCause::LastWords => {
            remedies.push(if min_replicas { "min-replicas-to-write" } else { "min-replicas-max-lag" });
            remedies.extend(["cluster-node-timeout", "WAIT"]);
        }
        LossCause::StaleSuccessor => {
            remedies.extend(["cluster-replica-validity-factor", "WAIT"]);
            remedies.extend(min_replicas.then_some("min-replicas-to-write"));
        }
        LossCause::ForeignSuccessor => {
            remedies.extend(
                settings.cluster_allow_replica_migration.then_some("cluster-allow-replica-migration"),
            );
        }
        LossCause::EmptySuccessor | LossCause::FullResync => {
            remedies.extend((!settings.appendonly).then_some("appendonly"));
            remedies.push("no automatic restart before the failover");
        }
        LossCause::ForcedFailover => remedies.push("CLUSTER FAILOVER without FORCE or TAKEOVER"),
        LossCause::AofPolicy => {
            remedies.extend((settings.appendfsync != AppendFsync::Always).then_some("appendfsync"));
        }
        LossCause::LateWrite => remedies.push("WATCH"),
        LossCause::ManualFailover | LossCause::Migration | LossCause::Unknown => {}
    }
    remedies
}
