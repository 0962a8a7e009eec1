//! Settings as CONFIG SET takes them: units, ranges, refusals (CF-1 …).

use std::collections::BTreeSet;

use super::*;
use proptest::prelude::*;

/// What CONFIG SET of a running 7.0.15 answered, word for word after `ERR `.
#[test]
fn errors_are_those_of_config_set() {
    let about = |name: &str, text: &str| {
        format!("CONFIG SET failed (possibly related to argument '{name}') - {text}")
    };
    for (name, value, text) in [
        ("cluster-node-timeout", "-1", "argument must be between 0 and 9223372036854775807 inclusive"),
        ("cluster-node-timeout", "05", "argument couldn't be parsed into an integer"),
        ("cluster-node-timeout", "+5", "argument couldn't be parsed into an integer"),
        ("cluster-node-timeout", "1k", "argument couldn't be parsed into an integer"),
        ("cluster-node-timeout", "9223372036854775808", "argument couldn't be parsed into an integer"),
        ("cluster-migration-barrier", "2147483648", "argument must be between 0 and 2147483647 inclusive"),
        ("cluster-slave-validity-factor", "x", "argument couldn't be parsed into an integer"),
        ("cluster-announce-port", "65536", "argument must be between 0 and 65535 inclusive"),
        ("cluster-require-full-coverage", "true", "argument must be 'yes' or 'no'"),
        ("repl-backlog-size", "k", "argument must be between 1 and 9223372036854775807 inclusive"),
        ("repl-backlog-size", "-1k", "argument must be a memory value"),
        ("repl-backlog-size", "1 k", "argument must be a memory value"),
        ("repl-backlog-size", "1t", "argument must be a memory value"),
        ("repl-timeout", "0", "argument must be between 1 and 2147483647 inclusive"),
        ("maxclients", "0", "argument must be between 1 and 4294967295 inclusive"),
        ("appendfsync", "yes", "argument(s) must be one of the following: everysec, always, no"),
        ("save", "3600  1", "Invalid save parameters"),
        ("save", "3600 1 60", "Invalid save parameters"),
        ("save", "0 1", "Invalid save parameters"),
        (
            "cluster-announce-hostname",
            "a_b",
            "Hostnames may only contain alphanumeric characters, hyphens or dots",
        ),
        ("cluster-announce-hostname", &"a".repeat(256), "Hostnames must be less than 256 characters"),
        ("port", "", "argument couldn't be parsed into an integer"),
    ] {
        let error = Settings::default().set(name, value).expect_err(value);
        assert_eq!(error.to_string(), about(name, text), "{value}");
    }
    for (pairs, text) in [
        (&[("cluster-enabled", "maybe")][..], about("cluster-enabled", "can't set immutable config")),
        (&[("dir", "/")], about("dir", "can't set protected config")),
        (&[("hz", "5"), ("HZ", "6")], about("HZ", "duplicate parameter")),
        (&[("HZ", "x")], about("hz", "argument couldn't be parsed into an integer")),
        (
            &[("hz", "x"), ("NoSuch", "x")],
            "Unknown option or number of arguments for CONFIG SET - 'NoSuch'".into(),
        ),
    ] {
        assert_eq!(Settings::default().change(pairs).expect_err("refused").to_string(), text);
    }
}

#[test]
fn config_set_changes_all_or_nothing() {
    let mut settings = Settings::default();
    settings.change(&[("cluster-node-timeout", "6000"), ("hz", "x")]).unwrap_err();
    assert_eq!(settings, Settings::default());
    settings.change(&[("cluster-node-timeout", "6000"), ("hz", "20")]).expect("both are legal");
    assert_eq!((settings.cluster_node_timeout, settings.hz), (6000, 20));
}

/// Values that a running 7.0.15 took, and what its CONFIG GET then said.
#[test]
fn values_are_read_and_printed_as_by_config_set_and_get() {
    for (name, value, printed) in [
        ("cluster-link-sendbuf-limit", "1k", "1000"),
        ("cluster-link-sendbuf-limit", "1KB", "1024"),
        ("cluster-link-sendbuf-limit", "2mb", "2097152"),
        ("cluster-link-sendbuf-limit", "1g", "1000000000"),
        ("cluster-link-sendbuf-limit", "1b", "1"),
        ("maxmemory", "17592186044416m", "17592186044416000000"),
        ("cluster-link-sendbuf-limit", "18446744073709551616", "18446744073709551615"),
        ("maxmemory", "99999999999gb", &99_999_999_999_u64.wrapping_mul(1 << 30).to_string()),
        ("cluster-link-sendbuf-limit", "k", "0"),
        ("repl-backlog-size", "1", "16384"),
        ("hz", "0", "1"),
        ("hz", "1000", "500"),
        ("CLUSTER-NODE-TIMEOUT", "7000", "7000"),
        ("cluster-slave-no-failover", "YES", "yes"),
        ("cluster-preferred-endpoint-type", "HOSTNAME", "hostname"),
        ("appendfsync", "EVERYSEC", "everysec"),
        ("save", "60 007", "60 7"),
        ("save", "", ""),
        ("cluster-announce-ip", "::1", "::1"),
        ("cluster-announce-hostname", "-a.b", "-a.b"),
    ] {
        let mut settings = Settings::default();
        settings.set(name, value).expect(value);
        assert_eq!(settings.get(name).as_deref(), Some(printed), "{name} {value}");
    }
}

/// What CONFIG GET of a running 7.0.15 printed without a configuration file.
#[test]
fn cf_the_defaults_are_those_of_redis() {
    let settings = Settings::default();
    let redis = include_str!("../../tests/data/config-get-7.0.15.txt");
    for line in redis.lines() {
        let (name, value) = line.split_once('=').expect("name=value");
        assert_eq!(settings.get(name).as_deref(), Some(value), "{name}");
    }
    let covered: BTreeSet<&str> = redis.lines().filter_map(|line| line.split('=').next()).collect();
    // `dir` depends on where the server runs.
    let missing: Vec<&str> =
        Settings::names().map(|directive| directive.name).filter(|name| !covered.contains(name)).collect();
    assert_eq!(missing, ["dir"]);
}

#[test]
fn every_row_of_the_table_is_coherent() {
    let mut seen = BTreeSet::new();
    for directive in Settings::names() {
        for name in [Some(directive.name), directive.alias].into_iter().flatten() {
            assert!(seen.insert(name), "{name} stands twice");
            assert_eq!(Settings::directive(name).map(|found| found.name), Some(directive.name));
        }
        assert_eq!(directive.choices.is_empty(), directive.unit != Unit::Choice, "{}", directive.name);
        let is_number =
            matches!(directive.unit, Unit::Count | Unit::Seconds | Unit::Milliseconds | Unit::Bytes);
        assert_eq!(directive.range.is_some(), is_number, "{}", directive.name);
    }
}

#[test]
fn cf_28_a_file_name_is_not_a_path() {
    let mut settings = Settings::default();
    let reason = |result: Result<(), SettingError>| result.expect_err("refused").reason.to_string();
    assert_eq!(
        reason(settings.set("appendfilename", "a/b")),
        "appendfilename can't be a path, just a filename"
    );
    assert_eq!(reason(settings.set("appenddirname", "a/b")), "appenddirname can't be a path, just a dirname");
    assert_eq!(reason(settings.set("appenddirname", "")), "appenddirname can't be empty");
}

proptest! {
    /// What CONFIG GET prints, CONFIG SET takes and means the same.
    #[test]
    fn printing_and_reading_are_inverse(
        index in 0..Settings::names().count(),
        text in "[a-z0-9 .:-]{0,12}|[0-9]{1,20}|[0-9]{1,4}[kmg]b?|[0-9]{1,4} [0-9]{1,4}|yes|no",
    ) {
        let directive = Settings::names().nth(index).expect("a row");
        let mut settings = Settings::default();
        let before = settings.clone();
        match settings.set(directive.name, &text) {
            Err(_) => prop_assert_eq!(&settings, &before),
            Ok(()) => {
                let printed = settings.get(directive.name).expect("it exists");
                let mut again = Settings::default();
                again.set(directive.name, &printed).expect("what was printed");
                prop_assert_eq!(again, settings);
            }
        }
    }
}
