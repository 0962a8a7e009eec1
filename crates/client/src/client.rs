//! The client: operations from their start to their outcome.
//!
//! A well-behaved ordinary client of a cluster, no particular library:
//!
//! - it fetches a slot map with CLUSTER SLOTS, from the first seed that has one, and begins to work when it has it;
//! - it sends each operation to the owner of the key's slot, over one connection per node; a slot without known owner
//!   goes to any node, which will redirect;
//! - MOVED corrects the slot at once and makes a new map wanted; ASK is followed once, with ASKING before;
//! - TRYAGAIN, CLUSTERDOWN, LOADING and the like, broken connections and overdue replies: it pauses and tries again,
//!   as often as it may. A write is tried again only if it had no effect for sure: an error reply, or never sent. A
//!   write that was sent and not answered is over, with unknown outcome;
//! - operations start at a steady pace; one that is due while too many are under way starts when one of them ends,
//!   and time lost that way is not made up for.
//!
//! Never here: knowledge of any node's truth, a clock, chance of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use rcsim_observe::{Operation, Outcome};
use rcsim_protocol::{Command, Reply};

use crate::answer::Answer;
use crate::attempt::{Attempt, pause_ns};
use crate::exchange::{ClientEffect, ClientInput};
use crate::pool::{Pool, Question};
use crate::refresh::Refresh;
use crate::setup::ClientSetup;
use crate::slot_map::SlotMap;
use crate::workload::Workload;

/// A cluster-aware client.
#[derive(Clone, Debug)]
pub struct Client {
    setup: ClientSetup,
    map: SlotMap,
    pool: Pool,
    refresh: Refresh,
    workload: Workload,
    /// Operations under way, by number.
    attempts: BTreeMap<u32, Attempt>,
    next_operation: u32,
    /// When the next operation is due; `None` until there is a map.
    due_ns: Option<u64>,
    /// The wake-up that is pending.
    wake_ns: Option<u64>,
}

/// What one call of [`Client::handle`] works with.
struct Turn<'a> {
    now_ns: u64,
    draw: &'a mut dyn FnMut(u32) -> u32,
    effects: &'a mut Vec<ClientEffect>,
}

impl Client {
    /// A client that has done nothing yet.
    pub fn new(setup: ClientSetup) -> Client {
        Client {
            map: SlotMap::default(),
            pool: Pool::new(setup.timeout_ns),
            refresh: Refresh::default(),
            workload: Workload::new(&setup),
            attempts: BTreeMap::new(),
            next_operation: 0,
            due_ns: None,
            wake_ns: None,
            setup,
        }
    }

    /// What it is made of.
    pub fn setup(&self) -> &ClientSetup {
        &self.setup
    }

    /// What it believes about the cluster.
    pub fn slot_map(&self) -> &SlotMap {
        &self.map
    }

    /// Handles one input: `now_ns` is the virtual time, never earlier than before; `draw(n)` is a number below `n`,
    /// all equally likely; what the client wants is appended to `effects`.
    pub fn handle(
        &mut self,
        now_ns: u64,
        input: ClientInput,
        draw: &mut dyn FnMut(u32) -> u32,
        effects: &mut Vec<ClientEffect>,
    ) {
        let turn = &mut Turn { now_ns, draw, effects };
        match input {
            ClientInput::Start => self.refresh.want(),
            ClientInput::Wake => (),
            ClientInput::Connected(conn) => self.pool.connected(conn, now_ns, turn.effects),
            ClientInput::Closed(conn) => self.lose(conn, "the connection broke", turn),
            ClientInput::Reply(conn, reply) => self.answered(conn, &reply, turn),
        }
        while let Some(conn) = self.pool.overdue(now_ns) {
            turn.effects.push(ClientEffect::Close { conn });
            self.lose(conn, "no answer in time", turn);
        }
        self.resume(turn);
        self.start_due(turn);
        self.fetch_map_if_due(turn);
        self.ask_for_wake(turn);
    }

    // ---- what comes in ----------------------------------------------------------------------------------------

    fn answered(&mut self, conn: u32, reply: &Reply, turn: &mut Turn<'_>) {
        let Some((address, question)) = self.pool.answered(conn) else { return };
        match question {
            Question::Asking => (),
            Question::Map => self.learn_map(SlotMap::parse(reply, address), turn),
            Question::Operation(number) => self.operation_answered(number, address, reply, turn),
        }
    }

    fn learn_map(&mut self, map: Option<SlotMap>, turn: &mut Turn<'_>) {
        let Some(map) = map else { return self.map_failed(turn.now_ns) };
        self.map = map;
        self.refresh.succeeded(turn.now_ns);
        if self.due_ns.is_none() {
            // Clients that start together keep out of step.
            let phase_us = u32::try_from(self.setup.interval_ns / 1000).unwrap_or(u32::MAX);
            self.due_ns = Some(turn.now_ns + u64::from((turn.draw)(phase_us.max(1))) * 1000);
        }
    }

    fn map_failed(&mut self, now_ns: u64) {
        let known = self.map.nodes();
        let others = self.setup.seeds.iter().filter(|seed| !known.contains(seed)).count();
        self.refresh.failed(now_ns, known.len() + others);
    }

    fn operation_answered(&mut self, number: u32, from: SocketAddr, reply: &Reply, turn: &mut Turn<'_>) {
        let Some(attempt) = self.attempts.get_mut(&number) else { return };
        attempt.answered_by = Some(from);
        match Answer::read(reply, &attempt.kind, from) {
            Answer::Moved(slot, owner) => {
                self.map.set_owner(slot, owner);
                self.refresh.want();
                self.redirect(number, owner, false, turn);
            }
            Answer::Ask(to) => self.redirect(number, to, true, turn),
            Answer::Later(why) => {
                self.refresh.want();
                self.try_again_later(number, &why, turn);
            }
            Answer::Over(outcome) => self.finish(number, outcome, turn),
        }
    }

    /// A connection is gone, with all questions that were put over it.
    fn lose(&mut self, conn: u32, why: &str, turn: &mut Turn<'_>) {
        let Some(lost) = self.pool.remove(conn) else { return };
        self.refresh.want();
        for question in lost.questions {
            match question {
                Question::Asking => (),
                Question::Map => self.map_failed(turn.now_ns),
                Question::Operation(number) => {
                    let may_have_effect =
                        lost.sent && self.attempts.get(&number).is_some_and(Attempt::is_write);
                    if may_have_effect {
                        self.finish(number, Outcome::Unknown, turn);
                    } else {
                        self.try_again_later(number, why, turn);
                    }
                }
            }
        }
    }

    // ---- the way of an operation ------------------------------------------------------------------------------

    /// Starts the operations that are due, as many as may be under way.
    fn start_due(&mut self, turn: &mut Turn<'_>) {
        while let Some(due_ns) = self.due_ns.filter(|due| *due <= turn.now_ns && self.has_room()) {
            let late = turn.now_ns - due_ns >= self.setup.interval_ns;
            let base_ns = if late { turn.now_ns } else { due_ns };
            self.due_ns = Some(base_ns + self.setup.interval_ns.max(1));
            let (register, kind) = self.workload.next(turn.draw);
            let attempt = Attempt {
                register,
                slot: self.workload.slot(register),
                command: self.workload.command(register, &kind),
                kind,
                invoked_ns: turn.now_ns,
                resume_ns: None,
                answered_by: None,
                retries: 0,
                redirects: 0,
            };
            self.attempts.insert(self.next_operation, attempt);
            self.send(self.next_operation, turn);
            self.next_operation = self.next_operation.wrapping_add(1);
        }
    }

    fn has_room(&self) -> bool {
        self.attempts.len() < self.setup.concurrency.max(1) as usize
    }

    /// Sends an operation to the owner of its slot, or to any node while the owner is unknown.
    fn send(&mut self, number: u32, turn: &mut Turn<'_>) {
        let Some(attempt) = self.attempts.get(&number) else { return };
        let address = self.map.owner(attempt.slot).unwrap_or_else(|| {
            let nodes = self.map.nodes();
            nodes[(turn.draw)(nodes.len() as u32) as usize]
        });
        let command = attempt.command.clone();
        self.pool.ask(address, Question::Operation(number), command, turn.now_ns, turn.effects);
    }

    fn redirect(&mut self, number: u32, to: SocketAddr, asking: bool, turn: &mut Turn<'_>) {
        let Some(attempt) = self.attempts.get_mut(&number) else { return };
        if attempt.redirects >= self.setup.redirects {
            return self.finish(number, Outcome::Failed("too many redirections".into()), turn);
        }
        attempt.redirects += 1;
        let command = attempt.command.clone();
        if asking {
            self.pool.ask(to, Question::Asking, Command::new(["ASKING"]), turn.now_ns, turn.effects);
        }
        self.pool.ask(to, Question::Operation(number), command, turn.now_ns, turn.effects);
    }

    fn try_again_later(&mut self, number: u32, why: &str, turn: &mut Turn<'_>) {
        let Some(attempt) = self.attempts.get_mut(&number) else { return };
        if attempt.retries >= self.setup.retries {
            return self.finish(number, Outcome::Failed(why.into()), turn);
        }
        attempt.resume_ns = Some(turn.now_ns + pause_ns(attempt.retries, turn.draw));
        attempt.retries += 1;
    }

    /// Sends the operations whose pause is over.
    fn resume(&mut self, turn: &mut Turn<'_>) {
        let over = |attempt: &Attempt| attempt.resume_ns.is_some_and(|at| at <= turn.now_ns);
        let ready: Vec<u32> =
            self.attempts.iter().filter(|(_, attempt)| over(attempt)).map(|(number, _)| *number).collect();
        for number in ready {
            self.attempts.entry(number).and_modify(|attempt| attempt.resume_ns = None);
            self.send(number, turn);
        }
    }

    fn finish(&mut self, number: u32, outcome: Outcome, turn: &mut Turn<'_>) {
        let Some(attempt) = self.attempts.remove(&number) else { return };
        if attempt.is_write() {
            self.workload.written(attempt.register);
        }
        let thought_ns = turn.now_ns + self.setup.think_ns;
        self.due_ns = self.due_ns.map(|due| due.max(thought_ns));
        let key: Arc<str> = self.workload.key(attempt.register);
        let operation = Operation {
            client: self.setup.index,
            key,
            kind: attempt.kind,
            invoked_ns: attempt.invoked_ns,
            ended_ns: turn.now_ns,
            outcome,
            answered_by: None,
        };
        turn.effects.push(ClientEffect::Done { operation, answered_by: attempt.answered_by });
    }

    // ---- in the background ------------------------------------------------------------------------------------

    fn fetch_map_if_due(&mut self, turn: &mut Turn<'_>) {
        if self.refresh.due_ns().is_none_or(|due| due > turn.now_ns) {
            return;
        }
        if let Some(node) = self.refresh.begin(self.map.nodes(), &self.setup.seeds, turn.draw) {
            let command = Command::new(["CLUSTER", "SLOTS"]);
            self.pool.ask(node, Question::Map, command, turn.now_ns, turn.effects);
        }
    }

    /// Asks to be woken when the next thing is due, unless a wake-up before that is pending.
    fn ask_for_wake(&mut self, turn: &mut Turn<'_>) {
        if self.wake_ns.is_some_and(|at| at <= turn.now_ns) {
            self.wake_ns = None;
        }
        let pauses = self.attempts.values().filter_map(|attempt| attempt.resume_ns).min();
        let start = self.due_ns.filter(|_| self.has_room());
        let times = [start, pauses, self.pool.deadline_ns(), self.refresh.due_ns()];
        let Some(next_ns) = times.into_iter().flatten().min() else { return };
        if self.wake_ns.is_none_or(|pending| next_ns < pending) {
            self.wake_ns = Some(next_ns);
            turn.effects.push(ClientEffect::Wake { at_ns: next_ns });
        }
    }
}

#[cfg(test)]
mod tests;
