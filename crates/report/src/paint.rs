//! Style markers: the report says what a piece of text is, the caller decides how that looks.
//!
//! Colour never carries meaning alone: every styled piece has a symbol or a word besides.

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// The title of a section, and the names of options.
    Heading,
    /// Times, reasons, counts: what may stand back.
    Dim,
    /// Something that was done to the world.
    Fault,
    /// Something got better.
    Up,
    /// Something got worse.
    Down,
    /// A broken promise or a bad verdict.
    Bad,
    /// A kept promise or a good verdict.
    Good,
    /// What could not be judged.
    Doubt,
}

/// Gives text the look of its style.
pub trait Paint {
    /// The text with its look; must not change what it says.
    fn paint(&self, style: Style, text: &str) -> String;
}

/// No look at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plain;

impl Paint for Plain {
    fn paint(&self, _style: Style, text: &str) -> String {
        text.to_owned()
    }
}
