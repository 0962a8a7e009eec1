//! What the scenario format accepts, refuses and writes.

mod broken;
mod files;
mod generated;
mod options;
mod round_trip;

use rcsim_scenario::Vocabulary;

/// All events there are, and some findings and weaknesses.
fn vocabulary() -> Vocabulary<'static> {
    const FINDINGS: &[&str] = &["S1", "S2", "S11", "L1"];
    const WEAKNESSES: &[&str] = &["EL-03", "EL-05", "FD-07", "HS-04"];
    Vocabulary { events: rcsim_observe::event_names(), findings: FINDINGS, weaknesses: WEAKNESSES }
}
