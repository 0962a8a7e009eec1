//! A host: its devices, and the process on it.
//!
//! A process that is paused, waits for its disk or takes a slow turn is *held*: what arrives waits in its inbox, in
//! the order of arrival, and its timer comes after all of that (LP-1), as after SIGCONT.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr};

use rcsim_devices::{ConnId, Disk, End, HostIx, WallClock, What};
use rcsim_engine::{Span, Stream};
use rcsim_node::{Chance, ClientInput, ConnectionId, Effect, Node};
use rcsim_observe::Process;
use rcsim_protocol::{Address, NodeIx, Settings};

use crate::disk_work::DiskTask;
use crate::exchange::ExchangeWait;
use crate::payload::Payload;
use crate::sockets::Sockets;

/// A node's own dice.
#[derive(Clone, Debug)]
pub(crate) struct NodeChance(pub(crate) Stream);

impl Chance for NodeChance {
    fn below(&mut self, bound: u32) -> u32 {
        self.0.below(bound)
    }

    fn fill_below(&mut self, bound: u32, numbers: &mut [u32]) {
        self.0.fill_below(bound, numbers);
    }

    fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }
}

/// A host that carries a node.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    pub(crate) name: String,
    pub(crate) ix: HostIx,
    pub(crate) ip: IpAddr,
    pub(crate) settings: Settings,
    pub(crate) clock: WallClock,
    pub(crate) disk: Disk,
    pub(crate) chance: NodeChance,
    /// How late the timer comes (the loop's own time, and the millisecond granularity of its sleep).
    pub(crate) lateness: Stream,
    /// Disk operations that its processes began so far, and the trap that one of them springs.
    pub(crate) disk_operations: u64,
    pub(crate) trap: Option<DiskTrap>,
    pub(crate) has_power: bool,
    pub(crate) paused: bool,
    /// What makes its loop slow; the last one counts.
    pub(crate) slows: Vec<SlowLoop>,
    /// Entries of the timeline that give its clock a wrong speed; the last one counts.
    pub(crate) drifts: Vec<(usize, i32)>,
    /// The speed of its clock in good health, in ppm.
    pub(crate) own_drift: i32,
    /// Inputs that had to wait because of a pause.
    pub(crate) inputs_held: u64,
    /// How many processes ran here before, and in which hold the present one is.
    pub(crate) life: u32,
    pub(crate) holds: u32,
    /// Between the start of a process and the end of its boot.
    pub(crate) booting: bool,
    pub(crate) process: Option<Box<RunningProcess>>,
    /// The last node id that ran here.
    pub(crate) identity: Option<NodeIx>,
}

/// What happens right before a disk operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskTrap {
    /// Before which one, counted from 1 over all processes of the host.
    pub operation: u64,
    /// Whether the host loses its power; else the process dies.
    pub power: bool,
}

/// A fault that makes every turn of the loop take longer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SlowLoop {
    /// The entry of the timeline.
    pub(crate) entry: usize,
    pub(crate) each_loop: Span,
    /// Turns that it made longer.
    pub(crate) turns: u64,
}

/// A process and what the kernel keeps for it.
#[derive(Clone, Debug)]
pub(crate) struct RunningProcess {
    pub(crate) node: Node,
    pub(crate) sockets: Sockets,
    pub(crate) hold: Hold,
    pub(crate) inbox: VecDeque<(ConnId, End, What<Payload>)>,
    /// Who connected to the bus port while the node lets nobody in, and what came from there (BT-3).
    pub(crate) unaccepted: VecDeque<(ConnId, End, What<Payload>)>,
    /// What the operator typed and the process has not taken yet.
    pub(crate) operator: VecDeque<(ConnectionId, ClientInput)>,
    pub(crate) cron_due: bool,
    /// While paused: the hold is over, and ends for the process when it goes on.
    pub(crate) hold_over: bool,
    /// What its threads and children ask of the disk, by number.
    pub(crate) tasks: BTreeMap<u32, DiskTask>,
    pub(crate) next_task: u32,
    /// While paused: tasks that were due meanwhile.
    pub(crate) due_tasks: Vec<u32>,
    /// Links that are still connecting, and messages for them (LK-4).
    pub(crate) connecting: BTreeSet<rcsim_node::LinkId>,
    pub(crate) unsent: Vec<(rcsim_node::LinkId, Payload)>,
}

/// What holds a process in the middle of a turn.
#[derive(Clone, Debug, Default)]
pub(crate) enum Hold {
    /// Nothing.
    #[default]
    None,
    /// It is inside `write(2)` or `fsync(2)`.
    Disk(DiskWait),
    /// It forks, or sleeps; this is what it does afterwards.
    Still(VecDeque<Effect>),
    /// It talks to another node.
    Exchange(Box<ExchangeWait>),
    /// A slow turn of the loop.
    Turn,
}

/// A process that waits for its disk.
#[derive(Clone, Debug)]
pub(crate) struct DiskWait {
    /// What it asked for.
    pub(crate) task: DiskTask,
    /// What is to be done after the answer.
    pub(crate) rest: VecDeque<Effect>,
}

impl RunningProcess {
    pub(crate) fn new(node: Node) -> RunningProcess {
        RunningProcess {
            node,
            sockets: Sockets::default(),
            hold: Hold::None,
            inbox: VecDeque::new(),
            unaccepted: VecDeque::new(),
            operator: VecDeque::new(),
            cron_due: false,
            hold_over: false,
            tasks: BTreeMap::new(),
            next_task: 0,
            due_tasks: Vec::new(),
            connecting: BTreeSet::new(),
            unsent: Vec::new(),
        }
    }
}

impl RunningProcess {
    /// A link is gone: what waited for it is lost (LK-7).
    pub(crate) fn forget_unsent(&mut self, link: rcsim_node::LinkId) {
        self.connecting.remove(&link);
        self.unsent.retain(|(to, _)| *to != link);
    }
}

impl Host {
    /// Whether its process takes inputs now.
    pub(crate) fn is_free(&self) -> bool {
        !self.paused && self.process.as_ref().is_some_and(|process| matches!(process.hold, Hold::None))
    }

    /// What has become of its process.
    pub(crate) fn process_state(&self) -> Process {
        match (&self.process, self.has_power) {
            (_, false) => Process::Off,
            (None, true) => Process::Down,
            (Some(_), true) if self.paused => Process::Paused,
            (Some(_), true) => Process::Running,
        }
    }

    /// Where its node listens, by its settings.
    pub(crate) fn address(&self) -> Address {
        let port = self.settings.port;
        let cport = match self.settings.cluster_port {
            0 => port.wrapping_add(10_000),
            cport => cport,
        };
        Address { ip: Some(self.ip), port, cport, pport: 0 }
    }
}

/// The IP of the host with this number: 10.0.0.1 and up; a host that moved `moves` times is in another network.
pub(crate) fn ip_of(host: u32, moves: u32) -> IpAddr {
    let [_, high, middle, low] = (host + 1).to_be_bytes();
    IpAddr::V4(Ipv4Addr::new(10 + (moves % 200) as u8, high, middle, low))
}
