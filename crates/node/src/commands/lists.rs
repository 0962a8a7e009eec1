//! Commands on lists.

use rcsim_protocol::{Command, Reply};

use super::strings::{count, list, range, word};
use super::text::required_integer;
use super::{Answer, wrong_arity};
use crate::keyspace::Side;
use crate::node::Node;

impl Node {
    pub(super) fn lpush_command(&mut self, command: &Command) -> Answer {
        self.push_all(command, Side::Left, false)
    }

    pub(super) fn rpush_command(&mut self, command: &Command) -> Answer {
        self.push_all(command, Side::Right, false)
    }

    pub(super) fn lpushx_command(&mut self, command: &Command) -> Answer {
        self.push_all(command, Side::Left, true)
    }

    pub(super) fn rpushx_command(&mut self, command: &Command) -> Answer {
        self.push_all(command, Side::Right, true)
    }

    /// Adds the elements one after the other; with `only_old` not if there is no list.
    fn push_all(&mut self, command: &Command, side: Side, only_old: bool) -> Answer {
        let key = word(command, 1);
        let mut len = match list(self.look_up(key))? {
            None if only_old => return Ok(Reply::Integer(0)),
            items => items.map_or(0, |items| items.len()),
        };
        for element in command.words().skip(2) {
            len = self.keyspace.push(key, side, element).expect("the type was looked at");
            self.changed(1);
        }
        Ok(Reply::Integer(len as i64))
    }

    pub(super) fn lpop_command(&mut self, command: &Command) -> Answer {
        self.pop_some(command, "lpop", Side::Left)
    }

    pub(super) fn rpop_command(&mut self, command: &Command) -> Answer {
        self.pop_some(command, "rpop", Side::Right)
    }

    fn pop_some(&mut self, command: &Command, name: &str, side: Side) -> Answer {
        if command.len() > 3 {
            return Err(wrong_arity(name));
        }
        let (key, wanted) = (word(command, 1), count(command, 2)?);
        if list(self.look_up(key))?.is_none() {
            return Ok(Reply::Null);
        }
        let mut popped = Vec::new();
        while popped.len() < wanted.unwrap_or(1)
            && let Some(element) = self.keyspace.pop(key, side)
        {
            self.changed(1);
            popped.push(Reply::bulk(element));
        }
        Ok(if wanted.is_some() { Reply::Array(popped) } else { popped.pop().unwrap_or(Reply::Null) })
    }

    pub(super) fn llen_command(&mut self, command: &Command) -> Answer {
        let items = list(self.look_up(word(command, 1)))?;
        Ok(Reply::Integer(items.map_or(0, |items| items.len() as i64)))
    }

    pub(super) fn lrange_command(&mut self, command: &Command) -> Answer {
        let (start, end) = (required_integer(command, 2)?, required_integer(command, 3)?);
        let Some(items) = list(self.look_up(word(command, 1)))? else { return Ok(Reply::Array(Vec::new())) };
        Ok(Reply::Array(items.range(range(start, end, items.len())).map(Reply::bulk).collect()))
    }

    pub(super) fn lindex_command(&mut self, command: &Command) -> Answer {
        let Some(items) = list(self.look_up(word(command, 1)))? else { return Ok(Reply::Null) };
        let index = required_integer(command, 2)?;
        let place = if index < 0 { index + items.len() as i64 } else { index };
        let item = usize::try_from(place).ok().and_then(|place| items.get(place));
        Ok(item.map_or(Reply::Null, Reply::bulk))
    }
}
