//! The discrete-event engine: virtual time, the event queue, keyed random streams and the fingerprint.
//!
//! It does not know what an event means. A [`World`] handles one event at a time and schedules more;
//! the [`Engine`] hands events over in the exact order of (time, sequence), and nothing else in the
//! process decides what happens when. Everything is plain data: an engine whose world is `Clone` can be
//! forked at any event, and both branches go on alike.
//!
//! | room | what it owns |
//! |---|---|
//! | [`time`] | [`Nanos`] (a point of virtual time) and [`Span`] (a length of it) |
//! | [`queue`] | [`EventQueue`]: pops in order of (time, sequence) |
//! | [`streams`] | [`Streams`], [`Stream`], [`Oracle`]: chance, keyed by purpose and names |
//! | [`distribution`] | [`Distribution`]: random bits to a length of time, in integers |
//! | [`fingerprint`] | [`Fingerprinter`] and [`Fingerprint`]: one number for everything that happened |
//! | [`budget`] | [`Budget`] and [`Outcome`]: when a run ends |
//! | [`engine`] | [`World`], [`Schedule`], [`Engine`]: the loop |

pub mod budget;
pub mod distribution;
pub mod engine;
pub mod fingerprint;
pub mod queue;
pub mod streams;
pub mod time;

pub use budget::{Budget, Outcome};
pub use distribution::{Distribution, DistributionError};
pub use engine::{Engine, Schedule, World};
pub use fingerprint::{Fingerprint, Fingerprinter};
pub use queue::EventQueue;
pub use streams::{Oracle, Stream, Streams};
pub use time::{Nanos, Span};
