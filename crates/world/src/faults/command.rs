//! Raw commands: an operator at the console of a node, beside the simulated network.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use rcsim_engine::Schedule;
use rcsim_node::{ClientInput, ConnectionId, Input};
use rcsim_protocol::{Command, Reply};
use rcsim_scenario::{Argument, Target};

use super::Firing;
use crate::agenda::Happening;
use crate::ledger::CommandResult;
use crate::world::World;

/// Connections of the operator have numbers from here on; those of the network stay far below.
const FIRST_CONNECTION: u32 = 1 << 31;

/// The operator's connections: one per command.
#[derive(Clone, Debug, Default)]
pub(super) struct Operator {
    next: u32,
    awaited: Option<(ConnectionId, Option<Reply>)>,
}

impl Operator {
    fn open(&mut self) -> ConnectionId {
        self.next += 1;
        let connection = ConnectionId(FIRST_CONNECTION + self.next);
        self.awaited = Some((connection, None));
        connection
    }

    pub(super) fn take_reply(&mut self, connection: ConnectionId, reply: &Reply) -> bool {
        if let Some((awaited, slot)) = &mut self.awaited
            && *awaited == connection
        {
            *slot = Some(reply.clone());
        }
        connection.0 >= FIRST_CONNECTION
    }
}

impl World {
    pub(super) fn run_raw_command(
        &mut self,
        who: &Target,
        argv: &[Argument],
        firing: Firing,
        schedule: &mut Schedule<Happening>,
    ) {
        let words: Vec<String> = argv.iter().map(|argument| self.word_of(argument)).collect();
        for place in self.places_of(who, firing) {
            let reply = self.run_command(place, Command::new(&words), schedule);
            self.faults.accounts[firing.entry]
                .count("commands", u64::from(self.hosts[place].process.is_some()));
            let result = CommandResult {
                entry: firing.entry as u32,
                node: self.hosts[place].name.clone(),
                at_ns: schedule.now().0,
                reply,
            };
            self.faults.commands.push(result);
        }
    }

    /// Runs a command on a node at once, as if typed at its console. `None`: there was no reply, because no process
    /// takes commands there now, or because it put the command off.
    pub fn run_command(
        &mut self,
        place: usize,
        command: Command,
        schedule: &mut Schedule<Happening>,
    ) -> Option<Reply> {
        if !self.hosts[place].is_free() {
            return None;
        }
        let connection = self.faults.operator.open();
        let remote = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
        for input in [ClientInput::Opened { remote }, ClientInput::Command(command), ClientInput::Closed] {
            self.feed(place, Input::Client(connection, input), schedule);
        }
        self.faults.operator.awaited.take().and_then(|(_, reply)| reply)
    }

    fn word_of(&self, argument: &Argument) -> String {
        let host = argument.node().and_then(|name| self.hosts.iter().find(|host| host.name == name));
        match (argument, host) {
            (Argument::Text(text), _) => text.clone(),
            (Argument::IdOf(_), Some(host)) => {
                host.identity.map(|id| self.registry.id(id).to_string()).unwrap_or_default()
            }
            (Argument::IpOf(_), Some(host)) => host.ip.to_string(),
            (Argument::PortOf(_), Some(host)) => host.address().port.to_string(),
            (_, None) => String::new(),
        }
    }
}
