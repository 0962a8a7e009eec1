//! Timeline entries: ids, times, actions.

use rcsim_protocol::bus::MessageKind;

use super::root::Entries;
use super::target::Allowed;
use super::{Fields, Reading};
use crate::code;
use crate::model::{
    Action, ActionKind, Address, Argument, DiskContents, Entry, FsyncFault, ReplyPattern, Span, Target, When,
};
use crate::source::Node;
use crate::table::{CLOCK_FAULT, COMMAND, CUT, DISK_FAULT, FSYNC, LINK_FAULT, REPLY, SLOW, TIMELINE, WHEN};

/// An entry with the place where it stands; without the entry, if something in it was refused.
pub(crate) struct Placed<'a> {
    pub(crate) node: &'a Node,
    pub(crate) entry: Option<Entry>,
}

/// All entries, if none was refused.
pub(super) fn complete(entries: Entries<'_>) -> Option<Vec<Entry>> {
    entries.into_iter().map(|placed| placed.entry).collect()
}

impl<'a> Reading<'a> {
    /// Reads the timeline.
    pub(super) fn timeline(&mut self, list: Option<&'a Node>) -> Entries<'a> {
        let nodes = list.map(Node::elements).unwrap_or_default();
        let ids = self.ids(nodes);
        let pairs = nodes.iter().zip(ids).enumerate();
        pairs.map(|(index, (node, id))| Placed { node, entry: self.entry(node, id, index) }).collect()
    }

    fn entry(&mut self, node: &'a Node, id: Option<String>, index: usize) -> Option<Entry> {
        let (tag, fields) = Fields::variant(node, &TIMELINE)?;
        let when = self.when(fields);
        let it = node.get("when").is_some();
        let action = self.action(tag, fields, Allowed { it, ..Allowed::NODES }, index);
        Some(Entry { id: id?, when: when?, action: action?, must_fire: fields.flag("must-fire") })
    }

    // ---- ids ----------------------------------------------------------------------------------------------

    /// The id of each entry: the given one, or the action word and the next number that is free.
    fn ids(&mut self, nodes: &[Node]) -> Vec<Option<String>> {
        let given = |node: &Node| node.get("id").and_then(Node::text).map(str::to_owned);
        let taken: Vec<String> = nodes.iter().filter_map(given).collect();
        for (index, node) in nodes.iter().enumerate() {
            self.check_id(node, &nodes[..index]);
        }
        let mut numbers = [0_u32; ActionKind::ALL.len()];
        let mut next = |kind: ActionKind| loop {
            let number = &mut numbers[kind as usize];
            *number += 1;
            let id = format!("{}-{number}", kind.word());
            if !taken.contains(&id) {
                return id;
            }
        };
        let kind = |node: &Node| ActionKind::from_word(Fields::variant(node, &TIMELINE)?.0);
        nodes.iter().map(|node| given(node).or_else(|| kind(node).map(&mut next))).collect()
    }

    fn check_id(&mut self, node: &Node, earlier: &[Node]) {
        let Some((field, id)) = node.field("id").and_then(|field| Some((field, field.value.text()?))) else {
            return;
        };
        let place = field.value.place;
        if ActionKind::from_word(id).is_some() {
            let message = format!("\"{id}\" is an action word, so it cannot be an id");
            self.diagnostics.error(code::NAME_TWICE, place, message).at(&field.value.pointer);
        }
        let same = |other: &&Node| other.get("id").and_then(Node::text) == Some(id);
        if let Some(first) = earlier.iter().find(same).and_then(|other| other.get("id")) {
            let message = format!("the id \"{id}\" is taken");
            let error = self.diagnostics.error(code::NAME_TWICE, place, message).at(&field.value.pointer);
            error.also(first.place, "first here");
        }
    }

    // ---- times --------------------------------------------------------------------------------------------

    fn when(&mut self, fields: Fields<'a>) -> Option<When> {
        if let Some(node) = fields.node("when") {
            let trigger = Fields::of(Some(node), &WHEN);
            let event = self.event(trigger.node("event")?);
            let by = trigger.node("node").map(|node| self.target(node, Allowed::NODES));
            let after = match fields.node("after") {
                Some(_) => fields.quantity("after")?,
                None => Span::ZERO,
            };
            return Some(When::On { event: event?, node: present(by)?, nth: trigger.whole("nth")?, after });
        }
        if fields.node("every").is_none() {
            return fields.quantity("at").map(When::At);
        }
        let every: Span = fields.quantity("every")?;
        let from = match fields.node("from") {
            Some(_) => fields.quantity("from")?,
            None => every,
        };
        let to = present(fields.node("to").map(|_| fields.quantity("to")))?;
        let times = present(fields.node("times").map(|_| fields.whole("times")))?;
        Some(When::Every { every, from, to, times })
    }

    // ---- actions ------------------------------------------------------------------------------------------

    fn action(&mut self, tag: &str, fields: Fields<'a>, nodes: Allowed, index: usize) -> Option<Action> {
        let value = fields.node(tag)?;
        let length = || present(fields.node("for").map(|_| fields.quantity("for")));
        Some(match ActionKind::from_word(tag)? {
            ActionKind::Crash => Action::Crash(self.target(value, nodes)?),
            ActionKind::PowerOff => Action::PowerOff(self.target(value, nodes)?),
            ActionKind::Restart => Action::Restart {
                who: self.target(value, nodes)?,
                disk: if fields.text("disk")? == "empty" { DiskContents::Empty } else { DiskContents::Kept },
                address: if fields.text("address")? == "new" { Address::New } else { Address::Same },
            },
            ActionKind::Pause => {
                Action::Pause { who: self.target(value, nodes.with_clients())?, length: length()? }
            }
            ActionKind::Resume => Action::Resume(self.target(value, nodes.with_clients())?),
            ActionKind::Partition => {
                Action::Partition { groups: self.groups(value, nodes.ends())?, length: length()? }
            }
            ActionKind::Cut => {
                let cut = Fields::of(Some(value), &CUT);
                let from = self.target(cut.node("from")?, nodes.ends());
                let to = self.target(cut.node("to")?, nodes.ends());
                Action::Cut { from: from?, to: to?, length: length()? }
            }
            ActionKind::Heal => Action::Heal,
            ActionKind::Network => self.link_fault(Fields::of(Some(value), &LINK_FAULT), nodes, length()?)?,
            ActionKind::Clock => {
                let clock = Fields::of(Some(value), &CLOCK_FAULT);
                let node = self.target(clock.node("node")?, nodes)?;
                Action::Clock {
                    node,
                    jump: clock.quantity("jump"),
                    drift: clock.quantity("drift"),
                    length: length()?,
                }
            }
            ActionKind::Disk => self.disk_fault(Fields::of(Some(value), &DISK_FAULT), nodes, length()?)?,
            ActionKind::Slow => {
                let slow = Fields::of(Some(value), &SLOW);
                let node = self.target(slow.node("node")?, nodes)?;
                Action::Slow { node, each_loop: slow.quantity("loop")?, length: length()? }
            }
            ActionKind::Command => self.command(value, fields.node("reply"), nodes)?,
            ActionKind::Check => Action::Check(self.expectations(Some(value), Some((index, nodes.it)))?),
        })
    }

    /// The groups of a partition; nobody stands in two of them.
    fn groups(&mut self, list: &'a Node, allowed: Allowed) -> Option<Vec<Vec<Target>>> {
        let read: Vec<_> = list.elements().iter().map(|group| self.targets(group, allowed)).collect();
        let groups = read.into_iter().collect::<Option<Vec<_>>>()?;
        let flat: Vec<(usize, &Target)> = groups
            .iter()
            .enumerate()
            .flat_map(|(at, group)| group.iter().map(move |target| (at, target)))
            .collect();
        for (index, (group, target)) in flat.iter().enumerate() {
            let node = |target: &Target| matches!(target, Target::Node(_));
            let covers = |other: &Target| other == *target || (*other == Target::All && node(target));
            if flat[..index].iter().any(|(_, other)| covers(other)) {
                let place = &list.elements()[*group];
                let message = format!("\"{target}\" stands twice in this partition");
                let error = self.diagnostics.error(code::OVERLAP, place.place, message).at(&place.pointer);
                error.help("\"*\" is everybody that no other group names");
            }
        }
        Some(groups)
    }

    fn link_fault(&mut self, fields: Fields<'a>, nodes: Allowed, length: Option<Span>) -> Option<Action> {
        let [first, second] = fields.node("between")?.elements() else { return None };
        let between = (self.target(first, nodes.ends()), self.target(second, nodes.ends()));
        let latency = fields.node("latency").map(|node| self.distribution(node));
        let drop: Vec<MessageKind> = fields.read("drop", messages)?;
        let (refuse, reset) = (fields.flag("refuse"), fields.flag("reset"));
        let given = ["latency", "loss", "bandwidth"].iter().any(|key| fields.node(key).is_some());
        self.must_harm(fields, given || refuse || reset || !drop.is_empty());
        Some(Action::Network {
            between: (between.0?, between.1?),
            latency: present(latency)?,
            loss: fields.quantity("loss"),
            drop,
            refuse,
            reset,
            bandwidth: fields.quantity("bandwidth"),
            one_way: fields.flag("one-way"),
            length,
        })
    }

    fn disk_fault(&mut self, fields: Fields<'a>, nodes: Allowed, length: Option<Span>) -> Option<Action> {
        let node = self.target(fields.node("node")?, nodes);
        let fsync = fields.node("fsync").map(|node| match node.text() {
            Some("stall") => Some(FsyncFault::Stall),
            Some("fail") => Some(FsyncFault::Fail),
            Some(_) => Some(FsyncFault::Lie),
            None => {
                let slow = Fields::of(Some(node), &FSYNC);
                self.distribution(slow.node("slow")?).map(FsyncFault::Slow)
            }
        });
        let (full, writes_stall) = (fields.flag("full"), fields.node("write").is_some());
        self.must_harm(fields, full || writes_stall || fsync.is_some());
        Some(Action::Disk { node: node?, fsync: present(fsync)?, writes_stall, full, length })
    }

    /// A fault whose keys all say "nothing is wrong" would never bite.
    fn must_harm(&mut self, fields: Fields<'a>, harms: bool) {
        let denied = ["drop", "refuse", "reset", "full"].iter().find_map(|key| fields.node(key));
        if let Some(place) = denied.filter(|_| !harms) {
            let message = "with this value the fault changes nothing".to_owned();
            self.diagnostics.error(code::OUT_OF_RANGE, place.place, message).at(&place.pointer);
        }
    }

    fn command(&mut self, value: &'a Node, reply: Option<&'a Node>, nodes: Allowed) -> Option<Action> {
        let fields = Fields::of(Some(value), &COMMAND);
        let node = self.target(fields.node("node")?, nodes);
        let mut argv = Vec::new();
        for element in fields.node("argv")?.elements() {
            let argument = Argument::from_text(element.text()?);
            if let Some(name) = argument.node() {
                self.check_node(element, name, false);
            }
            argv.push(argument);
        }
        Some(Action::Command { node: node?, argv, reply: present(reply.map(pattern))? })
    }
}

/// What is absent is fine, what is refused is not.
#[expect(clippy::option_option, reason = "absent and refused are different things")]
fn present<T>(value: Option<Option<T>>) -> Option<Option<T>> {
    match value {
        Some(value) => value.map(Some),
        None => Some(None),
    }
}

fn messages(node: &Node) -> Option<Vec<MessageKind>> {
    let one = |node: &Node| MessageKind::from_name(node.text()?);
    match node.text() {
        Some(_) => one(node).map(|kind| vec![kind]),
        None => node.elements().iter().map(one).collect(),
    }
}

fn pattern(node: &Node) -> Option<ReplyPattern> {
    if let Some(text) = node.text() {
        return Some(ReplyPattern::Equals(text.to_owned()));
    }
    let (tag, fields) = Fields::variant(node, &REPLY)?;
    let text = fields.text(tag)?;
    Some(match tag {
        "starts-with" => ReplyPattern::StartsWith(text),
        "contains" => ReplyPattern::Contains(text),
        _ => ReplyPattern::Error(text),
    })
}
