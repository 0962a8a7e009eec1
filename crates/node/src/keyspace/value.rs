//! A value: what a key holds, and the types that Redis tells apart.
//!
//! Bytes are shared, so a snapshot of the data costs no copies of them. Never: knows its key.

use std::collections::VecDeque;
use std::sync::Arc;

/// A string of bytes: a key, a value, or an element.
pub type Bytes = Arc<[u8]>;

/// What a key holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A string of bytes; whole numbers are strings of their decimal digits.
    String(Bytes),
    /// A list, from left to right; never empty in a keyspace, for a list that loses its last element is deleted.
    List(VecDeque<Bytes>),
}

impl Value {
    /// The name of its type, as TYPE tells it.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Value::String(_) => "string",
            Value::List(_) => "list",
        }
    }
}

/// A value and the time at which it expires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What the key holds.
    pub value: Value,
    /// Until when, as Unix time in ms; `None`: for ever. It is still there at this very millisecond.
    pub expires_at_ms: Option<i64>,
}

impl Entry {
    /// A value that does not expire.
    pub const fn lasting(value: Value) -> Entry {
        Entry { value, expires_at_ms: None }
    }

    /// Whether its time is over.
    pub fn is_expired(&self, now_ms: i64) -> bool {
        self.expires_at_ms.is_some_and(|at| at < now_ms)
    }
}
