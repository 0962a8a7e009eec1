//! The sentence of every event, in the words of Redis, and how interesting it is.
//!
//! A sentence is a predicate: the name of the node goes in front, one or several. `is` and `its` follow the number
//! of nodes, so `its` may only stand for the subject. One match has every event, so a new event without a sentence
//! does not compile.

use rcsim_observe::reason::{
    CannotFailover, Departure, EpochCause, LinkDown, ManualFailoverKind, VoteDenied,
};
use rcsim_observe::summary::FaultLedger;
use rcsim_observe::{Event, Names};
use rcsim_protocol::{Epoch, NodeIx};

use crate::because;
use crate::fault;
use crate::paint::Style;

/// Who wants to see a sentence. Ordered: each level shows what the ones before it show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Interest {
    /// Everybody: it changes what the cluster does, or a fault.
    Story,
    /// Who asks for details: steps on the way to a decision.
    Detail,
    /// Who debugs the protocol: links, ignored packets, files.
    Trace,
}

/// The symbol in front of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symbol {
    /// `!`: something was done to the world.
    Fault,
    /// `^`: something got better.
    Up,
    /// `v`: something got worse.
    Down,
    /// `✗`: a promise was broken.
    Violation,
    /// `·`: everything else.
    Rest,
}

impl Symbol {
    /// The character.
    pub const fn text(self) -> &'static str {
        match self {
            Symbol::Fault => "!",
            Symbol::Up => "^",
            Symbol::Down => "v",
            Symbol::Violation => "✗",
            Symbol::Rest => "·",
        }
    }

    /// Its style.
    pub const fn style(self) -> Style {
        match self {
            Symbol::Fault => Style::Fault,
            Symbol::Up => Style::Up,
            Symbol::Down => Style::Down,
            Symbol::Violation => Style::Bad,
            Symbol::Rest => Style::Dim,
        }
    }
}

/// What is said of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// The symbol in front.
    pub symbol: Symbol,
    /// Who wants to see it.
    pub interest: Interest,
    /// Of whom it speaks, if not of the place of the record.
    pub subjects: Vec<String>,
    /// The verb, for one node: `hears`. Empty if `rest` is a sentence of its own.
    pub verb: &'static str,
    /// The rest of the predicate.
    pub rest: String,
    /// Why; may be empty.
    pub why: String,
}

impl Sentence {
    /// The predicate for one node or several: `hears that …`, `hear that …`.
    pub fn predicate(&self, several: bool) -> String {
        let verb = match (several, self.verb) {
            (false, verb) => verb,
            (true, "is") => "are",
            (true, "has") => "have",
            (true, verb) => verb.strip_suffix('s').unwrap_or(verb),
        };
        let rest = if several { self.rest.replace("its ", "their ") } else { self.rest.clone() };
        format!("{verb} {rest}").trim().to_owned()
    }

    pub(crate) fn of(mut self, subjects: Vec<String>) -> Sentence {
        self.subjects = subjects;
        self
    }
}

/// A sentence about the place of the record.
pub(crate) fn say(
    symbol: Symbol,
    interest: Interest,
    verb: &'static str,
    rest: impl Into<String>,
    why: impl Into<String>,
) -> Sentence {
    Sentence { symbol, interest, subjects: Vec::new(), verb, rest: rest.into(), why: why.into() }
}

/// What is said of `event`. `faults` is the ledger that fault events refer to.
pub fn sentence(event: &Event, names: &Names, faults: &[FaultLedger]) -> Sentence {
    use Interest::{Detail, Story, Trace};
    use Symbol::{Down, Rest, Up};
    let n = |node: &NodeIx| names.node(*node);
    match event {
        Event::NodeAdded { node, how } => {
            say(Rest, Detail, "learns", format!("of {}", n(node)), because::arrival(*how))
        }
        Event::HandshakeCompleted { node, .. } => {
            say(Up, Story, "knows", format!("{} now", n(node)), "the handshake is complete")
        }
        Event::NodeRemoved { node, why } => {
            let interest = match why {
                Departure::Forget | Departure::Reset => Story,
                Departure::HandshakeTimeout => Detail,
                Departure::AlreadyKnown => Trace,
            };
            say(Down, interest, "drops", format!("{} from the table", n(node)), because::departure(*why))
        }
        Event::GossipBanned { node } => {
            let why = "CLUSTER FORGET banned it for 60 s";
            say(Rest, Detail, "ignores", format!("gossip about {}", n(node)), why)
        }
        Event::IdMismatch { expected, got } => {
            let why = format!("the address of {} is unknown now", n(expected));
            say(Rest, Story, "finds", format!("{} where {} was expected", n(got), n(expected)), why)
        }
        Event::AddressChanged { node, source, .. } => {
            let rest = format!("a new address of {}", n(node));
            say(Rest, Story, "learns", rest, because::address_source(*source))
        }
        Event::IdentityChanged { node } => {
            let id = names.nodes.get(node.index()).map(|(id, _)| id.short()).unwrap_or_default();
            say(Rest, Story, "takes", format!("a new id, {id}…"), "CLUSTER RESET HARD")
        }

        Event::LinkUp { peer } => say(Rest, Trace, "opens", format!("a link to {}", n(peer)), ""),
        Event::LinkDown { peer, why } => {
            let rare = matches!(why, LinkDown::SendBufferLimit | LinkDown::IdMismatch | LinkDown::BadFraming);
            let interest = if rare { Detail } else { Trace };
            say(Rest, interest, "loses", format!("a link of {}", n(peer)), because::link_down(*why))
        }
        Event::PacketIgnored { kind, sender, why } => {
            let rest = format!("a packet of {} ({kind})", n(sender));
            say(Rest, Trace, "ignores", rest, because::ignored(*why))
        }

        Event::Pfail { subject } => {
            let why = "no answer for the node timeout";
            say(Down, Story, "thinks", format!("{} is down (PFAIL)", n(subject)), why)
        }
        Event::PfailCleared { subject } => {
            say(Up, Story, "thinks", format!("{} is up again", n(subject)), "it answered")
        }
        Event::FailureReport { subject, reporter } => {
            say(Rest, Detail, "hears", format!("from {} that {} is silent", n(reporter), n(subject)), "")
        }
        Event::FailureReportWithdrawn { subject, reporter } => {
            say(Rest, Detail, "hears", format!("from {} that {} answers again", n(reporter), n(subject)), "")
        }
        Event::FailQuorumMissing { subject, have, needed } => {
            let why = format!("{have} of the {needed} needed say so");
            say(Rest, Detail, "needs", format!("more masters to mark {} as failed", n(subject)), why)
        }
        Event::Fail { subject, reports, own_vote, needed } => {
            let why = format!("{} masters say so, {needed} are needed", reports + u32::from(*own_vote));
            say(Down, Story, "marks", format!("{} as failed (FAIL)", n(subject)), why)
        }
        Event::FailReceived { subject, from } => {
            let why = format!("{} says so", n(from));
            say(Down, Story, "hears", format!("that {} has failed (FAIL)", n(subject)), why)
        }
        Event::FailCleared { subject, why } => {
            say(Up, Story, "takes", format!("FAIL off {}", n(subject)), because::fail_cleared(*why))
        }

        Event::StateOk => say(Up, Story, "sees", "the cluster up (state ok)", ""),
        Event::StateFail { cause } => {
            say(Down, Story, "sees", "the cluster down (state fail)", because::state_cause(*cause))
        }
        Event::StateHeld { why } => {
            say(Rest, Detail, "keeps", "the state at fail for now", because::state_hold(*why))
        }

        Event::ConfigEpochChanged { epoch, cause } => {
            let interest = if *cause == EpochCause::Election { Detail } else { Story };
            say(Rest, interest, "has", format!("config epoch {epoch} now"), because::epoch(*cause))
        }
        Event::EpochCollision { other, epoch } => {
            let why = "the smaller id gives way and takes a new one";
            say(Rest, Story, "finds", format!("config epoch {epoch} at {} too", n(other)), why)
        }
        Event::SlotsMoved { .. } => slots_moved(event, names),
        Event::StaleClaim { sender, owner, answered } => {
            let why = if *answered { "an UPDATE goes back" } else { "no link to send an UPDATE on" };
            let rest = format!("{} claim slots that are {}'s", n(sender), n(owner));
            say(Rest, Detail, "sees", rest, why)
        }

        Event::CannotFailover { why } => cannot_failover(*why),
        Event::ElectionScheduled { delay_ms, rank, offset } => {
            let rest = format!("its election in {delay_ms} ms (rank {rank})");
            say(Rest, Story, "schedules", rest, format!("replication offset {offset}"))
        }
        Event::RankWorsened { rank, added_ms } => {
            let why = format!("rank {rank} now: a sibling has more of the stream");
            say(Rest, Story, "puts", format!("its election off by {added_ms} ms"), why)
        }
        Event::ElectionStarted { epoch, manual } => {
            let why = if *manual { "an operator wants it" } else { "its master has failed" };
            say(Rest, Story, "asks", format!("for votes in epoch {epoch}"), why)
        }
        Event::VoteGranted { candidate, master, epoch, forced, master_failed, answered } => {
            let why = match (master_failed, forced) {
                (true, _) => format!("its master {} has failed", n(master)),
                (false, true) => format!("manual failover: {} may be up", n(master)),
                (false, false) => format!("although {} is up", n(master)),
            };
            let why = if *answered { why } else { format!("{why}; no link to send the vote on") };
            say(Up, Story, "votes", format!("for {} in epoch {epoch}", n(candidate)), why)
        }
        Event::VoteDenied { candidate, why } => {
            let interest = if *why == VoteDenied::NoVoter { Trace } else { Story };
            say(Down, interest, "refuses", format!("{} its vote", n(candidate)), because::vote_denied(*why))
        }
        Event::VoteReceived { from, votes, epoch } => say(
            Rest,
            Detail,
            "gets",
            format!("the vote of {} in epoch {epoch}", n(from)),
            format!("{votes} so far"),
        ),
        Event::ElectionWon { epoch, votes, needed } => {
            let why = format!("{votes} votes, {needed} needed");
            say(Up, Story, "wins", format!("the election of epoch {epoch}"), why)
        }
        Event::Promoted { cause, old_master, epoch, slots } => {
            let from = old_master.as_ref().map(|master| format!(" of {}", n(master))).unwrap_or_default();
            let why = format!("{}; {slots} slots{from}", because::promotion(*cause));
            say(Up, Story, "is", format!("a master now, config epoch {epoch}"), why)
        }
        Event::Reconfigured { master, was_master, cause } => {
            let change = if *was_master { "was a master" } else { "had another master" };
            let why = format!("{change}; {}", because::reconfigured(*cause));
            say(Down, Story, "is", format!("a replica of {} now", n(master)), why)
        }
        Event::RoleSeen { node, master, is_master, .. } => {
            let role = match master {
                _ if *is_master => "a master".to_owned(),
                Some(master) => format!("a replica of {}", n(master)),
                None => "a replica of an unknown node".to_owned(),
            };
            say(Rest, Detail, "sees", format!("that {} is {role} now", n(node)), "")
        }

        Event::ManualFailoverRequested { kind } => {
            let command = match kind {
                ManualFailoverKind::Default => "CLUSTER FAILOVER",
                ManualFailoverKind::Force => "CLUSTER FAILOVER FORCE",
                ManualFailoverKind::Takeover => "CLUSTER FAILOVER TAKEOVER",
            };
            say(Rest, Story, "is", format!("told {command}"), "an operator wants it to take over")
        }
        Event::ManualFailoverPaused { replica } => {
            say(Down, Story, "pauses", "its clients", format!("{} is to take over", n(replica)))
        }
        Event::ManualFailoverOffset { offset } => say(
            Rest,
            Detail,
            "learns",
            "how far its paused master is",
            format!("replication offset {offset}"),
        ),
        Event::ManualFailoverCaughtUp { offset } => {
            let why = format!("replication offset {offset}");
            say(Up, Story, "has", "the whole stream of its paused master", why)
        }
        Event::ManualFailoverTimedOut => {
            say(Down, Story, "gives", "the manual failover up", "it took too long")
        }
        Event::ManualFailoverEnded => say(Rest, Story, "ends", "the manual failover", "clients go on"),

        Event::MigrationDeclined { orphan, why } => {
            let to = orphan.as_ref().map(|orphan| format!(" to {}", n(orphan))).unwrap_or_default();
            say(Rest, Detail, "declines", format!("a move{to}"), because::no_migration(*why))
        }
        Event::ReplicationUp { master, full, offset } => {
            let why = match full {
                true => format!("the whole data set was copied, offset {offset}"),
                false => format!("the stream goes on at offset {offset}"),
            };
            say(Up, Story, "replicates", format!("from {}", n(master)), why)
        }
        Event::ReplicationDown { why } => {
            say(Down, Story, "loses", "the stream of its master", because::replication_down(*why))
        }
        Event::FullResync { offset } => {
            say(Rest, Detail, "sends", "its whole data set to a replica", format!("offset {offset}"))
        }
        Event::PartialResync { offset } => {
            say(Rest, Detail, "lets", "a replica go on where it stopped", format!("offset {offset}"))
        }
        Event::ReplicaDropped { why, offset } => {
            let why = because::replica_dropped(*why);
            say(Down, Story, "closes", "the connection of a replica", format!("{why}, at offset {offset}"))
        }
        Event::SyncAborted { why, received } => {
            let why = because::replication_down(*why);
            say(Down, Story, "loses", "a data set on its way", format!("{why}, after {received} bytes"))
        }
        Event::StreamMark { stream, offset, data } => {
            let why = format!("offset {offset} of {stream}");
            say(Rest, Trace, "has", format!("data with the digest {data}"), why)
        }
        Event::KeysDropped { keys } => {
            let why = "neither replicas nor the append-only file are told";
            say(Down, Story, "drops", format!("{keys} keys"), why)
        }

        Event::LoadingStarted { bytes } => say(
            Rest,
            Detail,
            "begins to load",
            format!("{bytes} bytes of data"),
            "nobody on the bus is let in",
        ),
        Event::DataLoaded { from, keys, cut: 0 } => {
            say(Up, Story, "loads", format!("{keys} keys"), because::data_source(*from))
        }
        Event::DataLoaded { from, keys, cut } => {
            let from = because::data_source(*from);
            let why = format!("{from}, which ended early: {cut} bytes were cut off");
            say(Up, Story, "loads", format!("{keys} keys"), why)
        }
        Event::RdbSaved { size } => say(Rest, Detail, "saves", "a snapshot", format!("{size} bytes")),
        Event::RdbSaveFailed => say(Down, Story, "fails", "to save a snapshot", ""),
        Event::ShutdownWaits => {
            say(Down, Story, "is about to end", "", "it waits until its replicas have everything")
        }
        Event::ShutdownCancelled => say(Up, Story, "goes on", "after all", "its shutdown was cancelled"),
        Event::DataDamaged { why } => say(Down, Story, "cannot load", "its data", because::damage(*why)),
        Event::AofRewritten { size } => {
            say(Rest, Detail, "rewrites", "its append-only file", format!("{size} bytes"))
        }
        Event::AofRewriteFailed => say(Down, Story, "fails", "to rewrite its append-only file", ""),
        Event::AofWriteDelayed { for_s } => {
            say(Down, Detail, "writes", "beside an fsync", format!("that has taken {for_s} s so far"))
        }
        Event::AofError => say(Down, Story, "cannot write", "its append-only file", "writes are refused"),
        Event::AofErrorOver => say(Up, Story, "can write", "its append-only file again", ""),
        Event::ConfigSaved { fsync } => {
            say(Rest, Trace, "writes", "nodes.conf", if *fsync { "durable" } else { "not synced" })
        }
        Event::VoteSent { epoch } => say(Rest, Trace, "sends", format!("its vote of epoch {epoch}"), ""),
        Event::Exited { why } => say(Down, Story, "ends", "the process", because::exit(*why)),
        Event::Started { fresh, .. } => {
            say(Up, Story, "is", "up", if *fresh { "a new identity" } else { "nodes.conf was read" })
        }
        Event::Crashed => say(Down, Story, "dies", "(kill -9)", "its connections are reset"),
        Event::PoweredOff => say(Down, Story, "loses", "power", "silence; what was not synced is gone"),
        Event::Paused => say(Down, Story, "stops", "(SIGSTOP)", "its sockets stay open"),
        Event::Resumed => say(Up, Story, "continues", "(SIGCONT)", ""),
        Event::ClockJumped { by_ms } => say(Rest, Story, "sees", format!("its clock jump by {by_ms} ms"), ""),
        Event::FaultStarted { fault } => fault::started(faults.get(*fault as usize), *fault),
        Event::FaultEnded { fault } => fault::ended(faults.get(*fault as usize), *fault),
        Event::Healed => say(Up, Story, "", "all network faults end", ""),
    }
}

/// A replica that stands back, waits or gives up.
fn cannot_failover(why: CannotFailover) -> Sentence {
    let (symbol, interest, verb, rest) = match why {
        CannotFailover::DataAge { .. } | CannotFailover::NoFailover => {
            (Symbol::Down, Interest::Story, "cannot", "stand for election")
        }
        CannotFailover::MasterWithoutSlots => {
            (Symbol::Down, Interest::Detail, "cannot", "stand for election")
        }
        CannotFailover::Expired => (Symbol::Down, Interest::Story, "gives", "its election up"),
        CannotFailover::WaitingDelay => {
            (Symbol::Rest, Interest::Detail, "waits", "for the date of its election")
        }
        CannotFailover::WaitingVotes => (Symbol::Rest, Interest::Detail, "waits", "for votes"),
    };
    say(symbol, interest, verb, rest, because::cannot_failover(why))
}

/// Slots with a new owner, or none.
fn slots_moved(event: &Event, names: &Names) -> Sentence {
    use rcsim_observe::reason::BindCause;
    let Event::SlotsMoved { from, to, count, first, from_epoch, to_epoch, abandoned, cause } = event else {
        unreachable!("only slots-moved is told here, not {}", event.name())
    };
    let slots = if *count == 1 { format!("slot {first}") } else { format!("{count} slots") };
    let of = from.map(|from| format!(" of {}", names.node(from))).unwrap_or_default();
    let where_to = match (to, *count) {
        (Some(to), 1) => format!("goes to {}", names.node(*to)),
        (Some(to), _) => format!("go to {}", names.node(*to)),
        (None, 1) => "has no owner now".to_owned(),
        (None, _) => "have no owner now".to_owned(),
    };
    // The promotion tells of the winner's own table already.
    let interest = if *cause == BindCause::Promotion { Interest::Detail } else { Interest::Story };
    let why =
        format!("{}{}", because::bind(*cause), epochs(from.is_some(), *abandoned, *from_epoch, *to_epoch));
    say(Symbol::Rest, interest, "sees", format!("that {slots}{of} {where_to}"), why)
}

/// Why the claim of the new owner wins (SO-2, SO-3).
fn epochs(owned: bool, abandoned: bool, from: Epoch, to: Epoch) -> String {
    match (owned, abandoned) {
        (false, _) => String::new(),
        (true, true) => ", and the owner before gave them up".to_owned(),
        (true, false) if to > from => format!(" with config epoch {to} > {from}"),
        (true, false) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use rcsim_observe::event_names;

    use super::*;
    use crate::example;

    #[test]
    fn every_event_has_its_sentence() {
        let (events, names, faults) = (example::every_event(), example::names(), example::faults());
        let kinds: Vec<&str> = events.iter().map(Event::name).collect();
        assert_eq!(kinds, event_names());
        let lines: Vec<String> = events
            .iter()
            .map(|event| {
                let said = sentence(event, &names, &faults);
                let why = if said.why.is_empty() { String::new() } else { format!(" | {}", said.why) };
                format!("{:?} {} {}{why}", said.interest, said.symbol.text(), said.predicate(false))
            })
            .collect();
        example::check("sentences.txt", &lines.join("\n"));
    }

    #[test]
    fn several_nodes_have_the_plural() {
        let names = example::names();
        let several = |event: Event| sentence(&event, &names, &[]).predicate(true);
        assert_eq!(
            several(Event::FailReceived { subject: NodeIx(0), from: NodeIx(1) }),
            "hear that n1 has failed (FAIL)"
        );
        assert_eq!(several(Event::Started { node: NodeIx(0), fresh: false }), "are up");
        let why = CannotFailover::Expired;
        assert_eq!(several(Event::CannotFailover { why }), "give their election up");
    }
}
