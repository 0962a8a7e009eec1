//! How a run is shown: as a story for people, as JSON for programs. Reads a finished run and never changes one.
//!
//! | room | what is in it |
//! |---|---|
//! | [`narration`] | records to lines: which are told, in which words, and which are told together |
//! | [`sentence`] | the sentence of every event, and how interesting it is |
//! | `fault` | the sentences of faults, by the words of the timeline |
//! | [`because`] | the words of every reason |
//! | [`human`] | the whole report for people: options, story, findings, tables, verdict, reproduction |
//! | [`paint`] | style markers, so that the caller decides about colour |
//! | [`json`] | the one object of `--format json` |
//! | [`ndjson`] | one object per record, then the summary |
//! | [`fields`] | the fields of every event by name |
//!
//! Everything is read from the typed events of `rcsim_observe`; nothing parses text. Floats appear only in the last
//! step, where times become JSON numbers.

pub mod because;
mod fault;
pub mod fields;
pub mod human;
pub mod json;
mod losses;
pub mod narration;
pub mod ndjson;
pub mod paint;
pub mod sentence;
mod table;
mod time;

pub use human::{About, human};
pub use json::to_json;
pub use narration::{Line, narrate};
pub use ndjson::write_ndjson;
pub use paint::{Paint, Plain, Style};
pub use sentence::{Interest, Sentence, Symbol, sentence};

#[cfg(test)]
mod example;
