//! Why a nodes.conf cannot be read.

use std::fmt;

/// A nodes.conf that Redis does not start with: it says so and exits (NC-7), or crashes (NC-8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorruptConfig {
    /// The line, from 1 on; `None` if the whole file lacks something.
    pub line: Option<u32>,
    /// What is wrong.
    pub damage: Damage,
}

/// What is wrong with a nodes.conf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// A quote is not closed, or something follows its end at once (NC-7).
    Quotes,
    /// Fewer than eight fields (NC-7).
    TooFewFields(usize),
    /// Not a node id (NC-7).
    NodeId(String),
    /// Neither `-` nor the id of a master (NC-7).
    MasterId(String),
    /// An address without `:` (NC-7).
    Address(String),
    /// A slot outside 0 to 16383 (NC-7).
    Slot(String),
    /// An open slot without the id of a node (NC-7).
    OpenSlot(String),
    /// No line is about the node itself (NC-7).
    NoMyself,
    /// A `vars` line with a name that has no value (NC-7).
    HalfVariable,
    /// A flag that does not exist; Redis crashes (NC-8).
    Flag(String),
    /// A second line about the node itself; Redis crashes (NC-8).
    SecondMyself,
    /// An open slot without `-`; Redis crashes (NC-8).
    OpenSlotWithoutDash(String),
    /// An IP that does not fit into its 46 bytes; Redis writes past them and crashes.
    IpTooLong(String),
    /// A line of nothing but blanks; Redis crashes.
    Blanks,
}

impl Damage {
    /// Whether Redis crashes on it, instead of exiting with a message (NC-8).
    pub fn is_crash(&self) -> bool {
        matches!(
            self,
            Damage::Flag(_)
                | Damage::SecondMyself
                | Damage::OpenSlotWithoutDash(_)
                | Damage::IpTooLong(_)
                | Damage::Blanks
        )
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Damage::Quotes => f.write_str("a quote is not closed, or no blank follows it"),
            Damage::TooFewFields(count) => write!(f, "{count} fields, a node has at least 8"),
            Damage::NodeId(word) => write!(f, "'{word}' is no node id, that is 40 characters of a-z and 0-9"),
            Damage::MasterId(word) => write!(f, "'{word}' is no master, that is '-' or a node id"),
            Damage::Address(word) => write!(f, "'{word}' is no address, that is ip:port@cport"),
            Damage::Slot(word) => write!(f, "'{word}' is not within the slots 0 to 16383"),
            Damage::OpenSlot(word) => {
                write!(f, "'{word}' is no open slot, that is [slot->-id] or [slot-<-id]")
            }
            Damage::NoMyself => f.write_str("no node has the flag myself"),
            Damage::HalfVariable => f.write_str("a variable has no value"),
            Damage::Flag(word) => write!(f, "there is no flag '{word}'"),
            Damage::SecondMyself => f.write_str("a second node has the flag myself"),
            Damage::OpenSlotWithoutDash(word) => write!(f, "the open slot '{word}' has no '-'"),
            Damage::IpTooLong(word) => write!(f, "the ip '{word}' has more than 45 characters"),
            Damage::Blanks => f.write_str("nothing but blanks"),
        }
    }
}

impl fmt::Display for CorruptConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("corrupt cluster config file")?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}", self.damage)
    }
}

impl std::error::Error for CorruptConfig {}
