//! Commands about persistence: BGREWRITEAOF.
//!
//! Rules: AO-13.

use rcsim_protocol::{Command, Reply};

use super::{Answer, find};
use crate::node::Node;
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
    match find::find(command.name()) {
        None => Known::Not,
        Some(found) if command.len() < found.arity.unsigned_abs() as usize => Known::TooFewWords,
        Some(_) => Known::Runs,
    }
}

impl Node {
    pub(super) fn bgrewriteaof_command(&mut self, _: &Command, out: &mut Outside<'_>) -> Answer {
        if matches!(self.persistence.child, Some(Child::Works { .. } | Child::Ended { .. })) {
            return Err(Reply::err("Background append only file rewriting already in progress"));
        }
        if self.has_child() || !self.persistence.log.is_open() {
            self.persistence.rewrite_scheduled = self.persistence.log.is_open();
            return Ok(Reply::simple("Background append only file rewriting scheduled"));
        }
        self.start_rewrite(out);
        Ok(Reply::simple("Background append only file rewriting started"))
    }
}
