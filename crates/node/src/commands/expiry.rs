//! Commands on the time at which keys expire.
//!
//! Rules: RP-32. In the stream there are absolute times only: PEXPIREAT, or DEL for a time that is over already.

use rcsim_protocol::{Command, Reply};

use super::Answer;
use super::strings::word;
use super::text::{required_integer, shown_word};
use crate::node::Node;

/// A time in a command: which word it is, and how it is meant.
#[derive(Clone, Copy)]
pub(super) struct Expiry {
    pub(super) index: usize,
    pub(super) seconds: bool,
    pub(super) relative: bool,
}

impl Expiry {
    /// The option EX, PX, EXAT or PXAT at this index, if it has a word behind it.
    pub(super) fn option(command: &Command, index: usize) -> Option<Expiry> {
        let forms = [("ex", true, true), ("px", false, true), ("exat", true, false), ("pxat", false, false)];
        let (_, seconds, relative) = forms.into_iter().find(|(name, ..)| command.is(index, name))?;
        (index + 1 < command.len()).then_some(Expiry { index: index + 1, seconds, relative })
    }

    /// The time in ms, for options that want one to come.
    pub(super) fn time(self, command: &Command, now_ms: i64) -> Result<i64, Reply> {
        let number = required_integer(command, self.index)?;
        self.absolute(number, now_ms).filter(|_| number > 0).ok_or_else(|| invalid(command))
    }

    fn absolute(self, number: i64, now_ms: i64) -> Option<i64> {
        let ms = if self.seconds { number.checked_mul(1000)? } else { number };
        if self.relative { ms.checked_add(now_ms) } else { Some(ms) }
    }
}

fn invalid(command: &Command) -> Reply {
    let name = String::from_utf8_lossy(command.name()).to_ascii_lowercase();
    Reply::err(format_args!("invalid expire time in '{name}' command"))
}

/// The conditions of EXPIRE.
#[derive(Clone, Copy, Default)]
struct Conditions {
    none_yet: bool,
    some_already: bool,
    greater: bool,
    less: bool,
}

impl Conditions {
    fn read(command: &Command) -> Result<Conditions, Reply> {
        let mut read = Conditions::default();
        for index in 3..command.len() {
            let flags = [
                ("nx", &mut read.none_yet),
                ("xx", &mut read.some_already),
                ("gt", &mut read.greater),
                ("lt", &mut read.less),
            ];
            let Some((_, flag)) = flags.into_iter().find(|(name, _)| command.is(index, name)) else {
                return Err(Reply::err(format_args!("Unsupported option {}", shown_word(command, index))));
            };
            *flag = true;
        }
        if read.none_yet && (read.some_already || read.greater || read.less) {
            return Err(Reply::err("NX and XX, GT or LT options at the same time are not compatible"));
        }
        if read.greater && read.less {
            return Err(Reply::err("GT and LT options at the same time are not compatible"));
        }
        Ok(read)
    }

    fn hold(self, before: Option<i64>, new: i64) -> bool {
        let Some(before) = before else { return !self.some_already && !self.greater };
        !(self.none_yet || self.greater && new <= before || self.less && new >= before)
    }
}

impl Node {
    pub(super) fn expire_command(&mut self, command: &Command) -> Answer {
        self.expire(command, Expiry { index: 2, seconds: true, relative: true })
    }

    pub(super) fn pexpire_command(&mut self, command: &Command) -> Answer {
        self.expire(command, Expiry { index: 2, seconds: false, relative: true })
    }

    pub(super) fn expireat_command(&mut self, command: &Command) -> Answer {
        self.expire(command, Expiry { index: 2, seconds: true, relative: false })
    }

    pub(super) fn pexpireat_command(&mut self, command: &Command) -> Answer {
        self.expire(command, Expiry { index: 2, seconds: false, relative: false })
    }

    fn expire(&mut self, command: &Command, expiry: Expiry) -> Answer {
        let (key, conditions) = (word(command, 1), Conditions::read(command)?);
        let number = required_integer(command, expiry.index)?;
        let until = expiry.absolute(number, self.clock.cached_ms).ok_or_else(|| invalid(command))?;
        let Some(entry) = self.look_up(key) else { return Ok(Reply::Integer(0)) };
        if !conditions.hold(entry.expires_at_ms, until) {
            return Ok(Reply::Integer(0));
        }
        self.end_at(key, until);
        Ok(Reply::Integer(1))
    }

    /// A key that is there ends at this time, or now if that is over and I follow nobody.
    pub(super) fn end_at(&mut self, key: &[u8], until: i64) {
        self.changed(1);
        if self.ends_at_once(until) {
            self.keyspace.remove(key);
            return self.replicate_as(&[b"DEL", key]);
        }
        self.keyspace.set_expiry(key, Some(until));
        self.replicate_as(&[b"PEXPIREAT", key, until.to_string().as_bytes()]);
    }

    pub(super) fn ttl_command(&mut self, command: &Command) -> Answer {
        let now = self.clock.cached_ms;
        self.time_of(command, |until| ((until - now).max(0) + 500) / 1000)
    }

    pub(super) fn pttl_command(&mut self, command: &Command) -> Answer {
        let now = self.clock.cached_ms;
        self.time_of(command, |until| (until - now).max(0))
    }

    pub(super) fn expiretime_command(&mut self, command: &Command) -> Answer {
        self.time_of(command, |until| until.saturating_add(500) / 1000)
    }

    pub(super) fn pexpiretime_command(&mut self, command: &Command) -> Answer {
        self.time_of(command, |until| until)
    }

    /// When a key ends, in some form; -1 if never, -2 if it is not there.
    fn time_of(&mut self, command: &Command, form: impl Fn(i64) -> i64) -> Answer {
        let time = match self.peek(word(command, 1)) {
            None => -2,
            Some(entry) => entry.expires_at_ms.map_or(-1, form),
        };
        Ok(Reply::Integer(time))
    }

    pub(super) fn persist_command(&mut self, command: &Command) -> Answer {
        let key = word(command, 1);
        let ends = self.look_up(key).is_some_and(|entry| entry.expires_at_ms.is_some());
        if ends {
            self.keyspace.set_expiry(key, None);
            self.changed(1);
        }
        Ok(Reply::Integer(i64::from(ends)))
    }
}
