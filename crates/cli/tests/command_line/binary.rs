//! The built binary, and where its files go.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// The command, without anything that the machine's environment might say to it.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rcsim"));
    command.args(arguments).current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    for variable in ["RCSIM_SEED", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR"] {
        command.env_remove(variable);
    }
    command
}

/// What came of a command.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Ended {
        Ended {
            code: output.status.code().expect("the command was not killed"),
            stdout: String::from_utf8(output.stdout).expect("results are text"),
            stderr: String::from_utf8(output.stderr).expect("notes are text"),
        }
    }
}

impl Ended {
    pub(crate) fn last_line(&self) -> &str {
        self.stdout.lines().last().unwrap_or_default()
    }
}

/// Runs the command to its end.
pub(crate) fn rcsim(arguments: &[&str]) -> Ended {
    command(arguments).output().expect("the binary starts").into()
}

/// Runs the command with a text on standard input.
pub(crate) fn rcsim_reading(text: &str, arguments: &[&str]) -> Ended {
    let mut command = command(arguments);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("the command reads it");
    child.wait_with_output().expect("the command ends").into()
}

/// Runs a scenario that is given as text, with further arguments.
pub(crate) fn run_text(scenario: &str, arguments: &[&str]) -> Ended {
    let arguments: Vec<&str> = ["run", "-"].iter().chain(arguments).copied().collect();
    rcsim_reading(scenario, &arguments)
}

/// A path for a file of a test; the name must be used by no other test.
pub(crate) fn scratch(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}
