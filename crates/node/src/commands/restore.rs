//! DUMP and RESTORE: values on their way between nodes. RESTORE-ASKING is RESTORE into a slot that is being imported.
//!
//! Rules: RD-11, RP-32. In the stream a time to live is absolute. The use that FREQ gives to a value is not kept.

use rcsim_protocol::{Command, Reply};

use super::strings::word;
use super::text::required_integer;
use super::{Answer, syntax_error};
use crate::keyspace::Entry;
use crate::node::Node;
use crate::rdb;

/// The options of RESTORE.
#[derive(Default)]
struct Options {
    replace: bool,
    absolute: bool,
    idle_s: Option<i64>,
    frequency: Option<i64>,
}

impl Options {
    fn read(command: &Command) -> Result<Options, Reply> {
        let mut options = Options::default();
        let mut index = 4;
        while index < command.len() {
            let has_value = index + 1 < command.len();
            if command.is(index, "replace") {
                options.replace = true;
            } else if command.is(index, "absttl") {
                options.absolute = true;
            } else if command.is(index, "idletime") && has_value && options.frequency.is_none() {
                index += 1;
                let idle = Some(required_integer(command, index)?).filter(|idle| *idle >= 0);
                let error = || Reply::err("Invalid IDLETIME value, must be >= 0");
                options.idle_s = Some(idle.ok_or_else(error)?);
            } else if command.is(index, "freq") && has_value && options.idle_s.is_none() {
                index += 1;
                let frequency = Some(required_integer(command, index)?).filter(|it| (0..=255).contains(it));
                let error = || Reply::err("Invalid FREQ value, must be >= 0 and <= 255");
                options.frequency = Some(frequency.ok_or_else(error)?);
            } else {
                return Err(syntax_error());
            }
            index += 1;
        }
        Ok(options)
    }
}

impl Node {
    pub(super) fn dump_command(&mut self, command: &Command) -> Answer {
        let compression = self.settings.rdbcompression;
        let entry = self.look_up(word(command, 1));
        Ok(entry.map_or(Reply::Null, |entry| Reply::bulk(rdb::dump(&entry.value, compression))))
    }

    pub(super) fn restore_command(&mut self, command: &Command) -> Answer {
        let options = Options::read(command)?;
        let key = word(command, 1);
        if !options.replace && self.look_up(key).is_some() {
            return Err(Reply::error("BUSYKEY Target key name already exists."));
        }
        let time = required_integer(command, 2)?;
        if time < 0 {
            return Err(Reply::err("Invalid TTL value, must be >= 0"));
        }
        let value = rdb::restore(word(command, 3)).map_err(Reply::err)?;
        let relative = time > 0 && !options.absolute;
        // A time too far away wraps around and is over, as in Redis.
        let until = if relative { self.clock.cached_ms.wrapping_add(time) } else { time };
        let expires_at_ms = (time > 0).then_some(until);
        let replaced = self.keyspace.remove(key).is_some();
        if expires_at_ms.is_some_and(|until| self.ends_at_once(until)) {
            if replaced {
                self.changed(1);
                self.replicate_as(&[b"DEL", key]);
            }
            return Ok(Reply::ok());
        }
        self.keyspace.insert(key, Entry { value, expires_at_ms });
        if let Some(idle_s) = options.idle_s {
            self.keyspace.set_idle_s(key, idle_s);
        }
        self.changed(1);
        if relative {
            let until = until.to_string();
            let mut words: Vec<&[u8]> = command.words().collect();
            words[2] = until.as_bytes();
            words.push(b"ABSTTL");
            self.replicate_as(&words);
        }
        Ok(Reply::ok())
    }
}
