//! What must come about in time after the last fault.

pub(crate) mod convergence;
pub(crate) mod detection;
pub(crate) mod distinct_epochs;
pub(crate) mod failover;
pub(crate) mod manual_failover;
pub(crate) mod membership;
pub(crate) mod once;
pub(crate) mod roles;
pub(crate) mod state_ok;
pub(crate) mod unfail;
