//! The bytes that say what follows.

pub(super) const FUNCTION: u8 = 0xf5;
pub(super) const MODULE_AUX: u8 = 0xf7;
pub(super) const IDLE: u8 = 0xf8;
pub(super) const FREQUENCY: u8 = 0xf9;
pub(super) const AUX: u8 = 0xfa;
pub(super) const RESIZE: u8 = 0xfb;
pub(super) const EXPIRES_MS: u8 = 0xfc;
pub(super) const EXPIRES_S: u8 = 0xfd;
pub(super) const SELECT: u8 = 0xfe;
pub(super) const END: u8 = 0xff;

/// A string of bytes.
pub(super) const STRING: u8 = 0;
/// A list, element by element.
pub(super) const LIST: u8 = 1;
/// A list as one ziplist.
pub(super) const LIST_ZIPLIST: u8 = 10;
/// A list as a chain of ziplists.
pub(super) const LIST_QUICKLIST: u8 = 14;
/// A list as a chain of listpacks and single elements: what 7.0 writes.
pub(super) const LIST_QUICKLIST_2: u8 = 18;
/// The last type that 7.0 knows.
pub(super) const LAST_TYPE: u8 = 19;
/// Between them lies one type that was never given out.
pub(super) const NO_TYPE: u8 = 8;

/// A node of a chain that is one element.
pub(super) const PLAIN: u64 = 1;
/// A node of a chain that is a listpack.
pub(super) const PACKED: u64 = 2;
