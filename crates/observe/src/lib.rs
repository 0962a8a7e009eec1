//! What can be seen of a run. Decides nothing, owns nothing that a run needs.
//!
//! | room | what is in it |
//! |---|---|
//! | [`event`] | one enum of everything that a node decides or refuses, and that happens to it, with its reason |
//! | [`reason`] | the reasons, one value per refusal that Redis logs |
//! | [`record`] | an event with its time and place |
//! | [`glimpse`] | read-only access to the state of a world, for checkers and reports |
//! | [`data`] | what data a node has, in short |
//! | [`finding`] | a broken promise, with the events that led there |
//! | [`summary`] | what remains of a run when it is over |
//! | [`history`] | what clients asked and were told |
//! | [`loss`] | an acknowledged write that is gone, and why |
//!
//! Narration, invariants, coverage and explanations all read this one stream; nothing parses text.

pub mod data;
pub mod event;
pub mod finding;
pub mod glimpse;
pub mod history;
pub mod loss;
pub mod reason;
pub mod record;
pub mod summary;

pub use data::{DataPoint, Digest};
pub use event::{Event, EventKind, event_names};
pub use finding::{Finding, FindingKind};
pub use glimpse::{Glimpse, NodeGlimpse, PeerGlimpse, Process};
pub use history::{Operation, OperationKind, Outcome, Part};
pub use loss::{Loss, LossCause};
pub use record::{Place, Record};
pub use summary::{Names, Summary, Verdict};
