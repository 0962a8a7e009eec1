//! The configuration directives of a cluster node, with Redis' names, units, defaults and ranges
//! (rules CF-1 … CF-32).
//!
//! One table declares each directive once; [`Settings`] has one typed field for each, named like the
//! directive with underscores. Reading and printing follow redis.conf, CONFIG SET and CONFIG GET of 7.0.15,
//! error texts included; they were compared with a running server.
//!
//! Deviations: `cluster-announce-ip` must be an IP literal, because addresses here hold no other text (Redis
//! takes any text). Directives that matter only outside a simulation (`bind`, `logfile`, ...) are accepted
//! and never looked at; [`Directive::effect`] tells which. What is not in the table is unknown here, among
//! others all that tunes encodings and scripts, the TLS certificates, and `replicaof`, which a cluster node
//! refuses.
//!
//! Never here: what a directive does. That is the node's.

mod choice;
mod directive;
mod output_limits;
mod table;
mod value;

use std::fmt;

pub use choice::{AppendFsync, DisklessLoad, EndpointType, LogLevel, MaxmemoryPolicy};
pub use directive::{Change, Directive, Effect, Unit};
pub use output_limits::{OutputLimit, OutputLimits};
pub use table::Settings;

/// Why a directive was not set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingError {
    /// The directive: as the caller wrote it if it is unknown or named twice, else in lower case.
    pub name: String,
    /// What is wrong.
    pub reason: Reason,
}

/// What is wrong with a directive or its value; printed with Redis' words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No directive has this name.
    Unknown,
    /// The directive cannot be changed at run time.
    Immutable,
    /// The directive can be changed at run time only where `enable-protected-configs` allows it.
    Protected,
    /// One CONFIG SET names it twice.
    Duplicate,
    /// Neither yes nor no.
    NotYesOrNo,
    /// Not a decimal integer of 64 bits.
    NotAnInteger,
    /// Not an amount of memory.
    NotAMemoryValue,
    /// Below the first or above the second number.
    OutOfRange(i128, i128),
    /// None of these words.
    NotAChoice(&'static [&'static str]),
    /// Not pairs of seconds and changes.
    NotSavePoints,
    /// Not groups of a class and three numbers.
    NotOutputLimits,
    /// A class of clients that has no limits.
    NotAClass,
    /// A limit that is no amount of memory, or no number of seconds.
    NotALimit,
    /// A hostname of 256 characters or more (rule CF-14).
    HostnameTooLong,
    /// A hostname with a character outside `[A-Za-z0-9.-]` (rule CF-14).
    HostnameCharacter,
    /// Not an IP literal. Redis would take it; see the head of [the module](self).
    NotAnIp,
    /// A path where a plain name is wanted; the directive is named (rule CF-28).
    NotAFileName(&'static str),
    /// Nothing where a name is wanted; the directive is named (rule CF-28).
    Empty(&'static str),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Unknown => f.write_str("no such directive"),
            Reason::Immutable => f.write_str("can't set immutable config"),
            Reason::Protected => f.write_str("can't set protected config"),
            Reason::Duplicate => f.write_str("duplicate parameter"),
            Reason::NotYesOrNo => f.write_str("argument must be 'yes' or 'no'"),
            Reason::NotAnInteger => f.write_str("argument couldn't be parsed into an integer"),
            Reason::NotAMemoryValue => f.write_str("argument must be a memory value"),
            Reason::OutOfRange(min, max) => write!(f, "argument must be between {min} and {max} inclusive"),
            Reason::NotAChoice(words) => {
                write!(f, "argument(s) must be one of the following: {}", words.join(", "))
            }
            Reason::NotSavePoints => f.write_str("Invalid save parameters"),
            Reason::NotOutputLimits => f.write_str("Wrong number of arguments"),
            Reason::NotAClass => f.write_str("Invalid client class specified"),
            Reason::NotALimit => f.write_str("Error in hard, soft or soft_seconds setting"),
            Reason::HostnameTooLong => f.write_str("Hostnames must be less than 256 characters"),
            Reason::HostnameCharacter => {
                f.write_str("Hostnames may only contain alphanumeric characters, hyphens or dots")
            }
            Reason::NotAnIp => f.write_str("argument must be an IPv4 or IPv6 address"),
            Reason::NotAFileName(name) => {
                let kind = if name.ends_with("dirname") { "dirname" } else { "filename" };
                write!(f, "{name} can't be a path, just a {kind}")
            }
            Reason::Empty(name) => write!(f, "{name} can't be empty"),
        }
    }
}

/// The reply of CONFIG SET without its error code `ERR`.
impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SettingError { name, reason } = self;
        match reason {
            Reason::Unknown => {
                write!(f, "Unknown option or number of arguments for CONFIG SET - '{name}'")
            }
            _ => write!(f, "CONFIG SET failed (possibly related to argument '{name}') - {reason}"),
        }
    }
}

impl std::error::Error for SettingError {}

impl Settings {
    /// The directive with this name or deprecated alias, in any case.
    pub fn directive(name: &str) -> Option<&'static Directive> {
        find(name).map(|(directive, _)| directive)
    }

    /// All directives, in the order of the table.
    pub fn names() -> impl Iterator<Item = &'static Directive> {
        table::DIRECTIVES.iter()
    }

    /// Gives a directive the value that this text means in redis.conf, even if CONFIG SET may not change it.
    ///
    /// `save` replaces all the save points there are, as CONFIG SET does. On an error nothing is changed.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), SettingError> {
        let (directive, spelling) = find(name).ok_or_else(|| error(name, Reason::Unknown))?;
        (directive.parse)(self, directive, value).map_err(|reason| error(spelling, reason))?;
        // Taken as they are, then brought into what they can be (CF-16, CF-19).
        self.hz = self.hz.clamp(1, 500);
        self.repl_backlog_size = self.repl_backlog_size.max(16 * 1024);
        Ok(())
    }

    /// CONFIG SET: gives several directives their values, all or none.
    pub fn change(&mut self, pairs: &[(&str, &str)]) -> Result<(), SettingError> {
        for (index, (name, _)) in pairs.iter().enumerate() {
            let (directive, spelling) = find(name).ok_or_else(|| error(name, Reason::Unknown))?;
            match directive.change {
                Change::AtStart => return Err(error(spelling, Reason::Immutable)),
                Change::Protected => return Err(error(spelling, Reason::Protected)),
                Change::AtRunTime => (),
            }
            if pairs[..index].iter().any(|(earlier, _)| earlier.eq_ignore_ascii_case(name)) {
                return Err(error(name, Reason::Duplicate));
            }
        }
        let mut changed = self.clone();
        pairs.iter().try_for_each(|(name, value)| changed.set(name, value))?;
        *self = changed;
        Ok(())
    }

    /// The value as CONFIG GET prints it; `None` if no directive has this name.
    pub fn get(&self, name: &str) -> Option<String> {
        Settings::directive(name).map(|directive| (directive.print)(self))
    }
}

/// The directive with this name, and which of its names it is.
fn find(name: &str) -> Option<(&'static Directive, &'static str)> {
    table::DIRECTIVES.iter().find_map(|directive| Some((directive, directive.spelling(name)?)))
}

fn error(name: &str, reason: Reason) -> SettingError {
    SettingError { name: name.to_owned(), reason }
}

#[cfg(test)]
mod tests;
