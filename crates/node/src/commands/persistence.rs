//! Commands about persistence: BGREWRITEAOF.
//!
//! Rules: AO-13.

use rcsim_protocol::{Command, Reply};

use super::find;
use crate::node::{ConnectionId, Node};
use crate::outside::Outside;
use crate::persistence::Child;

/// Whether a command of a file can be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// It can.
    Runs,
    /// There is such a command, and it needs more words.
    TooFewWords,
    /// There is none.
    Not,
}

/// Whether a command of a file can be run.
pub(crate) fn known(command: &Command) -> Known {
    // What brackets a transaction is the loader's own business.
    if command.is(0, "multi") || command.is(0, "exec") {
        return Known::Runs;
    }
    match find::find(command.name()) {
        None => Known::Not,
        Some(found) if command.len() < found.arity.unsigned_abs() as usize => Known::TooFewWords,
        Some(_) => Known::Runs,
    }
}

impl Node {
    pub(super) fn bgrewriteaof_command(
        &mut self,
        _: ConnectionId,
        _: &Command,
        out: &mut Outside<'_>,
    ) -> Option<Reply> {
        if matches!(self.persistence.child, Some(Child::Works { .. } | Child::Ended { .. })) {
            return Some(Reply::err("Background append only file rewriting already in progress"));
        }
        if self.has_child() || !self.persistence.log.is_open() {
            self.persistence.rewrite_scheduled = self.persistence.log.is_open();
            return Some(Reply::simple("Background append only file rewriting scheduled"));
        }
        self.start_rewrite(out);
        Some(Reply::simple("Background append only file rewriting started"))
    }
}
