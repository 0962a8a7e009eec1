//! Commands about persistence: SAVE, BGSAVE, LASTSAVE, BGREWRITEAOF, SHUTDOWN.
//!
//! Rules: AO-13, RB-1, RB-7. Texts were compared with a running 7.0.15.

use rcsim_protocol::{Command, Reply};

use super::{Answer, find, syntax_error};
use crate::node::{ConnectionId, Node};
use crate::outside::Outside;
use crate::persistence::ShutdownOptions;

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
    match find::look_up_name(command) {
        Err(_) => Known::Not,
        Ok(found) if command.len() < found.arity.unsigned_abs() as usize => Known::TooFewWords,
        Ok(_) => Known::Runs,
    }
}

impl Node {
    pub(super) fn bgrewriteaof_command(&mut self, _: &Command, out: &mut Outside<'_>) -> Answer {
        if self.persistence.child.is_some() {
            return Err(Reply::err("Background append only file rewriting already in progress"));
        }
        // What a transaction did so far is not propagated yet: a base made now would have it twice.
        if self.has_child() || self.execution.is_inside_exec() {
            self.schedule_rewrite();
            return Ok(Reply::simple("Background append only file rewriting scheduled"));
        }
        self.start_rewrite(out);
        Ok(Reply::simple("Background append only file rewriting started"))
    }

    /// In a transaction it is only scheduled: what that did so far has no place in the stream yet (RB-4).
    pub(super) fn bgsave_command(&mut self, command: &Command, out: &mut Outside<'_>) -> Answer {
        let schedule = command.len() == 2 && command.is(1, "schedule");
        if command.len() > 1 && !schedule {
            return Err(syntax_error());
        }
        if self.persistence.snapshots.child.is_some() {
            return Err(Reply::err("Background save already in progress"));
        }
        let inside_exec = self.execution.is_inside_exec();
        if self.has_child() && !schedule && !inside_exec {
            return Err(Reply::err(
                "Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to \
                 schedule a BGSAVE whenever possible.",
            ));
        }
        if self.has_child() || inside_exec {
            self.persistence.snapshots.is_scheduled = true;
            return Ok(Reply::simple("Background saving scheduled"));
        }
        self.start_save(out);
        Ok(Reply::simple("Background saving started"))
    }

    pub(super) fn lastsave_command(&mut self, _: &Command, _: &mut Outside<'_>) -> Answer {
        Ok(Reply::Integer(self.persistence.snapshots.saved_s))
    }

    pub(super) fn save_command(
        &mut self,
        connection: ConnectionId,
        _: &Command,
        out: &mut Outside<'_>,
    ) -> Option<Reply> {
        if self.persistence.snapshots.child.is_some() {
            return Some(Reply::err("Background save already in progress"));
        }
        self.save_for(connection, out);
        None
    }

    pub(super) fn shutdown_command(
        &mut self,
        connection: ConnectionId,
        command: &Command,
        out: &mut Outside<'_>,
    ) -> Option<Reply> {
        let (mut options, mut abort) = (ShutdownOptions::default(), false);
        for index in 1..command.len() {
            let known = [
                ("save", &mut options.save),
                ("nosave", &mut options.no_save),
                ("now", &mut options.now),
                ("force", &mut options.force),
                ("abort", &mut abort),
            ];
            let Some((_, option)) = known.into_iter().find(|(name, _)| command.is(index, name)) else {
                return Some(syntax_error());
            };
            *option = true;
        }
        if (abort && options != ShutdownOptions::default()) || (options.save && options.no_save) {
            return Some(syntax_error());
        }
        if abort {
            let aborted = self.abort_shutdown(out);
            return Some(if aborted { Reply::ok() } else { Reply::err("No shutdown in progress.") });
        }
        self.start_shutdown(connection, options, out);
        None
    }
}
