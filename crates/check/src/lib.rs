//! Invariants: what must hold in a simulated cluster, checked from what can be observed.
//!
//! [`Checks`] is shown every record as it happens, together with a glimpse of the world, and collects findings. Each
//! invariant names the kinds of events that can break it and is shown those only: the cost is paid per event, never
//! per node and slot. What must come about in time is judged when its time is over ([`Checks::next_deadline_ns`]).
//!
//! | room | what is in it |
//! |---|---|
//! | [`checks`] | all invariants of one run, and who is shown what |
//! | [`catalogue`] | every invariant by id: its sentence, the rules it guards, what it costs |
//! | [`known`] | the weaknesses of Redis 7.0.15 that findings are recognised as |
//! | [`ledger`] | the acknowledged writes that are gone, and why: S10 |
//! | [`stale_reads`] | reads that did not see what had been acknowledged before |
//! | `facts` | what several invariants have to know: quiet times, deaths, claims, bounds, recent records |
//! | `safety` | what must never be: S1 to S9, S11, S14, S18, S19 |
//! | `liveness` | what must come about after the last fault: L1 to L7, L9, L10 |
//!
//! Never here: any look at a node or world from inside. What an invariant cannot see it does not assert; its module
//! says so.

pub mod catalogue;
pub mod checks;
pub mod known;
pub mod ledger;
pub mod stale_reads;

mod facts;
mod findings;
mod invariant;
mod liveness;
mod safety;
#[cfg(test)]
mod testing;

pub use catalogue::{Cost, Description, describe, invariants};
pub use checks::{Checks, Setup};
pub use ledger::Ledger;
pub use stale_reads::{StaleRead, stale_reads};
