//! The words between the network and the world: what travels ([`Wire`]), what comes of it ([`Delivery`]).

use rcsim_engine::Nanos;

use super::connection::{ConnId, End, Label};
use crate::hosts::HostIx;

/// The kind of a message, for rules that drop one kind only. What a number means is the world's business.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct MessageClass(pub u8);

/// Something of the network that happens later: it goes through the engine's queue and comes back to
/// [`super::Network::pass`] unchanged. Its inside is the network's own business.
#[derive(Clone, Debug)]
pub struct Wire<P>(pub(super) Signal<P>);

#[derive(Clone, Debug)]
pub(super) enum Signal<P> {
    /// The request for a connection reaches the host across.
    Syn { conn: ConnId, attempt: u8 },
    /// Nobody answered the request.
    SynTimer { conn: ConnId, attempt: u8 },
    /// The answer reaches the opener.
    SynAnswer { conn: ConnId, attempt: u8, accepted: bool },
    /// Something of the ordered stream reaches the end across.
    Packet { conn: ConnId, from: End, bytes: u32, packet: Packet<P> },
    /// The host of `from` sends what was not acknowledged once more.
    Retransmit { conn: ConnId, from: End },
    /// "There is no such connection" reaches this end.
    Reset { conn: ConnId, to: End },
    /// The acceptor's keepalive probes had their time.
    Keepalive { conn: ConnId },
}

/// What the ordered stream of one direction carries.
#[derive(Clone, Debug)]
pub(super) enum Packet<P> {
    /// The opener's last step of the handshake: with it the acceptor's end comes to life.
    Ack,
    /// A message.
    Data(P),
    /// The sender has closed; nothing follows.
    Fin,
}

/// Something that an end of a connection gets to know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivery<P> {
    /// The host of that end.
    pub host: HostIx,
    /// The connection.
    pub conn: ConnId,
    /// Which end of it.
    pub end: End,
    /// What that end is to its process.
    pub label: Label,
    /// What it is.
    pub what: What<P>,
}

/// What an end of a connection gets to know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum What<P> {
    /// To the opener: the connection is established; it may send.
    Connected,
    /// To the acceptor: somebody has connected to this port.
    Accepted {
        /// The port it listens on.
        port: u16,
    },
    /// To the opener: there will be no connection.
    ConnectFailed(Ended),
    /// A message has arrived.
    Message(P),
    /// The connection is over for this end. It must not be used or closed any more.
    Closed(Ended),
}

/// Why a connection is over, as the errors of a socket tell it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Ended {
    /// The other end closed it, or its process died: end of file.
    Finished,
    /// The host across knows nothing of it (ECONNRESET).
    Reset,
    /// Nobody listens there (ECONNREFUSED).
    Refused,
    /// No answer for too long (ETIMEDOUT).
    TimedOut,
}

/// What became of a message handed to [`super::Network::send`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sent {
    /// It arrives at that time, if nothing gets in its way.
    OnItsWay(Nanos),
    /// It waits in the sender's host: the path is cut, or something before it is still waiting.
    Held,
    /// A rule dropped it; the connection goes on without it.
    Dropped,
    /// This end is not open.
    NotOpen,
}
