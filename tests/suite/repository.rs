//! The repository as a tree of files.

use std::fs;
use std::path::{Path, PathBuf};

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in the repository")
}

/// The content of a file, by its path in the repository.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("cannot read {path}: {error}"))
}

/// Whether golden files are to be rewritten instead of compared.
pub(crate) fn blessing() -> bool {
    std::env::var("RCSIM_BLESS").is_ok_and(|value| value == "1")
}

/// Compares a golden file with what it should be, or rewrites it.
pub(crate) fn hold_golden(path: &str, actual: &str) {
    if blessing() {
        fs::write(root().join(path), actual).unwrap_or_else(|error| panic!("cannot write {path}: {error}"));
        return;
    }
    let golden = read(path);
    if golden != actual {
        panic!("{path} has changed; RCSIM_BLESS=1 rewrites it, and the review says whether it should\n{}", {
            difference(&golden, actual)
        });
    }
}

/// So many lines of each side are shown.
const SHOWN: usize = 30;

/// The lines between what both begin with and what both end with.
fn difference(golden: &str, actual: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (golden.lines().collect(), actual.lines().collect());
    let same =
        |pairs: &mut dyn Iterator<Item = (&&str, &&str)>| pairs.take_while(|(old, new)| old == new).count();
    let head = same(&mut old.iter().zip(&new));
    let tail = same(&mut old[head..].iter().rev().zip(new[head..].iter().rev()));
    let side = |sign: char, lines: &[&str]| -> String {
        let middle = &lines[head..lines.len() - tail];
        let shown: String = middle.iter().take(SHOWN).map(|line| format!("{sign} {line}\n")).collect();
        if middle.len() > SHOWN { format!("{shown}{sign} … {} lines\n", middle.len()) } else { shown }
    };
    format!("from line {}:\n{}{}", head + 1, side('-', &old), side('+', &new))
}

/// All files with this ending under a folder, as paths in the repository, in order; nothing of `target` and `.git`.
pub(crate) fn files(folder: &str, ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    collect(&root().join(folder), ending, &mut found);
    let inside = |path: PathBuf| {
        let path = path.strip_prefix(root()).expect("it lies in the repository");
        path.to_string_lossy().replace('\\', "/")
    };
    let mut found: Vec<String> = found.into_iter().map(inside).collect();
    found.sort();
    found
}

fn collect(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the entry can be read").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name == ".git" {
            continue; // a folder, or in a second work tree a file
        }
        if path.is_dir() {
            if name != "target" {
                collect(&path, ending, found);
            }
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
}
