//! The comparison as a table for people, or as JSON for programs.

use std::fmt::Write;

use comfy_table::{CellAlignment, ContentArrangement, Table};
use serde_json::{Value, json};

use super::comparison::Comparison;
use super::sample::Sample;

/// One table per fault.
pub(crate) fn table(lines: &[Comparison]) -> String {
    let mut text = String::new();
    for part in lines.chunk_by(|one, next| one.title == next.title) {
        let mut table = Table::new();
        table.load_style(comfy_table::presets::ASCII_MARKDOWN);
        table.set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(["figure", "runs", "simulated", "runs", "measured", "ratio", "KS", "mark"]);
        for line in part {
            table.add_row([
                line.figure.clone(),
                line.simulated.len().to_string(),
                spread(&line.simulated),
                line.measured.len().to_string(),
                spread(&line.measured),
                rounded(line.ratio(), 3),
                rounded(line.distance(), 2),
                line.verdict().to_owned(),
            ]);
        }
        for column in 1..7 {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let _ = writeln!(text, "{}\n\n{table}\n", part[0].title);
    }
    text.push_str(
        "Median [5th .. 95th percentile]; ms since the fault or the command, h_* since the heal.\n\
         ratio: of the medians, for traffic of the means; KS: Kolmogorov-Smirnov distance.\n\
         Pass marks: medians within 10 %, traffic within 5 %, KS at most 0.25 for first PFAIL, first FAIL and promotion.\n",
    );
    text
}

/// One object.
pub(crate) fn json(lines: &[Comparison], seeds: u64) -> Value {
    let sample = |sample: &Sample| {
        json!({
            "runs": sample.len(), "median": sample.median(), "mean": sample.mean(),
            "p5": sample.quantile(0.05), "p95": sample.quantile(0.95),
        })
    };
    let line = |line: &Comparison| {
        json!({
            "title": line.title, "figure": line.figure,
            "simulated": sample(&line.simulated), "measured": sample(&line.measured),
            "ratio": line.ratio(), "ks": line.distance(), "missed": line.missed(),
        })
    };
    json!({ "format": 1, "seeds": seeds, "lines": lines.iter().map(line).collect::<Vec<_>>() })
}

fn spread(sample: &Sample) -> String {
    let digits = if sample.median().is_some_and(|median| median < 100.0) { 2 } else { 0 };
    let [low, middle, high] = [0.05, 0.5, 0.95].map(|share| rounded(sample.quantile(share), digits));
    if sample.len() == 0 { String::new() } else { format!("{middle} [{low} .. {high}]") }
}

fn rounded(value: Option<f64>, digits: usize) -> String {
    value.map(|value| format!("{value:.digits$}")).unwrap_or_default()
}
