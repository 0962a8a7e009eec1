//! `rcsim plan`: the faults that a seed draws, written out as a scenario.

use crate::arguments::PlanArguments;
use crate::exit::{Exit, Failure};
use crate::source;
use crate::terminal::Terminal;

/// Prints the scenario with its nemesis drawn into the timeline.
pub(crate) fn plan(arguments: &PlanArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let source = source::find(Some(&arguments.scenario))?;
    let (scenario, seed) = source::scenario(&source, &arguments.common, terminal)?;
    if scenario.nemesis.is_none() {
        terminal.note("this scenario has no nemesis, so nothing is drawn");
    }
    let text = rcsim_runner::plan(&scenario, seed).to_json();
    terminal.result(&format!("{}\n", text.trim_end()))?;
    Ok(Exit::Done)
}
