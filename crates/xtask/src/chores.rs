//! Chores that write a generated file, or call another command.

use std::fs;
use std::process::Command;

/// Writes a generated file; or, with `check`, fails if it is not up to date. `chore` is the name of its chore.
pub(crate) fn put(path: &str, text: &str, check: bool, chore: &str) -> Result<(), String> {
    let file = crate::root().join(path);
    let current = fs::read_to_string(&file).unwrap_or_default();
    if current == text {
        return Ok(());
    }
    if check {
        return Err(format!("{path} is not up to date; `cargo xtask {chore}` writes it"));
    }
    fs::write(&file, text).map_err(|error| format!("cannot write {path}: {error}"))?;
    println!("wrote {path}");
    Ok(())
}

/// The JSON Schema of scenarios.
pub(crate) fn schema(check: bool) -> Result<(), String> {
    let text = format!("{}\n", rcsim_scenario::schema_text().trim_end());
    put("scenarios/scenario.schema.json", &text, check, "schema")
}

/// The suite, allowed to rewrite its golden files.
pub(crate) fn goldens() -> Result<(), String> {
    cargo(&["test", "--package", "rcsim-report", "--package", "rcsim-tests"], &[("RCSIM_BLESS", "1")])
}

/// The benchmark of the command.
pub(crate) fn bench(arguments: &[String]) -> Result<(), String> {
    let mut words = vec!["run", "--quiet", "--release", "--package", "rcsim-cli", "--", "bench"];
    words.extend(arguments.iter().map(String::as_str));
    cargo(&words, &[])
}

fn cargo(words: &[&str], environment: &[(&str, &str)]) -> Result<(), String> {
    let mut command = Command::new(env!("CARGO"));
    command.args(words).envs(environment.iter().copied()).current_dir(crate::root());
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("cargo {} ended with {status}", words.join(" "))),
        Err(error) => Err(format!("cannot start cargo: {error}")),
    }
}
