//! What can be wrong with a snapshot, and where.

use std::fmt;

/// Why bytes are no snapshot that can be loaded; Redis ends its process on any of these (RB-6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RdbError {
    /// How many bytes were read before the fault was met.
    pub offset: u64,
    /// What is wrong there.
    pub fault: Fault,
}

/// What is wrong with a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The bytes end before the data does.
    Truncated,
    /// It does not begin with `REDIS`.
    Signature,
    /// It begins with a version that 7.0.15 does not read.
    Version(i64),
    /// The checksum at the end is not that of the content.
    Checksum {
        /// The one at the end.
        expected: u64,
        /// The one of the content.
        actual: u64,
    },
    /// A value of a type that Redis 7.0 does not know.
    UnknownType(u8),
    /// A value of a type that Redis knows and rcsim does not: neither string nor list.
    UnmodelledType(u8),
    /// A section that rcsim does not model: functions, or data of modules.
    UnmodelledSection(u8),
    /// A database other than 0, which a cluster node does not have.
    Database(u64),
    /// A key that is there twice.
    DuplicateKey(Vec<u8>),
    /// A length that is none.
    Length,
    /// A string whose encoding does not exist, or that does not expand to what it says.
    StringEncoding,
    /// A list whose inside is damaged.
    List,
}

impl fmt::Display for RdbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.fault, self.offset)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Truncated => write!(f, "the snapshot ends too early"),
            Fault::Signature => write!(f, "the snapshot does not begin with REDIS"),
            Fault::Version(version) => write!(f, "snapshot version {version} is unknown: allowed is 1 to 10"),
            Fault::Checksum { expected, actual } => {
                write!(f, "the checksum is {expected:016x}, that of the content is {actual:016x}")
            }
            Fault::UnknownType(kind) => write!(f, "value type {kind} is unknown"),
            Fault::UnmodelledType(kind) => {
                write!(f, "value type {kind} is not modelled: allowed are strings and lists")
            }
            Fault::UnmodelledSection(opcode) => write!(f, "section {opcode:#04x} is not modelled"),
            Fault::Database(number) => {
                write!(f, "database {number} does not exist: a cluster node has 0 only")
            }
            Fault::DuplicateKey(key) => {
                write!(f, "the key {:?} is there twice", String::from_utf8_lossy(key))
            }
            Fault::Length => write!(f, "a length has an unknown form"),
            Fault::StringEncoding => write!(f, "a string has an unknown or broken encoding"),
            Fault::List => write!(f, "the inside of a list is damaged"),
        }
    }
}

impl std::error::Error for RdbError {}
