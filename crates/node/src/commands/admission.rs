//! Whether a command may run: the checks before it, in the order of Redis.
//!
//! Name and number of words come first (`find`). Then: the password, what may not stand in a transaction, who serves the
//! keys, memory, what is written can be kept, enough replicas, a replica is read only, what a subscriber may ask, a
//! replica without its master, data that are being loaded, a replica as client, the pause; and last whether it is only queued. Rules: RD-1, RD-12,
//! RD-13, RP-23, CF-23, CF-24, MF-11, AO-11.

use rcsim_protocol::{Command, Reply};

use super::flags::Flags;
use super::table::Declaration;
use crate::clients::{Paused, Session, Transaction};
use crate::node::{ConnectionId, Node};
use crate::outside::Outside;
use crate::redirect::Asker;

/// What becomes of a command.
pub(super) enum Admission {
    /// It runs now.
    Run,
    /// It waits for EXEC.
    Queue,
    /// It waits for the end of the pause.
    Postpone,
    /// Somebody else serves its keys, or nobody does: what the client is told.
    Redirect(Reply),
    /// It is refused: what the client is told.
    Refuse(Reply),
}

/// A command with all that the checks look at.
struct Request<'a> {
    declaration: &'static Declaration,
    command: &'a Command,
    /// The transaction that it would be queued in.
    transaction: Option<&'a Transaction>,
    /// Its flags, for EXEC with those of all that is queued.
    flags: Flags,
    /// The flags that it lacks, or for EXEC something that is queued.
    lacking: Flags,
    session: &'a Session,
    from_replica: bool,
}

impl<'a> Request<'a> {
    fn new(declaration: &'static Declaration, command: &'a Command, session: &'a Session) -> Request<'a> {
        let transaction = session.transaction.as_ref();
        let mut flags = declaration.flags;
        let mut lacking = flags.inverse();
        if declaration.name == "exec"
            && let Some(transaction) = transaction
        {
            flags = flags.and(transaction.flags());
            lacking = lacking.and(transaction.lacking());
        }
        Request { declaration, command, transaction, flags, lacking, session, from_replica: false }
    }

    fn is(&self, names: &[&str]) -> bool {
        names.contains(&self.declaration.name)
    }

    fn writes(&self) -> bool {
        self.flags.any(Flags::WRITE)
    }

    /// Whether it is going to be queued if nothing is in the way.
    fn is_queued(&self) -> bool {
        self.transaction.is_some() && !self.is(&["exec", "discard", "multi", "watch", "quit", "reset"])
    }
}

fn refuse(text: &'static str) -> Option<Reply> {
    Some(Reply::error(text))
}

impl Node {
    /// Whether a command of a client may run.
    pub(super) fn admit(
        &self,
        connection: ConnectionId,
        session: &Session,
        declaration: &'static Declaration,
        command: &Command,
        out: &Outside<'_>,
    ) -> Admission {
        let mut request = Request::new(declaration, command, session);
        if let Some(error) =
            self.refused_without_password(&request).or_else(|| refused_in_transaction(&request))
        {
            return Admission::Refuse(error);
        }
        if let Some(elsewhere) = self.redirected(&request, out) {
            return Admission::Redirect(elsewhere);
        }
        request.from_replica = self.is_attached(connection);
        let refusal = self
            .refused_without_memory(&request)
            .or_else(|| self.refused_as_not_kept(&request))
            .or_else(|| self.refused_without_replicas(&request))
            .or_else(|| self.refused_as_read_only(&request))
            .or_else(|| refused_to_subscriber(&request))
            .or_else(|| self.refused_without_master(&request))
            .or_else(|| self.refused_while_loading(&request))
            .or_else(|| refused_to_replica(&request));
        match refusal {
            Some(error) => Admission::Refuse(error),
            None if self.is_paused(&request) => Admission::Postpone,
            None if request.is_queued() => Admission::Queue,
            None => Admission::Run,
        }
    }

    fn refused_without_password(&self, request: &Request<'_>) -> Option<Reply> {
        let open = self.settings.requirepass.is_empty();
        let known = open || request.session.authenticated || request.declaration.flags.any(Flags::NO_AUTH);
        if known { None } else { refuse("NOAUTH Authentication required.") }
    }

    /// Who serves the keys (RD-2 … RD-12); for EXEC, those of all that is queued (RD-1).
    fn redirected(&self, request: &Request<'_>, out: &Outside<'_>) -> Option<Reply> {
        let asker = Asker {
            read_only: request.session.read_only,
            asking: request.session.asking || request.flags.any(Flags::ASKING),
            writes_itself: request.declaration.flags.any(Flags::WRITE),
            writes: request.writes(),
            is_migrate: request.is(&["migrate"]),
            is_shard_channel: request.declaration.flags.any(Flags::PUBSUB),
        };
        match request.transaction {
            Some(transaction) if request.declaration.name == "exec" => {
                let queued = transaction.queued().iter();
                let keys = queued.flat_map(|(declaration, command)| declaration.keys.of(command));
                self.redirection(keys, asker, out)
            }
            _ => self.redirection(request.declaration.keys.of(request.command), asker, out),
        }
    }

    /// There is no eviction here: what does not fit is refused.
    fn refused_without_memory(&self, request: &Request<'_>) -> Option<Reply> {
        let limit = self.settings.maxmemory;
        let exempt = self.follows() && self.settings.replica_ignore_maxmemory;
        if limit == 0 || exempt || self.keyspace.memory() <= limit {
            return None;
        }
        let grows = request.flags.any(Flags::DENY_OOM) || (request.is_queued() && !request.is(&["unwatch"]));
        if grows { refuse("OOM command not allowed when used memory > 'maxmemory'.") } else { None }
    }

    /// What is written now might be lost (AO-11).
    fn refused_as_not_kept(&self, request: &Request<'_>) -> Option<Reply> {
        if request.writes() || request.is(&["ping"]) { self.persistence_error() } else { None }
    }

    fn refused_without_replicas(&self, request: &Request<'_>) -> Option<Reply> {
        let refused = request.writes() && !self.follows() && self.lacks_good_replicas();
        if refused { refuse("NOREPLICAS Not enough good replicas to write.") } else { None }
    }

    fn refused_as_read_only(&self, request: &Request<'_>) -> Option<Reply> {
        let refused = request.writes() && self.follows() && self.settings.replica_read_only;
        if refused { refuse("READONLY You can't write against a read only replica.") } else { None }
    }

    fn refused_without_master(&self, request: &Request<'_>) -> Option<Reply> {
        let cut_off = self.follows() && !self.replication.link.is_up();
        if cut_off && !self.settings.replica_serve_stale_data && request.lacking.any(Flags::STALE) {
            return refuse(
                "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
            );
        }
        None
    }

    fn refused_while_loading(&self, request: &Request<'_>) -> Option<Reply> {
        let refused = self.is_loading() && request.lacking.any(Flags::LOADING);
        if refused { refuse("LOADING Redis is loading the dataset in memory") } else { None }
    }

    fn is_paused(&self, request: &Request<'_>) -> bool {
        let waits = match self.clients.paused() {
            None => false,
            Some(Paused::All) => true,
            Some(Paused::Writes) => request.flags.any(Flags::MAY_REPLICATE),
        };
        waits && !request.from_replica
    }
}

fn refused_in_transaction(request: &Request<'_>) -> Option<Reply> {
    let refused = request.transaction.is_some() && request.declaration.flags.any(Flags::NO_MULTI);
    if refused { Some(Reply::err("Command not allowed inside a transaction")) } else { None }
}

/// Who listens to something asks for nothing else, but with the third version of the protocol, which tells replies from
/// messages.
fn refused_to_subscriber(request: &Request<'_>) -> Option<Reply> {
    const ALLOWED: &[&str] = &[
        "ping",
        "subscribe",
        "ssubscribe",
        "psubscribe",
        "unsubscribe",
        "sunsubscribe",
        "punsubscribe",
        "quit",
        "reset",
    ];
    let session = request.session;
    if session.subscribed.is_empty() || session.protocol > 2 || request.is(ALLOWED) {
        return None;
    }
    Some(Reply::err(format_args!(
        "Can't execute '{}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context",
        request.declaration.name
    )))
}

/// A replica that is connected to me has nothing to ask of the data.
fn refused_to_replica(request: &Request<'_>) -> Option<Reply> {
    let refused = request.from_replica && request.flags.any(Flags::MAY_REPLICATE.and(Flags::READONLY));
    if refused { Some(Reply::err("Replica can't interact with the keyspace")) } else { None }
}
