//! Errors and warnings with their places, and how they are shown: rustc-like, plain or coloured.

use std::fmt;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::code::Code;
use crate::source::{Place, Source};

/// Whether a diagnostic stops the scenario from being used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It does.
    Error,
    /// It does not, but the author should know.
    Warning,
}

/// Whether a rendering carries terminal colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Text only.
    Plain,
    /// With ANSI escape sequences.
    Ansi,
}

/// One thing that is wrong or doubtful in a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether it stops the scenario from being used.
    pub severity: Severity,
    /// Its kind.
    pub code: Code,
    /// What is wrong: lower case, one line, no full stop.
    pub message: String,
    /// JSON pointer of the object or value that is meant; empty for the whole text.
    pub pointer: String,
    /// What stands at the caret, beside it.
    pub label: Option<String>,
    /// What to do.
    pub help: Option<String>,
    /// Why.
    pub note: Option<String>,
    place: Place,
    also: Vec<(Place, String)>,
}

impl Diagnostic {
    pub(crate) fn at(&mut self, pointer: &str) -> &mut Diagnostic {
        pointer.clone_into(&mut self.pointer);
        self
    }

    pub(crate) fn label(&mut self, label: impl Into<String>) -> &mut Diagnostic {
        self.label = Some(label.into());
        self
    }

    pub(crate) fn help(&mut self, help: impl Into<String>) -> &mut Diagnostic {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn note(&mut self, note: impl Into<String>) -> &mut Diagnostic {
        self.note = Some(note.into());
        self
    }

    /// Points at a second place.
    pub(crate) fn also(&mut self, place: Place, label: impl Into<String>) -> &mut Diagnostic {
        self.also.push((place, label.into()));
        self
    }
}

/// Everything that was found in one scenario text, in the order of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics {
    sources: Vec<Source>,
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    pub(crate) fn new(sources: Vec<Source>) -> Diagnostics {
        Diagnostics { sources, list: Vec::new() }
    }

    pub(crate) fn error(&mut self, code: Code, place: Place, message: String) -> &mut Diagnostic {
        self.push(Severity::Error, code, place, message)
    }

    pub(crate) fn warning(&mut self, code: Code, place: Place, message: String) -> &mut Diagnostic {
        self.push(Severity::Warning, code, place, message)
    }

    fn push(&mut self, severity: Severity, code: Code, place: Place, message: String) -> &mut Diagnostic {
        let (pointer, also) = (String::new(), Vec::new());
        let diagnostic =
            Diagnostic { severity, code, message, pointer, label: None, help: None, note: None, place, also };
        self.list.push(diagnostic);
        self.list.last_mut().expect("a diagnostic was pushed just now")
    }

    /// Brings the list into the order of the text.
    pub(crate) fn sort(&mut self) {
        self.list.sort_by_key(|diagnostic| (diagnostic.place.source, diagnostic.place.start));
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }

    /// Whether nothing was found at all.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether at least one of them is an error.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// File name (or option), line and column of a diagnostic of this list, counted from 1; columns are
    /// characters.
    pub fn position(&self, diagnostic: &Diagnostic) -> (&str, u32, u32) {
        let source = &self.sources[diagnostic.place.source];
        let before = &source.text[..diagnostic.place.start];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
        (&source.name, line as u32, column as u32)
    }

    /// All of them as text, with the source lines, each followed by an empty line.
    pub fn render(&self, colour: Colour) -> String {
        let renderer = match colour {
            Colour::Plain => Renderer::plain(),
            Colour::Ansi => Renderer::styled(),
        };
        self.list.iter().map(|diagnostic| renderer.render(&self.report(diagnostic)) + "\n\n").collect()
    }

    fn report<'a>(&'a self, diagnostic: &'a Diagnostic) -> Vec<Group<'a>> {
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(&*diagnostic.message).id(diagnostic.code.id);
        let mut group = title.element(self.snippet(diagnostic));
        if let Some(help) = &diagnostic.help {
            group = group.element(Level::HELP.message(&**help));
        }
        if let Some(note) = &diagnostic.note {
            group = group.element(Level::NOTE.message(&**note));
        }
        vec![group]
    }

    fn snippet<'a>(&'a self, diagnostic: &'a Diagnostic) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
        let source = &self.sources[diagnostic.place.source];
        let primary = AnnotationKind::Primary.span(diagnostic.place.range());
        let primary = match &diagnostic.label {
            Some(label) => primary.label(&**label),
            None => primary,
        };
        let same = |place: &Place| place.source == diagnostic.place.source;
        let others = diagnostic.also.iter().filter(|(place, _)| same(place));
        let context =
            others.map(|(place, label)| AnnotationKind::Context.span(place.range()).label(&**label));
        Snippet::source(&*source.text).path(&*source.name).annotation(primary).annotations(context)
    }
}

impl fmt::Display for Diagnostics {
    /// As [`Diagnostics::render`] without colours.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.render(Colour::Plain))
    }
}

impl std::error::Error for Diagnostics {}
