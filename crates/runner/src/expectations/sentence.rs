//! An expectation as a sentence.

use rcsim_scenario::{
    Anchor, Count, Entry, Expectation, FaultRef, NodeRole, ReplyPattern, SlotRange, Target,
};

/// The expectation in words.
pub(super) fn of(spec: &Expectation) -> String {
    match spec {
        Expectation::Eventually { state, node, within, of } => {
            let since = of.as_ref().map_or("the last fault".to_owned(), Anchor::to_string);
            format!("{}{} within {within} of {since}", state.word(), at(node.as_ref()))
        }
        Expectation::Now { state, node } => format!("{}{}", state.word(), at(node.as_ref())),
        Expectation::Event { name, node, count: number } => {
            format!("event {name}{} {}", at(node.as_ref()), count(*number))
        }
        Expectation::Never { name, node } => format!("never event {name}{}", at(node.as_ref())),
        Expectation::Finding(id) => format!("the run shows {id}"),
        Expectation::LostAcknowledgedWrites(number) => {
            format!("lost acknowledged writes: {}", count(*number))
        }
        Expectation::Answered { client, count: number } => {
            format!(
                "operations of {} answered: {}",
                client.as_deref().unwrap_or("all clients"),
                count(*number)
            )
        }
        Expectation::Availability { client, at_least } => {
            format!(
                "at least {at_least} of the operations of {} answered",
                client.as_deref().unwrap_or("all clients")
            )
        }
        Expectation::Owner { slots, is } => format!("{is} owns {}", ranges(slots)),
        Expectation::Role { node, is, of } => {
            let role = if *is == NodeRole::Master { "a master" } else { "a replica" };
            let of = of.as_ref().map(|of| format!(" of {of}")).unwrap_or_default();
            format!("{node} is {role}{of}")
        }
    }
}

/// The pattern of a reply in words.
pub(super) fn pattern(pattern: &ReplyPattern) -> String {
    match pattern {
        ReplyPattern::Equals(text) => format!("{text:?}"),
        ReplyPattern::StartsWith(text) => format!("{text:?} …"),
        ReplyPattern::Contains(text) => format!("… {text:?} …"),
        ReplyPattern::Error(text) => format!("the error {text:?} …"),
    }
}

/// Whether an anchor means this entry.
pub(super) fn is_meant(anchor: &Anchor, entry: &Entry) -> bool {
    match &anchor.fault {
        FaultRef::Kind(kind) => *kind == entry.action.kind(),
        FaultRef::Id(id) => *id == entry.id,
    }
}

fn at(node: Option<&Target>) -> String {
    node.map(|node| format!(" at {node}")).unwrap_or_default()
}

fn count(count: Count) -> String {
    match (count.at_least, count.at_most) {
        (0, Some(most)) => format!("at most {most} times"),
        (least, Some(most)) if least == most => format!("exactly {least} times"),
        (least, Some(most)) => format!("{least} to {most} times"),
        (1, None) => "at least once".to_owned(),
        (least, None) => format!("at least {least} times"),
    }
}

fn ranges(slots: &[SlotRange]) -> String {
    slots.iter().map(SlotRange::to_string).collect::<Vec<_>>().join(" ")
}
