//! The smallest world around a network: it writes down every delivery.

use rcsim_devices::{ConnId, Delivery, End, HostIx, MessageClass, Network, Path, Sent, What, Wire};
use rcsim_engine::{Distribution, Engine, Nanos, Schedule, Span, Streams, World};

/// All that happens here is the network.
#[derive(Clone, Debug)]
pub(crate) struct Event(Wire<u64>);

impl From<Wire<u64>> for Event {
    fn from(wire: Wire<u64>) -> Self {
        Self(wire)
    }
}

#[derive(Clone)]
pub(crate) struct Lab {
    pub(crate) network: Network<u64>,
    pub(crate) log: Vec<(Nanos, Delivery<u64>)>,
}

impl World for Lab {
    type Event = Event;

    fn handle(&mut self, now: Nanos, event: Event, schedule: &mut Schedule<Event>) {
        if let Some(delivery) = self.network.pass(event.0, schedule) {
            self.log.push((now, delivery));
        }
    }
}

/// What the tests do to it, at the engine's present time.
pub(crate) trait Hands {
    fn act<R>(&mut self, act: impl FnOnce(&mut Network<u64>, &mut Schedule<Event>) -> R) -> R;
    fn wait(&mut self, span: Span);
    fn log(&mut self) -> Vec<(u64, u32, What<u64>)>;

    fn say(&mut self, conn: ConnId, from: End, payload: u64) -> Sent {
        self.act(|network, schedule| network.send(conn, from, 100, MessageClass(0), payload, schedule))
    }
}

impl Hands for Engine<Lab> {
    fn act<R>(&mut self, act: impl FnOnce(&mut Network<u64>, &mut Schedule<Event>) -> R) -> R {
        let (lab, schedule) = self.parts();
        act(&mut lab.network, schedule)
    }

    fn wait(&mut self, span: Span) {
        self.run_until(self.now() + span);
    }

    /// What was delivered since the last look: (millisecond, host, what).
    fn log(&mut self) -> Vec<(u64, u32, What<u64>)> {
        let log = std::mem::take(&mut self.parts().0.log);
        log.into_iter().map(|(at, it)| (at.as_millis(), it.host.0, it.what)).collect()
    }
}

pub(crate) const PORT: u16 = 7000;

/// So many hosts that listen on [`PORT`], a millisecond apart.
pub(crate) fn lab(hosts: u32) -> Engine<Lab> {
    let path = Path::new(Distribution::constant(Span::from_millis(1)));
    let mut network = Network::new(&Streams::new(1), hosts, path);
    (0..hosts).for_each(|host| network.set_listening(HostIx(host), PORT, true));
    Engine::new(Lab { network, log: Vec::new() })
}
