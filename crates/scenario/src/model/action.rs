//! Actions: the faults, their ends, commands and checks that a timeline entry can carry.

use std::fmt;

use rcsim_protocol::bus::MessageKind;

use super::{Bandwidth, Distribution, Expectation, Ppm, Ratio, Shift, Span, Target};

/// What a timeline entry does. `length` is how long a fault lasts: without it, until it is taken back
/// (`resume`, `heal`, `restart`) or the final heal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// The process dies as by `kill -9`: connections are reset, the page cache survives.
    Crash(Target),
    /// The host dies: black hole, and what was not synced is lost.
    PowerOff(Target),
    /// The process starts again.
    Restart {
        /// Which nodes; those that run already are left alone.
        who: Target,
        /// What the new process finds on its disk.
        disk: DiskContents,
        /// Where it listens.
        address: Address,
    },
    /// SIGSTOP.
    Pause {
        /// Which nodes or clients.
        who: Target,
        /// Until SIGCONT.
        length: Option<Span>,
    },
    /// SIGCONT.
    Resume(Target),
    /// Black hole between the groups, both ways. Nobody is in two groups; who is in none keeps all links.
    Partition {
        /// At least two.
        groups: Vec<Vec<Target>>,
        /// Until it heals.
        length: Option<Span>,
    },
    /// One-way black hole.
    Cut {
        /// Senders.
        from: Target,
        /// Receivers.
        to: Target,
        /// Until it heals.
        length: Option<Span>,
    },
    /// Ends all partitions, cuts and network faults.
    Heal,
    /// A worse link; what is not given stays as it is.
    Network {
        /// The two ends.
        between: (Target, Target),
        /// One-way time of a segment.
        latency: Option<Distribution>,
        /// Share of segments that are lost and sent again.
        loss: Option<Ratio>,
        /// Bus messages of these kinds vanish.
        drop: Vec<MessageKind>,
        /// New connections are refused.
        refuse: bool,
        /// Standing connections are reset once, when the fault begins.
        reset: bool,
        /// What each direction carries.
        bandwidth: Option<Bandwidth>,
        /// Only the way from the first end to the second is meant.
        one_way: bool,
        /// Until the link is as before.
        length: Option<Span>,
    },
    /// The wall clock goes wrong.
    Clock {
        /// Which nodes.
        node: Target,
        /// One step.
        jump: Option<Shift>,
        /// A wrong speed.
        drift: Option<Ppm>,
        /// Until the speed is right again and the step is taken back.
        length: Option<Span>,
    },
    /// The disk goes wrong.
    Disk {
        /// Which nodes.
        node: Target,
        /// What happens to fsync.
        fsync: Option<FsyncFault>,
        /// A write does not return before the fault ends.
        writes_stall: bool,
        /// No space is left.
        full: bool,
        /// Until the disk is as before.
        length: Option<Span>,
    },
    /// Every turn of the event loop takes this much longer.
    Slow {
        /// Which nodes.
        node: Target,
        /// The extra time of one turn.
        each_loop: Span,
        /// Until it is as before.
        length: Option<Span>,
    },
    /// A raw command, sent by the operator.
    Command {
        /// To which nodes.
        node: Target,
        /// Command and arguments; never empty.
        argv: Vec<Argument>,
        /// What the reply must be.
        reply: Option<ReplyPattern>,
    },
    /// Expectations at that moment.
    Check(Vec<Expectation>),
}

/// What a restarted process finds on its disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DiskContents {
    /// What the last process left there.
    #[default]
    Kept,
    /// Nothing: not even nodes.conf, so that it is a new node.
    Empty,
}

/// Where a restarted process listens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Address {
    /// Where the last one did.
    #[default]
    Same,
    /// At an address that nobody has used in this run.
    New,
}

/// What happens to fsync.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FsyncFault {
    /// It does not return before the fault ends.
    Stall,
    /// It returns an error.
    Fail,
    /// It returns at once and has written nothing.
    Lie,
    /// It takes this long.
    Slow(Distribution),
}

/// One argument of a raw command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// This text.
    Text(String),
    /// `id-of:n1`: the node id of this node at that moment.
    IdOf(String),
    /// `ip-of:n1`: the IP address of this node at that moment.
    IpOf(String),
    /// `port-of:n1`: the client port of this node.
    PortOf(String),
}

/// What the reply of a raw command must be. Replies are compared as text: a status or bulk string as it is,
/// an integer in decimal, nil as `(nil)`, an array as its members one per line, an error with its code and
/// without `-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplyPattern {
    /// Exactly this text, and no error.
    Equals(String),
    /// A text that begins so, and no error.
    StartsWith(String),
    /// A text that contains this, and no error.
    Contains(String),
    /// An error whose text begins so.
    Error(String),
}

/// The word of an action: its key in a timeline entry, and its name in `"of"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActionKind {
    /// [`Action::Crash`]
    Crash,
    /// [`Action::PowerOff`]
    PowerOff,
    /// [`Action::Restart`]
    Restart,
    /// [`Action::Pause`]
    Pause,
    /// [`Action::Resume`]
    Resume,
    /// [`Action::Partition`]
    Partition,
    /// [`Action::Cut`]
    Cut,
    /// [`Action::Heal`]
    Heal,
    /// [`Action::Network`]
    Network,
    /// [`Action::Clock`]
    Clock,
    /// [`Action::Disk`]
    Disk,
    /// [`Action::Slow`]
    Slow,
    /// [`Action::Command`]
    Command,
    /// [`Action::Check`]
    Check,
}

impl Argument {
    /// The argument that this text means: itself, unless it begins with `id-of:`, `ip-of:` or `port-of:`.
    pub fn from_text(text: &str) -> Argument {
        let named = |prefix: &str| text.strip_prefix(prefix).map(str::to_owned);
        None.or_else(|| named("id-of:").map(Argument::IdOf))
            .or_else(|| named("ip-of:").map(Argument::IpOf))
            .or_else(|| named("port-of:").map(Argument::PortOf))
            .unwrap_or_else(|| Argument::Text(text.to_owned()))
    }

    /// The node that it refers to, if it does.
    pub fn node(&self) -> Option<&str> {
        match self {
            Argument::Text(_) => None,
            Argument::IdOf(node) | Argument::IpOf(node) | Argument::PortOf(node) => Some(node),
        }
    }
}

impl fmt::Display for Argument {
    /// As in the file.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Argument::Text(text) => formatter.write_str(text),
            Argument::IdOf(node) => write!(formatter, "id-of:{node}"),
            Argument::IpOf(node) => write!(formatter, "ip-of:{node}"),
            Argument::PortOf(node) => write!(formatter, "port-of:{node}"),
        }
    }
}

impl ActionKind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [ActionKind; 14] = [
        ActionKind::Crash,
        ActionKind::PowerOff,
        ActionKind::Restart,
        ActionKind::Pause,
        ActionKind::Resume,
        ActionKind::Partition,
        ActionKind::Cut,
        ActionKind::Heal,
        ActionKind::Network,
        ActionKind::Clock,
        ActionKind::Disk,
        ActionKind::Slow,
        ActionKind::Command,
        ActionKind::Check,
    ];

    /// The word, as in the file.
    pub const fn word(self) -> &'static str {
        match self {
            ActionKind::Crash => "crash",
            ActionKind::PowerOff => "power-off",
            ActionKind::Restart => "restart",
            ActionKind::Pause => "pause",
            ActionKind::Resume => "resume",
            ActionKind::Partition => "partition",
            ActionKind::Cut => "cut",
            ActionKind::Heal => "heal",
            ActionKind::Network => "network",
            ActionKind::Clock => "clock",
            ActionKind::Disk => "disk",
            ActionKind::Slow => "slow",
            ActionKind::Command => "command",
            ActionKind::Check => "check",
        }
    }

    /// Whether it breaks something; the others mend, ask or judge.
    pub const fn is_fault(self) -> bool {
        !matches!(
            self,
            ActionKind::Restart
                | ActionKind::Resume
                | ActionKind::Heal
                | ActionKind::Command
                | ActionKind::Check
        )
    }

    /// The kind of this word.
    pub fn from_word(word: &str) -> Option<ActionKind> {
        ActionKind::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

impl Action {
    /// The kind of this action.
    pub const fn kind(&self) -> ActionKind {
        match self {
            Action::Crash(_) => ActionKind::Crash,
            Action::PowerOff(_) => ActionKind::PowerOff,
            Action::Restart { .. } => ActionKind::Restart,
            Action::Pause { .. } => ActionKind::Pause,
            Action::Resume(_) => ActionKind::Resume,
            Action::Partition { .. } => ActionKind::Partition,
            Action::Cut { .. } => ActionKind::Cut,
            Action::Heal => ActionKind::Heal,
            Action::Network { .. } => ActionKind::Network,
            Action::Clock { .. } => ActionKind::Clock,
            Action::Disk { .. } => ActionKind::Disk,
            Action::Slow { .. } => ActionKind::Slow,
            Action::Command { .. } => ActionKind::Command,
            Action::Check(_) => ActionKind::Check,
        }
    }

    /// How long it lasts, where that is given.
    pub const fn length(&self) -> Option<Span> {
        match self {
            Action::Pause { length, .. }
            | Action::Partition { length, .. }
            | Action::Cut { length, .. }
            | Action::Network { length, .. }
            | Action::Clock { length, .. }
            | Action::Disk { length, .. }
            | Action::Slow { length, .. } => *length,
            _ => None,
        }
    }
}
