//! S2: a vote leaves only when the voter's disk knows of it.

use rcsim_observe::{Event, EventKind, FindingKind, Record};

use crate::catalogue::{Cost, Description};
use crate::findings::{Broken, Findings};
use crate::invariant::{Invariant, Scene};

pub(crate) const DESCRIPTION: Description = Description {
    id: "S2",
    name: "durable vote",
    kind: FindingKind::Safety,
    sentence: "When a vote for epoch e is handed to the network, lastVoteEpoch in the durable nodes.conf of the voter \
               is at least e.",
    rules: &["LP-4", "BS-6"],
    weaknesses: &[],
    cost: Cost::PerEvent,
    events: &[EventKind::VoteSent],
};

/// Compares the disk with the vote that leaves.
#[derive(Clone, Default)]
pub(crate) struct DurableVote;

impl Invariant for DurableVote {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn observe(&mut self, record: &Record, scene: Scene<'_>, findings: &mut Findings) {
        let (Event::VoteSent { epoch }, Some(place)) = (&record.event, record.place) else { return };
        let durable = scene.glimpse.durable_last_vote_epoch(place);
        if durable.is_none_or(|durable| durable < *epoch) {
            let disk =
                durable.map_or("no readable file".to_owned(), |durable| format!("vote epoch {durable}"));
            let text = format!("{place} sent a vote for epoch {epoch} while its disk has {disk}.");
            findings
                .report(scene, Broken { invariant: &DESCRIPTION, places: vec![place], text, known_as: None });
        }
    }
}

#[cfg(test)]
mod tests {
    use rcsim_protocol::Epoch;

    use super::*;
    use crate::testing::Bench;

    #[test]
    fn lp_4_the_disk_knows_before_the_network_does() {
        let mut bench = Bench::new(3, 1);
        bench.world.places[1].durable_vote = Some(Epoch(7));
        bench.event(1, Event::VoteSent { epoch: Epoch(7) });
        assert_eq!(bench.broken("S2"), 0);
        bench.event(1, Event::VoteSent { epoch: Epoch(8) });
        assert_eq!(bench.broken("S2"), 1);
        bench.event(2, Event::VoteSent { epoch: Epoch(8) });
        assert_eq!(bench.broken("S2"), 2);
    }
}
