//! Why bytes are no packet, and why a packet is no message.

use std::fmt;

/// Bytes that do not begin a packet: the link has to be closed (rule WR-13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// They begin with these four bytes and not with `RCmb`.
    Signature([u8; 4]),
    /// The packet would be shorter than a header.
    Length(u32),
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FrameError::Signature(bytes) => {
                write!(f, "a packet begins with \"RCmb\", not with \"{}\"", bytes.escape_ascii())
            }
            FrameError::Length(length) => write!(f, "a packet has at least 2256 bytes, not {length}"),
        }
    }
}

impl std::error::Error for FrameError {}

/// A packet that is to be ignored (rules PK-2 … PK-6 and the deviations of [the codec](super)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// It is not a packet at all.
    Frame(FrameError),
    /// It says that it has `says` bytes, and has `has` (rule PK-3).
    Truncated {
        /// The length in its header.
        says: u32,
        /// The length of the bytes given.
        has: usize,
    },
    /// A version of the protocol other than 1 (rule PK-4).
    Version(u16),
    /// A type that does not exist in 7.0 (rule PK-6).
    UnknownType(u16),
    /// Its length is not what its type and contents make it (rule PK-6).
    Length(u32),
    /// An extension whose length is no multiple of 8, below 8, or beyond the end (rules WR-6, PK-6).
    ExtensionLength(u32),
    /// Extensions are announced without the flag for them (rule WR-7).
    UnflaggedExtensions(u16),
    /// The hostname has no final NUL or is not UTF-8.
    BadHostname,
    /// An IP that is neither blank nor an IP literal.
    BadAddress,
}

impl From<FrameError> for DecodeError {
    fn from(error: FrameError) -> DecodeError {
        DecodeError::Frame(error)
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::Frame(error) => error.fmt(f),
            DecodeError::Truncated { says, has } => {
                write!(f, "the packet says that it has {says} bytes, and has {has}")
            }
            DecodeError::Version(version) => write!(f, "the version must be 1, not {version}"),
            DecodeError::UnknownType(number) => write!(f, "packet types are 0 to 10, not {number}"),
            DecodeError::Length(length) => write!(f, "a packet with these contents has not {length} bytes"),
            DecodeError::ExtensionLength(length) => write!(
                f,
                "an extension has a multiple of 8 bytes, at least 8 and within the packet, not {length}"
            ),
            DecodeError::UnflaggedExtensions(count) => {
                write!(f, "{count} extensions without the flag that announces them")
            }
            DecodeError::BadHostname => f.write_str("a hostname is UTF-8 and ends with a NUL"),
            DecodeError::BadAddress => f.write_str("an ip is blank or an IPv4 or IPv6 address"),
        }
    }
}

impl std::error::Error for DecodeError {}
