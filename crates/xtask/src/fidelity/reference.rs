//! The measurements of real servers, from `tests/data/reference/`.

use std::path::PathBuf;

use super::sample::Sample;

/// In a run with a longer gap between two polls the machine had stalled; it says nothing about Redis.
const LONGEST_POLL_GAP_MS: f64 = 100.0;

/// One table of measurements, without the runs in which the machine stalled.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Reference {
    /// Reads a table by the name of its file, without `.csv`.
    pub(crate) fn read(name: &str) -> Result<Reference, String> {
        let path = folder().join(format!("{name}.csv"));
        let told = |error: csv::Error| format!("{}: {error}", path.display());
        let mut reader = csv::Reader::from_path(&path).map_err(told)?;
        let columns = reader.headers().map_err(told)?.iter().map(str::to_owned).collect();
        let mut rows = Vec::new();
        for row in reader.records() {
            rows.push(row.map_err(told)?.iter().map(str::to_owned).collect());
        }
        let mut table = Reference { columns, rows };
        let gap = table.columns.iter().position(|column| column == "poll_max_gap_ms");
        table.rows.retain(|row: &Vec<String>| {
            gap.and_then(|gap| row[gap].parse().ok()).is_none_or(|gap: f64| gap <= LONGEST_POLL_GAP_MS)
        });
        Ok(table)
    }

    /// The rows in which a column has this text.
    pub(crate) fn only(&self, column: &str, text: &str) -> Reference {
        let index = self.index(column);
        let rows = self.rows.iter().filter(|row| row[index] == text).cloned().collect();
        Reference { columns: self.columns.clone(), rows }
    }

    /// The numbers of a column; empty fields are left out.
    pub(crate) fn sample(&self, column: &str) -> Sample {
        let index = self.index(column);
        Sample::new(self.rows.iter().filter_map(|row| row[index].parse().ok()).collect())
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    fn index(&self, column: &str) -> usize {
        let found = self.columns.iter().position(|name| name == column);
        found.unwrap_or_else(|| panic!("the reference has no column {column}: {:?}", self.columns))
    }
}

fn folder() -> PathBuf {
    crate::root().join("tests/data/reference")
}
