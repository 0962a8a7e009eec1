//! A scenario as readable JSON, which reads back to the same scenario: what `rcsim plan` and the shrinker
//! print.
//!
//! What has its default value is left out; ids are always written, so that they outlive the removal of an
//! entry.

mod entry;
mod expect;

use crate::json::Json;
use crate::model::{
    ClientSpec, ClockSpec, Cluster, Distribution, Nemesis, NodeOverride, Scenario, SlotRange, Span, Target,
    Wait, Wire,
};
use crate::settings;
use crate::table::{
    CLIENT, CLOCK_SPEC, CLUSTER, DISK, EXPONENTIAL, NEMESIS, NETWORK, Need, Object, PROCESS, SCENARIO, WAIT,
};

impl Scenario {
    /// This scenario as JSON text; [`parse`](crate::parse) reads it back to an equal value.
    pub fn to_json(&self) -> String {
        let mut out = Writer::of(&SCENARIO);
        out.put("name", Json::text(&self.name));
        out.put_some("description", self.description.as_deref().map(lines));
        out.put("cluster", cluster(&self.cluster));
        out.put_list("clients", self.clients.iter().map(client));
        let mut network = Writer::of(&NETWORK);
        network.put("latency", distribution(&self.network.latency));
        network.put("loss", Json::text(self.network.loss));
        network.put_some("bandwidth", self.network.bandwidth.map(Json::text));
        out.put("network", network.done());
        let mut disk = Writer::of(&DISK);
        disk.put("fsync", distribution(&self.disk.fsync));
        out.put("disk", disk.done());
        let mut process = Writer::of(&PROCESS);
        process.put("fork-per-gib", Json::text(self.process.fork_per_gib));
        process.put("save-per-key", Json::text(self.process.save_per_key));
        process.put("load-per-key", Json::text(self.process.load_per_key));
        out.put("process", process.done());
        out.put_list("timeline", self.timeline.iter().map(entry::entry));
        out.put_some("nemesis", self.nemesis.as_ref().map(nemesis));
        out.put_list("expect", self.expect.iter().map(expect::expectation));
        out.put("until", Json::text(self.until));
        out.put_some("seed", self.seed.map(Json::text));
        out.put("wire", Json::text(if self.wire == Wire::Checked { "checked" } else { "fast" }));
        out.put_list("known-weaknesses", self.known_weaknesses.iter().map(Json::text));
        out.put_some(
            "budget",
            self.budget.map(|budget| Json::object([("events", Json::raw(budget.events))])),
        );
        out.done().print()
    }
}

/// Writes the keys of an object, leaving out what has the default of the table.
struct Writer {
    object: &'static Object,
    fields: Vec<(String, Json)>,
}

impl Writer {
    fn of(object: &'static Object) -> Writer {
        Writer { object, fields: Vec::new() }
    }

    fn put(&mut self, name: &str, value: Json) {
        let key = self.object.key(name);
        let key = key.unwrap_or_else(|| panic!("the table of the format has no key \"{name}\" here"));
        let is_default = match key.need {
            Need::Default(default) => same(default, &value),
            _ => false,
        };
        if !is_default {
            self.fields.push((name.to_owned(), value));
        }
    }

    fn put_some(&mut self, name: &str, value: Option<Json>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    fn put_list(&mut self, name: &str, values: impl Iterator<Item = Json>) {
        self.put(name, Json::List(values.collect()));
    }

    fn done(self) -> Json {
        Json::Object(self.fields)
    }
}

/// Whether a default of the table is this value.
fn same(default: &str, value: &Json) -> bool {
    let default: Option<serde_json::Value> = serde_json::from_str(default).ok();
    default.is_some() && default == serde_json::from_str(&value.print()).ok()
}

fn lines(text: &str) -> Json {
    match text.contains('\n') {
        true => Json::List(text.split('\n').map(Json::text).collect()),
        false => Json::text(text),
    }
}

fn cluster(cluster: &Cluster) -> Json {
    let mut out = Writer::of(&CLUSTER);
    out.put("masters", Json::raw(cluster.masters));
    out.put("replicas", Json::raw(cluster.replicas));
    out.put("extra", Json::raw(cluster.extra));
    out.put("formed", Json::raw(cluster.formed));
    out.put("settings", setting_pairs(&cluster.settings));
    out.put_list("nodes", cluster.nodes.iter().map(node));
    out.done()
}

fn setting_pairs(pairs: &[(String, String)]) -> Json {
    let pair = |(name, value): &(String, String)| (name.clone(), Json::text(settings::show(name, value)));
    Json::Object(pairs.iter().map(pair).collect())
}

fn node(node: &NodeOverride) -> Json {
    let mut out = Writer::of(&crate::table::NODE);
    out.put("name", Json::text(&node.name));
    out.put("settings", setting_pairs(&node.settings));
    out.put("clock", clock(node.clock));
    out.put_some("slots", node.slots.as_deref().map(slots));
    out.put_some("replica-of", node.replica_of.as_ref().map(Json::text));
    out.done()
}

fn clock(clock: ClockSpec) -> Json {
    let mut out = Writer::of(&CLOCK_SPEC);
    if clock.offset.by != Span::ZERO {
        out.put("offset", Json::text(clock.offset));
    }
    out.put("drift", Json::text(clock.drift));
    out.done()
}

fn client(client: &ClientSpec) -> Json {
    let mut out = Writer::of(&CLIENT);
    out.put("name", Json::text(&client.name));
    out.put("workload", Json::text(client.workload.word()));
    out.put("profile", Json::text(client.profile.word()));
    out.put("rate", Json::text(client.rate));
    out.put("pacing", Json::text(client.pacing.word()));
    out.put("concurrency", Json::raw(client.concurrency));
    out.put("burst", Json::raw(client.burst));
    out.put_some("prefix", client.prefix.as_ref().map(Json::text));
    out.put("keys", Json::raw(client.keys));
    out.put("spread", Json::text(client.spread.word()));
    out.put("group", Json::raw(client.group));
    out.put("reads", Json::text(client.reads));
    out.put_some("reads-from", client.reads_from.map(|from| Json::text(from.word())));
    out.put("life", Json::text(client.life));
    out.put("load", Json::text(client.load));
    out.put_some("wait", client.wait.map(wait));
    out.put_some("near", client.near.as_ref().map(Json::text));
    out.put_some("timeout", client.timeout.map(Json::text));
    out.put_some("retries", client.retries.map(Json::raw));
    out.put_some("redirects", client.redirects.map(Json::raw));
    out.put("think", Json::text(client.think));
    out.done()
}

fn wait(wait: Wait) -> Json {
    let mut out = Writer::of(&WAIT);
    out.put("replicas", Json::raw(wait.replicas));
    out.put("timeout", Json::text(wait.timeout));
    out.done()
}

fn nemesis(nemesis: &Nemesis) -> Json {
    let mut out = Writer::of(&NEMESIS);
    let pair = |(first, second): (Span, Span)| Json::List(vec![Json::text(first), Json::text(second)]);
    let weights = nemesis.faults.iter().map(|(fault, weight)| (fault.word().to_owned(), Json::raw(weight)));
    out.put("from", Json::text(nemesis.from));
    out.put("to", Json::text(nemesis.to));
    out.put("faults", Json::Object(weights.collect()));
    out.put("gap", pair(nemesis.gap));
    out.put("length", pair(nemesis.length));
    out.put("at-most-at-once", Json::raw(nemesis.at_most_at_once));
    out.put("keep-majority", Json::raw(nemesis.keep_majority));
    out.done()
}

fn distribution(distribution: &Distribution) -> Json {
    let span = |span: &Span| Json::text(span);
    match distribution {
        Distribution::Constant(time) => span(time),
        Distribution::Uniform(least, most) => {
            Json::object([("uniform", Json::List(vec![span(least), span(most)]))])
        }
        Distribution::Exponential { mean, min } => {
            let mut out = Writer::of(&EXPONENTIAL);
            out.put("mean", span(mean));
            out.put("min", span(min));
            Json::object([("exponential", out.done())])
        }
        Distribution::Bimodal { usual, other, share } => {
            let parts = [
                ("usual", self::distribution(usual)),
                ("other", self::distribution(other)),
                ("share", Json::text(share)),
            ];
            Json::object([("bimodal", Json::object(parts))])
        }
        Distribution::Quantiles(points) => {
            let percentile = |permille: u16| match permille % 10 {
                0 => Json::raw(permille / 10),
                tenths => Json::text(format!("{}.{tenths}%", permille / 10)),
            };
            let point = |(permille, time): &(u16, Span)| Json::List(vec![percentile(*permille), span(time)]);
            Json::object([("quantiles", Json::List(points.iter().map(point).collect()))])
        }
    }
}

fn slots(ranges: &[SlotRange]) -> Json {
    Json::text(ranges.iter().map(SlotRange::to_string).collect::<Vec<_>>().join(","))
}

fn target(target: &Target) -> Json {
    match target {
        Target::List(members) => Json::List(members.iter().map(Json::text).collect()),
        single => Json::text(single),
    }
}
