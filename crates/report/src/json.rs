//! The one object of `--format json`.
//!
//! Its keys and their order are a contract (`"format": 1`). Seed and fingerprint are strings, because many readers of
//! JSON damage large integers; times are milliseconds since the start of the run with up to three decimals; `null`
//! stands where a stage was not reached; slots are runs as in CLUSTER NODES (`"0-5460"`).

use rcsim_observe::summary::{ExpectationResult, Failover, FaultLedger, Millis, NodeSummary};
use rcsim_observe::{Finding, Names, Summary};
use serde_json::{Value, json};

use crate::losses;
use crate::time::millis_json;

/// The version of the object's shape.
pub const FORMAT: u32 = 1;

/// The whole run as one object. `wall_ms`: real time that it took, in milliseconds, rounded to three decimals here.
pub fn to_json(summary: &Summary, wall_ms: f64) -> Value {
    let each = |values: Vec<Value>| Value::Array(values);
    json!({
        "format": FORMAT,
        "scenario": summary.scenario,
        "seed": summary.seed.to_string(),
        "verdict": summary.verdict.name(),
        "exit": summary.verdict.exit_code(),
        "fingerprint": summary.fingerprint,
        "sim_ms": millis_json(Millis::from_ns(summary.sim_ns)),
        "events": summary.events,
        "messages": summary.messages,
        "wall_ms": millis_json(Millis((wall_ms.max(0.0) * 1000.0).round() as u64)),
        "findings": each(summary.findings.iter().map(|it| finding(it, &summary.names)).collect()),
        "faults": each(summary.faults.iter().map(fault).collect()),
        "coverage": summary.coverage,
        "clients": {
            "ok": summary.clients.ok,
            "failed": summary.clients.failed,
            "unknown": summary.clients.unknown,
            "lost_acknowledged": summary.clients.lost_acknowledged,
            "stale_reads": summary.clients.stale_reads,
            "stalest_ms": millis_json(Millis::from_ns(summary.clients.stalest_ns)),
        },
        "losses": each(summary.losses.iter().map(|it| losses::json(it, &summary.names)).collect()),
        "failovers": each(summary.failovers.iter().map(failover).collect()),
        "nodes": each(summary.nodes.iter().map(node).collect()),
        "expectations": each(summary.expectations.iter().map(expectation).collect()),
    })
}

fn finding(finding: &Finding, names: &Names) -> Value {
    json!({
        "id": finding.id,
        "kind": finding.kind.name(),
        "at_ms": millis_json(Millis::from_ns(finding.at_ns)),
        "nodes": finding.places.iter().map(|place| names.place(*place)).collect::<Vec<_>>(),
        "text": match finding.known_as {
            Some(weakness) => format!("{} (known weakness {weakness} of Redis 7.0.15)", finding.text),
            None => finding.text.clone(),
        },
    })
}

fn fault(fault: &FaultLedger) -> Value {
    json!({ "id": fault.id, "kind": fault.kind, "fired": fault.fired(), "effect": fault.effect })
}

fn failover(failover: &Failover) -> Value {
    let stage = |at: Option<Millis>| at.map_or(Value::Null, millis_json);
    json!({
        "master": failover.master,
        "cause": failover.cause,
        "down_at_ms": stage(failover.down_at_ms),
        "first_pfail_ms": stage(failover.first_pfail_ms),
        "first_fail_ms": stage(failover.first_fail_ms),
        "fail_known_by_all_ms": stage(failover.fail_known_by_all_ms),
        "election_scheduled_ms": stage(failover.election_scheduled_ms),
        "election_started_ms": stage(failover.election_started_ms),
        "promoted_ms": stage(failover.promoted_ms),
        "slots_agreed_ms": stage(failover.slots_agreed_ms),
        "cluster_ok_ms": stage(failover.cluster_ok_ms),
        "winner": failover.winner,
        "epoch": failover.epoch.map(|epoch| epoch.0),
        "votes": failover.votes,
    })
}

fn node(node: &NodeSummary) -> Value {
    json!({
        "name": node.name,
        "role": node.role,
        "config_epoch": node.config_epoch.0,
        "slots": node.slots.to_string(),
        "state": node.state,
    })
}

fn expectation(expectation: &ExpectationResult) -> Value {
    json!({ "text": expectation.text, "held": expectation.held, "seen": expectation.seen })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example;

    #[test]
    fn the_object_has_exactly_the_promised_shape() {
        let text =
            serde_json::to_string_pretty(&to_json(&example::summary(), 1.234_567)).expect("a value is JSON");
        example::check("summary.json", &text);
    }
}
