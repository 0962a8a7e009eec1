//! What a client has queued between MULTI and EXEC.
//!
//! Rules: RD-1, RD-13, MF-11.

use rcsim_protocol::Command;

use crate::commands::{Declaration, Flags};

/// The commands of a transaction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Transaction {
    queued: Vec<(&'static Declaration, Command)>,
    /// The flags of all of them together.
    flags: Flags,
    /// The flags that at least one of them lacks.
    lacking: Flags,
    /// A command could not be queued, so there will be no EXEC (RD-13).
    pub(crate) aborted: bool,
}

impl Transaction {
    /// Queues a command.
    pub(crate) fn push(&mut self, declaration: &'static Declaration, command: Command) {
        self.flags = self.flags.and(declaration.flags());
        self.lacking = self.lacking.and(declaration.flags().inverse());
        self.queued.push((declaration, command));
    }

    /// The commands, in order.
    pub(crate) fn queued(&self) -> &[(&'static Declaration, Command)] {
        &self.queued
    }

    /// The flags that at least one command has.
    pub(crate) fn flags(&self) -> Flags {
        self.flags
    }

    /// The flags that at least one command lacks.
    pub(crate) fn lacking(&self) -> Flags {
        self.lacking
    }
}
