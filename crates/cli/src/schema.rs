//! `rcsim schema`: the JSON Schema of scenarios, as it is committed in `scenarios/`.

use crate::exit::{Exit, Failure};
use crate::terminal::Terminal;

/// Prints the schema.
pub(crate) fn schema(terminal: &Terminal) -> Result<Exit, Failure> {
    terminal.result(&format!("{}\n", rcsim_scenario::schema_text().trim_end()))?;
    Ok(Exit::Done)
}
