//! What clients asked, and what they were told.

use std::sync::Arc;

use crate::record::Place;

/// What an operation does to its register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperationKind {
    /// Read it.
    Get,
    /// Write this number, which no other write to the same register uses; numbers grow with time.
    Set(u64),
}

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A write was acknowledged.
    Written,
    /// A read returned this number, or nothing.
    Read(Option<u64>),
    /// It was refused and had no effect.
    Failed(Arc<str>),
    /// Nobody knows whether it had an effect: the answer did not come, or the connection broke.
    Unknown,
}

/// One operation of a client on one register, with virtual times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Number of the client, from 0.
    pub client: u32,
    /// The register's key.
    pub key: Arc<str>,
    /// What it does.
    pub kind: OperationKind,
    /// When the client asked, in ns.
    pub invoked_ns: u64,
    /// When it got its last answer or gave up, in ns.
    pub ended_ns: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// The node that answered last, if one did.
    pub answered_by: Option<Place>,
}
