//! The ledger: what each entry of the timeline did.
//!
//! A fault that did nothing has proved nothing, so every entry counts what it did, by name. What the devices count for
//! themselves is added when the ledger is read.

use std::collections::BTreeMap;

use rcsim_devices::{DiskFaultId, RuleId};
use rcsim_observe::summary::FaultLedger;
use rcsim_protocol::Reply;

use crate::world::World;

/// A raw command of the scenario and its reply.
#[derive(Clone, Debug)]
pub struct CommandResult {
    /// Number of the timeline entry.
    pub entry: u32,
    /// The node it was sent to, by name.
    pub node: String,
    /// When it was sent, in virtual ns.
    pub at_ns: u64,
    /// The reply; `None` if it did not come.
    pub reply: Option<Reply>,
}

/// What one entry did so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    pub(crate) started_ns: Vec<u64>,
    pub(crate) targets: Vec<String>,
    pub(crate) counts: BTreeMap<&'static str, u64>,
    pub(crate) rules: Vec<RuleId>,
    pub(crate) disk_faults: Vec<(usize, DiskFaultId)>,
}

impl Account {
    /// Adds to a count.
    pub(crate) fn count(&mut self, what: &'static str, number: u64) {
        if number > 0 {
            *self.counts.entry(what).or_default() += number;
        }
    }
}

impl World {
    /// The ledger of every entry of the timeline, in order. Checks of expectations are no faults and left out.
    pub fn ledgers(&self) -> Vec<FaultLedger> {
        let accounts = self.scenario.timeline.iter().zip(&self.faults.accounts);
        let faults = accounts.filter(|(entry, _)| !matches!(entry.action, rcsim_scenario::Action::Check(_)));
        let ledger = |(entry, account): (&rcsim_scenario::Entry, &Account)| FaultLedger {
            id: entry.id.clone(),
            kind: entry.action.kind().word().to_owned(),
            targets: account.targets.clone(),
            started_ns: account.started_ns.clone(),
            must_fire: entry.must_fire,
            effect: self.effect_of(account),
        };
        faults.map(ledger).collect()
    }

    fn effect_of(&self, account: &Account) -> BTreeMap<&'static str, u64> {
        let mut effect = account.clone();
        for rule in &account.rules {
            let ledger = self.network.effect(*rule);
            effect.count("cut", ledger.cut);
            effect.count("stalled", ledger.stalled);
            effect.count("delayed", ledger.delayed);
            effect.count("lost", ledger.lost);
            effect.count("dropped", ledger.dropped);
            effect.count("refused", ledger.refused);
        }
        for (place, fault) in &account.disk_faults {
            effect.count("disk_operations", self.hosts[*place].disk.effect(*fault));
        }
        effect.counts
    }
}
