//! The suite: what must hold of the whole, in one test binary.
//!
//! | room | what it asks |
//! |---|---|
//! | `architecture` | do the crates use only what they may; do citations, links and headers hold? |
//! | `scenarios` | does every committed scenario pass, with its golden fingerprint? |
//! | `determinism` | is a run a value, whoever looks, on however many threads, codec or not? |
//! | `conformance` | do replies have the texts and shapes of real servers? |
//! | `golden` | does a cluster answer command by command as real nodes did in transcripts? |
//! | `crash_walk` | does a node recover from a crash at each of its disk operations? |
//! | `election_walk` | does a voter, or a winner, know after such a crash what it announced? |
//! | `transaction_walk` | has it each transaction whole, or not at all? |
//! | `properties` | do small random fault plans end without a panic and without a finding? |
//! | `histories` | do clients see whole transactions, and only what somebody wrote? |
//! | `transcripts` | does one node do, packet by packet, what its stories in `tests/transcripts` tell? |
//! | `long` | the same questions a thousand times; ignored unless asked for with `--ignored` |
//! | `repository`, `committed`, `bench` | helpers: the tree, the committed scenarios, nodes without a world |
//!
//! `RCSIM_BLESS=1 cargo test -p rcsim-tests` rewrites golden fingerprints and transcripts. The command line is tested in
//! `crates/cli/tests`, for only there Cargo hands out the built binary.

mod architecture;
mod bench;
mod committed;
mod conformance;
mod crash_walk;
mod determinism;
mod election_walk;
mod golden;
mod histories;
mod long;
mod properties;
mod repository;
mod scenarios;
mod transaction_walk;
mod transcripts;
