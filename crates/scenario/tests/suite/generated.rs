//! The committed schema and documentation are those that the table gives.
//!
//! To write them anew: `cargo test -p rcsim-scenario --test suite -- --ignored write_`.

use std::fs;
use std::path::{Path, PathBuf};

use rcsim_scenario::{reference, schema, schema_text};
use serde_json::Value;

const BEGIN: &str = "<!-- generated from the table of the format: begin -->\n";
const END: &str = "<!-- generated from the table of the format: end -->\n";

fn path(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn read(name: &str) -> String {
    fs::read_to_string(path(name)).expect("a generated file can be read")
}

/// The documentation before, between and after the marks.
fn documentation() -> (String, String, String) {
    let text = read("docs/scenario-format.md");
    let (before, rest) = text.split_once(BEGIN).expect("the documentation marks the beginning of its tables");
    let (between, after) = rest.split_once(END).expect("the documentation marks the end of its tables");
    (before.to_owned(), between.to_owned(), after.to_owned())
}

#[test]
fn the_committed_schema_is_the_generated_one() {
    assert!(
        read("scenarios/scenario.schema.json") == schema_text(),
        "write it anew: see the head of this file"
    );
}

#[test]
fn the_committed_tables_are_the_generated_ones() {
    assert!(documentation().1 == reference(), "write them anew: see the head of this file");
}

#[test]
fn every_reference_of_the_schema_leads_somewhere() {
    fn references<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(elements) => elements.iter().for_each(|value| references(value, found)),
            _ => (),
        }
    }
    let schema = schema();
    let mut found = Vec::new();
    references(&schema, &mut found);
    assert!(found.len() > 20);
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("references stay in the file");
        assert!(schema.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn every_object_of_the_schema_refuses_unknown_keys() {
    fn closed(value: &Value) {
        match value {
            Value::Object(fields) => {
                if fields.contains_key("properties") && fields.get("type").is_some_and(Value::is_string) {
                    assert_eq!(fields.get("additionalProperties"), Some(&Value::Bool(false)));
                }
                fields.values().for_each(closed);
            }
            Value::Array(elements) => elements.iter().for_each(closed),
            _ => (),
        }
    }
    closed(&schema());
}

#[test]
#[ignore = "writes the committed schema and documentation"]
fn write_schema_and_documentation() {
    fs::write(path("scenarios/scenario.schema.json"), schema_text()).expect("the schema can be written");
    let (before, _, after) = documentation();
    let text = [&before, BEGIN, &reference(), END, &after].concat();
    fs::write(path("docs/scenario-format.md"), text).expect("the documentation can be written");
}
