//! MIGRATE, as a command: the work is done in `migration`.
//!
//! Inside MULTI it is refused when it runs: there Redis would wait in the middle of EXEC, which is not modelled.

use rcsim_protocol::{Command, Reply};

use crate::clients::Blocked;
use crate::node::{ConnectionId, Node};
use crate::outside::Outside;

impl Node {
    pub(super) fn migrate_command(
        &mut self,
        connection: ConnectionId,
        command: &Command,
        out: &mut Outside<'_>,
    ) -> Option<Reply> {
        if self.execution.is_inside_exec() {
            return Some(Reply::err("rcsim does not model MIGRATE inside a transaction"));
        }
        if let Err(answer) = self.begin_migrate(connection, command, out) {
            return Some(answer);
        }
        if let Some(session) = self.clients.session_mut(connection) {
            session.blocked = Some(Blocked::Migrating);
        }
        None
    }
}
