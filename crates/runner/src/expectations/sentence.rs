//! An expectation as a sentence.

use rcsim_scenario::{
    Anchor, Count, Edge, Entry, Expectation, FaultRef, NodeRole, ReplyPattern, SlotRange, State, Target,
};

/// The expectation in words.
pub(super) fn of(spec: &Expectation) -> String {
    match spec {
        Expectation::Eventually { state: wanted, node, within, of } => {
            format!("{} within {within} of {}", state(*wanted, node.as_ref()), since(of.as_ref()))
        }
        Expectation::Now { state: wanted, node } => state(*wanted, node.as_ref()),
        Expectation::Event { name, node, count: number } => {
            format!("{name} is seen {}{}", times(*number), at(node.as_ref()))
        }
        Expectation::Never { name, node } => format!("{name} is never seen{}", at(node.as_ref())),
        Expectation::Finding(id) => format!("the run shows {id}"),
        Expectation::LostAcknowledgedWrites { count: number, because } => {
            let because = because.map(|cause| format!(" because of {}", cause.word())).unwrap_or_default();
            match (number.at_least, number.at_most) {
                (0, Some(0)) => format!("no acknowledged write is lost{because}"),
                _ => format!("{} acknowledged writes are lost{because}", range(*number)),
            }
        }
        Expectation::Answered { client, count: number } => {
            format!("{} operations of {} are answered", range(*number), whose(client.as_deref()))
        }
        Expectation::StaleReads { client, count: number } => {
            format!("{} reads of {} are stale", range(*number), whose(client.as_deref()))
        }
        Expectation::Availability { client, at_least } => {
            let client = whose(client.as_deref());
            format!("of the operations of {client} at least {at_least} are answered")
        }
        Expectation::Owner { slots, is } => format!("{is} owns {} in every view", ranges(slots)),
        Expectation::Role { node, is, of } => {
            let role = if *is == NodeRole::Master { "a master" } else { "a replica" };
            let of = of.as_ref().map(|of| format!(" of {of}")).unwrap_or_default();
            format!("{node} is {role}{of}")
        }
    }
}

fn state(state: State, node: Option<&Target>) -> String {
    let eyes = node.map_or("every view".to_owned(), |node| format!("the view of {node}"));
    match state {
        State::ClusterOk => format!("the cluster is up in {eyes}"),
        State::ClusterFail => format!("the cluster is down in {eyes}"),
        State::Converged => match node {
            None => "all views agree and suspect nobody".to_owned(),
            Some(node) => format!("the views of {node} agree and suspect nobody"),
        },
        State::ReplicasAttached => {
            let who = node.map_or("every replica".to_owned(), |node| format!("{node}, if a replica,"));
            format!("{who} has the stream of its master")
        }
        State::SlotsCovered => "every slot is served".to_owned(),
        State::EpochsDistinct => "no two masters have the same config epoch".to_owned(),
    }
}

fn since(anchor: Option<&Anchor>) -> String {
    let Some(anchor) = anchor else { return "the last fault".to_owned() };
    let fault = match &anchor.fault {
        FaultRef::Kind(kind) => format!("each {}", kind.word()),
        FaultRef::Id(id) => id.clone(),
    };
    if anchor.edge == Edge::End { format!("the end of {fault}") } else { fault }
}

fn whose(client: Option<&str>) -> &str {
    client.unwrap_or("all clients")
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

/// How often something was seen or has to be.
pub(super) fn often(number: u64) -> String {
    match number {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{number} times"),
    }
}

fn times(count: Count) -> String {
    match (count.at_least, count.at_most) {
        (0, Some(0)) => "never".to_owned(),
        (0, Some(most)) => format!("at most {}", often(most)),
        (least, Some(most)) if least == most => format!("exactly {}", often(least)),
        (least, Some(most)) => format!("{least} to {most} times"),
        (least, None) => format!("at least {}", often(least)),
    }
}

fn range(count: Count) -> String {
    match (count.at_least, count.at_most) {
        (0, Some(most)) => format!("at most {most}"),
        (least, Some(most)) if least == most => format!("exactly {least}"),
        (least, Some(most)) => format!("{least} to {most}"),
        (least, None) => format!("at least {least}"),
    }
}

fn ranges(slots: &[SlotRange]) -> String {
    slots.iter().map(SlotRange::to_string).collect::<Vec<_>>().join(" ")
}
