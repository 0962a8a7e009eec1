//! Results to standard output, notes and errors to standard error, colour where it is wanted.
//!
//! Everything is styled, and the stream takes the styles away again where nobody wants them: `--color`, NO_COLOR,
//! CLICOLOR_FORCE, TERM and "is it a terminal?" are the stream's business. A reader that has seen enough (`| head`)
//! is no error.

use std::io::{self, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Effects};
use rcsim_report::{Interest, Paint, Style};

use crate::arguments::{Arguments, When};
use crate::exit::Failure;

/// Where text goes, and how much of it.
#[derive(Clone, Debug)]
pub(crate) struct Terminal {
    colour: ColorChoice,
    /// How much of a story is wanted; `None` for as little as possible.
    pub(crate) level: Option<Interest>,
    silent: bool,
}

impl Terminal {
    /// As the arguments want it.
    pub(crate) fn new(arguments: &Arguments) -> Terminal {
        let colour = match arguments.color {
            When::Auto => ColorChoice::Auto,
            When::Always => ColorChoice::Always,
            When::Never => ColorChoice::Never,
        };
        let level = match (arguments.quiet, arguments.verbose) {
            (true, _) => None,
            (false, 0) => Some(Interest::Story),
            (false, 1) => Some(Interest::Detail),
            (false, _) => Some(Interest::Trace),
        };
        Terminal { colour, level, silent: false }
    }

    /// One that prints nothing.
    #[cfg(test)]
    pub(crate) fn silent() -> Terminal {
        Terminal { colour: ColorChoice::Never, level: None, silent: true }
    }

    /// Prints a result as it is.
    pub(crate) fn result(&self, text: &str) -> Result<(), Failure> {
        self.results(|stream| stream.write_all(text.as_bytes()))
    }

    /// Prints a result piece by piece.
    pub(crate) fn results(
        &self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        if self.silent {
            return Ok(());
        }
        let colour = match self.colour {
            ColorChoice::Auto => AutoStream::choice(&io::stdout()),
            chosen => chosen,
        };
        let mut stream = io::BufWriter::new(AutoStream::new(io::stdout().lock(), colour));
        match write(&mut stream).and_then(|()| stream.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                // What is still buffered has no reader either.
                let _ = stream.into_parts();
                Ok(())
            }
            Err(error) => Err(Failure::Because(format!("cannot write the result: {error}"))),
            Ok(()) => Ok(()),
        }
    }

    /// Prints a line beside the results, unless as little as possible is wanted.
    pub(crate) fn note(&self, text: &str) {
        if self.level.is_some() {
            self.aside(&format!("{}: {text}\n", Ansi.paint(Style::Heading, "note")));
        }
    }

    /// Prints an error.
    pub(crate) fn error(&self, text: &str) {
        self.aside(&format!("{}: {text}\n", Ansi.paint(Style::Bad, "error")));
    }

    /// Prints text beside the results as it is.
    pub(crate) fn aside(&self, text: &str) {
        if !self.silent {
            // Nobody is left to tell if standard error is gone.
            let _ = AutoStream::new(io::stderr().lock(), self.colour).write_all(text.as_bytes());
        }
    }
}

/// Styles as terminals know them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ansi;

impl Paint for Ansi {
    fn paint(&self, style: Style, text: &str) -> String {
        let look = match style {
            Style::Heading => anstyle::Style::new().bold(),
            Style::Dim => anstyle::Style::new().effects(Effects::DIMMED),
            Style::Fault => AnsiColor::Magenta.on_default().bold(),
            Style::Up => AnsiColor::Green.on_default(),
            Style::Down => AnsiColor::Yellow.on_default(),
            Style::Bad => AnsiColor::Red.on_default().bold(),
            Style::Good => AnsiColor::Green.on_default(),
            Style::Doubt => AnsiColor::Cyan.on_default(),
        };
        format!("{look}{text}{look:#}")
    }
}
