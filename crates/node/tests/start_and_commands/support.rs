//! One node on a bench: no network, no other node, only commands and the clock.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use rcsim_node::boot::FormedMember;
use rcsim_node::{
    Boot, BootError, BusInput, Chance, ClientInput, ClientOutput, ConnectionId, DiskAnswer, DiskError,
    DiskFailure, DiskJob, DiskRequest, DiskStep, Effect, Effects, Files, Formed, Input, LinkId, Node,
    Outside,
};
use rcsim_observe::Event;
use rcsim_protocol::bus::Message;
use rcsim_protocol::{
    Address, Command, Epoch, NodeId, NodeIx, Offset, Registry, ReplicationId, Reply, Settings, Slot, SlotSet,
};

/// A realistic Unix time (CK-6).
pub(crate) const START_MS: i64 = 1_795_348_832_000;
const CLIENT: ConnectionId = ConnectionId(1);
const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The six nodes of `14_error_replies.txt`: three masters, then their replicas.
pub(crate) const IDS: [&str; 6] = [
    "8107f33c67b4901c2c3dbde57ca1be79803ee4a8",
    "e4415c4fc6d97146498b43eb8a7a00be9e94e18f",
    "a42fe2dd1b1490f275e1343c50c5f27ce8883407",
    "06c1dd3ced952fd247f3f7599bdcfefa39b421e1",
    "d3a2a41addbf6aa3243ed7c8c3047345eecd3f5e",
    "c2372e77f2c177ac5d732e8c55bdc4431b228761",
];

/// Chance for tests (SplitMix64).
pub(crate) struct Dice(pub(crate) u64);

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

/// A node with all it is lent, and what it did last.
pub(crate) struct Bench {
    pub(crate) node: Node,
    pub(crate) registry: Registry,
    pub(crate) dice: Dice,
    pub(crate) now_ms: i64,
    /// The effects of the last input.
    pub(crate) effects: Vec<Effect>,
    /// Its outbound links, by member of [`IDS`].
    pub(crate) links: Vec<Option<LinkId>>,
}

impl Bench {
    /// A process that starts with this file on ports 6379 and 16379.
    pub(crate) fn boot(settings: Settings, config: Option<&[u8]>) -> Result<Bench, BootError> {
        Bench::boot_at(6379, settings, config)
    }

    pub(crate) fn boot_at(port: u16, settings: Settings, config: Option<&[u8]>) -> Result<Bench, BootError> {
        Bench::boot_with(port, settings, config, Files::new())
    }

    /// With these files beside its nodes.conf.
    pub(crate) fn boot_with(
        port: u16,
        settings: Settings,
        config: Option<&[u8]>,
        files: Files,
    ) -> Result<Bench, BootError> {
        Bench::boot_later(port, settings, config, files, 0)
    }

    /// The same, so many ms later.
    pub(crate) fn boot_later(
        port: u16,
        settings: Settings,
        config: Option<&[u8]>,
        files: Files,
        ms: i64,
    ) -> Result<Bench, BootError> {
        let boot = Boot { settings, port, cport: port + 10000, config: config.map(<[u8]>::to_vec), files };
        let mut bench =
            Bench::build_at(START_MS + ms, Dice(1), Registry::new(), |out| Node::boot(boot, out))?;
        bench.finish_loading();
        Ok(bench)
    }

    /// A process that starts with these files and still loads them.
    pub(crate) fn boot_loading(settings: Settings, config: &str, files: Files) -> Bench {
        let config = Some(config.as_bytes().to_vec());
        let boot = Boot { settings, port: 6379, cport: 16379, config, files };
        Bench::build(Dice(1), Registry::new(), |out| Node::boot(boot, out)).expect("a good file")
    }

    /// If the node loads its data, that is done; keeps the effects of its start.
    pub(crate) fn finish_loading(&mut self) {
        let load = |effect: &Effect| match effect {
            Effect::Load { load, .. } => Some(*load),
            _ => None,
        };
        if let Some(load) = self.effects.iter().find_map(load) {
            let mut effects = std::mem::take(&mut self.effects);
            self.input(Input::Loaded { load });
            effects.append(&mut self.effects);
            self.effects = effects;
        }
    }

    /// The member of [`IDS`] with this index, as it stands in the formed cluster, links and all.
    pub(crate) fn formed(index: usize) -> Bench {
        let settings = Settings { cluster_node_timeout: 2000, save: Vec::new(), ..Settings::default() };
        let mut registry = Registry::new();
        let members = members(&mut registry);
        let me = &members[index];
        let formed = Formed {
            settings,
            port: me.address.port,
            cport: me.address.cport,
            me: me.id,
            table: members.clone().into(),
            current_epoch: Epoch(6),
            offset: Offset(280),
            replication_id: ReplicationId([7; 5]),
        };
        let (me, master) = (me.id, me.master);
        let Ok(mut bench): Result<Bench, Infallible> =
            Bench::build(Dice(2), registry, |out| Ok(Node::formed(formed, out)));
        for member in &members {
            let other = member.id != me;
            let mut link =
                |inbound| bench.node.formed_link(member.id, LOCALHOST, LOCALHOST, inbound, START_MS);
            let links = other.then(|| (link(false), link(true)));
            bench.links.push(links.map(|(outbound, _)| outbound));
            if Some(member.id) == master {
                bench.node.formed_replication_to(SocketAddr::new(LOCALHOST, member.address.port));
            }
        }
        bench
    }

    fn build<E>(
        dice: Dice,
        registry: Registry,
        make: impl FnOnce(&mut Outside<'_>) -> Result<Node, E>,
    ) -> Result<Bench, E> {
        Bench::build_at(START_MS, dice, registry, make)
    }

    fn build_at<E>(
        now_ms: i64,
        mut dice: Dice,
        mut registry: Registry,
        make: impl FnOnce(&mut Outside<'_>) -> Result<Node, E>,
    ) -> Result<Bench, E> {
        let mut effects = Effects::new();
        let node =
            make(&mut Outside { now_ms, registry: &mut registry, chance: &mut dice, effects: &mut effects })?;
        let effects = effects.drain().collect();
        let mut bench = Bench { node, registry, dice, now_ms, effects, links: Vec::new() };
        let at_start = std::mem::take(&mut bench.effects);
        bench.input(Input::Client(CLIENT, ClientInput::Opened { remote: SocketAddr::new(LOCALHOST, 40000) }));
        bench.effects = at_start;
        Ok(bench)
    }

    /// Hands in one input and keeps its effects.
    pub(crate) fn input(&mut self, input: Input) {
        let mut effects = Effects::new();
        self.node.handle(
            input,
            &mut Outside {
                now_ms: self.now_ms,
                registry: &mut self.registry,
                chance: &mut self.dice,
                effects: &mut effects,
            },
        );
        self.effects = effects.drain().collect();
    }

    /// Lets time pass up to the next tick of the timer.
    pub(crate) fn tick_after(&mut self, ms: i64) {
        self.now_ms += ms;
        self.input(Input::Cron);
    }

    /// A message comes in on the outbound link to a member.
    pub(crate) fn receive(&mut self, from: usize, message: Message) {
        let link = self.links[from].expect("a link to another member");
        self.input(Input::Bus(link, BusInput::Received(std::sync::Arc::new(message))));
    }

    /// A client's command, of words that may have blanks, and its reply.
    pub(crate) fn ask_command(&mut self, command: Command) -> Reply {
        self.input(Input::Client(CLIENT, ClientInput::Command(command)));
        self.replies().pop().expect("it is answered at once")
    }

    /// A client's command; `None` if there is no reply now.
    pub(crate) fn try_ask(&mut self, command: &str) -> Option<Reply> {
        self.try_ask_as(CLIENT, command)
    }

    /// One more client connects.
    pub(crate) fn connect(&mut self, number: u32) -> ConnectionId {
        let remote = SocketAddr::new(LOCALHOST, 40_000 + number as u16);
        self.input(Input::Client(ConnectionId(number), ClientInput::Opened { remote }));
        ConnectionId(number)
    }

    /// A command of this client; `None` if there is no reply now.
    pub(crate) fn try_ask_as(&mut self, client: ConnectionId, command: &str) -> Option<Reply> {
        self.input(Input::Client(client, ClientInput::Command(Command::new(command.split(' ')))));
        self.replies_to(client).into_iter().next()
    }

    /// A command of this client and its reply.
    pub(crate) fn ask_as(&mut self, client: ConnectionId, command: &str) -> Reply {
        self.try_ask_as(client, command).unwrap_or_else(|| panic!("{command} is to be answered at once"))
    }

    /// A client's command, given as words, and its reply.
    pub(crate) fn ask_words(&mut self, words: &[&str]) -> Reply {
        self.input(Input::Client(CLIENT, ClientInput::Command(Command::new(words))));
        self.replies().into_iter().next().unwrap_or_else(|| panic!("{words:?} is to be answered at once"))
    }

    /// A client's command and its reply.
    pub(crate) fn ask(&mut self, command: &str) -> Reply {
        self.try_ask(command).unwrap_or_else(|| panic!("{command} is to be answered at once"))
    }

    /// The replies among the last effects.
    pub(crate) fn replies(&self) -> Vec<Reply> {
        self.replies_to(CLIENT)
    }

    /// The replies to this client among the last effects.
    pub(crate) fn replies_to(&self, client: ConnectionId) -> Vec<Reply> {
        let reply = |effect: &Effect| match effect {
            Effect::Client(to, ClientOutput::Reply(reply)) if *to == client => Some(reply.clone()),
            _ => None,
        };
        self.effects.iter().filter_map(reply).collect()
    }

    /// Whether nodes.conf was written by the last input, and if so, whether durably.
    pub(crate) fn saved(&self) -> Option<bool> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Disk(DiskRequest { job: DiskJob::Config, steps, .. }) => {
                Some(steps.iter().any(|step| matches!(step, DiskStep::Fsync { .. })))
            }
            _ => None,
        })
    }

    /// The disk answers what it was asked for, nodes.conf aside: well, or for this job not. Keeps all effects, and says
    /// which steps were asked for.
    pub(crate) fn serve_disk(&mut self, fails: Option<DiskJob>) -> Vec<DiskStep> {
        let (mut all, mut steps) = (Vec::new(), Vec::new());
        let mut effects = std::mem::take(&mut self.effects);
        while !effects.is_empty() {
            let asked: Vec<DiskRequest> = effects.iter().filter_map(request).collect();
            all.append(&mut effects);
            for request in asked {
                let failure = DiskFailure { step: 0, error: DiskError::NoSpace };
                let result = if fails == Some(request.job) { Err(failure) } else { Ok(()) };
                steps.extend(request.steps);
                self.input(Input::Disk(DiskAnswer { job: request.job, result }));
                effects.append(&mut self.effects);
            }
        }
        self.effects = all;
        steps
    }

    /// Whether this was told by the last input.
    pub(crate) fn told(&self, event: &Event) -> bool {
        self.effects.iter().any(|effect| matches!(effect, Effect::Event(told) if told == event))
    }

    /// What this line of INFO says.
    pub(crate) fn info(&mut self, field: &str) -> String {
        let text = self.ask("INFO").to_string();
        let value = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        value.unwrap_or_else(|| panic!("INFO tells {field}: {text}")).to_owned()
    }

    /// The messages that the last input sent, by link.
    pub(crate) fn sent(&self) -> Vec<(LinkId, &Message)> {
        let sent = |effect| match effect {
            &Effect::Send(link, ref message) => Some((link, message.as_ref())),
            _ => None,
        };
        self.effects.iter().filter_map(sent).collect()
    }

    /// A member of [`IDS`].
    pub(crate) fn member(&self, index: usize) -> NodeIx {
        self.registry.find(&IDS[index].parse().expect("an id")).expect("a member")
    }

    /// The text of nodes.conf now.
    pub(crate) fn config(&self) -> String {
        self.node.nodes_conf(&self.registry)
    }
}

/// A request of the disk that is not about nodes.conf.
fn request(effect: &Effect) -> Option<DiskRequest> {
    match effect {
        Effect::Disk(request) if request.job != DiskJob::Config => Some(request.clone()),
        _ => None,
    }
}

fn members(registry: &mut Registry) -> Vec<FormedMember> {
    let ids = IDS.map(|id| registry.node(id.parse::<NodeId>().expect("an id")));
    let bounds = [(0, 5460), (5461, 10922), (10923, 16383)];
    let range =
        |(first, last)| SlotSet::range(Slot::new(first).expect("a slot"), Slot::new(last).expect("a slot"));
    let masters = [None, None, None, Some(ids[1]), Some(ids[2]), Some(ids[0])];
    (0..6)
        .map(|index| FormedMember {
            id: ids[index],
            address: Address::new(LOCALHOST, 22170 + index as u16),
            master: masters[index],
            config_epoch: Epoch(index as u64 + 1),
            slots: bounds.get(index).copied().map(range).unwrap_or_default(),
        })
        .collect()
}
