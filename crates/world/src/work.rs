//! Work that takes time and no disk: forks, the child that makes a snapshot, loading one, sockets that are full.
//!
//! Rules: RP-18 … RP-22. The rates are those of a 7.0.15 with 1.5 million short strings on a machine of 2026; a fork
//! copies page tables, so it takes time by memory, and the process stands still meanwhile.

use std::collections::VecDeque;

use rcsim_devices::End;
use rcsim_engine::{Schedule, Span};
use rcsim_node::replication::SOCKET_ROOM;
use rcsim_node::{ClientInput, ConnectionId, Effect, Input, Work};

use crate::agenda::{Done, Happening};
use crate::host::Hold;
use crate::payload::Payload;
use crate::world::World;

/// A fork takes this, and more by memory in use: 12.4 ms were measured for 429 MB.
const FORK: Span = Span::from_micros(100);
/// A child makes each byte of a snapshot in this time, and more by keys: 1.9 s were measured for 1.5 million keys.
const SAVE_NS_PER_BYTE: u64 = 5;
/// Loading is slower, and throwing the old data away comes before: 2.4 s and 1.0 s were measured.
const LOAD_NS_PER_BYTE: u64 = 5;
const FLUSH_NS_PER_KEY: u64 = 660;
/// A full socket, or a process that does not listen now, is asked again after this.
const AGAIN: Span = Span::from_millis(10);

impl World {
    /// The process forks and stands still for it.
    pub(crate) fn fork_child(
        &mut self,
        place: usize,
        memory: u64,
        rest: VecDeque<Effect>,
        schedule: &mut Schedule<Happening>,
    ) {
        let per_gib = u128::from(self.scenario.process.fork_per_gib.as_nanos());
        let took = FORK + Span(((u128::from(memory) * per_gib) >> 30) as u64);
        self.stand_still(place, took, rest, schedule);
    }

    /// The process does nothing for so long, and then the rest.
    pub(crate) fn stand_still(
        &mut self,
        place: usize,
        span: Span,
        rest: VecDeque<Effect>,
        schedule: &mut Schedule<Happening>,
    ) {
        self.hold(place, Hold::Still(rest));
        self.ready_after(place, span, schedule);
    }

    /// The child works on.
    pub(crate) fn child_works(
        &mut self,
        place: usize,
        child: u32,
        work: Work,
        schedule: &mut Schedule<Happening>,
    ) {
        self.done_after(place, self.making_time(work), Done::Child(child, work), schedule);
    }

    /// So long a child takes to make this of its data.
    pub(crate) fn making_time(&self, work: Work) -> Span {
        Span(work.keys * self.scenario.process.save_per_key.as_nanos() + work.bytes * SAVE_NS_PER_BYTE)
    }

    /// The process loads a data set.
    pub(crate) fn load_data(
        &mut self,
        place: usize,
        load: u32,
        work: Work,
        old_keys: u64,
        schedule: &mut Schedule<Happening>,
    ) {
        let per_key = self.scenario.process.load_per_key.as_nanos();
        let new = work.keys * per_key + work.bytes * LOAD_NS_PER_BYTE;
        self.done_after(place, Span(new + old_keys * FLUSH_NS_PER_KEY), Done::Load(load), schedule);
    }

    /// A process handed all that the socket of a replica takes: it wants to know when there is room again.
    pub(crate) fn ask_socket(
        &mut self,
        place: usize,
        client: ConnectionId,
        schedule: &mut Schedule<Happening>,
    ) {
        self.done_after(place, Span::ZERO, Done::Socket(client), schedule);
    }

    fn done_after(&self, place: usize, span: Span, done: Done, schedule: &mut Schedule<Happening>) {
        let life = self.hosts[place].life;
        schedule.after(span, Happening::Work { place: place as u32, life, done });
    }

    /// Some work is done; the process hears of it when it listens.
    pub(crate) fn work_done(
        &mut self,
        place: usize,
        life: u32,
        done: Done,
        schedule: &mut Schedule<Happening>,
    ) {
        if self.hosts[place].life != life {
            return;
        }
        if !self.hosts[place].is_free() {
            return self.done_after(place, AGAIN, done, schedule);
        }
        let input = match done {
            Done::Child(child, work) => Input::Child { child, work },
            Done::Load(load) => Input::Loaded { load },
            Done::Socket(client) => {
                let Some(unsent) = self.unsent_to(place, client, schedule) else { return };
                if unsent > SOCKET_ROOM / 2 {
                    return self.done_after(place, AGAIN, done, schedule);
                }
                Input::Client(client, ClientInput::Writable { room: SOCKET_ROOM - unsent })
            }
        };
        self.feed(place, input, schedule);
        if matches!(done, Done::Load(_)) {
            self.let_in(place, schedule);
        }
    }

    /// What the kernel still keeps for a replica: what the network has not taken, and what a process across that is held
    /// has not read.
    fn unsent_to(
        &mut self,
        place: usize,
        client: ConnectionId,
        schedule: &Schedule<Happening>,
    ) -> Option<u64> {
        let conn = *self.process_of(place).sockets.clients.get(&client)?;
        let unsent = self.network.send_buffer(schedule.now(), conn, End::Acceptor);
        let across = self.network.host_of(conn, End::Opener)?.0 as usize;
        let inbox = self.hosts.get(across).and_then(|host| host.process.as_ref()).map(|it| &it.inbox);
        let bytes = |what: &rcsim_devices::What<Payload>| match what {
            rcsim_devices::What::Message(payload) => u64::from(payload.len()),
            _ => 0,
        };
        let unread = inbox.into_iter().flatten().filter(|(it, ..)| *it == conn).map(|(.., what)| bytes(what));
        Some(unsent + unread.sum::<u64>())
    }
}
