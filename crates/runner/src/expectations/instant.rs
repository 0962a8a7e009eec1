//! What is judged by one look: states, owners, roles.

use rcsim_observe::{Glimpse, Place, Process};
use rcsim_protocol::{NodeFlags, Slot};
use rcsim_scenario::{Expectation, NodeRole, SlotRange, Target};
use rcsim_world::World;

use crate::states;

/// Judges an expectation that needs no more than one look; `None` for all others.
pub(super) fn judge(spec: &Expectation, world: &World, now_ns: u64) -> Option<Result<String, String>> {
    match spec {
        Expectation::Now { .. } => Some(state(spec, world, now_ns).map(|()| "so it is".to_owned())),
        Expectation::Owner { slots, is } => Some(owner(slots, is, world, now_ns)),
        Expectation::Role { node, is, of } => Some(role(node, *is, of.as_ref(), world, now_ns)),
        _ => None,
    }
}

/// Whether the state that an expectation speaks of holds.
pub(super) fn state(spec: &Expectation, world: &World, now_ns: u64) -> Result<(), String> {
    let (Expectation::Eventually { state, node, .. } | Expectation::Now { state, node }) = spec else {
        return Ok(());
    };
    let eyes = node.as_ref().map(|node| world.places_meant(node));
    states::holds(*state, eyes.as_deref(), &world.at(now_ns))
}

/// Every running node of the cluster has this owner for these slots.
fn owner(slots: &[SlotRange], is: &Target, world: &World, now_ns: u64) -> Result<String, String> {
    let glimpse = world.at(now_ns);
    let owners = world.places_meant(is);
    let views =
        (0..glimpse.place_count()).map(Place).filter(|place| glimpse.process(*place) == Process::Running);
    for place in views {
        let Some(node) = glimpse.node(place).filter(|node| node.table().len() > 1) else { continue };
        for slot in slots.iter().flat_map(|range| range.first..=range.last).filter_map(Slot::new) {
            let owner = node.owner(slot).and_then(|owner| glimpse.place_of(owner));
            if owner.is_none_or(|owner| !owners.contains(&owner)) {
                let owner = owner.map_or("nobody".to_owned(), |owner| world.place_name(owner).to_owned());
                return Err(format!("{} has {owner} as owner of slot {slot}", world.place_name(place)));
            }
        }
    }
    Ok("all agree".to_owned())
}

fn role(
    node: &Target,
    is: NodeRole,
    of: Option<&Target>,
    world: &World,
    now_ns: u64,
) -> Result<String, String> {
    let glimpse = world.at(now_ns);
    for place in world.places_meant(node) {
        let name = world.place_name(place);
        let Some(me) = glimpse.node(place).and_then(|node| node.peer(node.me())) else {
            return Err(format!("{name} does not run"));
        };
        let is_master = me.flags.any(NodeFlags::MASTER);
        let master = me.master.and_then(|master| glimpse.place_of(master));
        let seen = match (is_master, master) {
            (true, _) => format!("{name} is a master"),
            (false, Some(master)) => format!("{name} is a replica of {}", world.place_name(master)),
            (false, None) => format!("{name} is a replica of nobody that is known"),
        };
        let follows =
            of.is_none_or(|of| master.is_some_and(|master| world.places_meant(of).contains(&master)));
        if is_master != (is == NodeRole::Master) || !follows {
            return Err(seen);
        }
    }
    Ok("so it is".to_owned())
}
