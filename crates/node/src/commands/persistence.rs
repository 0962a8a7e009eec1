//! Commands about persistence: BGREWRITEAOF.
//!
//! Rules: AO-13.

use rcsim_protocol::{Command, Reply};

use crate::node::{ConnectionId, Node};
use crate::outside::Outside;
use crate::persistence::Child;

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
            return Some(Reply::Simple("Background append only file rewriting scheduled".to_owned()));
        }
        self.start_rewrite(out);
        Some(Reply::Simple("Background append only file rewriting started".to_owned()))
    }
}
