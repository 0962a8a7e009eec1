//! The clients.

use super::{Fields, Reading};
use crate::code;
use crate::model::{ClientSpec, Pacing, Profile, ReadsFrom, Spread, Wait, Workload};
use crate::source::Node;
use crate::table::{CLIENT, WAIT};

impl<'a> Reading<'a> {
    /// Reads all clients; their names are known afterwards.
    pub(super) fn all_clients(&mut self, list: Option<&'a Node>) -> Option<Vec<ClientSpec>> {
        let read = |node| self.client(Fields::of(Some(node), &CLIENT));
        let clients: Vec<Option<ClientSpec>> =
            list.map(Node::elements).unwrap_or_default().iter().map(read).collect();
        clients.into_iter().collect()
    }

    fn client(&mut self, fields: Fields<'a>) -> Option<ClientSpec> {
        let name = fields.text("name")?;
        self.claim_name(fields.node("name")?, &name);
        self.clients.push(name.clone());
        let near = fields.node("near").map(|node| self.node_name(node));
        let wait = fields.node("wait").map(|node| {
            let fields = Fields::of(Some(node), &WAIT);
            Some(Wait { replicas: fields.whole("replicas")?, timeout: fields.quantity("timeout")? })
        });
        let spec = ClientSpec {
            name,
            workload: Workload::from_word(&fields.text("workload")?)?,
            profile: Profile::from_word(&fields.text("profile")?)?,
            rate: fields.quantity("rate")?,
            pacing: Pacing::from_word(&fields.text("pacing")?)?,
            concurrency: fields.whole("concurrency")?,
            burst: fields.whole("burst")?,
            prefix: fields.text("prefix"),
            keys: fields.whole("keys")?,
            spread: Spread::from_word(&fields.text("spread")?)?,
            group: fields.whole("group")?,
            reads: fields.quantity("reads")?,
            reads_from: fields.read("reads-from", |node| ReadsFrom::from_word(node.text()?)),
            life: fields.quantity("life")?,
            load: fields.quantity("load")?,
            wait: match wait {
                Some(wait) => Some(wait?),
                None => None,
            },
            near: match near {
                Some(near) => Some(near?),
                None => None,
            },
            timeout: fields.quantity("timeout"),
            retries: fields.whole("retries"),
            redirects: fields.whole("redirects"),
            think: fields.quantity("think")?,
        };
        self.one_writer(&fields, &spec);
        self.prefixes.push(prefix_of(&spec));
        Some(spec)
    }

    /// Numbers that grow have one writer: of clients that share keys, only one may write them.
    fn one_writer(&mut self, fields: &Fields<'a>, spec: &ClientSpec) {
        let (prefix, writes_numbers) = prefix_of(spec);
        let other = self.prefixes.iter().any(|(known, writes)| *known == prefix && *writes);
        let Some(place) = fields.node("prefix").filter(|_| writes_numbers && other) else { return };
        let message = format!("another client writes numbers to the keys of \"{prefix}\"");
        let help = "give this one \"reads\": \"1/1\", or a prefix of its own: only counters, lists and rate limiters \
                    may have several writers";
        self.diagnostics.error(code::NAME_TWICE, place.place, message).at(&place.pointer).help(help);
    }

    /// A client's name belongs to it alone.
    fn claim_name(&mut self, place: &Node, name: &str) {
        let holder = match &self.nodes {
            Some(nodes) if nodes.iter().any(|node| node == name) => "a node",
            _ if self.clients.iter().any(|client| client == name) => "another client",
            _ => return,
        };
        let message = format!("the name \"{name}\" belongs to {holder}");
        let error = self.diagnostics.error(code::NAME_TWICE, place.place, message);
        error.at(&place.pointer).help("client names are usually \"c1\", \"c2\", ...");
    }
}

/// What the keys of a client begin with, and whether it writes numbers of its own to them.
fn prefix_of(spec: &ClientSpec) -> (String, bool) {
    let has_many_writers = matches!(
        spec.workload,
        Workload::Counters | Workload::Lists | Workload::RateLimiter | Workload::CacheAside
    );
    let only_reads = spec.reads.numerator == spec.reads.denominator;
    (spec.prefix.clone().unwrap_or_else(|| spec.name.clone()), !has_many_writers && !only_reads)
}
