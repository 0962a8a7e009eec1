//! What holds under any sequence of rules, crashes, closings and messages.

use std::collections::BTreeMap;

use crate::lab::{Hands, Lab, PORT, lab};
use proptest::prelude::*;
use rcsim_devices::{ConnId, Degradation, End, Ended, HostIx, RuleId, Sent, What};
use rcsim_engine::{Distribution, Engine, Span};

const HOSTS: u32 = 4;

#[derive(Clone, Debug)]
enum Action {
    Connect(u32, u32),
    Send(usize, bool),
    Partition(u32),
    Cut(u32, u32),
    Worsen(u32, u32, u64, u32, Option<u64>),
    Lift(usize),
    Close(usize, bool),
    Crash(u32),
    PowerOff(u32),
    PowerOn(u32),
    Reset(u32, u32),
    Listen(u32, bool),
}

fn any_action() -> impl Strategy<Value = Action> {
    use Action::*;
    let host = || 0..HOSTS;
    prop_oneof![
        2 => (host(), host()).prop_map(|(a, b)| Connect(a, b)),
        20 => (0..64usize, any::<bool>()).prop_map(|(conn, opener)| Send(conn, opener)),
        2 => (1..15u32).prop_map(Partition),
        2 => (host(), host()).prop_map(|(a, b)| Cut(a, b)),
        2 => (host(), host(), 0..300u64, 0..400_000u32, prop::option::of(500..100_000u64))
            .prop_map(|(a, b, latency, loss, bandwidth)| Worsen(a, b, latency, loss, bandwidth)),
        4 => (0..64usize).prop_map(Lift),
        1 => (0..64usize, any::<bool>()).prop_map(|(conn, opener)| Close(conn, opener)),
        1 => host().prop_map(Crash),
        1 => host().prop_map(PowerOff),
        1 => host().prop_map(PowerOn),
        1 => (host(), host()).prop_map(|(a, b)| Reset(a, b)),
        1 => (host(), any::<bool>()).prop_map(|(host, listening)| Listen(host, listening)),
    ]
}

/// What one direction has sent and received so far; messages are numbered.
#[derive(Default)]
struct Direction {
    sent: u64,
    received: u64,
}

struct Trial {
    lab: Engine<Lab>,
    conns: Vec<ConnId>,
    rules: Vec<RuleId>,
    directions: BTreeMap<(ConnId, End), Direction>,
}

fn end(opener: bool) -> End {
    if opener { End::Opener } else { End::Acceptor }
}

impl Trial {
    fn new() -> Self {
        let mut lab = lab(HOSTS);
        let pairs = (0..HOSTS).flat_map(|a| (0..HOSTS).filter(move |b| *b != a).map(move |b| (a, b)));
        let establish = |(a, b)| lab.act(|network, _| network.establish(HostIx(a), HostIx(b), PORT));
        let conns = pairs.map(establish).collect();
        Self { lab, conns, rules: Vec::new(), directions: BTreeMap::new() }
    }

    fn act(&mut self, action: &Action) {
        let hosts = |a: u32, b: u32| ([HostIx(a)], [HostIx(b)]);
        match *action {
            Action::Connect(a, b) => {
                let connect = |network: &mut rcsim_devices::Network<u64>, schedule: &mut _| {
                    network.connect(HostIx(a), HostIx(b), PORT, schedule)
                };
                self.conns.push(self.lab.act(connect));
            }
            Action::Send(conn, opener) => {
                let (conn, from) = (self.conns[conn % self.conns.len()], end(opener));
                let direction = self.directions.entry((conn, from)).or_default();
                if self.lab.say(conn, from, direction.sent) != Sent::NotOpen {
                    direction.sent += 1;
                }
            }
            Action::Partition(mask) => {
                let (one, other) = (0..HOSTS).map(HostIx).partition(|host| mask >> host.0 & 1 == 1);
                self.rules.push(self.lab.act(|network, _| network.partition(&[one, other])));
            }
            Action::Cut(a, b) => {
                let (a, b) = hosts(a, b);
                self.rules.push(self.lab.act(|network, _| network.cut(&a, &b)));
            }
            Action::Worsen(a, b, latency, loss, bandwidth) => {
                let latency = Some(Distribution::exponential(Span::ZERO, Span::from_millis(latency)));
                let how = Degradation {
                    latency,
                    loss_per_million: Some(loss),
                    bandwidth,
                    ..Degradation::default()
                };
                let (a, b) = hosts(a, b);
                self.rules.push(self.lab.act(|network, _| network.degrade(&a, &b, how)));
            }
            Action::Lift(rule) if !self.rules.is_empty() => {
                let rule = self.rules[rule % self.rules.len()];
                self.lab.act(|network, _| network.lift(rule));
            }
            Action::Lift(_) => {}
            Action::Close(conn, opener) => {
                let conn = self.conns[conn % self.conns.len()];
                self.lab.act(|network, schedule| network.close(conn, end(opener), schedule));
            }
            Action::Crash(host) => {
                self.lab.act(|network, schedule| network.crash_process(HostIx(host), schedule));
            }
            Action::Listen(host, listening) => self.lab.act(|network, _| {
                network.set_listening(HostIx(host), PORT, listening && network.is_up(HostIx(host)));
            }),
            Action::PowerOff(host) => {
                self.lab.act(|network, schedule| network.power_off(HostIx(host), schedule));
            }
            Action::PowerOn(host) => self.lab.act(|network, _| {
                network.power_on(HostIx(host));
                network.set_listening(HostIx(host), PORT, true);
            }),
            Action::Reset(a, b) => {
                let (a, b) = hosts(a, b);
                self.lab.act(|network, schedule| network.reset_between(&a, &b, schedule));
            }
        }
    }

    /// Lets time pass, and looks at each delivery the moment it is made.
    fn watch(&mut self, span: Span) -> Result<(), TestCaseError> {
        let until = self.lab.now() + span;
        while self.lab.next_at().is_some_and(|at| at <= until) {
            let sources = self.sources();
            self.lab.step();
            let log = std::mem::take(&mut self.lab.parts().0.log);
            prop_assert!(log.len() <= 1);
            for (_, delivery) in log {
                let across = sources.get(&delivery.conn).map(|hosts| hosts[1 - delivery.end as usize]);
                let across = across.expect("a delivery is about a connection that was alive");
                let local = matches!(
                    delivery.what,
                    What::Closed(Ended::TimedOut) | What::ConnectFailed(Ended::TimedOut)
                );
                let network = &self.lab.world().network;
                let open = network.reaches(across, delivery.host) || !network.is_up(across);
                prop_assert!(local || open, "through a cut: {:?}", delivery);
                prop_assert!(network.is_up(delivery.host), "to a host without power: {:?}", delivery);
                if let What::Message(number) = delivery.what {
                    let direction = self.directions.entry((delivery.conn, delivery.end.other())).or_default();
                    prop_assert_eq!(number, direction.received, "in order, each once: {:?}", delivery);
                    direction.received += 1;
                }
            }
        }
        self.lab.run_until(until);
        Ok(())
    }

    fn sources(&self) -> BTreeMap<ConnId, [HostIx; 2]> {
        let network = &self.lab.world().network;
        let hosts = |conn| {
            let [opener, acceptor] = [End::Opener, End::Acceptor].map(|end| network.host_of(conn, end));
            Some((conn, [opener?, acceptor?]))
        };
        self.conns.iter().filter_map(|conn| hosts(*conn)).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Order is kept, nothing passes a cut, and what was sent before a heal arrives after it unless the
    /// connection died.
    #[test]
    fn streams_are_ordered_reliable_and_stopped_by_cuts(
        actions in prop::collection::vec((prop_oneof![0..5u64, 0..400u64], any_action()), 1..120)
    ) {
        let mut trial = Trial::new();
        for (gap, action) in &actions {
            trial.watch(Span::from_millis(*gap))?;
            trial.act(action);
        }
        for rule in trial.rules.clone() {
            trial.lab.act(|network, _| network.lift(rule));
        }
        trial.lab.act(|network, _| (0..HOSTS).for_each(|host| network.power_on(HostIx(host))));
        trial.watch(Span::from_secs(4000))?;
        prop_assert_eq!(trial.lab.pending(), 0, "everything comes to rest");
        let network = &trial.lab.world().network;
        let mut half_open = 0;
        for conn in &trial.conns {
            let open = [End::Opener, End::Acceptor].map(|end| network.is_open(*conn, end));
            half_open += usize::from(open[0] || open[1]);
            for from in [End::Opener, End::Acceptor] {
                let used = trial.directions.get(&(*conn, from));
                if let Some(direction) = used.filter(|_| open == [true, true]) {
                    prop_assert_eq!(direction.received, direction.sent);
                }
            }
        }
        prop_assert_eq!(network.connection_count(), half_open, "no dead connection is kept");
    }
}
