//! `rcsim completions` and `rcsim man`: generated from the arguments.

use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::arguments::Arguments;
use crate::exit::{Exit, Failure};
use crate::terminal::Terminal;

/// Prints the completion script of a shell.
pub(crate) fn completions(shell: Shell, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "rcsim", &mut script);
    terminal.results(|stream| stream.write_all(&script))?;
    Ok(Exit::Done)
}

/// Prints the manual page, or writes the pages of all commands into a folder.
pub(crate) fn man(out: Option<&Path>, terminal: &Terminal) -> Result<Exit, Failure> {
    let command = Arguments::command();
    let Some(folder) = out else {
        terminal.results(|stream| clap_mangen::Man::new(command).render(stream))?;
        return Ok(Exit::Done);
    };
    let written = std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(command, folder));
    written.map_err(|error| Failure::Because(format!("cannot write into {}: {error}", folder.display())))?;
    Ok(Exit::Done)
}
