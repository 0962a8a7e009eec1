//! Interning: inside a process a node is a small integer, and so are an address and a card.
//!
//! One registry serves a whole simulated world. Messages and views hold [`NodeIx`] and [`AddressIx`]; the 40
//! characters and the IP live here, once. Indices are given in order of first use and never reused, so they are
//! as deterministic as the run that asks for them.

use std::collections::BTreeMap;
use std::fmt;

use crate::address::Address;
use crate::flags::NodeFlags;
use crate::node_id::NodeId;

/// A node id, interned.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeIx(pub u32);

impl NodeIx {
    /// As an index into tables by node.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Debug for NodeIx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// An address, interned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressIx(pub u32);

impl AddressIx {
    /// The blank address: no IP, all ports 0.
    pub const BLANK: AddressIx = AddressIx(0);
}

/// What gossip says of a node besides times (rule WR-4). A node has few cards in its life, and most of the time all
/// others show the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Card {
    /// Who it is.
    pub node: NodeIx,
    /// Where it is.
    pub address: AddressIx,
    /// The complete flag word that the speaker has for it (rule FL-12).
    pub flags: NodeFlags,
}

/// A card, interned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CardIx(pub u32);

/// Of a node that has no card: greater than every index.
const NO_CARD: CardIx = CardIx(u32::MAX);

/// All node ids, addresses and cards that one world has seen.
#[derive(Clone, Debug)]
pub struct Registry {
    ids: Vec<NodeId>,
    by_id: BTreeMap<NodeId, NodeIx>,
    addresses: Vec<Address>,
    by_address: BTreeMap<Address, AddressIx>,
    cards: Vec<Card>,
    by_card: BTreeMap<Card, CardIx>,
    /// By node: its first card.
    first_cards: Vec<CardIx>,
}

impl Default for Registry {
    fn default() -> Registry {
        Registry::new()
    }
}

impl Registry {
    /// A registry that knows nothing but the blank address.
    pub fn new() -> Registry {
        let blank = Address::default();
        Registry {
            ids: Vec::new(),
            by_id: BTreeMap::new(),
            addresses: vec![blank],
            by_address: BTreeMap::from([(blank, AddressIx::BLANK)]),
            cards: Vec::new(),
            by_card: BTreeMap::new(),
            first_cards: Vec::new(),
        }
    }

    /// The index of this id, new or known.
    pub fn node(&mut self, id: NodeId) -> NodeIx {
        let next = NodeIx(self.ids.len() as u32);
        let index = *self.by_id.entry(id).or_insert(next);
        if index == next {
            self.ids.push(id);
        }
        index
    }

    /// The index of this id, if it was interned before.
    pub fn find(&self, id: &NodeId) -> Option<NodeIx> {
        self.by_id.get(id).copied()
    }

    /// The id behind an index. Panics if the index comes from another registry.
    pub fn id(&self, node: NodeIx) -> NodeId {
        self.ids[node.index()]
    }

    /// How many ids are interned; every index is below it.
    pub fn node_count(&self) -> u32 {
        self.ids.len() as u32
    }

    /// How many addresses are interned, the blank one included; every index is below it.
    pub fn address_count(&self) -> u32 {
        self.addresses.len() as u32
    }

    /// The index of this address, new or known.
    pub fn address(&mut self, address: Address) -> AddressIx {
        let next = AddressIx(self.addresses.len() as u32);
        let index = *self.by_address.entry(address).or_insert(next);
        if index == next {
            self.addresses.push(address);
        }
        index
    }

    /// The address behind an index. Panics if the index comes from another registry.
    pub fn address_of(&self, address: AddressIx) -> Address {
        self.addresses[address.0 as usize]
    }

    /// The index of this card, new or known.
    pub fn card(&mut self, card: Card) -> CardIx {
        let next = CardIx(self.cards.len() as u32);
        let index = *self.by_card.entry(card).or_insert(next);
        if index == next {
            self.cards.push(card);
            let nodes = self.first_cards.len().max(card.node.index() + 1);
            self.first_cards.resize(nodes, NO_CARD);
            let first = &mut self.first_cards[card.node.index()];
            *first = (*first).min(index);
        }
        index
    }

    /// The card of this node that was interned first, if it has any: the one that most of the others show most of the
    /// time.
    #[inline]
    pub fn first_card(&self, node: NodeIx) -> Option<CardIx> {
        self.first_cards.get(node.index()).copied().filter(|card| *card != NO_CARD)
    }

    /// How many cards are interned; every index is below it.
    pub fn card_count(&self) -> u32 {
        self.cards.len() as u32
    }

    /// The card behind an index. Panics if the index comes from another registry.
    #[inline]
    pub fn card_of(&self, card: CardIx) -> Card {
        self.cards[card.0 as usize]
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn id(number: u64) -> NodeId {
        NodeId::from_random([number, 0, 0])
    }

    proptest! {
        #[test]
        fn an_id_has_one_index_and_an_index_one_id(numbers in vec(0_u64..20, 0..60)) {
            let mut registry = Registry::new();
            let mut first_uses = Vec::new();
            for number in numbers {
                prop_assert_eq!(registry.find(&id(number)).is_some(), first_uses.contains(&number));
                let index = registry.node(id(number));
                if !first_uses.contains(&number) {
                    first_uses.push(number);
                }
                prop_assert_eq!(registry.id(index), id(number));
                prop_assert_eq!(registry.find(&id(number)), Some(index));
                prop_assert_eq!(first_uses[index.index()], number, "in the order of first use");
                prop_assert_eq!(registry.node_count() as usize, first_uses.len());
            }
        }

        #[test]
        fn an_address_has_one_index(ports in vec(0_u16..20, 0..60)) {
            let mut registry = Registry::new();
            for port in ports {
                let address = Address { port, ..Address::default() };
                let index = registry.address(address);
                prop_assert_eq!(registry.address_of(index), address);
                prop_assert_eq!(registry.address(address), index);
                prop_assert_eq!(index == AddressIx::BLANK, port == 0);
                prop_assert!(index.0 < registry.address_count());
            }
        }
    }
}
