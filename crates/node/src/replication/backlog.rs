//! The tail of the replication stream, kept for replicas that come back (RP-6, RP-17).

use std::collections::VecDeque;

use rcsim_protocol::{Command, Offset};

/// The last commands of the stream, as many as fit.
#[derive(Clone, Debug)]
pub(crate) struct Backlog {
    /// Offset before the first kept command.
    start: Offset,
    /// Kept commands with the offset behind each.
    commands: VecDeque<(Offset, Command)>,
    limit: u64,
}

impl Backlog {
    /// An empty backlog of a stream that stands at `offset`, holding at most `limit` bytes.
    pub(crate) fn starting_at(offset: Offset, limit: u64) -> Backlog {
        Backlog { start: offset, commands: VecDeque::new(), limit }
    }

    /// Adds the command that ends at `end`; drops the oldest ones that no longer fit.
    pub(crate) fn push(&mut self, end: Offset, command: Command) {
        self.commands.push_back((end, command));
        while (end.0 - self.start.0) as u64 > self.limit {
            let Some((dropped, _)) = self.commands.pop_front() else { return };
            self.start = dropped;
        }
    }

    /// The commands behind `offset`, if all of them are kept (RP-17).
    pub(crate) fn since(&self, offset: Offset) -> Option<Vec<Command>> {
        let end = self.commands.back().map_or(self.start, |(end, _)| *end);
        if offset < self.start || offset > end {
            return None;
        }
        let first = self.commands.partition_point(|(end, _)| *end <= offset);
        Some(self.commands.range(first..).map(|(_, command)| command.clone()).collect())
    }

    /// Offset of the first byte kept.
    pub(crate) fn first_byte(&self) -> i64 {
        self.start.0 + 1
    }

    /// Bytes kept, given where the stream stands.
    pub(crate) fn len(&self, offset: Offset) -> i64 {
        offset.0 - self.start.0
    }
}
