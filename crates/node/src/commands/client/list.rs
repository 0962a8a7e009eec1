//! CLIENT LIST and CLIENT INFO: a line for each connection.
//!
//! The fields are those of 7.0.15, in their order. Memory is not modelled: its fields are 0. `fd` is the number of the
//! connection.

use rcsim_protocol::{Command, Reply};

use super::Class;
use crate::clients::{Session, Topic};
use crate::commands::text::integer;
use crate::commands::{Answer, syntax_error};
use crate::node::{ConnectionId, Node};
use crate::outside::Outside;

/// Which connections are listed.
type Filter<'a> = Box<dyn Fn(ConnectionId, &Session) -> bool + 'a>;

impl Node {
    pub(super) fn client_info(
        &mut self,
        connection: ConnectionId,
        _: &Command,
        out: &mut Outside<'_>,
    ) -> Option<Reply> {
        let session = self.clients.session(connection)?;
        Some(Reply::verbatim(self.client_line(connection, session, out) + "\n"))
    }

    pub(super) fn client_list(&mut self, command: &Command, out: &mut Outside<'_>) -> Answer {
        let wanted: Filter<'_> = match command.len() {
            2 => Box::new(|_, _| true),
            4 if command.is(2, "type") => {
                let (node, class) = (&*self, Class::read(command, 3)?);
                Box::new(move |connection, session| node.class_of(connection, session) == class)
            }
            4.. if command.is(2, "id") => {
                let ids: Option<Vec<i64>> = (3..command.len()).map(|index| integer(command, index)).collect();
                let ids = ids.ok_or_else(|| Reply::err("Invalid client ID"))?;
                Box::new(move |_, session| ids.contains(&(session.id as i64)))
            }
            _ => return Err(syntax_error()),
        };
        let listed = self.clients.sessions().filter(|(connection, session)| wanted(*connection, session));
        let lines = listed.map(|(connection, session)| self.client_line(connection, session, out) + "\n");
        Ok(Reply::verbatim(lines.collect::<String>()))
    }

    /// What kind of client it is.
    pub(super) fn class_of(&self, connection: ConnectionId, session: &Session) -> Class {
        if self.is_attached(connection) {
            Class::Replica
        } else if session.subscribed.is_empty() {
            Class::Normal
        } else {
            Class::Pubsub
        }
    }

    fn client_line(&self, connection: ConnectionId, session: &Session, out: &Outside<'_>) -> String {
        let mine = out.registry.address_of(self.view.address(self.me()));
        let seconds = |since: i64| (self.clock.cached_ms - since) / 1000;
        let listens = |topic| session.subscribed.to(topic).len();
        let queued = session.transaction.as_ref().map_or(-1, |queue| queue.queued().len() as i64);
        format!(
            "id={} addr={} laddr={}:{} fd={} name={} age={} idle={} flags={} db=0 sub={} psub={} ssub={} \
             multi={queued} qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=0 tot-mem=0 \
             events=r cmd={} user=default redir=-1 resp={}",
            session.id,
            session.remote,
            mine.ip_text(),
            self.settings.port,
            connection.0,
            session.name,
            seconds(session.opened_ms),
            seconds(session.last_ms),
            self.client_flags(connection, session),
            listens(Topic::Channel),
            listens(Topic::Pattern),
            listens(Topic::Shard),
            session.last_command,
            session.protocol,
        )
    }

    fn client_flags(&self, connection: ConnectionId, session: &Session) -> String {
        let class = self.class_of(connection, session);
        let letters = [
            ('S', class == Class::Replica),
            ('P', class == Class::Pubsub),
            ('x', session.transaction.is_some()),
            ('b', session.blocked.is_some()),
            ('d', self.watched_key_touched(&session.watched)),
            ('r', session.read_only),
            ('e', session.is_kept),
        ];
        let flags: String = letters.into_iter().filter(|(_, set)| *set).map(|(letter, _)| letter).collect();
        if flags.is_empty() { "N".to_owned() } else { flags }
    }
}
