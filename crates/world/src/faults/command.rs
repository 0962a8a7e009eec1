//! Raw commands: an operator at the console of a node, beside the simulated network. A process that is held takes a
//! command when it goes on, and a reply waits for the disk like any other (LP-4).

use std::collections::BTreeMap;
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
    /// Commands whose reply has not come yet.
    awaited: BTreeMap<ConnectionId, Awaited>,
}

/// A command on its way.
#[derive(Clone, Copy, Debug)]
struct Awaited {
    entry: usize,
    place: usize,
    sent_ns: u64,
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
            let command = Awaited { entry: firing.entry, place, sent_ns: schedule.now().0 };
            if self.hosts[place].process.is_none() {
                self.command_over(command, None);
                continue;
            }
            self.faults.accounts[firing.entry].count("commands", 1);
            let connection = self.open_operator(command);
            let remote = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
            let inputs = [ClientInput::Opened { remote }, ClientInput::Command(Command::new(&words))];
            let waiting = inputs.map(|input| (connection, input));
            self.process_of(place).operator.extend(waiting);
            self.serve_operator(place, schedule);
        }
    }

    fn open_operator(&mut self, command: Awaited) -> ConnectionId {
        let operator = &mut self.faults.operator;
        operator.next += 1;
        let connection = ConnectionId(FIRST_CONNECTION + operator.next);
        operator.awaited.insert(connection, command);
        connection
    }

    /// A process that is free takes what the operator typed.
    pub(crate) fn serve_operator(&mut self, place: usize, schedule: &mut Schedule<Happening>) {
        while self.hosts[place].is_free()
            && let Some((connection, input)) = self.process_of(place).operator.pop_front()
        {
            self.feed(place, Input::Client(connection, input), schedule);
        }
    }

    /// A reply of a node to the operator's own connection, which then closes; `false` if it is for somebody else.
    pub(crate) fn take_reply(&mut self, place: usize, connection: ConnectionId, reply: &Reply) -> bool {
        if connection.0 < FIRST_CONNECTION {
            return false;
        }
        if let Some(command) = self.faults.operator.awaited.remove(&connection) {
            self.command_over(command, Some(reply.clone()));
            self.process_of(place).operator.push_back((connection, ClientInput::Closed));
        }
        true
    }

    /// No reply comes any more: the process is gone.
    pub(super) fn abandon_commands(&mut self, place: usize) {
        let awaited = std::mem::take(&mut self.faults.operator.awaited);
        let (lost, kept) = awaited.into_iter().partition(|(_, command)| command.place == place);
        self.faults.operator.awaited = kept;
        let lost: BTreeMap<ConnectionId, Awaited> = lost;
        lost.into_values().for_each(|command| self.command_over(command, None));
    }

    /// The run is over: what was not answered will not be.
    pub fn abandon_all_commands(&mut self) {
        (0..self.hosts.len()).for_each(|place| self.abandon_commands(place));
    }

    fn command_over(&mut self, command: Awaited, reply: Option<Reply>) {
        self.faults.commands.push(CommandResult {
            entry: command.entry as u32,
            node: self.hosts[command.place].name.clone(),
            at_ns: command.sent_ns,
            reply,
        });
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
