//! A look ahead: the memory that the next bus messages are going to need, asked for all at once.
//!
//! In a large cluster nearly everything that a message touches (its connection, the record that its receiver has of its
//! sender, the socket for the answer) lies in memory that no cache holds any more, and each is found only by way of the
//! one before. For one message these waits add up to most of its cost; for many messages at once they pass together.
//! Never: changes anything, or makes a run differ.

use rcsim_node::{Effect, Node};
use rcsim_protocol::bus::Message;

use crate::agenda::Happening;
use crate::payload::Payload;
use crate::sockets::{Sockets, Use};
use crate::world::World;

/// So many messages are looked at together.
const TOGETHER: usize = 24;
/// So many gossip entries lie in one line of a cache.
const ENTRIES_PER_LINE: usize = 5;
/// Fewer effects are not worth the look.
const FEW: usize = 3;
/// A cluster of fewer hosts fits into the caches.
const LARGE: usize = 32;

/// A bus message, and who is going to get it.
struct Arrival<'a> {
    node: &'a Node,
    sockets: &'a Sockets,
    meaning: Use,
    message: &'a Message,
}

impl World {
    /// Reads what the coming events need.
    pub(crate) fn warm<'a>(&self, coming: impl Iterator<Item = &'a Happening>) {
        if self.hosts.len() < LARGE {
            return;
        }
        let mut arrivals = Vec::with_capacity(TOGETHER);
        for event in coming {
            arrivals.extend(self.arrival(event));
            if arrivals.len() == TOGETHER {
                touch(&arrivals);
                arrivals.clear();
            }
        }
        touch(&arrivals);
    }

    /// Reads what the messages need that a process is about to send.
    pub(crate) fn warm_sends(&self, place: usize, effects: &[Effect]) {
        if effects.len() < FEW || self.hosts.len() < LARGE {
            return;
        }
        let Some(process) = &self.hosts[place].process else { return };
        for effects in effects.chunks(TOGETHER) {
            let sent = effects.iter().filter_map(|effect| match effect {
                Effect::Send(link, _) => process.sockets.link(*link),
                _ => None,
            });
            let mut sockets = [None; TOGETHER];
            sockets.iter_mut().zip(sent).for_each(|(place, socket)| *place = Some(socket));
            let open = |(conn, end)| u64::from(self.network.is_open(conn, end));
            std::hint::black_box(sockets.into_iter().flatten().map(open).fold(0, |sum, open| sum ^ open));
        }
    }

    fn arrival<'a>(&'a self, event: &'a Happening) -> Option<Arrival<'a>> {
        let Happening::Wire(wire) = event else { return None };
        let (host, label, payload) = self.network.arriving(wire)?;
        let Payload::Bus(message) = payload else { return None };
        let process = self.hosts.get(host.0 as usize)?.process.as_ref()?;
        Some(Arrival { node: &process.node, sockets: &process.sockets, meaning: Use::of(label)?, message })
    }
}

/// Each line is one kind of memory; no read waits for another of the same line.
fn touch(arrivals: &[Arrival<'_>]) {
    let mut sum = 0;
    for arrival in arrivals {
        let header = &arrival.message.header;
        sum ^= u64::from(header.sender.0) ^ u64::from(header.flags.0) ^ header.current_epoch.0;
    }
    for arrival in arrivals {
        let gossip = arrival.message.heartbeat().map(|heartbeat| heartbeat.gossip.iter());
        sum ^= gossip
            .into_iter()
            .flatten()
            .step_by(ENTRIES_PER_LINE)
            .fold(0, |sum, entry| sum ^ u64::from(entry.card.0));
    }
    for arrival in arrivals {
        if let Use::Link(link) = arrival.meaning {
            sum ^= arrival.node.glance(link, &arrival.message.header);
            sum ^= arrival.sockets.link(link).map_or(0, |(conn, _)| u64::from(conn.place()));
        }
    }
    std::hint::black_box(sum);
}
