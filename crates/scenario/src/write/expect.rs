//! Expectations as JSON.

use super::{slots, target};
use crate::json::Json;
use crate::model::{Count, Expectation, NodeRole, Target};

/// One expectation.
pub(super) fn expectation(expectation: &Expectation) -> Json {
    let mut fields: Vec<(&str, Json)> = Vec::new();
    match expectation {
        Expectation::Eventually { state, node, within, of } => {
            fields.push(("eventually", Json::text(state.word())));
            fields.push(("within", Json::text(within)));
            fields.extend(of.as_ref().map(|of| ("of", Json::text(of))));
            fields.extend(eyes(node));
        }
        Expectation::Now { state, node } => {
            fields.push(("state", Json::text(state.word())));
            fields.extend(eyes(node));
        }
        Expectation::Event { name, node, count: times } => {
            fields.push(("event", Json::text(name)));
            fields.extend(eyes(node));
            fields.extend((*times != Count::SOME).then(|| ("count", count(*times))));
        }
        Expectation::Never { name, node } => {
            fields.push(("never", Json::text(name)));
            fields.extend(eyes(node));
        }
        Expectation::Finding(name) => fields.push(("finding", Json::text(name))),
        Expectation::LostAcknowledgedWrites { count: number, because } => {
            fields.push(("lost-acknowledged-writes", count(*number)));
            fields.extend(because.map(|cause| ("because", Json::text(cause.word()))));
        }
        Expectation::Answered { client, count: number } => {
            fields.push(("answered", count(*number)));
            fields.extend(asker(client.as_ref()));
        }
        Expectation::StaleReads { client, count: number } => {
            fields.push(("stale-reads", count(*number)));
            fields.extend(asker(client.as_ref()));
        }
        Expectation::Availability { client, at_least } => {
            fields.push(("availability", Json::text(at_least)));
            fields.extend(asker(client.as_ref()));
        }
        Expectation::Owner { slots: ranges, is } => {
            fields.push(("owner", Json::object([("slots", slots(ranges)), ("is", target(is))])));
        }
        Expectation::Role { node, is, of } => fields.push(("role", role(node, *is, of.as_ref()))),
    }
    Json::Object(fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn eyes(node: &Option<Target>) -> Option<(&'static str, Json)> {
    node.as_ref().map(|node| ("node", target(node)))
}

fn asker(client: Option<&String>) -> Option<(&'static str, Json)> {
    client.map(|client| ("client", Json::text(client)))
}

fn role(node: &Target, is: NodeRole, of: Option<&Target>) -> Json {
    let word = if is == NodeRole::Master { "master" } else { "replica" };
    let mut fields = vec![("node".to_owned(), target(node)), ("is".to_owned(), Json::text(word))];
    fields.extend(of.map(|of| ("of".to_owned(), target(of))));
    Json::Object(fields)
}

/// A number where it is exact, else its bounds.
fn count(count: Count) -> Json {
    let least = ("at-least", Json::raw(count.at_least));
    match count.at_most {
        None => Json::object([least]),
        Some(most) if most == count.at_least => Json::raw(most),
        Some(most) if count.at_least == 0 => Json::object([("at-most", Json::raw(most))]),
        Some(most) => Json::object([least, ("at-most", Json::raw(most))]),
    }
}
