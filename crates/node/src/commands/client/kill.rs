//! CLIENT KILL: which connections are meant, and their end.

use rcsim_protocol::{Command, Reply};

use super::Class;
use crate::clients::Session;
use crate::commands::strings::word;
use crate::commands::syntax_error;
use crate::commands::text::{integer, text};
use crate::node::{ConnectionId, Node};
use crate::outside::Outside;

/// Which connections are meant: those that fit all that is given.
#[derive(Debug)]
struct Wanted {
    id: Option<i64>,
    class: Option<Class>,
    remote: Option<String>,
    local: Option<String>,
    spares_me: bool,
}

impl Wanted {
    /// The old form, with an address only.
    fn address(remote: String) -> Wanted {
        Wanted { id: None, class: None, remote: Some(remote), local: None, spares_me: false }
    }

    fn read(command: &Command) -> Result<Wanted, Reply> {
        let mut wanted = Wanted { id: None, class: None, remote: None, local: None, spares_me: true };
        for index in (2..command.len()).step_by(2) {
            if index + 1 == command.len() {
                return Err(syntax_error());
            }
            let value = || text(command, index + 1);
            if command.is(index, "id") {
                let id = integer(command, index + 1).filter(|id| *id > 0);
                wanted.id = Some(id.ok_or_else(|| Reply::err("client-id should be greater than 0"))?);
            } else if command.is(index, "type") {
                wanted.class = Some(Class::read(command, index + 1)?);
            } else if command.is(index, "addr") {
                wanted.remote = Some(value());
            } else if command.is(index, "laddr") {
                wanted.local = Some(value());
            } else if command.is(index, "user") {
                if word(command, index + 1) != b"default" {
                    return Err(Reply::err(format_args!("No such user '{}'", value())));
                }
            } else if command.is(index, "skipme") {
                wanted.spares_me = command.is(index + 1, "yes");
                if !wanted.spares_me && !command.is(index + 1, "no") {
                    return Err(syntax_error());
                }
            } else {
                return Err(syntax_error());
            }
        }
        Ok(wanted)
    }
}

impl Node {
    /// Closes connections. The one that asked gets its reply before.
    pub(super) fn client_kill(
        &mut self,
        connection: ConnectionId,
        command: &Command,
        out: &mut Outside<'_>,
    ) -> Option<Reply> {
        let old_form = command.len() == 3;
        let wanted = if old_form { Ok(Wanted::address(text(command, 2))) } else { Wanted::read(command) };
        let wanted = match wanted {
            Ok(wanted) => wanted,
            Err(error) => return Some(error),
        };
        let local = out.registry.address_of(self.view.address(self.me())).ip_text();
        let local = format!("{local}:{}", self.settings.port);
        let fits = |other: ConnectionId, session: &Session| {
            !(wanted.spares_me && other == connection)
                && wanted.id.is_none_or(|id| id == session.id as i64)
                && wanted.class.is_none_or(|class| class == self.class_of(other, session))
                && wanted.remote.as_ref().is_none_or(|remote| *remote == session.remote.to_string())
                && wanted.local.as_ref().is_none_or(|wanted| *wanted == local)
        };
        let sessions = self.clients.sessions().filter(|(other, session)| fits(*other, session));
        let doomed: Vec<ConnectionId> = sessions.map(|(other, _)| other).collect();
        let reply = match (old_form, doomed.len()) {
            (true, 0) => return Some(Reply::err("No such client")),
            (true, _) => Reply::ok(),
            (false, killed) => Reply::Integer(killed as i64),
        };
        for other in doomed {
            match self.clients.session_mut(connection) {
                Some(session) if other == connection => session.is_closing = true,
                _ => self.drop_client(other, out),
            }
        }
        Some(reply)
    }
}
