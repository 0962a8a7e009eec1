//! Commands that look for elements inside a list, change it there, or move elements from one list to another.

use std::collections::VecDeque;

use rcsim_protocol::{Command, Reply};

use super::strings::{list, range, word};
use super::text::{integer, required_integer};
use super::{Answer, syntax_error};
use crate::keyspace::{Bytes, Entry, Side, Value};
use crate::node::Node;

/// LEFT or RIGHT.
fn side(command: &Command, index: usize) -> Result<Side, Reply> {
    if command.is(index, "left") {
        return Ok(Side::Left);
    }
    if command.is(index, "right") { Ok(Side::Right) } else { Err(syntax_error()) }
}

/// What LPOS is asked for.
struct Search {
    /// The first match that counts, and from which end on.
    rank: i64,
    from_behind: bool,
    /// How many matches; `None`: one, and not as an array. 0: all.
    count: Option<usize>,
    /// How many elements are compared at most; 0: all.
    most: usize,
}

impl Search {
    fn read(command: &Command) -> Result<Search, Reply> {
        let mut search = Search { rank: 1, from_behind: false, count: None, most: 0 };
        for index in (3..command.len()).step_by(2) {
            if index + 1 == command.len() {
                return Err(syntax_error());
            }
            let positive = |name: &str| {
                let number = integer(command, index + 1).and_then(|number| usize::try_from(number).ok());
                number.ok_or_else(|| Reply::err(format_args!("{name} can't be negative")))
            };
            if command.is(index, "rank") {
                let rank = required_integer(command, index + 1)?;
                // The least number of all has no counterpart: Redis takes the first match then.
                (search.rank, search.from_behind) = (rank.checked_abs().unwrap_or(1), rank < 0);
                if rank == 0 {
                    return Err(Reply::err(
                        "RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative \
                         to start from the end of the list",
                    ));
                }
            } else if command.is(index, "count") {
                search.count = Some(positive("COUNT")?);
            } else if command.is(index, "maxlen") {
                search.most = positive("MAXLEN")?;
            } else {
                return Err(syntax_error());
            }
        }
        Ok(search)
    }

    fn run(&self, items: &VecDeque<Bytes>, element: &[u8]) -> Vec<Reply> {
        let places: Box<dyn Iterator<Item = usize>> =
            if self.from_behind { Box::new((0..items.len()).rev()) } else { Box::new(0..items.len()) };
        let compared = places.take(if self.most == 0 { usize::MAX } else { self.most });
        let matching = compared.filter(|place| &*items[*place] == element);
        let wanted = match self.count {
            None => 1,
            Some(0) => usize::MAX,
            Some(count) => count,
        };
        let before = usize::try_from(self.rank - 1).unwrap_or(usize::MAX);
        matching.skip(before).take(wanted).map(|place| Reply::Integer(place as i64)).collect()
    }
}

impl Node {
    pub(super) fn lpos_command(&mut self, command: &Command) -> Answer {
        let search = Search::read(command)?;
        let items = list(self.look_up(word(command, 1)))?;
        let mut found = items.map(|items| search.run(items, word(command, 2))).unwrap_or_default();
        let one = search.count.is_none();
        Ok(if one { found.pop().unwrap_or(Reply::Null) } else { Reply::Array(found) })
    }

    pub(super) fn linsert_command(&mut self, command: &Command) -> Answer {
        let behind = match (command.is(2, "before"), command.is(2, "after")) {
            (true, _) => 0,
            (_, true) => 1,
            _ => return Err(syntax_error()),
        };
        let (key, pivot, element) = (word(command, 1), word(command, 3), word(command, 4));
        let Some(mut items) = list(self.look_up(key))?.cloned() else { return Ok(Reply::Integer(0)) };
        let Some(place) = items.iter().position(|item| &**item == pivot) else {
            return Ok(Reply::Integer(-1));
        };
        items.insert(place + behind, element.into());
        let len = items.len();
        self.store_list(key, items, 1);
        Ok(Reply::Integer(len as i64))
    }

    pub(super) fn lset_command(&mut self, command: &Command) -> Answer {
        let key = word(command, 1);
        let Some(mut items) = list(self.look_up(key))?.cloned() else {
            return Err(Reply::err("no such key"));
        };
        let index = required_integer(command, 2)?;
        let place = if index < 0 { index.saturating_add(items.len() as i64) } else { index };
        let item = usize::try_from(place).ok().and_then(|place| items.get_mut(place));
        *item.ok_or_else(|| Reply::err("index out of range"))? = word(command, 3).into();
        self.store_list(key, items, 1);
        Ok(Reply::ok())
    }

    /// Removes so many equal elements from the head, from the end if negative, all if 0.
    pub(super) fn lrem_command(&mut self, command: &Command) -> Answer {
        let count = required_integer(command, 2)?;
        let (key, element) = (word(command, 1), word(command, 3));
        let Some(items) = list(self.look_up(key))? else { return Ok(Reply::Integer(0)) };
        let most = if count == 0 { u64::MAX } else { count.unsigned_abs() };
        let mut removed = 0;
        let mut keep = |item: &&Bytes| {
            let goes = removed < most && &***item == element;
            removed += u64::from(goes);
            !goes
        };
        let mut left: VecDeque<Bytes> = VecDeque::with_capacity(items.len());
        if count < 0 {
            items.iter().rev().filter(&mut keep).for_each(|item| left.push_front(item.clone()));
        } else {
            left.extend(items.iter().filter(&mut keep).cloned());
        }
        if removed > 0 {
            self.store_list(key, left, removed as usize);
        }
        Ok(Reply::Integer(removed as i64))
    }

    /// Keeps a part.
    pub(super) fn ltrim_command(&mut self, command: &Command) -> Answer {
        let (start, end) = (required_integer(command, 2)?, required_integer(command, 3)?);
        let key = word(command, 1);
        let Some(items) = list(self.look_up(key))? else { return Ok(Reply::ok()) };
        let (len, kept) = (items.len(), range(start, end, items.len()));
        for _ in kept.end..len {
            self.keyspace.pop(key, Side::Right);
        }
        for _ in 0..kept.start.min(kept.end) {
            self.keyspace.pop(key, Side::Left);
        }
        self.changed(len - kept.len());
        Ok(Reply::ok())
    }

    pub(super) fn rpoplpush_command(&mut self, command: &Command) -> Answer {
        self.move_element(command, Side::Right, Side::Left)
    }

    pub(super) fn lmove_command(&mut self, command: &Command) -> Answer {
        let (from, to) = (side(command, 3)?, side(command, 4)?);
        self.move_element(command, from, to)
    }

    /// Moves an element from the first list to the second, which may be the same.
    fn move_element(&mut self, command: &Command, from: Side, to: Side) -> Answer {
        let (source, destination) = (word(command, 1), word(command, 2));
        let Some(items) = list(self.look_up(source))? else { return Ok(Reply::Null) };
        let end = if from == Side::Left { items.front() } else { items.back() };
        let element = Bytes::clone(end.expect("no list is empty"));
        list(self.look_up(destination))?;
        // In this order a list that gives to itself is never gone in between.
        self.keyspace.push(destination, to, &element).expect("the type was looked at");
        self.keyspace.pop(source, from);
        self.changed(1);
        Ok(Reply::bulk(element))
    }

    /// Puts a changed list back, which keeps the time of its end; one that is empty now goes with its key.
    fn store_list(&mut self, key: &[u8], items: VecDeque<Bytes>, changes: usize) {
        if items.is_empty() {
            self.keyspace.remove(key);
        } else {
            let expires_at_ms = self.keyspace.get(key).and_then(|entry| entry.expires_at_ms);
            self.keyspace.insert(key, Entry { value: Value::List(items), expires_at_ms });
        }
        self.changed(changes);
    }
}
