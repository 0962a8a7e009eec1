//! Expectations.

use super::target::Allowed;
use super::{Bound, Fields, Reading};
use rcsim_observe::LossCause;

use crate::code;
use crate::model::{Count, Expectation, NodeRole, Ratio, State};
use crate::source::Node;
use crate::table::{COUNT, EXPECT, OWNER, ROLE};
use crate::words;

impl<'a> Reading<'a> {
    /// Reads the expectations of the scenario, or those of the `check` entry with this index (where `it` may
    /// be allowed).
    pub(super) fn expectations(
        &mut self,
        list: Option<&'a Node>,
        entry: Option<(usize, bool)>,
    ) -> Option<Vec<Expectation>> {
        let allowed = Allowed { it: entry.is_some_and(|(_, it)| it), ..Allowed::NODES };
        let elements = list.map(Node::elements).unwrap_or_default();
        let index = entry.map(|(index, _)| index);
        let read: Vec<_> = elements.iter().map(|node| self.expectation(node, allowed, index)).collect();
        self.check_contradictions(elements, &read);
        read.into_iter().collect()
    }

    fn expectation(&mut self, node: &'a Node, allowed: Allowed, entry: Option<usize>) -> Option<Expectation> {
        let (tag, fields) = Fields::variant(node, &EXPECT)?;
        let value = fields.node(tag)?;
        Some(match tag {
            "eventually" => self.eventually(node, fields, allowed, entry)?,
            "state" => Expectation::Now {
                state: State::from_word(value.text()?)?,
                node: self.eyes(fields, allowed)?,
            },
            "event" => Expectation::Event {
                name: self.event(value)?,
                node: self.eyes(fields, allowed)?,
                count: fields.read("count", |node| self.count(node))?,
            },
            "never" => Expectation::Never { name: self.event(value)?, node: self.eyes(fields, allowed)? },
            "finding" => Expectation::Finding(self.finding(value)?),
            "lost-acknowledged-writes" => Expectation::LostAcknowledgedWrites {
                count: self.count(value)?,
                because: fields.read("because", |node| LossCause::from_word(node.text()?)),
            },
            "answered" => Expectation::Answered { client: self.asker(fields)?, count: self.count(value)? },
            "stale-reads" => {
                Expectation::StaleReads { client: self.asker(fields)?, count: self.count(value)? }
            }
            "availability" => {
                let at_least: Ratio = value.text()?.parse().ok()?;
                Expectation::Availability { client: self.asker(fields)?, at_least }
            }
            "owner" => {
                let owner = Fields::of(Some(value), &OWNER);
                let slots = owner.read("slots", |node| words::slots(node.text()?).ok());
                Expectation::Owner { is: self.target(owner.node("is")?, allowed)?, slots: slots? }
            }
            _ => self.role(Fields::of(Some(value), &ROLE), allowed)?,
        })
    }

    fn eventually(
        &mut self,
        node: &'a Node,
        fields: Fields<'a>,
        allowed: Allowed,
        entry: Option<usize>,
    ) -> Option<Expectation> {
        let state = fields.read("eventually", |node| State::from_word(node.text()?));
        let eyes = self.eyes(fields, allowed);
        let of = fields.node("of").map(|node| words::anchor(node.text()?).ok());
        let of = match of {
            Some(anchor) => Some(anchor?),
            None => None,
        };
        let within = fields.quantity("within")?;
        self.bounds.push(Bound { node, within, of: of.clone(), entry });
        Some(Expectation::Eventually { state: state?, node: eyes?, within, of })
    }

    fn role(&mut self, fields: Fields<'a>, allowed: Allowed) -> Option<Expectation> {
        let node = self.target(fields.node("node")?, allowed);
        let master = fields.node("of").map(|node| self.target(node, allowed));
        let is = if fields.text("is")? == "master" { NodeRole::Master } else { NodeRole::Replica };
        if let (NodeRole::Master, Some(field)) = (is, fields.node("of")) {
            let message = "a master follows nobody".to_owned();
            self.diagnostics.error(code::KEYS_EXCLUDE, field.place, message).at(&field.pointer);
        }
        let of = match master {
            Some(master) => Some(master?),
            None => None,
        };
        Some(Expectation::Role { node: node?, is, of })
    }

    /// The nodes under `node`, where they are given; the outer `None` is an error.
    #[expect(clippy::option_option, reason = "absent and refused are different things")]
    fn eyes(&mut self, fields: Fields<'_>, allowed: Allowed) -> Option<Option<crate::model::Target>> {
        match fields.node("node") {
            Some(node) => self.target(node, allowed).map(Some),
            None => Some(None),
        }
    }

    /// The client under `client`, where it is given; the outer `None` is an error.
    #[expect(clippy::option_option, reason = "absent and refused are different things")]
    fn asker(&mut self, fields: Fields<'_>) -> Option<Option<String>> {
        let Some(node) = fields.node("client") else { return Some(None) };
        let name = node.text()?;
        if !self.clients.iter().any(|client| client == name) {
            let message = format!("there is no client \"{name}\"");
            let all =
                super::did_you_mean(name, self.clients.iter().map(String::as_str), "no client has this name");
            self.diagnostics.error(code::UNKNOWN_NAME, node.place, message).at(&node.pointer).help(all);
        }
        Some(Some(name.to_owned()))
    }

    /// Reads a count: a number is exact, an object gives bounds.
    fn count(&mut self, node: &Node) -> Option<Count> {
        if let Some(number) = node.number() {
            let exact = number.parse().ok()?;
            return Some(Count { at_least: exact, at_most: Some(exact) });
        }
        let fields = Fields::of(Some(node), &COUNT);
        let (least, most): (Option<u64>, Option<u64>) = (fields.whole("at-least"), fields.whole("at-most"));
        let count = Count { at_least: least.unwrap_or(0), at_most: most };
        if count.at_most.is_some_and(|most| most < count.at_least) {
            let message =
                format!("at least {} and at most {} cannot both hold", count.at_least, most.unwrap_or(0));
            self.diagnostics.error(code::ENDS_FIRST, node.place, message).at(&node.pointer);
        }
        Some(count)
    }

    /// An event cannot be wanted and forbidden.
    fn check_contradictions(&mut self, nodes: &[Node], read: &[Option<Expectation>]) {
        for (forbidding, expectation) in nodes.iter().zip(read) {
            let Some(Expectation::Never { name, node: None }) = expectation else { continue };
            let wants = |other: &Option<Expectation>| match other {
                Some(Expectation::Event { name: wanted, count, .. }) => wanted == name && count.at_least > 0,
                _ => false,
            };
            if read.iter().any(wants) {
                let message = format!("another expectation wants the event \"{name}\" to be seen");
                self.diagnostics
                    .error(code::CONTRADICTION, forbidding.place, message)
                    .at(&forbidding.pointer);
            }
        }
    }
}
