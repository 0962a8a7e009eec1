//! Columns that line up.

/// On which side a column is filled with blanks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// Text: on the right.
    Left,
    /// Numbers: on the left.
    Right,
}

/// Rows of cells as lines without line feed: columns as wide as their widest cell, two blanks between them.
pub(crate) fn table(rows: &[Vec<String>], align: &[Align]) -> Vec<String> {
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..align.len()).map(width).collect();
    rows.iter().map(|row| line(row, &widths, align)).collect()
}

fn line(row: &[String], widths: &[usize], align: &[Align]) -> String {
    let columns = row.iter().zip(widths).zip(align);
    let cells: Vec<String> = columns.map(|((cell, width), align)| pad(cell, *width, *align)).collect();
    cells.join("  ").trim_end().to_owned()
}

/// The text, filled with blanks to a width in characters.
pub(crate) fn pad(text: &str, width: usize, align: Align) -> String {
    match align {
        Align::Left => format!("{text:<width$}"),
        Align::Right => format!("{text:>width$}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_counted_in_characters() {
        let rows = [vec!["✓".to_owned(), "7".to_owned()], vec!["ab".to_owned(), "1024".to_owned()]];
        assert_eq!(table(&rows, &[Align::Left, Align::Right]), ["✓      7", "ab  1024"]);
    }
}
