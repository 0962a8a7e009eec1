//! What goes out: what the process would do, in its order.

use std::net::SocketAddr;
use std::sync::Arc;

use rcsim_observe::Event;
use rcsim_observe::reason::ExitCause;
use rcsim_protocol::bus::{Body, GossipEntry, Message};
use rcsim_protocol::{Command, Reply};

use crate::disk::DiskRequest;
use crate::exchange::{Exchange, TargetId};
use crate::link::LinkId;
use crate::node::ConnectionId;
use crate::replication::Feed;

/// Something that a node wants done.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Open a link to a peer's bus port.
    Connect(LinkId, SocketAddr),
    /// Close a link; nothing more comes in or goes out on it, and what was not sent is lost (rule LK-7).
    Close(LinkId),
    /// Send a message on a link; while the link is still connecting it waits for that (rule LK-4).
    Send(LinkId, Arc<Message>),
    /// Open a connection to the master's client port; an older one was closed before.
    ConnectMaster(SocketAddr),
    /// Close the connection to the master.
    CloseMaster,
    /// Send a command to the master.
    SendMaster(Command),
    /// Talk to another node while the process does nothing else: apply the effects behind it, and hand in further inputs,
    /// only after [`Input::Exchanged`](crate::Input::Exchanged) was handed in and its effects were applied.
    Exchange(Exchange),
    /// Close the connection of an earlier exchange.
    CloseTarget(TargetId),
    /// Something for a client, or for a replica that came as a client.
    Client(ConnectionId, ClientOutput),
    /// Work for the disk, to be answered by [`Input::Disk`](crate::Input::Disk). If the process waits for it, apply the
    /// effects behind it, and hand in further inputs, only after the answer was handed in and its effects were applied.
    Disk(DiskRequest),
    /// Kill the child of the process.
    KillChild,
    /// Fork a child: the process stands still while so many bytes of its memory are made ready to be shared. Apply the
    /// effects behind it, and hand in further inputs, only then.
    Fork {
        /// Memory in use, in bytes.
        memory: u64,
    },
    /// The process sleeps, and does nothing else. Apply the effects behind it, and hand in further inputs, only then.
    Sleep {
        /// For how long, in microseconds.
        micros: u64,
    },
    /// The child works on; [`Input::Child`](crate::Input::Child) says when it has done this.
    Child {
        /// Which child.
        child: u32,
        /// What it makes of a snapshot.
        work: Work,
    },
    /// The process loads a data set; [`Input::Loaded`](crate::Input::Loaded) says when that is done. Meanwhile it takes
    /// inputs (rule LP-9).
    Load {
        /// Which loading.
        load: u32,
        /// What is loaded.
        work: Work,
        /// How many keys had to be thrown away before.
        old_keys: u64,
    },
    /// Something was decided or refused.
    Event(Event),
    /// The process ends.
    Exit(ExitCause),
}

/// Something for the other end of a client connection.
#[derive(Clone, Debug)]
pub enum ClientOutput {
    /// The answer to a command.
    Reply(Reply),
    /// Something for a replica, besides replies.
    Feed(Feed),
    /// Nothing for the other end: say [`ClientInput::Writable`](crate::ClientInput::Writable) when the kernel has got rid
    /// of what was handed to it.
    TellWhenWritable,
    /// Close the connection.
    Close,
}

/// A part of a snapshot, as far as it decides how long making or loading it takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Bytes of it.
    pub bytes: u64,
    /// Keys in it.
    pub keys: u64,
}

/// The effects of one input.
///
/// What goes to sockets is collected apart and comes last: Redis writes to sockets only after the end of the turn
/// (`before_sleep`), where nodes.conf is saved. That order is what makes a vote durable before it is visible
/// (rules LP-3, LP-4).
#[derive(Clone, Debug, Default)]
pub struct Effects {
    done: Vec<Effect>,
    outbox: Vec<Effect>,
    /// Gossip sections of messages that were read to their end: the next ones are written into the same memory, which
    /// lies in the caches.
    spare: Vec<Vec<GossipEntry>>,
}

/// More spare sections than this are given back: a burst of messages needs more for a moment.
const SPARE: usize = 1_024;

impl Effects {
    /// An empty list.
    pub fn new() -> Effects {
        Effects::default()
    }

    /// Takes the effects out, in order.
    pub fn drain(&mut self) -> std::vec::Drain<'_, Effect> {
        debug_assert!(self.outbox.is_empty(), "the turn of the loop has ended, so the outbox was flushed");
        self.done.drain(..)
    }

    /// The effects, in order, to look at.
    pub fn as_slice(&self) -> &[Effect] {
        &self.done
    }

    /// An effect that takes place at once.
    pub(crate) fn push(&mut self, effect: Effect) {
        self.done.push(effect);
    }

    /// An effect on a socket: takes place after the end of the turn.
    pub(crate) fn post(&mut self, effect: Effect) {
        self.outbox.push(effect);
    }

    /// Writes the outbox to the sockets; says whether there was anything.
    pub(crate) fn flush(&mut self) -> bool {
        let any = !self.outbox.is_empty();
        self.done.append(&mut self.outbox);
        any
    }

    /// An empty gossip section.
    pub(crate) fn section(&mut self) -> Vec<GossipEntry> {
        self.spare.pop().unwrap_or_default()
    }

    /// A message was read to its end; nobody else gets it if this was the last copy.
    pub(crate) fn recycle(&mut self, message: Arc<Message>) {
        if let Some(Message { body: Body::Ping(heartbeat) | Body::Pong(heartbeat), .. }) =
            Arc::into_inner(message)
            && self.spare.len() < SPARE
        {
            let mut section = heartbeat.gossip;
            section.clear();
            self.spare.push(section);
        }
    }

    /// Takes out what waits for the end of the turn.
    pub(crate) fn take_outbox(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.outbox)
    }

    /// Puts back what was taken out, before what was added since.
    pub(crate) fn put_outbox_first(&mut self, mut outbox: Vec<Effect>) {
        outbox.append(&mut self.outbox);
        self.outbox = outbox;
    }

    /// A link is closed: what waits in the outbox for it is lost with it (rule LK-7).
    pub(crate) fn discard(&mut self, link: LinkId) {
        self.outbox.retain(|effect| !matches!(effect, Effect::Send(to, _) if *to == link));
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use rcsim_protocol::bus::Header;
    use rcsim_protocol::{AddressIx, Epoch, NodeFlags, NodeIx, Offset, SlotSet};

    use super::*;

    fn message() -> Arc<Message> {
        let header = Header {
            sender: NodeIx(0),
            address: AddressIx::BLANK,
            current_epoch: Epoch::ZERO,
            config_epoch: Epoch::ZERO,
            offset: Offset::ZERO,
            slots: SlotSet::default(),
            master: None,
            flags: NodeFlags::MASTER,
            cluster_failed: false,
            paused: false,
            force_ack: false,
        };
        Arc::new(Message { header, body: Body::MfStart })
    }

    #[test]
    fn lk_7_what_a_cut_turn_kept_for_a_link_is_lost_with_it_too() {
        let (closed, open) = (
            LinkId { slot: 1, generation: NonZeroU32::MIN },
            LinkId { slot: 2, generation: NonZeroU32::MIN },
        );
        let mut effects = Effects::new();
        effects.post(Effect::Send(closed, message()));
        effects.post(Effect::Send(open, message()));
        // The process waits for its disk, and goes on; then the rest of the turn closes a link.
        let kept = effects.take_outbox();
        effects.put_outbox_first(kept);
        effects.post(Effect::Send(closed, message()));
        effects.discard(closed);
        effects.flush();
        let to: Vec<LinkId> = effects
            .as_slice()
            .iter()
            .filter_map(|effect| match effect {
                Effect::Send(link, _) => Some(*link),
                _ => None,
            })
            .collect();
        assert_eq!(to, [open]);
    }
}
