//! Talking to another node's client port while everything else stands still: how MIGRATE moves keys.
//!
//! Rules: MG-1, MG-8. Redis does this with blocking sockets, so nothing else happens in the process meanwhile, not even its
//! timer. Never: knows what is said.

use std::net::SocketAddr;

use rcsim_protocol::{Command, Reply};

/// The name of a connection that a node opened to another node's client port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TargetId(pub u32);

/// Commands for another node, and how long to wait for it. The process does nothing else until the answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// On which connection.
    pub target: TargetId,
    /// Where to open it; `None` if it is open.
    pub open: Option<SocketAddr>,
    /// What is said, in one go.
    pub commands: Vec<Command>,
    /// How long opening the connection may take, and each reply, in ms (MG-1).
    pub timeout_ms: u64,
}

/// How it ended.
#[derive(Clone, Debug)]
pub struct Exchanged {
    /// The replies that came, in the order of the commands.
    pub replies: Vec<Reply>,
    /// Why there are fewer than commands.
    pub failure: Option<ExchangeFailure>,
}

/// What was in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExchangeFailure {
    /// What was tried.
    pub stage: ExchangeStage,
    /// The time was over; else the connection was refused, reset or closed.
    pub timed_out: bool,
}

/// A step of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExchangeStage {
    /// Opening the connection. One that is refused is noticed only when something is written (MG-8).
    Connect,
    /// Sending the commands.
    Write,
    /// Waiting for a reply.
    Read,
}
