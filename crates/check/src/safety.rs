//! What must never be.

pub(crate) mod coherence;
pub(crate) mod cycles;
pub(crate) mod double_service;
pub(crate) mod downgrade;
pub(crate) mod durable_vote;
pub(crate) mod elected_epoch;
pub(crate) mod epochs;
pub(crate) mod equal_data;
pub(crate) mod founded_fail;
pub(crate) mod legal_vote;
pub(crate) mod majority;
pub(crate) mod one_vote;
pub(crate) mod sane_successor;
