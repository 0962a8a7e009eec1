//! Who owns which slot, in my view: the table, claims, UPDATE, open slots.
//!
//! Rules: CS-5 … CS-7, CS-17, CS-18, PK-16, PK-24, SO-1 … SO-17. Keeps: the table and the slot set of every record
//! agree, for both change only in `rebind`. A slot whose owner stopped claiming it stays bound but is free for
//! the taking (SO-3). Never: bumps an epoch.

use std::collections::BTreeMap;
use std::sync::Arc;

use rcsim_observe::Event;
use rcsim_observe::reason::{BindCause, Ignored, PromotionCause, ReconfigureCause};
use rcsim_protocol::bus::{Header, Update};
use rcsim_protocol::{Epoch, NodeFlags, NodeIx, SLOT_COUNT, Slot, SlotSet};

use crate::node::Node;
use crate::outside::Outside;

const NOBODY: u32 = u32::MAX;

/// Slot → owner, and what else is known of slots. Cheap to clone while nothing changes.
#[derive(Clone, Debug)]
pub(crate) struct SlotTable {
    owners: Arc<[u32; SLOT_COUNT as usize]>,
    assigned: u16,
    /// Slots that I move to another node (CS-6).
    pub(crate) migrating: BTreeMap<Slot, NodeIx>,
    /// Slots that I take over from another node (CS-6).
    pub(crate) importing: BTreeMap<Slot, NodeIx>,
    /// `owner_not_claiming`: bound slots whose owner stopped claiming them (CS-7).
    abandoned: SlotSet,
}

impl SlotTable {
    pub(crate) fn new() -> SlotTable {
        SlotTable {
            owners: Arc::new([NOBODY; SLOT_COUNT as usize]),
            assigned: 0,
            migrating: BTreeMap::new(),
            importing: BTreeMap::new(),
            abandoned: SlotSet::empty(),
        }
    }

    /// The owner of a slot.
    pub(crate) fn owner(&self, slot: Slot) -> Option<NodeIx> {
        match self.owners[slot.index()] {
            NOBODY => None,
            owner => Some(NodeIx(owner)),
        }
    }

    /// How many slots have an owner.
    pub(crate) fn assigned(&self) -> u16 {
        self.assigned
    }

    /// The first slot without an owner.
    pub(crate) fn first_unassigned(&self) -> Option<Slot> {
        if self.assigned == SLOT_COUNT { None } else { Slot::all().find(|slot| self.owner(*slot).is_none()) }
    }

    /// Whether anybody may take the slot at any epoch: no owner, or one that stopped claiming it (CS-17).
    pub(crate) fn is_unclaimed(&self, slot: Slot) -> bool {
        self.owner(slot).is_none() || self.abandoned.contains(slot)
    }

    /// These slots of one owner without those that it stopped claiming (WR-15).
    pub(crate) fn still_claimed(&self, slots: &SlotSet) -> SlotSet {
        if self.abandoned.is_empty() {
            return slots.clone();
        }
        slots.iter().filter(|slot| !self.abandoned.contains(*slot)).collect()
    }

    /// Forgets open slots that point to a node (ND-22).
    pub(crate) fn close_towards(&mut self, node: NodeIx) {
        self.migrating.retain(|_, target| *target != node);
        self.importing.retain(|_, source| *source != node);
    }

    /// What belonged to a temporary id belongs to the real one (HS-6): an operator may have used the temporary one.
    pub(crate) fn rename(&mut self, from: NodeIx, to: NodeIx) {
        for node in
            self.migrating.values_mut().chain(self.importing.values_mut()).filter(|node| **node == from)
        {
            *node = to;
        }
        if self.owners.contains(&from.0) {
            for owner in Arc::make_mut(&mut self.owners).iter_mut().filter(|owner| **owner == from.0) {
                *owner = to.0;
            }
        }
    }

    /// Forgets all open slots (SO-6).
    pub(crate) fn close_all(&mut self) {
        self.migrating.clear();
        self.importing.clear();
    }

    /// Enters an owner; the records of the nodes are the caller's business.
    pub(crate) fn set_owner(&mut self, slot: Slot, owner: Option<NodeIx>) {
        let before = self.owner(slot);
        if before != owner {
            self.assigned = self.assigned + u16::from(owner.is_some()) - u16::from(before.is_some());
            Arc::make_mut(&mut self.owners)[slot.index()] = owner.map_or(NOBODY, |node| node.0);
        }
    }
}

/// What one packet's claims changed, by owner before and whether that had abandoned the slots.
type Moves = BTreeMap<(Option<NodeIx>, bool), Vec<Slot>>;

impl Node {
    /// Gives slots to a node, or to nobody, in the table and in the records. A node that gets its first slot may
    /// become a target for replicas (SO-15, RM-3).
    pub(crate) fn rebind(&mut self, slots: &[Slot], to: Option<NodeIx>) {
        let first_slots = to.is_some_and(|to| self.slot_count(to) == 0) && !slots.is_empty();
        let shard = self.shard_master();
        let mut sets: BTreeMap<NodeIx, SlotSet> = BTreeMap::new();
        for &slot in slots {
            if let Some(owner) = self.slots.owner(slot) {
                if shard == Some(owner) {
                    self.clients.subscriptions.lapse(slot);
                }
                sets.entry(owner).or_insert_with(|| self.view.peer(owner).slots.clone()).remove(slot);
            }
            if let Some(owner) = to {
                sets.entry(owner).or_insert_with(|| self.view.peer(owner).slots.clone()).insert(slot);
            }
            self.slots.set_owner(slot, to);
        }
        for (node, set) in sets {
            self.view.set_slots(node, set);
        }
        if let Some(to) = to.filter(|_| first_slots && self.any_master_has_replicas()) {
            self.view.set_flags(to, NodeFlags::MIGRATE_TO, true);
        }
    }

    fn any_master_has_replicas(&self) -> bool {
        self.view
            .order()
            .iter()
            .any(|node| self.is_master(*node) && !self.view.peer(*node).rest().replicas.is_empty())
    }

    /// Gives slots to a node, or to nobody, and tells it.
    pub(crate) fn bind(
        &mut self,
        slots: &[Slot],
        to: Option<NodeIx>,
        cause: BindCause,
        out: &mut Outside<'_>,
    ) {
        let to_epoch = to.map_or(Epoch::ZERO, |to| self.view.peer(to).config_epoch);
        let mut moves = Moves::new();
        for &slot in slots {
            moves
                .entry((self.slots.owner(slot), self.slots.abandoned.contains(slot)))
                .or_default()
                .push(slot);
        }
        self.rebind(slots, to);
        self.tell_moves(moves, to, to_epoch, cause, out);
    }

    /// Takes all slots from a node.
    pub(crate) fn unassign_all(&mut self, node: NodeIx, cause: BindCause, out: &mut Outside<'_>) {
        let slots: Vec<Slot> = self.view.peer(node).slots.iter().collect();
        if !slots.is_empty() {
            self.bind(&slots, None, cause, out);
        }
    }

    fn tell_moves(
        &self,
        moves: Moves,
        to: Option<NodeIx>,
        to_epoch: Epoch,
        cause: BindCause,
        out: &mut Outside<'_>,
    ) {
        for ((from, abandoned), slots) in moves {
            let from_epoch =
                from.and_then(|from| self.view.get(from)).map_or(Epoch::ZERO, |peer| peer.config_epoch);
            let (count, first) = (slots.len() as u32, slots[0].number());
            out.tell(Event::SlotsMoved { from, to, count, first, from_epoch, to_epoch, abandoned, cause });
        }
    }

    /// What a heartbeat says of slots: take the claims of a master, correct those that are stale (PK-16).
    pub(crate) fn learn_slots(&mut self, sender: NodeIx, header: &Header, out: &mut Outside<'_>) {
        if !self.view.knows(sender) {
            return;
        }
        let claims_as_master = self.is_master(sender);
        let Some(subject) = (if claims_as_master { Some(sender) } else { self.view.peer(sender).master })
        else {
            return;
        };
        if self.same_slots(subject, &header.slots) {
            return;
        }
        if claims_as_master {
            self.update_slots(sender, header.config_epoch, &header.slots, BindCause::Claim, out);
        }
        self.correct_stale_claim(sender, header, out);
    }

    /// Whether a node's slots are these. Equal sets come to share their bits, so that the next look is cheap.
    fn same_slots(&mut self, node: NodeIx, slots: &SlotSet) -> bool {
        let known = &self.view.peer(node).slots;
        if known.shares_bits_with(slots) {
            return true;
        }
        if known != slots {
            return false;
        }
        self.view.peer_mut(node).slots = slots.clone();
        true
    }

    /// Tells a sender that claims a slot of a newer owner: about the first such owner only (PK-16.2).
    fn correct_stale_claim(&mut self, sender: NodeIx, header: &Header, out: &mut Outside<'_>) {
        let stale = header.slots.iter().filter(|slot| !self.slots.is_unclaimed(*slot)).find_map(|slot| {
            let owner = self.slots.owner(slot).filter(|owner| *owner != sender)?;
            (self.view.peer(owner).config_epoch > header.config_epoch).then_some(owner)
        });
        if let Some(owner) = stale {
            let answered = self.send_update(sender, owner, out);
            out.tell(Event::StaleClaim { sender, owner, answered });
        }
    }

    /// UPDATE: somebody tells who owns slots that I claim, or believe to be another's (PK-24).
    pub(crate) fn process_update(
        &mut self,
        _sender: NodeIx,
        update: &Update,
        out: &mut Outside<'_>,
    ) -> Result<(), Ignored> {
        let owner = update.node;
        if !self.view.knows(owner) {
            return Err(Ignored::UnknownSubject);
        }
        if self.view.peer(owner).config_epoch >= update.config_epoch {
            return Err(Ignored::OldUpdate);
        }
        if !self.is_master(owner) {
            self.set_node_as_master(owner);
            if owner == self.me() {
                let (cause, epoch) = (PromotionCause::Update, update.config_epoch);
                out.tell(Event::Promoted { cause, old_master: None, epoch, slots: 0 });
            }
        }
        self.view.peer_mut(owner).config_epoch = update.config_epoch;
        self.deferred.save_durably();
        if owner == self.me() {
            return Err(Ignored::UpdateAboutMyself);
        }
        self.update_slots(owner, update.config_epoch, &update.slots, BindCause::Update, out);
        Ok(())
    }

    /// A node claims slots at an epoch (SO-2 … SO-14).
    fn update_slots(
        &mut self,
        claimant: NodeIx,
        epoch: Epoch,
        claimed: &SlotSet,
        cause: BindCause,
        out: &mut Outside<'_>,
    ) {
        let mine = self.shard_master();
        self.note_abandoned(claimant, claimed);
        let won = self.winnable(claimant, epoch, claimed);
        let dirty: Vec<Slot> = won.iter().copied().filter(|slot| self.loses_keys(*slot)).collect();
        let from_mine = won.iter().filter(|slot| mine.is_some() && self.slots.owner(**slot) == mine).count();
        if !won.is_empty() {
            self.bind_claimed(&won, claimant, epoch, cause, out);
        }
        let lost_last = from_mine > 0 && mine.is_some_and(|mine| self.slot_count(mine) == 0);
        let follows =
            self.settings.cluster_allow_replica_migration || usize::from(claimed.len()) == from_mine;
        if lost_last && follows {
            self.follow(claimant, ReconfigureCause::SlotsTaken, out);
            self.defer_after_claim();
        } else if let Some(grandmaster) = self.grandmaster() {
            self.follow(grandmaster, ReconfigureCause::SubReplica, out);
            self.defer_after_claim();
        } else {
            self.delete_silently(|keyspace| dirty.iter().for_each(|slot| keyspace.delete_slot(*slot)), out);
        }
    }

    /// Slots that the claimant owns and does not claim are free for the taking; those it claims are not (SO-2.2, SO-3).
    fn note_abandoned(&mut self, claimant: NodeIx, claimed: &SlotSet) {
        let owned = &self.view.peer(claimant).slots;
        let dropped: Vec<Slot> = owned.difference(claimed).filter(|slot| owned.contains(*slot)).collect();
        if !self.slots.abandoned.is_empty() {
            let kept = |slot: &Slot| claimed.contains(*slot) && owned.contains(*slot);
            let reclaimed: Vec<Slot> = self.slots.abandoned.iter().filter(kept).collect();
            for slot in reclaimed {
                self.slots.abandoned.remove(slot);
            }
        }
        for slot in dropped {
            self.slots.abandoned.insert(slot);
        }
    }

    /// The claimed slots that the claimant gets (SO-2.3, SO-2.4, SO-4, EP-5).
    fn winnable(&self, claimant: NodeIx, epoch: Epoch, claimed: &SlotSet) -> Vec<Slot> {
        let wins = |slot: &Slot| {
            let owner = self.slots.owner(*slot);
            owner != Some(claimant)
                && !self.slots.importing.contains_key(slot)
                && (self.slots.is_unclaimed(*slot)
                    || owner.is_some_and(|owner| self.view.peer(owner).config_epoch < epoch))
        };
        let differing = self.view.peer(claimant).slots.difference(claimed);
        differing.filter(|slot| claimed.contains(*slot)).filter(wins).collect()
    }

    fn bind_claimed(
        &mut self,
        won: &[Slot],
        claimant: NodeIx,
        epoch: Epoch,
        cause: BindCause,
        out: &mut Outside<'_>,
    ) {
        let mut moves = Moves::new();
        for &slot in won {
            moves
                .entry((self.slots.owner(slot), self.slots.abandoned.contains(slot)))
                .or_default()
                .push(slot);
        }
        self.rebind(won, Some(claimant));
        if !self.slots.abandoned.is_empty() {
            for &slot in won {
                self.slots.abandoned.remove(slot);
            }
        }
        self.tell_moves(moves, Some(claimant), epoch, cause, out);
        self.defer_after_claim();
    }

    fn defer_after_claim(&mut self) {
        self.deferred.save_durably();
        self.deferred.update_state = true;
    }

    /// Whether I hold keys of a slot of mine that goes to somebody else (SO-2.4).
    fn loses_keys(&self, slot: Slot) -> bool {
        self.slots.owner(slot) == Some(self.me()) && self.keyspace.count_in_slot(slot) > 0
    }

    /// The master of my master, if it has one that is not me (SO-10).
    fn grandmaster(&self) -> Option<NodeIx> {
        let master = self.my_master().filter(|_| !self.am_master())?;
        self.view.peer(master).master.filter(|grandmaster| *grandmaster != self.me())
    }
}
