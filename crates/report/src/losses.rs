//! Acknowledged writes that are gone: grouped for people, one by one for programs.

use std::collections::BTreeMap;

use rcsim_observe::summary::Millis;
use rcsim_observe::{Loss, LossCause, Names, Place, Summary};
use serde_json::{Value, json};

use crate::time::{millis_json, stamp};

/// A few lines for each cause and acknowledging node: how many, from when to when, which were the last, and what would
/// have narrowed the window.
pub(crate) fn lines(summary: &Summary, digits: usize) -> Vec<String> {
    let mut groups: BTreeMap<(LossCause, Option<Place>), Vec<&Loss>> = BTreeMap::new();
    for loss in &summary.losses {
        groups.entry((loss.cause, loss.acknowledged_by)).or_default().push(loss);
    }
    let group = |((cause, by), losses): (&(LossCause, Option<Place>), &Vec<&Loss>)| {
        group_lines(*cause, *by, losses, &summary.names, digits)
    };
    groups.iter().flat_map(group).collect()
}

fn group_lines(
    cause: LossCause,
    by: Option<Place>,
    losses: &[&Loss],
    names: &Names,
    digits: usize,
) -> Vec<String> {
    let (Some(first), Some(last)) = (losses.first(), losses.last()) else { return Vec::new() };
    let by = by.map_or("an unknown node".to_owned(), |place| names.place(place));
    let (from, to) = (stamp(first.acknowledged_ns, digits), stamp(last.acknowledged_ns, digits));
    let times = if losses.len() == 1 { from } else { format!("{from} to {to}") };
    let mut lines = vec![
        format!("{} {}, acknowledged by {by} {times}", losses.len(), cause.word()),
        format!(
            "    {}; e.g. {} of {} = {}, not on {}",
            cause.sentence(),
            last.command,
            last.key,
            last.value,
            names.place(last.owner)
        ),
    ];
    let waited = losses.iter().filter(|loss| loss.replicas.is_some_and(|replicas| replicas > 0)).count();
    if waited > 0 {
        lines.push(format!("    of {waited} of them WAIT had said that a replica has them"));
    }
    if !last.remedies.is_empty() {
        lines.push(format!("    would narrow it: {}", last.remedies.join(", ")));
    }
    lines
}

/// One loss as an object.
pub(crate) fn json(loss: &Loss, names: &Names) -> Value {
    json!({
        "client": names.client(loss.client),
        "key": &*loss.key,
        "command": loss.command,
        "value": loss.value,
        "acknowledged_by": loss.acknowledged_by.map(|place| names.place(place)),
        "acknowledged_ms": millis_json(Millis::from_ns(loss.acknowledged_ns)),
        "replicas": loss.replicas,
        "owner": names.place(loss.owner),
        "noticed_ms": millis_json(Millis::from_ns(loss.noticed_ns)),
        "cause": loss.cause.word(),
        "remedies": loss.remedies,
    })
}
