//! The binary form of bus messages, byte for byte that of 7.0.15 (rules WR-1 … WR-17, PK-2 … PK-6).
//!
//! [`frame_len`] cuts a byte stream into packets; its error closes the link (WR-13). [`decode`] reads one
//! packet; its error means that the packet is ignored and the link stays up. Arbitrary bytes never make it
//! panic, it allocates no more than the packet holds, and a refused packet leaves no trace in the registry.
//!
//! Deviations, where Redis would read memory beyond the packet, or keep text that fits no type here:
//! - An IP that is neither blank nor an IP literal refuses the packet ([`DecodeError::BadAddress`]); one in
//!   another spelling than Rust prints (`::0001`) is spelled anew when sent on.
//! - An extension shorter than its own header, a hostname without its final NUL or not UTF-8, and extensions
//!   without the flag EXT_DATA (WR-7) refuse the packet.
//! - An unknown type refuses the packet; Redis still credits the sender with its header (PK-6, PK-9).
//! - What a message cannot say is not kept: the gossip count of a body without gossip, extensions of unknown
//!   type (skipped, PK-18), reserved bytes, and all but the last of several hostnames.

mod decode;
mod encode;
mod error;

pub use decode::{decode, frame_len};
pub use encode::{encode, encode_into};
pub use error::{DecodeError, FrameError};

/// What every packet begins with (rule WR-2).
const SIGNATURE: [u8; 4] = *b"RCmb";
/// The version of the protocol (rules WR-2, PK-4).
const VERSION: u16 = 1;
/// The bits of the first `mflags` byte (rule WR-2).
const PAUSED: u8 = 1;
const FORCE_ACK: u8 = 2;
const EXT_DATA: u8 = 4;
/// How many bytes an IP takes, padded with NUL (rule WR-1).
const IP_LEN: usize = 46;
/// The type of the ping extension that holds a hostname (rule WR-6).
const EXTENSION_HOSTNAME: u16 = 0;
/// The length of the header of an extension (rule WR-6).
const EXTENSION_HEADER_LEN: u32 = 8;

#[cfg(test)]
mod captured_tests;
#[cfg(test)]
mod tests;
