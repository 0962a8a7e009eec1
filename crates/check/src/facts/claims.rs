//! What each node claims for itself, in truth: the slots that it owns in its own view, and its config epoch.
//!
//! A claim is read again only when its node decides something about itself, and outlives its process: a dead master
//! still owns its slots until somebody with a greater epoch claims them.

use std::collections::BTreeSet;

use rcsim_observe::{Event, Glimpse, Place};
use rcsim_protocol::{Epoch, NodeFlags, NodeIx, Slot, SlotSet};

use super::bits::Bits;

/// What a node says of itself.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) node: NodeIx,
    pub(crate) is_master: bool,
    pub(crate) epoch: Epoch,
    pub(crate) slots: SlotSet,
    pub(crate) bits: Bits,
    /// Since when it has claimed exactly these slots, in ns.
    pub(crate) since_ns: u64,
}

impl Claim {
    /// Whether it is a master with slots.
    pub(crate) fn owns_slots(&self) -> bool {
        self.is_master && !self.slots.is_empty()
    }
}

/// The claims of all places.
#[derive(Clone, Default)]
pub(crate) struct Claims {
    by_place: Vec<Option<Claim>>,
    /// Pairs of places that claim a slot both, the smaller first.
    overlaps: BTreeSet<(Place, Place)>,
}

impl Claims {
    /// Whether an event at the place of `me` may change what `me` claims.
    pub(crate) fn may_change(event: &Event, me: Option<NodeIx>) -> bool {
        match event {
            Event::SlotsMoved { from, to, .. } => me.is_some() && (*from == me || *to == me),
            Event::Promoted { .. }
            | Event::Reconfigured { .. }
            | Event::ConfigEpochChanged { .. }
            | Event::IdentityChanged { .. }
            | Event::Started { .. } => true,
            _ => false,
        }
    }

    /// Reads the claim of a place; without a process there the last one stays.
    pub(crate) fn look_at(&mut self, place: Place, glimpse: &dyn Glimpse) {
        if self.by_place.len() <= place.index() {
            self.by_place.resize(place.index() + 1, None);
        }
        let Some(node) = glimpse.node(place) else { return };
        let Some(myself) = node.peer(node.me()) else { return };
        let is_master = myself.flags.any(NodeFlags::MASTER);
        let mut claim = Claim {
            node: node.me(),
            is_master,
            epoch: myself.config_epoch,
            bits: Bits::from(&myself.slots),
            slots: myself.slots,
            since_ns: glimpse.now_ns(),
        };
        let before = self.by_place[place.index()].as_ref();
        if let Some(same) =
            before.filter(|before| before.slots == claim.slots && before.is_master == is_master)
        {
            claim.since_ns = same.since_ns;
            self.by_place[place.index()] = Some(claim);
        } else {
            self.by_place[place.index()] = Some(claim);
            self.find_overlaps(place);
        }
    }

    fn find_overlaps(&mut self, place: Place) {
        self.overlaps.retain(|(a, b)| *a != place && *b != place);
        let Some(claim) = self.of(place).filter(|claim| claim.owns_slots()) else { return };
        let meets =
            |other: &(Place, &Claim)| other.0 != place && other.1.bits.first_common(&claim.bits).is_some();
        let others: Vec<Place> = self.owning().filter(meets).map(|(other, _)| other).collect();
        self.overlaps.extend(others.into_iter().map(|other| (place.min(other), place.max(other))));
    }

    /// What the node at a place claims, or claimed last.
    pub(crate) fn of(&self, place: Place) -> Option<&Claim> {
        self.by_place.get(place.index())?.as_ref()
    }

    /// All masters with slots by their own account, dead or alive.
    pub(crate) fn owning(&self) -> impl Iterator<Item = (Place, &Claim)> {
        let all = self.by_place.iter().enumerate();
        all.filter_map(|(index, claim)| Some((Place(index as u32), claim.as_ref()?)))
            .filter(|(_, claim)| claim.owns_slots())
    }

    /// The places whose claims hold against all others: those with a slot that nobody claims at a greater epoch.
    pub(crate) fn true_owners(&self) -> Vec<Place> {
        let mut claims: Vec<(Place, &Claim)> = self.owning().collect();
        claims.sort_by_key(|(place, claim)| (std::cmp::Reverse(claim.epoch), *place));
        let mut taken = Bits::default();
        let mut owners = Vec::new();
        for same_epoch in claims.chunk_by(|(_, a), (_, b)| a.epoch == b.epoch) {
            owners.extend(
                same_epoch.iter().filter(|(_, claim)| claim.bits.exceeds(&taken)).map(|(place, _)| *place),
            );
            same_epoch.iter().for_each(|(_, claim)| taken.unite(&claim.bits));
        }
        owners.sort_unstable();
        owners
    }

    /// Who claims a slot at the greatest epoch.
    pub(crate) fn owner_of(&self, slot: Slot) -> Option<(Place, &Claim)> {
        let claimants = self.owning().filter(|(_, claim)| claim.slots.contains(slot));
        claimants.max_by_key(|(place, claim)| (claim.epoch, std::cmp::Reverse(*place)))
    }

    /// Pairs of places that claim a slot both.
    pub(crate) fn overlaps(&self) -> impl Iterator<Item = (Place, Place)> {
        self.overlaps.iter().copied()
    }
}
