//! Exit codes (`docs/exit-codes.md`), and what happens when rcsim itself is broken.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use rcsim_observe::Verdict;

use crate::reproduction;
use crate::terminal::Terminal;

/// How the command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It did what was asked; nothing was judged.
    Done,
    /// A run was judged.
    Judged(Verdict),
    /// Ctrl-C: what was finished is printed.
    Interrupted,
    /// The command line or a scenario is wrong.
    Usage,
    /// rcsim is broken.
    Bug,
}

impl Exit {
    const fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Judged(verdict) => verdict.exit_code(),
            Exit::Interrupted => 130,
            Exit::Usage => 2,
            Exit::Bug => 70,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

/// Why the command did not do what was asked; always the caller's to mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// What is wrong: lower case, no full stop.
    Because(String),
    /// Diagnostics were printed already.
    Told,
}

/// Runs a command. A failure is printed; a panic, which is always a bug of ours, becomes a request to report it.
pub(crate) fn guarded(terminal: &Terminal, command: impl FnOnce() -> Result<Exit, Failure>) -> Exit {
    match catch_unwind(AssertUnwindSafe(command)) {
        Ok(Ok(exit)) => exit,
        Ok(Err(Failure::Told)) => Exit::Usage,
        Ok(Err(Failure::Because(what))) => {
            terminal.error(&what);
            Exit::Usage
        }
        Err(_) => {
            terminal.error(&format!(
                "this is a bug in rcsim {}, not in your scenario; please report it with the lines above, the \
                 scenario, and this command:\n{}",
                env!("CARGO_PKG_VERSION"),
                reproduction::as_typed()
            ));
            Exit::Bug
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_contract() {
        let judged = [
            (Verdict::Passed, 0),
            (Verdict::Violated, 1),
            (Verdict::Liveness, 3),
            (Verdict::Nondeterministic, 4),
            (Verdict::Vacuous, 5),
            (Verdict::Unknown, 6),
        ];
        for (verdict, code) in judged {
            assert_eq!(Exit::Judged(verdict).code(), code, "{}", verdict.name());
        }
        assert_eq!([Exit::Done.code(), Exit::Usage.code(), Exit::Bug.code()], [0, 2, 70]);
    }

    #[test]
    fn a_panic_is_a_bug_of_ours_and_a_failure_is_not() {
        let terminal = Terminal::silent();
        assert_eq!(guarded(&terminal, || Err(Failure::Told)), Exit::Usage);
        assert_eq!(guarded(&terminal, || Err(Failure::Because("no".to_owned()))), Exit::Usage);
        assert_eq!(guarded(&terminal, || panic!("a panic on purpose")), Exit::Bug);
    }
}
