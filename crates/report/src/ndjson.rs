//! One object per record, one line each, and the summary as the last line.
//!
//! `{"at_ms":25102.4,"node":"n4","event":"vote-granted",…}`: time since the start of the run in milliseconds, the node
//! (`null` for what concerns the whole world), the event's name, then its [fields](crate::fields). A fault goes by
//! its id in the scenario.

use std::io::{self, Write};

use rcsim_observe::summary::Millis;
use rcsim_observe::{Event, Record, Summary};
use serde_json::{Map, Value};

use crate::fields::fields;
use crate::json::to_json;
use crate::time::millis_json;

/// One record as an object.
pub fn record_to_json(record: &Record, summary: &Summary) -> Value {
    let mut object = Map::new();
    object.insert("at_ms".to_owned(), millis_json(Millis::from_ns(record.at_ns)));
    object.insert("node".to_owned(), record.place.map(|place| summary.names.place(place)).into());
    object.insert("event".to_owned(), record.event.name().into());
    object.append(&mut fields(&record.event, &summary.names));
    if let Event::FaultStarted { fault } | Event::FaultEnded { fault } = record.event
        && let Some(ledger) = summary.faults.get(fault as usize)
    {
        object.insert("fault".to_owned(), Value::from(ledger.id.as_str()));
    }
    Value::Object(object)
}

/// Writes all records that the summary kept, then the summary. Fails as `sink` fails.
pub fn write_ndjson(sink: &mut dyn Write, summary: &Summary, wall_ms: f64) -> io::Result<()> {
    for record in &summary.records {
        writeln!(sink, "{}", record_to_json(record, summary))?;
    }
    writeln!(sink, "{}", to_json(summary, wall_ms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example;

    #[test]
    fn every_record_is_a_line_and_the_summary_is_the_last() {
        let summary = example::summary();
        let mut bytes = Vec::new();
        write_ndjson(&mut bytes, &summary, 1.0).expect("a vector takes everything");
        let text = String::from_utf8(bytes).expect("JSON is text");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), summary.records.len() + 1);
        assert_eq!(lines[0], r#"{"at_ms":20000,"node":null,"event":"fault-started","fault":"crash-1"}"#);
        assert_eq!(lines[2], r#"{"at_ms":25102,"node":"n2","event":"pfail","subject":"n1"}"#);
        assert_eq!(lines.last().copied(), Some(to_json(&summary, 1.0).to_string().as_str()));
    }
}
