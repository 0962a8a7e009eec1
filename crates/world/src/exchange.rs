//! A process that talks to another node and does nothing else meanwhile: blocking sockets (MG-1, MG-8).
//!
//! Keeps: what arrives from anybody else waits in the inbox; the time that is allowed begins anew with each reply.

use std::collections::VecDeque;

use rcsim_devices::{ConnId, End, What};
use rcsim_engine::{Schedule, Span};
use rcsim_node::exchange::{Exchange, ExchangeFailure, ExchangeStage, Exchanged, TargetId};
use rcsim_node::{Effect, Input};
use rcsim_protocol::{Command, Reply};

use crate::agenda::Happening;
use crate::host::Hold;
use crate::payload::Payload;
use crate::sockets::Use;
use crate::world::World;

/// A process that waits for another node.
#[derive(Clone, Debug)]
pub(crate) struct ExchangeWait {
    target: TargetId,
    /// Nothing if there is no host at the address: no answer ever comes.
    conn: Option<ConnId>,
    commands: Vec<Command>,
    is_sent: bool,
    replies: Vec<Reply>,
    timeout: Span,
    /// What is to be done afterwards.
    pub(crate) rest: VecDeque<Effect>,
}

impl World {
    /// A process begins to talk to another node; `rest` is what it does afterwards.
    pub(crate) fn start_exchange(
        &mut self,
        place: usize,
        exchange: Exchange,
        rest: VecDeque<Effect>,
        schedule: &mut Schedule<Happening>,
    ) {
        let Exchange { target, open, commands, timeout_ms } = exchange;
        let is_open = open.is_none();
        let conn = match open {
            None => self.process_of(place).sockets.targets.get(&target).copied(),
            Some(to) => self.host_by_ip.get(&to.ip()).copied().map(|across| {
                let conn = self.network.connect(self.hosts[place].ix, across, to.port(), schedule);
                self.process_of(place).sockets.targets.insert(target, conn);
                self.network.set_label(conn, End::Opener, Use::Target(target).label());
                conn
            }),
        };
        let timeout = Span::from_millis(timeout_ms);
        let wait =
            ExchangeWait { target, conn, commands, is_sent: false, replies: Vec::new(), timeout, rest };
        self.hold(place, Hold::Exchange(Box::new(wait)));
        match conn {
            Some(_) if is_open => self.send_exchange(place, schedule),
            None if is_open => return self.end_exchange(place, Some((ExchangeStage::Read, false)), schedule),
            _ => self.ready_after(place, timeout, schedule),
        }
        self.read_inbox_in_exchange(place, schedule);
    }

    /// What of the inbox the exchange has waited for: it may have come while the process was held or paused.
    pub(crate) fn read_inbox_in_exchange(&mut self, place: usize, schedule: &mut Schedule<Happening>) {
        while let Some(process) = self.hosts[place].process.as_deref_mut()
            && let Hold::Exchange(wait) = &process.hold
            && let conn = wait.conn
            && let Some(index) =
                process.inbox.iter().position(|(it, end, _)| Some(*it) == conn && *end == End::Opener)
            && let Some((_, _, what)) = process.inbox.remove(index)
        {
            self.arrive_in_exchange(place, what, schedule);
        }
    }

    /// Whether something on this connection is what a process waits for.
    pub(crate) fn is_awaited(&self, place: usize, conn: ConnId, end: End) -> bool {
        let host = &self.hosts[place];
        let awaited = host.process.as_ref().and_then(|process| match &process.hold {
            Hold::Exchange(wait) => wait.conn,
            _ => None,
        });
        !host.paused && end == End::Opener && awaited == Some(conn)
    }

    /// The other node said something, or the connection changed.
    pub(crate) fn arrive_in_exchange(
        &mut self,
        place: usize,
        what: What<Payload>,
        schedule: &mut Schedule<Happening>,
    ) {
        match what {
            What::Connected => self.send_exchange(place, schedule),
            What::Message(Payload::Reply(reply)) => {
                let Some(wait) = self.exchange_of(place) else { return };
                wait.replies.push(*reply);
                if wait.replies.len() == wait.commands.len() {
                    return self.end_exchange(place, None, schedule);
                }
                self.wait_on(place, schedule);
            }
            What::ConnectFailed(_) => self.end_exchange(place, Some((ExchangeStage::Write, false)), schedule),
            What::Closed(_) => self.end_exchange(place, Some((ExchangeStage::Read, false)), schedule),
            What::Message(_) | What::Accepted { .. } => {}
        }
    }

    /// The time is over.
    pub(crate) fn exchange_times_out(&mut self, place: usize, schedule: &mut Schedule<Happening>) {
        let Some(wait) = self.exchange_of(place) else { return };
        let stage = if wait.is_sent { ExchangeStage::Read } else { ExchangeStage::Connect };
        self.end_exchange(place, Some((stage, true)), schedule);
    }

    fn exchange_of(&mut self, place: usize) -> Option<&mut ExchangeWait> {
        match &mut self.process_of(place).hold {
            Hold::Exchange(wait) => Some(wait),
            _ => None,
        }
    }

    fn send_exchange(&mut self, place: usize, schedule: &mut Schedule<Happening>) {
        let Some(wait) = self.exchange_of(place) else { return };
        wait.is_sent = true;
        let (conn, commands) = (wait.conn, wait.commands.clone());
        for command in commands {
            if let Some(conn) = conn {
                self.transmit(conn, End::Opener, Payload::Command(command), schedule);
            }
        }
        self.wait_on(place, schedule);
    }

    /// The time that is allowed begins anew.
    fn wait_on(&mut self, place: usize, schedule: &mut Schedule<Happening>) {
        self.hosts[place].holds += 1;
        let timeout = self.exchange_of(place).map_or(Span::ZERO, |wait| wait.timeout);
        self.ready_after(place, timeout, schedule);
    }

    /// The process goes on with what it heard.
    fn end_exchange(
        &mut self,
        place: usize,
        failure: Option<(ExchangeStage, bool)>,
        schedule: &mut Schedule<Happening>,
    ) {
        let Hold::Exchange(wait) = std::mem::take(&mut self.process_of(place).hold) else {
            panic!("place {place} is in no exchange");
        };
        let failure = failure.map(|(stage, timed_out)| ExchangeFailure { stage, timed_out });
        if failure.is_some_and(|failure| !failure.timed_out) {
            self.process_of(place).sockets.targets.remove(&wait.target);
        }
        self.hand_in(place, Input::Exchanged(Exchanged { replies: wait.replies, failure }), schedule);
        if self.hosts[place].process.is_none() {
            return;
        }
        if matches!(self.process_of(place).hold, Hold::None) {
            self.apply(place, wait.rest.into_iter(), schedule);
        } else {
            self.put_off(place, wait.rest);
        }
    }

    /// A node gives a connection up.
    pub(crate) fn close_target(
        &mut self,
        place: usize,
        target: TargetId,
        schedule: &mut Schedule<Happening>,
    ) {
        if let Some(conn) = self.process_of(place).sockets.targets.remove(&target) {
            self.network.close(conn, End::Opener, schedule);
        }
    }
}
