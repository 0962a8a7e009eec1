//! The tail of the replication stream, kept for replicas that come back and for those that are slow (RP-6, RP-17).
//!
//! Since Redis 7 there is one copy of the stream: what a replica has not been sent yet is the backlog behind some
//! offset, so its output buffer costs nothing, and the backlog keeps what such a replica still needs.

use std::collections::VecDeque;

use rcsim_protocol::{Command, Offset};

/// It is cut in blocks of about this size (RP-6).
const BLOCK: u64 = 16 * 1024;
/// And is never kept shorter, whatever the setting (CF-19).
const LEAST: u64 = 16 * 1024;
/// Somebody who misses no more than this is served by looking from the end.
const NEAR: i64 = 4096;

/// The last commands of the stream, as many as fit.
#[derive(Clone, Debug)]
pub(crate) struct Backlog {
    /// Offset before the first kept command.
    start: Offset,
    /// Offset behind the last command.
    end: Offset,
    /// Kept commands with the offset behind each.
    commands: VecDeque<(Offset, Command)>,
    /// Where the kept blocks end that are full, the oldest first.
    blocks: VecDeque<Offset>,
}

impl Backlog {
    /// An empty backlog of a stream that stands at `offset`.
    pub(crate) fn starting_at(offset: Offset) -> Backlog {
        Backlog { start: offset, end: offset, commands: VecDeque::new(), blocks: VecDeque::new() }
    }

    /// Adds the command that ends at `end`.
    pub(crate) fn push(&mut self, end: Offset, command: Command) {
        self.end = end;
        self.commands.push_back((end, command));
        let block_start = self.blocks.back().copied().unwrap_or(self.start);
        if distance(block_start, end) >= BLOCK {
            self.blocks.push_back(end);
        }
    }

    /// Drops old blocks as long as `limit` bytes stay, but nothing that somebody at `needed` still waits for (RP-6).
    pub(crate) fn trim(&mut self, limit: u64, needed: Offset) {
        while let Some(block) = self.blocks.front().copied() {
            if block > needed || distance(block, self.end) < limit.max(LEAST) {
                return;
            }
            self.blocks.pop_front();
            let dropped = self.position_behind(block);
            self.commands.drain(..dropped);
            self.start = block;
        }
    }

    /// Whether the stream can go on behind `offset` (RP-17).
    pub(crate) fn covers(&self, offset: Offset) -> bool {
        (self.start..=self.end).contains(&offset)
    }

    /// The commands behind `offset`, which must be covered: as many as fit into `room` bytes, but at least one if there
    /// is any. Says where they end.
    pub(crate) fn behind(&self, offset: Offset, room: u64) -> (Vec<Command>, Offset) {
        let first = self.position_behind(offset);
        let mut to = offset;
        let mut commands = Vec::with_capacity(self.commands.len() - first);
        for (end, command) in self.commands.range(first..) {
            if !commands.is_empty() && distance(offset, *end) > room {
                break;
            }
            commands.push(command.clone());
            to = *end;
        }
        (commands, to)
    }

    /// How many commands end at or before `offset`.
    fn position_behind(&self, offset: Offset) -> usize {
        if self.end.0 - offset.0 > NEAR {
            return self.commands.partition_point(|(end, _)| *end <= offset);
        }
        let behind = self.commands.iter().rev().take_while(|(end, _)| *end > offset).count();
        self.commands.len() - behind
    }

    /// Offset of the first byte kept.
    pub(crate) fn first_byte(&self) -> i64 {
        self.start.0 + 1
    }

    /// Bytes kept.
    pub(crate) fn len(&self) -> u64 {
        distance(self.start, self.end)
    }
}

/// Bytes between two points of a stream.
pub(super) fn distance(from: Offset, to: Offset) -> u64 {
    u64::try_from(to.0 - from.0).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(commands: u32) -> (Backlog, i64) {
        let mut backlog = Backlog::starting_at(Offset(100));
        let command = Command::new(["SET", "key", &"v".repeat(1000)]);
        let length = command.resp_len() as i64;
        for number in 1..=i64::from(commands) {
            backlog.push(Offset(100 + number * length), command.clone());
        }
        (backlog, length)
    }

    #[test]
    fn rp_6_whole_blocks_go_and_never_less_than_the_limit_stays() {
        let (mut backlog, length) = filled(200);
        let end = backlog.end;
        backlog.trim(50_000, end);
        let kept = backlog.len();
        assert!((50_000..50_000 + BLOCK + length as u64).contains(&kept), "{kept} bytes are kept");
        assert!(!backlog.covers(Offset(100)) && backlog.covers(end));
        backlog.trim(0, end);
        assert!((LEAST..LEAST + BLOCK + length as u64).contains(&backlog.len()), "CF-19: at least 16 KiB");
    }

    #[test]
    fn rp_6_what_a_slow_replica_still_needs_is_kept() {
        let (mut backlog, length) = filled(200);
        let slow = Offset(100 + 20 * length);
        backlog.trim(16_384, slow);
        assert!(backlog.covers(slow) && !backlog.covers(Offset(100)));
        let (commands, to) = backlog.behind(slow, u64::MAX);
        assert_eq!((commands.len(), to), (180, backlog.end));
    }

    #[test]
    fn a_piece_is_as_long_as_the_socket_takes_but_has_one_command_at_least() {
        let (backlog, length) = filled(10);
        let (commands, to) = backlog.behind(Offset(100), 2 * length as u64 + 5);
        assert_eq!((commands.len(), to), (2, Offset(100 + 2 * length)));
        assert_eq!(backlog.behind(to, 1).0.len(), 1);
        assert_eq!(backlog.behind(backlog.end, u64::MAX), (vec![], backlog.end));
    }
}
