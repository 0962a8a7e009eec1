//! What happens on the bench, as lines of text. Heartbeats and acknowledgements of replicas are left out: they would
//! drown the story; the records that they cause are told.

use rcsim_node::{DiskJob, DiskRequest, DiskStep, Effect, LinkId};
use rcsim_observe::{Event, EventKind, NodeGlimpse};
use rcsim_protocol::bus::{Body, Message};
use rcsim_protocol::{AddressIx, NodeFlags, Slot, SlotSet};
use rcsim_scenario::SlotRange;
use serde_json::Value;

use super::{Bench, START_MS};

/// Events that the effects beside them tell better.
const LEFT_OUT: [EventKind; 2] = [EventKind::ConfigSaved, EventKind::LinkUp];

/// The slots of some ranges.
pub(super) fn slots(ranges: &[SlotRange]) -> SlotSet {
    ranges.iter().flat_map(|range| (range.first..=range.last).filter_map(Slot::new)).collect()
}

impl Bench {
    /// Tells what a node did, in the order in which it did it.
    pub(super) fn tell(&mut self, party: usize, effects: &[Effect]) {
        let mut broadcast: Option<(String, Vec<String>)> = None;
        for effect in effects {
            if let Effect::Send(link, message) = effect {
                let Some(what) = self.message(message) else { continue };
                let to = self.far_end(party, *link);
                match &mut broadcast {
                    Some((same, names)) if *same == what => names.push(to),
                    other => {
                        let before = other.replace((what, vec![to]));
                        self.tell_sent(party, before);
                    }
                }
                continue;
            }
            self.tell_sent(party, broadcast.take());
            if let Some(text) = self.effect(effect) {
                self.line(party, &text);
            }
        }
        self.tell_sent(party, broadcast);
    }

    /// The name of whom a link leads to; a message on a link that is not up yet waits for that (LK-4).
    fn far_end(&self, party: usize, link: LinkId) -> String {
        match (self.ends.get(&(party, link)), self.dialled.get(&(party, link))) {
            (Some((to, _)), _) => self.parties[*to].name.clone(),
            (None, Some(to)) => format!("{} (not connected)", self.parties[*to].name),
            (None, None) => "nobody".to_owned(),
        }
    }

    fn tell_sent(&mut self, party: usize, sent: Option<(String, Vec<String>)>) {
        if let Some((what, mut names)) = sent {
            names.sort();
            self.line(party, &format!("sends {what} to {}", names.join(" ")));
        }
    }

    fn line(&mut self, party: usize, text: &str) {
        let (at, name) = (self.now_ms - START_MS, &self.parties[party].name);
        for (number, line) in text.lines().enumerate() {
            self.lines.push(match number {
                0 => format!("{at:>7} ms  {name}  {line}"),
                _ => format!("{:>10}  {name}    {line}", ""),
            });
        }
    }

    fn effect(&self, effect: &Effect) -> Option<String> {
        if let Some(reply) = super::reply(effect) {
            return Some(format!("replies {}", reply.to_string().trim_end()));
        }
        match effect {
            Effect::Event(event) if LEFT_OUT.contains(&event.kind()) => None,
            Effect::Event(event) => Some(self.event(event)),
            Effect::Disk(DiskRequest { job: DiskJob::Config, steps, .. }) => {
                let durably = steps.iter().any(|step| matches!(step, DiskStep::Fsync { .. }));
                Some(if durably { "saves nodes.conf, durably" } else { "saves nodes.conf" }.to_owned())
            }
            Effect::ConnectMaster(to) => Some(format!("connects to {} for replication", self.who(to.ip()))),
            Effect::CloseMaster => Some("hangs up on its master".to_owned()),
            Effect::Exit(_) => Some("exits".to_owned()),
            _ => None,
        }
    }

    fn who(&self, ip: std::net::IpAddr) -> &str {
        self.party_at(ip).map_or("nobody", |party| &self.parties[party].name)
    }

    /// `vote-denied candidate=n4 why=master-up`.
    fn event(&self, event: &Event) -> String {
        let fields = rcsim_report::fields::fields(event, &self.names());
        let field = |(key, value): (String, Value)| match (key.as_str(), value) {
            ("address", Value::Number(index)) => {
                let index =
                    AddressIx(index.as_u64().and_then(|index| index.try_into().ok()).unwrap_or_default());
                let address = self.registry.address_of(index);
                format!(" address={}:{}@{}", address.ip_text(), address.port, address.cport)
            }
            (_, Value::String(text)) => format!(" {key}={text}"),
            (_, other) => format!(" {key}={other}"),
        };
        fields.into_iter().fold(event.name().to_owned(), |line, pair| line + &field(pair))
    }

    /// A message in words; heartbeats have none, except MEET.
    fn message(&self, message: &Message) -> Option<String> {
        let names = self.names();
        let epoch = message.header.current_epoch.0;
        Some(match &message.body {
            Body::Ping(_) | Body::Pong(_) => return None,
            Body::Meet(_) => "MEET".to_owned(),
            Body::Fail(subject) => format!("FAIL about {}", names.node(*subject)),
            Body::AuthRequest if message.header.force_ack => {
                format!("a request for votes in epoch {epoch}, forced")
            }
            Body::AuthRequest => format!("a request for votes in epoch {epoch}"),
            Body::AuthAck => format!("its vote in epoch {epoch}"),
            Body::Update(update) => {
                let (owner, epoch, slots) = (names.node(update.node), update.config_epoch.0, &update.slots);
                format!("UPDATE: {owner} has {slots} since epoch {epoch}")
            }
            Body::MfStart => "MFSTART".to_owned(),
            other => format!("{other:?}"),
        })
    }

    /// What a real node believes of everybody, and of itself.
    pub(crate) fn show(&mut self, party: usize) {
        let names = self.names();
        let node = self.node(party);
        let state = if node.state_ok() { "ok" } else { "fail" };
        let mut lines = vec![format!(
            "believes: state {state}, current epoch {}, last vote in epoch {}",
            node.current_epoch().0,
            node.last_vote_epoch().0
        )];
        let mut rows: Vec<String> = node.table().into_iter().map(|peer| row(node, peer, &names)).collect();
        rows.sort();
        lines.extend(rows);
        self.line(party, &lines.join("\n"));
    }
}

fn row(node: &rcsim_node::Node, peer: rcsim_protocol::NodeIx, names: &rcsim_observe::Names) -> String {
    let seen = node.peer(peer).expect("it is in the table");
    let of = seen.master.map_or(String::new(), |master| format!(" of {}", names.node(master)));
    let flags = NodeFlags(seen.flags.0 & !NodeFlags::MIGRATE_TO.0);
    let slots = if seen.slots.is_empty() { String::new() } else { format!(", slots {}", seen.slots) };
    format!("{} {flags}{of}, config epoch {}{slots}", names.node(peer), seen.config_epoch.0)
}
