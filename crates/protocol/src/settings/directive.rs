//! What is known of a directive besides its value.

use super::{Reason, Settings};

/// One directive of redis.conf.
#[derive(Debug)]
pub struct Directive {
    /// Its name, in lower case.
    pub name: &'static str,
    /// The deprecated name that means the same (`slave` for `replica`).
    pub alias: Option<&'static str>,
    /// What its value counts.
    pub unit: Unit,
    /// The least and the greatest number allowed, both included; `None` for what is not a number.
    pub range: Option<(i128, i128)>,
    /// The words allowed; empty unless the unit is [`Unit::Choice`].
    pub choices: &'static [&'static str],
    /// Its default, as redis.conf would write it.
    pub default: &'static str,
    /// When it can be changed.
    pub change: Change,
    /// Whether this simulator gives it effect.
    pub effect: Effect,
    /// What it does, in one sentence with the rule.
    pub meaning: &'static str,
    pub(super) parse: fn(&mut Settings, &Directive, &str) -> Result<(), Reason>,
    pub(super) print: fn(&Settings) -> String,
}

impl Directive {
    /// Its name or its alias, whichever this is in any case; `None` if it is neither.
    pub fn spelling(&self, name: &str) -> Option<&'static str> {
        let mut spellings = [Some(self.name), self.alias].into_iter().flatten();
        spellings.find(|spelling| spelling.eq_ignore_ascii_case(name))
    }
}

/// What the value of a directive counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// `yes` or `no`.
    YesNo,
    /// A number of milliseconds.
    Milliseconds,
    /// A number of seconds.
    Seconds,
    /// A number of bytes; `1k` is 1000 and `1kb` 1024 of them, likewise `m`, `mb`, `g`, `gb`.
    Bytes,
    /// A plain number.
    Count,
    /// One of a few words.
    Choice,
    /// Any text.
    Text,
    /// The name of a file or directory, without `/`.
    FileName,
    /// An IP address, or nothing.
    Ip,
    /// Pairs of seconds and changes: `3600 1 300 100`; nothing for none.
    SavePoints,
    /// Classes of clients, each with a hard limit, a soft limit and seconds: `slave 256mb 64mb 60`.
    OutputLimits,
}

/// When a directive can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// By CONFIG SET at any time.
    AtRunTime,
    /// Only before the start.
    AtStart,
    /// Only before the start, unless protected directives were allowed there.
    Protected,
}

/// Whether this simulator gives a directive effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It does what it does in Redis.
    Live,
    /// Accepted and kept, without effect yet: what it steers belongs to the data path (AOF, RDB, memory).
    DataPath,
    /// Accepted and kept, without effect for good: what it steers is not simulated, such as log files.
    Outside,
}
