//! Commands on strings, whole numbers among them.
//!
//! What is relative to the time or reads while it writes goes into the stream in another form: SET with PXAT, DEL for
//! GETDEL, PEXPIREAT or PERSIST for GETEX, SET for GETSET (RP-3).

use rcsim_protocol::{Command, Reply};

use super::expiry::Expiry;
use super::text::{integer, required_integer};
use super::{Answer, syntax_error, wrong_arity, wrong_type};
use crate::keyspace::{Bytes, Entry, Value};
use crate::node::Node;

/// The longest string, in bytes.
const LONGEST: usize = 512 * 1024 * 1024;

/// The options of SET.
#[derive(Default)]
struct SetOptions {
    only_new: bool,
    only_old: bool,
    get: bool,
    keep_ttl: bool,
    expiry: Option<Expiry>,
}

impl SetOptions {
    fn asks_what_is_there(&self) -> bool {
        self.only_new || self.only_old || self.keep_ttl
    }
}

/// A word that must be there, for the arity says so.
pub(super) fn word(command: &Command, index: usize) -> &[u8] {
    command.word(index).unwrap_or_default()
}

fn bulk(bytes: Option<Bytes>) -> Reply {
    bytes.map_or(Reply::Null, Reply::bulk)
}

impl Node {
    pub(super) fn get_command(&mut self, command: &Command) -> Answer {
        Ok(bulk(self.string_at(word(command, 1))?))
    }

    pub(super) fn set_command(&mut self, command: &Command) -> Answer {
        let options = set_options(command)?;
        let (key, value) = (word(command, 1), word(command, 2));
        let until = options.expiry.map(|expiry| expiry.time(command, self.clock.cached_ms)).transpose()?;
        let old = if options.get { Some(bulk(self.old_string_at(key)?)) } else { None };
        self.drop_if_expired(key);
        let there = if options.asks_what_is_there() { self.keyspace.get(key) } else { None };
        if (options.only_new && there.is_some()) || (options.only_old && there.is_none()) {
            return Ok(old.unwrap_or(Reply::Null));
        }
        let kept = there.filter(|_| options.keep_ttl).and_then(|entry| entry.expires_at_ms);
        let entry = Entry { value: Value::String(value.into()), expires_at_ms: until.or(kept) };
        self.keyspace.insert(key, entry);
        self.changed(1);
        if let Some(until) = until {
            self.replicate_as(&[b"SET", key, value, b"PXAT", until.to_string().as_bytes()]);
        }
        Ok(old.unwrap_or_else(Reply::ok))
    }

    pub(super) fn setnx_command(&mut self, command: &Command) -> Answer {
        let key = word(command, 1);
        if self.look_up(key).is_some() {
            return Ok(Reply::Integer(0));
        }
        self.put(key, word(command, 2));
        Ok(Reply::Integer(1))
    }

    pub(super) fn setex_command(&mut self, command: &Command) -> Answer {
        self.set_until(command, Expiry { index: 2, seconds: true, relative: true })
    }

    pub(super) fn psetex_command(&mut self, command: &Command) -> Answer {
        self.set_until(command, Expiry { index: 2, seconds: false, relative: true })
    }

    fn set_until(&mut self, command: &Command, expiry: Expiry) -> Answer {
        let until = expiry.time(command, self.clock.cached_ms)?;
        let (key, value) = (word(command, 1), word(command, 3));
        let entry = Entry { value: Value::String(value.into()), expires_at_ms: Some(until) };
        self.look_up(key);
        self.keyspace.insert(key, entry);
        self.changed(1);
        self.replicate_as(&[b"SET", key, value, b"PXAT", until.to_string().as_bytes()]);
        Ok(Reply::ok())
    }

    pub(super) fn getset_command(&mut self, command: &Command) -> Answer {
        let (key, value) = (word(command, 1), word(command, 2));
        let old = bulk(self.old_string_at(key)?);
        self.put(key, value);
        self.replicate_as(&[b"SET", key, value]);
        Ok(old)
    }

    pub(super) fn getdel_command(&mut self, command: &Command) -> Answer {
        let key = word(command, 1);
        let old = self.old_string_at(key)?;
        if old.is_some() {
            self.keyspace.remove(key);
            self.changed(1);
            self.replicate_as(&[b"DEL", key]);
        }
        Ok(bulk(old))
    }

    pub(super) fn getex_command(&mut self, command: &Command) -> Answer {
        let key = word(command, 1);
        let persist = command.len() == 3 && command.is(2, "persist");
        let expiry = Expiry::option(command, 2).filter(|_| command.len() == 4);
        if command.len() > 2 && !persist && expiry.is_none() {
            return Err(syntax_error());
        }
        let Some(value) = self.old_string_at(key)? else { return Ok(Reply::Null) };
        if let Some(expiry) = expiry {
            let until = expiry.time(command, self.clock.cached_ms)?;
            self.end_at(key, until);
        } else if persist && self.keyspace.get(key).is_some_and(|entry| entry.expires_at_ms.is_some()) {
            self.keyspace.set_expiry(key, None);
            self.changed(1);
            self.replicate_as(&[b"PERSIST", key]);
        }
        Ok(Reply::bulk(value))
    }

    pub(super) fn mget_command(&mut self, command: &Command) -> Answer {
        let value = |key| match self.look_up(key).map(|entry| &entry.value) {
            Some(Value::String(bytes)) => Reply::bulk(bytes),
            Some(Value::List(_)) | None => Reply::Null,
        };
        Ok(Reply::Array(command.words().skip(1).map(value).collect()))
    }

    pub(super) fn mset_command(&mut self, command: &Command) -> Answer {
        if command.len().is_multiple_of(2) {
            return Err(wrong_arity("mset"));
        }
        self.put_all(command);
        Ok(Reply::ok())
    }

    pub(super) fn msetnx_command(&mut self, command: &Command) -> Answer {
        if command.len().is_multiple_of(2) {
            return Err(wrong_arity("msetnx"));
        }
        let exists = command.words().skip(1).step_by(2).any(|key| self.look_up(key).is_some());
        if !exists {
            self.put_all(command);
        }
        Ok(Reply::Integer(i64::from(!exists)))
    }

    fn put_all(&mut self, command: &Command) {
        (1..command.len())
            .step_by(2)
            .for_each(|index| self.put(word(command, index), word(command, index + 1)));
    }

    /// A string in place of whatever was there, and of the time of its end.
    fn put(&mut self, key: &[u8], value: &[u8]) {
        self.look_up(key);
        self.keyspace.insert(key, Entry::lasting(Value::String(value.into())));
        self.changed(1);
    }

    pub(super) fn incr_command(&mut self, command: &Command) -> Answer {
        self.add(command, 1)
    }

    pub(super) fn decr_command(&mut self, command: &Command) -> Answer {
        self.add(command, -1)
    }

    pub(super) fn incrby_command(&mut self, command: &Command) -> Answer {
        self.add(command, required_integer(command, 2)?)
    }

    pub(super) fn decrby_command(&mut self, command: &Command) -> Answer {
        let amount = required_integer(command, 2)?.checked_neg();
        self.add(command, amount.ok_or_else(|| Reply::err("decrement would overflow"))?)
    }

    fn add(&mut self, command: &Command, amount: i64) -> Answer {
        let key = word(command, 1);
        let old = match self.string_at(key)? {
            Some(digits) => required_integer(&Command::new([digits]), 0)?,
            None => 0,
        };
        let overflow = || Reply::err("increment or decrement would overflow");
        let new = old.checked_add(amount).ok_or_else(overflow)?;
        self.store_string(key, new.to_string().into_bytes());
        Ok(Reply::Integer(new))
    }

    pub(super) fn append_command(&mut self, command: &Command) -> Answer {
        let (key, more) = (word(command, 1), word(command, 2));
        let old = self.string_at(key)?;
        let bytes = [old.as_deref().unwrap_or_default(), more].concat();
        within_limit(bytes.len())?;
        let len = bytes.len();
        self.store_string(key, bytes);
        if old.is_some() {
            self.keyspace.set_edited(key);
        }
        Ok(Reply::Integer(len as i64))
    }

    pub(super) fn strlen_command(&mut self, command: &Command) -> Answer {
        Ok(Reply::Integer(self.string_at(word(command, 1))?.map_or(0, |bytes| bytes.len() as i64)))
    }

    pub(super) fn getrange_command(&mut self, command: &Command) -> Answer {
        let (start, end) = (required_integer(command, 2)?, required_integer(command, 3)?);
        let bytes = self.string_at(word(command, 1))?.unwrap_or_default();
        Ok(Reply::bulk(&bytes[range(start, end, bytes.len())]))
    }

    pub(super) fn setrange_command(&mut self, command: &Command) -> Answer {
        let (key, offset, part) = (word(command, 1), required_integer(command, 2)?, word(command, 3));
        let offset = usize::try_from(offset).map_err(|_| Reply::err("offset is out of range"))?;
        let old = self.string_at(key)?.unwrap_or_default();
        if part.is_empty() {
            return Ok(Reply::Integer(old.len() as i64));
        }
        within_limit(offset.saturating_add(part.len()))?;
        let mut bytes = old.to_vec();
        bytes.resize(bytes.len().max(offset + part.len()), 0);
        bytes[offset..offset + part.len()].copy_from_slice(part);
        let len = bytes.len();
        self.store_string(key, bytes);
        self.keyspace.set_edited(key);
        Ok(Reply::Integer(len as i64))
    }
}

fn within_limit(len: usize) -> Result<(), Reply> {
    let error = || Reply::err("string exceeds maximum allowed size (proto-max-bulk-len)");
    if len > LONGEST { Err(error()) } else { Ok(()) }
}

/// The part of `len` things from `start` to `end`, both included and counted from behind if negative.
pub(super) fn range(start: i64, end: i64, len: usize) -> std::ops::Range<usize> {
    let len = len as i64;
    let place = |index: i64| if index < 0 { (len.saturating_add(index)).max(0) } else { index };
    if start < 0 && end < 0 && start > end {
        return 0..0;
    }
    let (start, end) = (place(start), place(end).min(len - 1));
    if start > end || len == 0 { 0..0 } else { start as usize..end as usize + 1 }
}

fn set_options(command: &Command) -> Result<SetOptions, Reply> {
    let mut options = SetOptions::default();
    let mut index = 3;
    while index < command.len() {
        let expiry = Expiry::option(command, index);
        let ends = options.expiry.is_some() || options.keep_ttl;
        if command.is(index, "nx") && !options.only_old {
            options.only_new = true;
        } else if command.is(index, "xx") && !options.only_new {
            options.only_old = true;
        } else if command.is(index, "get") {
            options.get = true;
        } else if command.is(index, "keepttl") && options.expiry.is_none() {
            options.keep_ttl = true;
        } else if expiry.is_some() && !ends {
            options.expiry = expiry;
            index += 1;
        } else {
            return Err(syntax_error());
        }
        index += 1;
    }
    Ok(options)
}

/// The number that a list command is given.
pub(super) fn count(command: &Command, index: usize) -> Result<Option<usize>, Reply> {
    let error = || Reply::err("value is out of range, must be positive");
    match command.word(index) {
        None => Ok(None),
        Some(_) => integer(command, index)
            .and_then(|number| usize::try_from(number).ok())
            .map(Some)
            .ok_or_else(error),
    }
}

/// The elements of a list at a key; an error if it holds something else.
pub(super) fn list(entry: Option<&Entry>) -> Result<Option<&std::collections::VecDeque<Bytes>>, Reply> {
    match entry.map(|entry| &entry.value) {
        None => Ok(None),
        Some(Value::List(items)) => Ok(Some(items)),
        Some(Value::String(_)) => Err(wrong_type()),
    }
}
