//! A few nodes on a bench: no engine, no network, no disk that could fail. Some are real, the others puppets.
//!
//! A real node gets inputs and its effects are told, line by line. A puppet is what the real ones are told of it: it
//! answers PING and MEET at once, sends what the story makes it send, and can be silent or dead. Messages arrive at
//! once and in order; an fsync answers at once.

mod telling;

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use rcsim_node::boot::{FormedMember, FormedTable};
use rcsim_node::exchange::{Exchange, Exchanged, TargetId};
use rcsim_node::{
    Boot, BusInput, Chance, ClientInput, ClientOutput, ConnectionId, DiskAnswer, DiskRequest, Effect,
    Effects, Formed, Input, LinkId, MasterInput, Node, Outside,
};
use rcsim_observe::{Names, NodeGlimpse, Place};
use rcsim_protocol::bus::{Body, Header, Heartbeat, Message};
use rcsim_protocol::{
    Address, AddressIx, Command, Epoch, NodeFlags, NodeId, NodeIx, Offset, Registry, ReplicationId, Reply,
    Settings, SlotSet,
};

/// A realistic Unix time (CK-6).
const START_MS: i64 = 1_795_348_832_000;
/// The operator's connection to each node.
const OPERATOR: ConnectionId = ConnectionId(1);
/// Replicas come to their masters on connections with numbers from here on.
const REPLICAS: u32 = 100;
/// Connections that nodes opened to each other for keys that leave: from this number on, a hundred for each node.
const TARGETS: u32 = 10_000;
const PORT: u16 = 6379;

/// What a puppet does with what it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// It answers PING and MEET.
    Answers,
    /// Connections to it hang, messages vanish.
    Silent,
    /// Its process is gone: connections are reset and refused.
    Dead,
}

/// Someone on the bench. Of a real node, `header` is only what a puppet in its place would say.
pub(crate) struct Party {
    pub(crate) name: String,
    pub(crate) mood: Mood,
    /// What its messages say of it.
    pub(crate) header: Header,
    address: Address,
    /// The same, as gossip tells it.
    pub(crate) place: AddressIx,
    node: Option<Node>,
    dice: Dice,
}

/// The bench.
pub(crate) struct Bench {
    pub(crate) parties: Vec<Party>,
    pub(crate) registry: Registry,
    pub(crate) now_ms: i64,
    /// The link of one party to where it ends: a party, and the link's name there if that is a real node.
    ends: BTreeMap<(usize, LinkId), (usize, Option<LinkId>)>,
    /// Where messages of a party arrive at another: on the inbound and on the outbound link there.
    inbound: BTreeMap<(usize, usize), LinkId>,
    outbound: BTreeMap<(usize, usize), LinkId>,
    /// Links that are being opened, by the party they lead to.
    dialled: BTreeMap<(usize, LinkId), usize>,
    in_flight: VecDeque<(usize, LinkId, Arc<Message>)>,
    /// Whom the nodes opened connections to, for keys that leave.
    targets: BTreeMap<(usize, TargetId), usize>,
    /// Replies that clients have not been told of yet.
    heard: BTreeMap<(usize, ConnectionId), Vec<Reply>>,
    /// What was told since the last call of [`Bench::told`].
    lines: Vec<String>,
    /// Whether real replicas hear what real masters write.
    pub(crate) streams: bool,
}

/// Chance for tests (SplitMix64).
struct Dice(u64);

impl Chance for Dice {
    fn below(&mut self, bound: u32) -> u32 {
        (self.bits() % u64::from(bound)) as u32
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }
}

impl Bench {
    /// An empty one.
    pub(crate) fn new() -> Bench {
        Bench {
            parties: Vec::new(),
            registry: Registry::new(),
            now_ms: START_MS,
            ends: BTreeMap::new(),
            inbound: BTreeMap::new(),
            outbound: BTreeMap::new(),
            dialled: BTreeMap::new(),
            in_flight: VecDeque::new(),
            targets: BTreeMap::new(),
            heard: BTreeMap::new(),
            lines: Vec::new(),
            streams: false,
        }
    }

    /// A cluster that has stood for long: masters n1 … with slots as redis-cli splits them, then their replicas.
    pub(crate) fn formed(&mut self, masters: u16, replicas: u16, settings: &Settings, real: &[&str]) {
        let scenario = rcsim_scenario::Cluster { masters, replicas, ..rcsim_scenario::Cluster::default() };
        let members = scenario.members();
        for member in &members {
            self.add_party(&member.name);
        }
        let epoch = Epoch(members.len() as u64);
        let index = |name: &str| members.iter().position(|member| member.name == name).expect("a member");
        for (party, member) in members.iter().enumerate() {
            let header = &mut self.parties[party].header;
            header.current_epoch = epoch;
            header.config_epoch = Epoch(party as u64 + 1);
            header.offset = Offset(280);
            if let rcsim_scenario::MemberRole::Master(ranges) = &member.role {
                header.slots = telling::slots(ranges);
            }
        }
        for (party, member) in members.iter().enumerate() {
            if let rcsim_scenario::MemberRole::Replica(master) = &member.role {
                self.follow(party, index(master));
            }
        }
        let table = FormedTable::from(self.table());
        for name in real {
            self.start_formed(index(name), table.clone(), settings);
        }
        for name in real {
            self.connect_formed(index(name));
        }
    }

    /// A new node that knows nobody; real at once.
    pub(crate) fn newcomer(&mut self, name: &str, settings: &Settings) {
        let party = self.add_party(name);
        let boot = Boot {
            settings: settings.clone(),
            port: PORT,
            cport: PORT + 10_000,
            config: None,
            files: rcsim_node::Files::new(),
        };
        let (node, effects) = self.lend(party, |out| Node::boot(boot, out));
        let node = node.expect("there is no file to be corrupt");
        self.parties[party].header.sender = node.me();
        self.parties[party].node = Some(node);
        self.apply(party, effects);
    }

    /// A puppet that no real node knows yet; a master without slots.
    pub(crate) fn stranger(&mut self, name: &str) {
        self.add_party(name);
    }

    fn add_party(&mut self, name: &str) -> usize {
        let number = self.parties.len() as u8 + 1;
        let id = NodeId::from_bytes([b'a' + number - 1; 40]);
        let address = Address::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, number)), PORT);
        let header = Header {
            sender: self.registry.node(id),
            // The IP is not announced: receivers take the socket's (WR-2).
            address: self.registry.address(Address { ip: None, ..address }),
            current_epoch: Epoch::ZERO,
            config_epoch: Epoch::ZERO,
            offset: Offset(0),
            slots: SlotSet::empty(),
            master: None,
            flags: NodeFlags::MYSELF | NodeFlags::MASTER,
            cluster_failed: false,
            paused: false,
            force_ack: false,
        };
        let (place, dice) = (self.registry.address(address), Dice(u64::from(number)));
        let name = name.to_owned();
        self.parties.push(Party { name, mood: Mood::Answers, header, address, place, node: None, dice });
        self.parties.len() - 1
    }

    /// From now on this party's messages say that it is a replica; it tells its master's epoch and slots (WR-16).
    pub(crate) fn follow(&mut self, party: usize, master: usize) {
        let told = self.parties[master].header.clone();
        let header = &mut self.parties[party].header;
        header.flags = NodeFlags::MYSELF | NodeFlags::SLAVE;
        header.master = Some(told.sender);
        header.config_epoch = told.config_epoch;
        header.slots = told.slots;
    }

    fn table(&self) -> Vec<FormedMember> {
        let member = |party: &Party| FormedMember {
            id: party.header.sender,
            address: party.address,
            master: party.header.master,
            config_epoch: party.header.config_epoch,
            slots: if party.header.master.is_some() { SlotSet::empty() } else { party.header.slots.clone() },
        };
        self.parties.iter().map(member).collect()
    }

    fn start_formed(&mut self, party: usize, table: FormedTable, settings: &Settings) {
        let header = &self.parties[party].header;
        let formed = Formed {
            settings: settings.clone(),
            port: PORT,
            cport: PORT + 10_000,
            me: header.sender,
            table,
            current_epoch: header.current_epoch,
            offset: header.offset,
            replication_id: ReplicationId([7; 5]),
        };
        let master = header.master;
        let (mut node, effects) = self.lend(party, |out| Node::formed(formed, out));
        for (index, other) in self.parties.iter().enumerate() {
            let socket = SocketAddr::new(other.address.ip.expect("it has one"), PORT);
            if master == Some(other.header.sender) {
                node.formed_replication_to(socket);
            } else if other.header.master == Some(self.parties[party].header.sender) {
                node.formed_replication_from(ConnectionId(REPLICAS + index as u32), socket, PORT);
            }
        }
        self.parties[party].node = Some(node);
        self.apply(party, effects);
    }

    /// Both links of a real node with everybody else.
    fn connect_formed(&mut self, party: usize) {
        let now_ms = self.now_ms;
        for other in (0..self.parties.len()).filter(|other| *other != party) {
            let peer = self.parties[other].header.sender;
            let ips = [&self.parties[other], &self.parties[party]]
                .map(|party| party.address.ip.expect("it has one"));
            for inbound in [false, true] {
                let node = self.parties[party].node.as_mut().expect("it is real");
                let link = node.formed_link(peer, ips[0], ips[1], inbound, now_ms);
                let ends = if inbound { &mut self.inbound } else { &mut self.outbound };
                ends.insert((party, other), link);
                self.ends.insert((party, link), (other, None));
            }
        }
        // The other end has its name by now if it is a real node, too.
        for other in (0..party).filter(|other| self.parties[*other].node.is_some()) {
            for (mine, theirs) in [(other, party), (party, other)] {
                let (out, into) = (self.outbound[&(mine, theirs)], self.inbound[&(theirs, mine)]);
                self.ends.insert((mine, out), (theirs, Some(into)));
                self.ends.insert((theirs, into), (mine, Some(out)));
            }
        }
    }

    // ---- what a story can do ------------------------------------------------------------------------------------

    /// The party of this name.
    pub(crate) fn party(&self, name: &str) -> usize {
        let found = self.parties.iter().position(|party| party.name == name);
        found.unwrap_or_else(|| panic!("there is no {name} on the bench"))
    }

    /// Lets time pass: every 100 ms each real node has its timer (LP-7).
    pub(crate) fn wait(&mut self, ms: i64) {
        for _ in 0..ms / 100 {
            self.now_ms += 100;
            for party in 0..self.parties.len() {
                if self.parties[party].node.is_some() {
                    self.input(party, Input::Cron);
                }
            }
        }
        self.now_ms += ms % 100;
    }

    /// A puppet sends a message to one real node or to all: an answer on their own links, anything else on its own.
    pub(crate) fn say(&mut self, from: usize, to: Option<usize>, header: Header, body: Body) {
        let message = Arc::new(Message { header, body });
        let answer = matches!(message.body, Body::Pong(_));
        let real = |party: &usize| self.parties[*party].node.is_some() && to.is_none_or(|to| to == *party);
        for to in (0..self.parties.len()).filter(real).collect::<Vec<_>>() {
            let link = match answer {
                true => self.outbound.get(&(to, from)).copied(),
                false => Some(self.link_from(from, to)),
            };
            if let Some(link) = link {
                self.in_flight.push_back((to, link, Arc::clone(&message)));
            }
        }
        self.settle();
    }

    /// The operator asks a real node.
    pub(crate) fn ask(&mut self, party: usize, command: &str) {
        let remote = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 40_000);
        self.input(party, Input::Client(OPERATOR, ClientInput::Opened { remote }));
        self.input(party, Input::Client(OPERATOR, ClientInput::Command(Command::new(command.split(' ')))));
        self.input(party, Input::Client(OPERATOR, ClientInput::Closed));
    }

    /// A client connects to a real node.
    pub(crate) fn open(&mut self, party: usize, connection: u32) {
        let remote = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 40_000 + connection as u16);
        self.input(party, Input::Client(ConnectionId(connection), ClientInput::Opened { remote }));
    }

    /// A client says something; what it is answered at once.
    pub(crate) fn say_as_client(&mut self, party: usize, connection: u32, command: &Command) -> Vec<Reply> {
        let connection = ConnectionId(connection);
        self.input(party, Input::Client(connection, ClientInput::Command(command.clone())));
        self.heard.remove(&(party, connection)).unwrap_or_default()
    }

    /// What a node wants said to another one, and what that answers.
    fn exchange(&mut self, party: usize, exchange: Exchange) {
        let connection = TARGETS + 100 * party as u32 + exchange.target.0;
        if let Some(address) = exchange.open {
            let to = self.party_at(address.ip()).expect("a party has this address");
            self.targets.insert((party, exchange.target), to);
            self.open(to, connection);
        }
        let to = self.targets[&(party, exchange.target)];
        let commands = exchange.commands.iter();
        let replies = commands.flat_map(|command| self.say_as_client(to, connection, command)).collect();
        self.hand(party, Input::Exchanged(Exchanged { replies, failure: None }));
    }

    /// A client is gone.
    pub(crate) fn hang_up(&mut self, party: usize, connection: u32) {
        self.input(party, Input::Client(ConnectionId(connection), ClientInput::Closed));
    }

    /// The id of a party.
    pub(crate) fn id_of(&self, party: usize) -> NodeId {
        self.registry.id(self.parties[party].header.sender)
    }

    /// The process of a puppet dies: every connection with it is reset.
    pub(crate) fn kill(&mut self, party: usize) {
        self.parties[party].mood = Mood::Dead;
        let id = self.parties[party].header.sender;
        for real in 0..self.parties.len() {
            let links = [self.outbound.remove(&(real, party)), self.inbound.remove(&(real, party))];
            for link in links.into_iter().flatten() {
                self.ends.remove(&(real, link));
                self.input(real, Input::Bus(link, BusInput::Closed));
            }
            let dialled = self.dialled.iter().filter(|(from, to)| from.0 == real && **to == party);
            for (real, link) in dialled.map(|(from, _)| *from).collect::<Vec<_>>() {
                self.dialled.remove(&(real, link));
                self.input(real, Input::Bus(link, BusInput::Closed));
            }
            let node = self.parties[real].node.as_ref();
            if node.is_some_and(|node| node.peer(node.me()).is_some_and(|me| me.master == Some(id))) {
                self.input(real, Input::Master(MasterInput::Closed));
            }
        }
    }

    /// Everything that was told since the last call.
    pub(crate) fn told(&mut self) -> Vec<String> {
        std::mem::take(&mut self.lines)
    }

    /// A real node.
    pub(crate) fn node(&self, party: usize) -> &Node {
        self.parties[party]
            .node
            .as_ref()
            .unwrap_or_else(|| panic!("{} is a puppet", self.parties[party].name))
    }

    /// The names of everybody, for those who tell.
    pub(crate) fn names(&self) -> Names {
        let place = |node| self.parties.iter().position(|party| party.header.sender == node);
        let entry = |index| {
            let node = NodeIx(index);
            (self.registry.id(node), place(node).map(|place| Place(place as u32)))
        };
        Names {
            nodes: (0..self.registry.node_count()).map(entry).collect(),
            places: self.parties.iter().map(|party| party.name.clone()).collect(),
            clients: Vec::new(),
        }
    }

    // ---- inputs and effects -------------------------------------------------------------------------------------

    /// Lets something be done with what a node is lent; returns the effects as well.
    fn lend<R>(&mut self, party: usize, work: impl FnOnce(&mut Outside<'_>) -> R) -> (R, Vec<Effect>) {
        let mut effects = Effects::new();
        let result = work(&mut Outside {
            now_ms: self.now_ms,
            registry: &mut self.registry,
            chance: &mut self.parties[party].dice,
            effects: &mut effects,
        });
        (result, effects.drain().collect())
    }

    /// Hands one input to a real node, tells and applies its effects, and lets everything that follows arrive.
    fn input(&mut self, party: usize, input: Input) {
        self.hand(party, input);
        self.settle();
    }

    fn hand(&mut self, party: usize, input: Input) {
        let Some(mut node) = self.parties[party].node.take() else { return };
        let ((), effects) = self.lend(party, |out| node.handle(input, out));
        self.parties[party].node = Some(node);
        self.apply(party, effects);
    }

    fn settle(&mut self) {
        while let Some((to, link, message)) = self.in_flight.pop_front() {
            self.hand(to, Input::Bus(link, BusInput::Received(message)));
        }
    }

    fn apply(&mut self, party: usize, effects: Vec<Effect>) {
        for effect in &effects {
            if let Effect::Connect(link, to) = effect
                && let Some(to) = self.party_at(to.ip())
            {
                self.dialled.insert((party, *link), to);
            }
        }
        self.tell(party, &effects);
        for effect in effects {
            match effect {
                Effect::Send(link, message) => self.deliver(party, link, message),
                Effect::Connect(link, to) => self.connect(party, link, to),
                Effect::Close(link) => self.close(party, link),
                Effect::Exchange(exchange) => self.exchange(party, exchange),
                Effect::Client(connection, ClientOutput::Reply(reply)) => {
                    self.heard.entry((party, connection)).or_default().push(reply);
                }
                Effect::Disk(DiskRequest { job, .. }) => {
                    self.hand(party, Input::Disk(DiskAnswer { job, result: Ok(()) }));
                }
                Effect::Client(ConnectionId(number), ClientOutput::Feed(feed)) if self.streams => {
                    if let Some(replica) = number.checked_sub(REPLICAS) {
                        self.hand(replica as usize, Input::Master(MasterInput::Feed(feed)));
                    }
                }
                _ => {}
            }
        }
    }

    fn deliver(&mut self, from: usize, link: LinkId, message: Arc<Message>) {
        let Some(&(to, theirs)) = self.ends.get(&(from, link)) else { return };
        if let Some(theirs) = theirs {
            self.in_flight.push_back((to, theirs, message));
        } else if self.parties[to].mood == Mood::Answers
            && matches!(message.body, Body::Ping(_) | Body::Meet(_))
        {
            let pong =
                Message { header: self.parties[to].header.clone(), body: Body::Pong(Heartbeat::default()) };
            self.in_flight.push_back((from, link, Arc::new(pong)));
        }
    }

    fn party_at(&self, ip: IpAddr) -> Option<usize> {
        self.parties.iter().position(|party| party.address.ip == Some(ip))
    }

    fn connect(&mut self, from: usize, link: LinkId, to: SocketAddr) {
        let to = self.party_at(to.ip());
        let mood = to.map_or(Mood::Silent, |to| self.parties[to].mood);
        let (Some(to), Mood::Answers) = (to, mood) else {
            if mood == Mood::Dead {
                self.dialled.remove(&(from, link));
                self.hand(from, Input::Bus(link, BusInput::Closed));
            }
            return;
        };
        let ips = [from, to].map(|party| self.parties[party].address.ip.expect("it has one"));
        let now_ms = self.now_ms;
        let theirs = self.parties[to].node.as_mut().map(|node| node.accept_link(ips[0], ips[1], now_ms));
        self.dialled.remove(&(from, link));
        self.outbound.insert((from, to), link);
        self.ends.insert((from, link), (to, theirs));
        if let Some(theirs) = theirs {
            self.inbound.insert((to, from), theirs);
            self.ends.insert((to, theirs), (from, Some(link)));
        }
        self.hand(from, Input::Bus(link, BusInput::Connected { local: ips[0] }));
    }

    fn close(&mut self, party: usize, link: LinkId) {
        self.dialled.remove(&(party, link));
        let Some((other, theirs)) = self.ends.remove(&(party, link)) else { return };
        for ends in [&mut self.outbound, &mut self.inbound] {
            ends.retain(|(owner, _), known| *owner != party || *known != link);
        }
        if let Some(theirs) = theirs {
            self.ends.remove(&(other, theirs));
            self.hand(other, Input::Bus(theirs, BusInput::Closed));
        }
    }

    /// The link on which a puppet's own messages arrive at a real node: its own, opened now if there is none.
    fn link_from(&mut self, from: usize, to: usize) -> LinkId {
        if let Some(link) = self.inbound.get(&(to, from)) {
            return *link;
        }
        let ips = [from, to].map(|party| self.parties[party].address.ip.expect("it has one"));
        let now_ms = self.now_ms;
        let node = self.parties[to].node.as_mut().expect("it is real");
        let link = node.accept_link(ips[0], ips[1], now_ms);
        self.inbound.insert((to, from), link);
        self.ends.insert((to, link), (from, None));
        link
    }
}

/// The reply to the operator among some effects.
fn reply(effect: &Effect) -> Option<&Reply> {
    match effect {
        Effect::Client(OPERATOR, ClientOutput::Reply(reply)) => Some(reply),
        _ => None,
    }
}
