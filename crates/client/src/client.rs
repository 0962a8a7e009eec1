//! The client: operations from their start to their outcome.
//!
//! - It fetches a slot map from the first seed that has one, and begins to work when it has it;
//! - it sends each operation to the owner of the key's slot, over one connection per node; a slot without known owner
//!   goes to any node, which will redirect; a read may go to a replica (READONLY);
//! - MOVED is followed at once, ASK once, with ASKING before;
//! - passing errors, broken connections and overdue replies: it pauses and tries again, as often as it may. Unless its
//!   policy is bold, a write is tried again only if it had no effect for sure: an error reply, or never sent. A write
//!   that was sent and not answered is then over, with unknown outcome;
//! - what these do to the map, how often and how long: see [`Policy`](crate::Policy);
//! - operations start at a steady pace. One that is due while too many are under way starts when one of them ends; in a
//!   closed loop time that was lost that way is not made up for.
//!
//! Never here: knowledge of any node's truth, a clock, chance of its own.

mod attempts;

use std::net::SocketAddr;
use std::sync::Arc;

use rcsim_observe::{Operation, Outcome};
use rcsim_protocol::{Command, Reply, Slot};

use crate::answer::Refusal;
use crate::exchange::{ClientEffect, ClientInput};
use crate::plan;
use crate::policy::{MapSource, Moved, ReadFrom};
use crate::pool::{Peer, Pool, Question};
use crate::refresh::Refresh;
use crate::setup::ClientSetup;
use crate::slot_map::SlotMap;
use crate::workload::Workload;
use attempts::{Attempt, Attempts};

/// A cluster-aware client.
#[derive(Clone, Debug)]
pub struct Client {
    setup: ClientSetup,
    map: SlotMap,
    pool: Pool,
    refresh: Refresh,
    workload: Workload,
    attempts: Attempts,
    /// When the next operation is due; `None` until it may begin to work.
    due_ns: Option<u64>,
    /// How many of the burst that is due have still to start.
    burst_left: u32,
    /// The wake-up that is pending.
    wake_ns: Option<u64>,
    /// How many slots were corrected since the last map.
    corrections: u32,
    /// The node that answered last: whom a client without map asks.
    current: Option<SocketAddr>,
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
            pool: Pool::new(setup.policy.timeout_ns),
            refresh: Refresh::new(&setup.policy),
            workload: Workload::new(setup.index, &setup.load),
            attempts: Attempts::default(),
            due_ns: None,
            burst_left: 0,
            wake_ns: None,
            corrections: 0,
            current: setup.seeds.first().copied(),
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
            ClientInput::Start => self.begin(turn),
            ClientInput::Wake => (),
            ClientInput::Connected(conn) => self.pool.connected(conn, now_ns, turn.effects),
            ClientInput::Closed(conn) => self.lose(conn, "the connection broke", turn),
            ClientInput::Reply(conn, reply) => self.answered(conn, &reply, turn),
        }
        while let Some(conn) = self.pool.overdue(now_ns) {
            turn.effects.push(ClientEffect::Close { conn });
            self.lose(conn, "no answer in time", turn);
        }
        while let Some(number) = self.attempts.resumed(now_ns) {
            self.send(number, turn);
        }
        self.start_due(turn);
        self.fetch_map_if_due(turn);
        self.ask_for_wake(turn);
    }

    fn begin(&mut self, turn: &mut Turn<'_>) {
        match self.setup.policy.map {
            MapSource::Redirections => self.start_working(turn),
            MapSource::Slots | MapSource::Shards => self.refresh.want(),
        }
    }

    /// From now on operations are due. Clients that start together keep out of step.
    fn start_working(&mut self, turn: &mut Turn<'_>) {
        if self.due_ns.is_none() {
            let phase_us = u32::try_from(self.setup.pace.interval_ns / 1000).unwrap_or(u32::MAX);
            self.due_ns = Some(turn.now_ns + u64::from((turn.draw)(phase_us.max(1))) * 1000);
            self.burst_left = self.setup.pace.burst.max(1);
        }
    }

    // ---- what comes in ----------------------------------------------------------------------------------------

    fn answered(&mut self, conn: u32, reply: &Reply, turn: &mut Turn<'_>) {
        let Some((peer, question)) = self.pool.answered(conn) else { return };
        match question {
            Question::Preface => (),
            Question::Map => {
                let map = match self.setup.policy.map {
                    MapSource::Shards => SlotMap::parse_shards(reply, peer.address),
                    MapSource::Slots | MapSource::Redirections => SlotMap::parse(reply, peer.address),
                };
                self.learn_map(map, turn);
            }
            Question::Operation(number) => self.operation_answered(number, peer.address, reply, turn),
        }
    }

    fn learn_map(&mut self, map: Option<SlotMap>, turn: &mut Turn<'_>) {
        let Some(map) = map else { return self.map_failed(turn.now_ns) };
        self.map = map;
        self.corrections = 0;
        self.refresh.succeeded(turn.now_ns);
        self.start_working(turn);
    }

    fn map_failed(&mut self, now_ns: u64) {
        let known = self.map.nodes();
        let others = self.setup.seeds.iter().filter(|seed| !known.contains(seed)).count();
        self.refresh.failed(now_ns, known.len() + others);
    }

    /// One more reply of an operation. It is judged when it has all of them: the first refusal counts, for every later
    /// command went the same way.
    fn operation_answered(&mut self, number: u32, from: SocketAddr, reply: &Reply, turn: &mut Turn<'_>) {
        let Some(attempt) = self.attempts.get_mut(number) else { return };
        let index = attempt.replies;
        attempt.replies += 1;
        attempt.answered_by = Some(from);
        match reply {
            Reply::Integer(replicas) if attempt.plan.is_wait(index) => {
                attempt.replicas = u32::try_from(*replicas).ok();
            }
            Reply::Error(text) if !attempt.plan.is_wait(index) => {
                attempt.refusal.get_or_insert_with(|| Refusal::read(text, &self.setup.policy, from));
            }
            reply if attempt.plan.is_decisive(index) => {
                attempt.outcome = Some(plan::outcome(&attempt.plan.kind, reply));
                attempt.told_ns = Some(turn.now_ns);
            }
            _ => {}
        }
        if attempt.replies < attempt.plan.reply_count() {
            return;
        }
        let (refusal, outcome) = (attempt.refusal.take(), attempt.outcome.take());
        match (refusal, outcome) {
            (Some(refusal), _) => self.refused(number, refusal, turn),
            (None, Some(outcome)) => self.finish(number, outcome, turn),
            (None, None) => self.finish(number, Outcome::Failed("no outcome".into()), turn),
        }
    }

    fn refused(&mut self, number: u32, refusal: Refusal, turn: &mut Turn<'_>) {
        match refusal {
            Refusal::Moved(slot, owner) => {
                self.moved(slot, owner);
                self.redirect(number, owner, false, turn);
            }
            Refusal::Ask(to) => self.redirect(number, to, true, turn),
            Refusal::Later(why) => {
                self.trouble();
                self.try_again_later(number, &why, turn);
            }
            Refusal::Final(why) => self.finish(number, Outcome::Failed(why), turn),
        }
    }

    fn moved(&mut self, slot: Slot, owner: SocketAddr) {
        self.current = Some(owner);
        match self.setup.policy.moved {
            Moved::Correct { map_every } => {
                self.map.set_owner(slot, owner);
                self.corrections += 1;
                if self.corrections >= map_every {
                    self.refresh.want();
                }
            }
            Moved::Refresh => self.refresh.want(),
            Moved::Ignore => {}
        }
    }

    fn trouble(&mut self) {
        if self.setup.policy.refresh_on_trouble {
            self.refresh.want();
        }
    }

    /// A connection is gone, with all questions that were put over it.
    fn lose(&mut self, conn: u32, why: &str, turn: &mut Turn<'_>) {
        let Some(lost) = self.pool.remove(conn) else { return };
        self.trouble();
        if self.setup.policy.map == MapSource::Redirections {
            // Without a map there is nothing to go by: some other node that it once knew.
            self.current = Some(self.setup.seeds[(turn.draw)(self.setup.seeds.len() as u32) as usize]);
        }
        let mut before = None;
        for question in lost.questions {
            match question {
                Question::Preface => (),
                Question::Map => self.map_failed(turn.now_ns),
                // Several commands of one operation stand behind each other.
                Question::Operation(number) if before == Some(number) => (),
                Question::Operation(number) => {
                    before = Some(number);
                    self.unanswered(number, lost.sent, why, turn);
                }
            }
        }
    }

    fn unanswered(&mut self, number: u32, sent: bool, why: &str, turn: &mut Turn<'_>) {
        let Some(attempt) = self.attempts.get_mut(number) else { return };
        // The decisive reply may be there and only WAIT be missing.
        if let (None, Some(outcome)) = (&attempt.refusal, attempt.outcome.take()) {
            return self.finish(number, outcome, turn);
        }
        attempt.may_have_effect |= sent && attempt.refusal.is_none() && attempt.plan.kind.is_write();
        if attempt.may_have_effect && !self.setup.policy.resends_writes {
            self.finish(number, Outcome::Unknown, turn);
        } else {
            self.try_again_later(number, why, turn);
        }
    }

    // ---- the way of an operation ------------------------------------------------------------------------------

    /// Starts the operations that are due, as many as may be under way.
    fn start_due(&mut self, turn: &mut Turn<'_>) {
        while let Some(due_ns) = self.due_ns.filter(|due| *due <= turn.now_ns && self.has_room()) {
            self.burst_left -= 1;
            if self.burst_left == 0 {
                let pace = &self.setup.pace;
                let late = !pace.open && turn.now_ns - due_ns >= pace.interval_ns;
                let base_ns = if late { turn.now_ns } else { due_ns };
                // A client without a pace goes on as soon as one of its operations ends.
                let next_ns = if pace.interval_ns == 0 { turn.now_ns } else { base_ns + pace.interval_ns };
                self.due_ns = Some(next_ns);
                self.burst_left = pace.burst.max(1);
            }
            let plan = self.workload.next(turn.now_ns, turn.draw);
            let number = self.attempts.add(Attempt::new(plan));
            self.send(number, turn);
        }
    }

    fn has_room(&self) -> bool {
        self.attempts.len() < self.setup.pace.concurrency.max(1) as usize
    }

    /// Sends an operation to whom its policy says.
    fn send(&mut self, number: u32, turn: &mut Turn<'_>) {
        let Some(attempt) = self.attempts.get_mut(number) else { return };
        attempt.invoked_ns.get_or_insert(turn.now_ns);
        let slot = attempt.plan.slot;
        let wants_replica = self.setup.policy.read_from != ReadFrom::Master && !attempt.plan.kind.is_write();
        let peer = match wants_replica.then(|| self.replica(slot, turn)).flatten() {
            Some(address) => Peer { address, readonly: true },
            None => Peer { address: self.master(slot, turn), readonly: false },
        };
        self.say(number, peer, turn);
    }

    /// The owner of a slot, or any node while the owner is unknown.
    fn master(&self, slot: Slot, turn: &mut Turn<'_>) -> SocketAddr {
        if let (MapSource::Redirections, Some(current)) = (self.setup.policy.map, self.current) {
            return current;
        }
        self.map.owner(slot).unwrap_or_else(|| {
            let nodes = self.map.nodes();
            nodes[(turn.draw)(nodes.len() as u32) as usize]
        })
    }

    /// A replica of the owner of a slot; `None` where there is none, or where it was the master's turn.
    fn replica(&self, slot: Slot, turn: &mut Turn<'_>) -> Option<SocketAddr> {
        let mut replicas = self.map.replicas(slot);
        let masters = u32::from(self.setup.policy.read_from == ReadFrom::Any);
        let choices = replicas.len() as u32 + masters;
        if choices == masters {
            return None;
        }
        replicas.nth((turn.draw)(choices) as usize)
    }

    /// Puts all commands of an operation to a node.
    fn say(&mut self, number: u32, peer: Peer, turn: &mut Turn<'_>) {
        let Some(attempt) = self.attempts.get_mut(number) else { return };
        (attempt.replies, attempt.refusal, attempt.outcome, attempt.replicas) = (0, None, None, None);
        attempt.told_ns = None;
        for command in attempt.plan.commands() {
            self.pool.ask(peer, Question::Operation(number), command.clone(), turn.now_ns, turn.effects);
        }
    }

    fn redirect(&mut self, number: u32, to: SocketAddr, asking: bool, turn: &mut Turn<'_>) {
        let Some(attempt) = self.attempts.get_mut(number) else { return };
        if attempt.redirects >= self.setup.policy.redirects {
            return self.finish(number, Outcome::Failed("too many redirections".into()), turn);
        }
        attempt.redirects += 1;
        let peer = Peer { address: to, readonly: false };
        if asking {
            let command = Command::new(["ASKING"]);
            self.pool.ask(peer, Question::Preface, command, turn.now_ns, turn.effects);
        }
        self.say(number, peer, turn);
    }

    /// Tries again after a pause, or gives up: a write that was sent before may have had an effect then.
    fn try_again_later(&mut self, number: u32, why: &str, turn: &mut Turn<'_>) {
        let policy = &self.setup.policy;
        let Some(attempt) = self.attempts.get_mut(number) else { return };
        if attempt.retries >= policy.retries {
            let failed = Outcome::Failed(why.into());
            let outcome = if attempt.may_have_effect { Outcome::Unknown } else { failed };
            return self.finish(number, outcome, turn);
        }
        let pause_ns = policy.pause_ns(attempt.retries, turn.draw);
        attempt.retries += 1;
        self.attempts.resume_at(number, turn.now_ns + pause_ns);
    }

    fn finish(&mut self, number: u32, outcome: Outcome, turn: &mut Turn<'_>) {
        let Some(attempt) = self.attempts.remove(number) else { return };
        // Refused now, but what was sent before and not answered may have had its effect.
        let uncertain = attempt.may_have_effect && matches!(outcome, Outcome::Failed(_));
        let outcome = if uncertain { Outcome::Unknown } else { outcome };
        let sequel = self.workload.sequel(&attempt.plan, &outcome);
        if !self.setup.pace.open {
            let thought_ns = turn.now_ns + self.setup.pace.think_ns;
            self.due_ns = self.due_ns.map(|due| due.max(thought_ns));
        }
        if let Some((plan, pause_ns)) = sequel {
            let next = self.attempts.add(Attempt::new(plan));
            self.attempts.resume_at(next, turn.now_ns + pause_ns);
        }
        let operation = Operation {
            client: self.setup.index,
            key: Arc::clone(&attempt.plan.key),
            kind: attempt.plan.kind,
            invoked_ns: attempt.invoked_ns.unwrap_or(turn.now_ns),
            ended_ns: turn.now_ns,
            told_ns: attempt.told_ns.filter(|_| outcome.is_ok()).unwrap_or(turn.now_ns),
            outcome,
            answered_by: None,
            replicas: attempt.replicas,
            unanswered: attempt.may_have_effect,
        };
        turn.effects.push(ClientEffect::Done { operation, answered_by: attempt.answered_by });
    }

    // ---- in the background ------------------------------------------------------------------------------------

    fn fetch_map_if_due(&mut self, turn: &mut Turn<'_>) {
        let word = match self.setup.policy.map {
            MapSource::Slots => "SLOTS",
            MapSource::Shards => "SHARDS",
            MapSource::Redirections => return,
        };
        if self.refresh.due_ns().is_none_or(|due| due > turn.now_ns) {
            return;
        }
        if let Some(address) = self.refresh.begin(self.map.nodes(), &self.setup.seeds, turn.draw) {
            let command = Command::new(["CLUSTER", word]);
            let peer = Peer { address, readonly: false };
            self.pool.ask(peer, Question::Map, command, turn.now_ns, turn.effects);
        }
    }

    /// Asks to be woken when the next thing is due, unless a wake-up before that is pending.
    fn ask_for_wake(&mut self, turn: &mut Turn<'_>) {
        if self.wake_ns.is_some_and(|at| at <= turn.now_ns) {
            self.wake_ns = None;
        }
        let start = self.due_ns.filter(|_| self.has_room());
        let refresh = match self.setup.policy.map {
            MapSource::Redirections => None,
            MapSource::Slots | MapSource::Shards => self.refresh.due_ns(),
        };
        let times = [start, self.attempts.resume_ns(), self.pool.deadline_ns(), refresh];
        let Some(next_ns) = times.into_iter().flatten().min() else { return };
        if self.wake_ns.is_none_or(|pending| next_ns < pending) {
            self.wake_ns = Some(next_ns);
            turn.effects.push(ClientEffect::Wake { at_ns: next_ns });
        }
    }
}

#[cfg(test)]
mod tests;
