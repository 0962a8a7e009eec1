//! The command that repeats a run, ready to be pasted into a shell.

use crate::arguments::RunArguments;

/// The command that repeats the run with this seed. What only changes the output is left out.
pub(crate) fn of_run(arguments: &RunArguments, seed: u64) -> String {
    let mut words = vec!["rcsim".to_owned(), "run".to_owned()];
    words.extend(arguments.scenario.clone());
    words.extend(["--seed".to_owned(), seed.to_string()]);
    for (path, value) in &arguments.common.set {
        words.extend(["--set".to_owned(), format!("{path}={value}")]);
    }
    if let Some(until) = arguments.until {
        words.extend(["--until".to_owned(), until.to_string()]);
    }
    if arguments.twice {
        words.push("--twice".to_owned());
    }
    join(&words)
}

/// The command line as it was typed, with the one variable that it depends on.
pub(crate) fn as_typed() -> String {
    let mut words = vec!["rcsim".to_owned()];
    words.extend(std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()));
    let seed = std::env::var("RCSIM_SEED").map(|seed| format!("RCSIM_SEED={} ", quoted(&seed)));
    format!("{}{}", seed.unwrap_or_default(), join(&words))
}

fn join(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// The word as a POSIX shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./=:,@%+".contains(&byte);
    match !word.is_empty() && word.bytes().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::ScenarioArguments;

    #[test]
    fn everything_that_decides_the_run_is_in_it_and_survives_a_shell() {
        let set = vec![("timeline.0.at".to_owned(), "\"it's\"".to_owned())];
        let arguments = RunArguments {
            scenario: Some("my file.json".to_owned()),
            common: ScenarioArguments { seed: None, set },
            until: Some(rcsim_scenario::Span::from_secs(45)),
            twice: true,
            ..RunArguments::default()
        };
        let expected =
            r#"rcsim run 'my file.json' --seed 7 --set 'timeline.0.at="it'\''s"' --until 45s --twice"#;
        assert_eq!(of_run(&arguments, 7), expected);
        assert_eq!(of_run(&RunArguments::default(), 1), "rcsim run --seed 1");
    }
}
