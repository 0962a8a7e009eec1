//! Timeline entries as JSON.

use super::{Writer, distribution, expect, target};
use crate::json::Json;
use crate::model::{Action, Address, DiskContents, Entry, FsyncFault, ReplyPattern, Span, Target, When};
use crate::table::{CLOCK_FAULT, DISK_FAULT, LINK_FAULT, WHEN};

/// One entry: its time, its action, its id.
pub(super) fn entry(entry: &Entry) -> Json {
    let mut fields = when(&entry.when);
    fields.extend(action(&entry.action));
    fields.extend(entry.action.length().map(|length| ("for", Json::text(length))));
    fields.push(("id", Json::text(&entry.id)));
    fields.extend((!entry.must_fire).then(|| ("must-fire", Json::raw(false))));
    Json::Object(fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn when(when: &When) -> Vec<(&'static str, Json)> {
    match when {
        When::At(at) => vec![("at", Json::text(at))],
        When::Every { every, from, to, times } => {
            let mut fields = vec![("every", Json::text(every)), ("from", Json::text(from))];
            fields.extend(to.map(|to| ("to", Json::text(to))));
            fields.extend(times.map(|times| ("times", Json::raw(times))));
            fields
        }
        When::On { event, node, nth, after } => {
            let mut trigger = Writer::of(&WHEN);
            trigger.put("event", Json::text(event));
            trigger.put_some("node", node.as_ref().map(target));
            trigger.put("nth", Json::raw(nth));
            let mut fields = vec![("when", trigger.done())];
            fields.extend((*after != Span::ZERO).then(|| ("after", Json::text(after))));
            fields
        }
    }
}

fn action(action: &Action) -> Vec<(&'static str, Json)> {
    let word = action.kind().word();
    let value = match action {
        Action::Crash(who) | Action::PowerOff(who) | Action::Resume(who) => target(who),
        Action::Restart { who, disk, address } => {
            let mut fields = vec![(word, target(who))];
            fields.extend((*disk == DiskContents::Empty).then(|| ("disk", Json::text("empty"))));
            fields.extend((*address == Address::New).then(|| ("address", Json::text("new"))));
            return fields;
        }
        Action::Pause { who, .. } => target(who),
        Action::Partition { groups, .. } => Json::List(groups.iter().map(|group| members(group)).collect()),
        Action::Cut { from, to, .. } => Json::object([("from", target(from)), ("to", target(to))]),
        Action::Heal => Json::raw(true),
        Action::Network { .. } => link_fault(action),
        Action::Clock { node, jump, drift, .. } => {
            let mut out = Writer::of(&CLOCK_FAULT);
            out.put("node", target(node));
            out.put_some("jump", jump.map(Json::text));
            out.put_some("drift", drift.map(Json::text));
            out.done()
        }
        Action::Disk { node, fsync, writes_stall, full, .. } => {
            let mut out = Writer::of(&DISK_FAULT);
            out.put("node", target(node));
            out.put_some("fsync", fsync.as_ref().map(fsync_fault));
            out.put_some("write", writes_stall.then(|| Json::text("stall")));
            out.put("full", Json::raw(full));
            out.done()
        }
        Action::Slow { node, each_loop, .. } => {
            Json::object([("node", target(node)), ("loop", Json::text(each_loop))])
        }
        Action::Command { node, argv, reply } => {
            let argv = Json::List(argv.iter().map(Json::text).collect());
            let mut fields = vec![(word, Json::object([("node", target(node)), ("argv", argv)]))];
            fields.extend(reply.as_ref().map(|reply| ("reply", pattern(reply))));
            return fields;
        }
        Action::Check(expectations) => Json::List(expectations.iter().map(expect::expectation).collect()),
    };
    vec![(word, value)]
}

fn members(group: &[Target]) -> Json {
    Json::List(group.iter().map(Json::text).collect())
}

fn link_fault(action: &Action) -> Json {
    let mut out = Writer::of(&LINK_FAULT);
    if let Action::Network { between, latency, loss, drop, refuse, reset, bandwidth, one_way, .. } = action {
        out.put("between", Json::List(vec![target(&between.0), target(&between.1)]));
        out.put_some("latency", latency.as_ref().map(distribution));
        out.put_some("loss", loss.map(Json::text));
        out.put_list("drop", drop.iter().map(Json::text));
        out.put("refuse", Json::raw(refuse));
        out.put("reset", Json::raw(reset));
        out.put_some("bandwidth", bandwidth.map(Json::text));
        out.put("one-way", Json::raw(one_way));
    }
    out.done()
}

fn fsync_fault(fault: &FsyncFault) -> Json {
    match fault {
        FsyncFault::Stall => Json::text("stall"),
        FsyncFault::Fail => Json::text("fail"),
        FsyncFault::Lie => Json::text("lie"),
        FsyncFault::Slow(time) => Json::object([("slow", distribution(time))]),
    }
}

fn pattern(pattern: &ReplyPattern) -> Json {
    match pattern {
        ReplyPattern::Equals(text) => Json::text(text),
        ReplyPattern::StartsWith(text) => Json::object([("starts-with", Json::text(text))]),
        ReplyPattern::Contains(text) => Json::object([("contains", Json::text(text))]),
        ReplyPattern::Error(text) => Json::object([("error", Json::text(text))]),
    }
}
