//! How a command is found by its name.
//!
//! The table is in the order of the names, so a name is found by halving; the first eight letters of a name are
//! compared as one number, and that nearly always decides. Names are known in any case. Rules: CM-1.

use rcsim_protocol::{Command, Reply};

use super::table::{COMMANDS, Declaration};
use super::text::shown;

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

/// The command with this name.
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

/// The subcommand with this name.
pub(super) fn find_subcommand(container: &Declaration, name: &[u8]) -> Option<&'static Declaration> {
    container.subcommands.iter().find(|known| known.last_name().as_bytes().eq_ignore_ascii_case(name))
}

/// What is declared for a command, down to its subcommand; an error if there is no such thing, or not with so many
/// words.
pub(super) fn look_up(command: &Command) -> Result<&'static Declaration, Reply> {
    let declaration = look_up_name(command)?;
    if fits(declaration.arity, command.len()) { Ok(declaration) } else { Err(wrong_arity(declaration.name)) }
}

/// The same, with any number of words.
pub(super) fn look_up_name(command: &Command) -> Result<&'static Declaration, Reply> {
    let found = find(command.name()).ok_or_else(|| unknown_command(command))?;
    match command.word(1) {
        Some(name) if !found.subcommands.is_empty() => {
            find_subcommand(found, name).ok_or_else(|| unknown_subcommand(name, found))
        }
        _ => Ok(found),
    }
}

/// Whether a command may have so many words.
pub(super) fn fits(arity: i32, words: usize) -> bool {
    let least = arity.unsigned_abs() as usize;
    if arity < 0 { words >= least } else { words == least }
}

pub(super) fn wrong_arity(name: &str) -> Reply {
    Reply::err(format_args!("wrong number of arguments for '{name}' command"))
}

/// Names the command and its first arguments, up to 128 characters of both.
fn unknown_command(command: &Command) -> Reply {
    const LIMIT: usize = 128;
    let mut arguments = String::new();
    for word in command.words().skip(1) {
        if arguments.len() >= LIMIT {
            break;
        }
        arguments += &format!("'{}' ", shown(word, LIMIT - arguments.len()));
    }
    let name = shown(command.name(), LIMIT);
    Reply::err(format_args!("unknown command '{name}', with args beginning with: {arguments}"))
}

fn unknown_subcommand(name: &[u8], container: &Declaration) -> Reply {
    let (name, container) = (shown(name, 128), container.name.to_ascii_uppercase());
    Reply::err(format_args!("unknown subcommand '{name}'. Try {container} HELP."))
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

    #[test]
    fn subcommands_are_found_and_counted_with_the_name_before_them() {
        let name = |words: &str| look_up(&Command::new(words.split(' '))).map(|found| found.name);
        assert_eq!(name("Cluster INFO"), Ok("cluster|info"));
        assert_eq!(name("CLUSTER"), Err(wrong_arity("cluster")));
        assert_eq!(name("cluster info x"), Err(wrong_arity("cluster|info")));
        assert_eq!(name("cluster nope x"), Err(Reply::err("unknown subcommand 'nope'. Try CLUSTER HELP.")));
    }
}
