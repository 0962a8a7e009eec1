//! Snapshots: the binary format of Redis 7.0.15 (RDB version 10), and the payloads of DUMP and RESTORE.
//!
//! Bytes in, data out, and back; no file, no clock. What is written is what 7.0.15 writes for the same data, with two
//! exceptions that no reader can notice: keys come in the order of the caller instead of Redis' hash order, and a list
//! is cut into nodes as if it had been built by RPUSH alone. What is read is everything that any Redis up to 7.0
//! writes for strings and lists; other types end with [`RdbError`]. Rules: RB-4, RB-6, AO-1, AO-16. Never: panics on
//! foreign bytes, or reserves memory for what the input only claims.

mod aux_fields;
mod checksum;
mod dump;
mod error;
mod list;
mod listpack;
mod load;
mod lzf;
mod opcode;
mod reader;
mod save;
mod writer;
mod ziplist;

pub use aux_fields::{Aux, StreamPosition};
pub use dump::{RestoreError, dump, restore};
pub use error::{Fault, RdbError};
pub use load::{Loaded, Record, load};
pub use save::{RecordRef, encoded_len, save};

/// The version of the format, in the header of a file and at the end of a payload.
pub const VERSION: u16 = 10;
