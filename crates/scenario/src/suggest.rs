//! "Did you mean": the known word that is nearest to a misspelt one.

/// The word of `known` that differs least from `word`, if it differs by at most two letters (one for short
/// words) inserted, left out, replaced, or swapped with a neighbour, or in upper and lower case and `_` for
/// `-` only.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace('_', "-");
    let allowed = if word.chars().count() <= 4 { 1 } else { 2 };
    let measured = known.into_iter().map(|candidate| (distance(&plain(word), &plain(candidate)), candidate));
    measured
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// Damerau's distance with adjacent swaps (optimal string alignment).
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let mut rows = vec![vec![0; right.len() + 1]; left.len() + 1];
    for (index, row) in rows.iter_mut().enumerate() {
        row[0] = index;
    }
    rows[0] = (0..=right.len()).collect();
    for row in 1..=left.len() {
        for column in 1..=right.len() {
            let replaced = rows[row - 1][column - 1] + usize::from(left[row - 1] != right[column - 1]);
            let mut least = replaced.min(rows[row - 1][column] + 1).min(rows[row][column - 1] + 1);
            let swapped = row > 1
                && column > 1
                && left[row - 1] == right[column - 2]
                && left[row - 2] == right[column - 1];
            if swapped {
                least = least.min(rows[row - 2][column - 2] + 1);
            }
            rows[row][column] = least;
        }
    }
    rows[left.len()][right.len()]
}

/// The words in quotes, joined by commas and a last "or".
pub(crate) fn alternatives<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = words.into_iter().map(|word| format!("\"{word}\"")).collect();
    match quoted.split_last() {
        None => "nothing".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 4] = ["timeline", "clients", "cluster", "at"];

    #[test]
    fn a_slip_of_two_letters_is_mended() {
        assert_eq!(nearest("timelnie", KEYS), Some("timeline"));
        assert_eq!(nearest("Clustr", KEYS), Some("cluster"));
        assert_eq!(nearest("ta", KEYS), Some("at"));
    }

    #[test]
    fn another_word_is_not_guessed() {
        assert_eq!(nearest("nodes", KEYS), None);
        assert_eq!(nearest("it", ["on"]), None);
    }

    #[test]
    fn lists_read_as_a_sentence() {
        assert_eq!(alternatives(["a", "b", "c"]), r#""a", "b" or "c""#);
        assert_eq!(alternatives(["a"]), r#""a""#);
    }
}
