//! How a command is found by its name.
//!
//! The table is in the order of the names, so a name is found by halving; the first eight letters of a name are
//! compared as one number, and that nearly always decides.

use super::{COMMANDS, Declaration};

/// Longer names are unknown.
const LONGEST: usize = 32;

/// The first eight letters as a number that is greater if they come later in the alphabet.
const fn prefix(name: &[u8]) -> u64 {
    let (mut number, mut index) = (0, 0);
    while index < 8 {
        let letter = if index < name.len() { name[index] } else { 0 };
        number = number << 8 | letter as u64;
        index += 1;
    }
    number
}

/// The prefixes of the names of the table.
static PREFIXES: [u64; COMMANDS.len()] = {
    let (mut prefixes, mut index) = ([0; COMMANDS.len()], 0);
    while index < COMMANDS.len() {
        prefixes[index] = prefix(COMMANDS[index].name.as_bytes());
        index += 1;
    }
    prefixes
};

/// The command with this name, in any case.
pub(super) fn find(name: &[u8]) -> Option<&'static Declaration> {
    let mut folded = [0; LONGEST];
    let folded = folded.get_mut(..name.len())?;
    folded.copy_from_slice(name);
    folded.make_ascii_lowercase();
    let wanted = prefix(folded);
    let first = PREFIXES.partition_point(|prefix| *prefix < wanted);
    let alike = PREFIXES[first..].iter().take_while(|prefix| **prefix == wanted).count();
    COMMANDS[first..first + alike].iter().find(|known| known.name.as_bytes() == folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_every_name_is_found_in_any_case() {
        assert!(COMMANDS.is_sorted_by_key(|known| known.name));
        for known in COMMANDS {
            for name in [known.name.to_owned(), known.name.to_ascii_uppercase()] {
                assert_eq!(find(name.as_bytes()).map(|found| found.name), Some(known.name));
            }
        }
        for unknown in ["", "ge", "gett", "get\0", "an overlong name of no command at all"] {
            assert!(find(unknown.as_bytes()).is_none(), "{unknown:?}");
        }
    }
}
