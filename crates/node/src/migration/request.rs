//! The words of MIGRATE.
//!
//! Rules: MG-1, MG-2. Never: looks at the data.

use rcsim_protocol::{Command, Reply};

use crate::keyspace::Bytes;

/// The waiting time if none, or less than one, is given, in ms (MG-1).
const DEFAULT_TIMEOUT_MS: i64 = 1000;

/// What MIGRATE is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MigrateRequest {
    pub(crate) host: String,
    pub(crate) port: String,
    pub(crate) database: i64,
    pub(crate) timeout_ms: i64,
    pub(crate) copy: bool,
    pub(crate) replace: bool,
    /// What AUTH is to say, if anything.
    pub(crate) credentials: Vec<Bytes>,
    pub(crate) keys: Vec<Bytes>,
}

impl MigrateRequest {
    /// Reads the words.
    pub(crate) fn read(command: &Command) -> Result<MigrateRequest, Reply> {
        let text = |index| String::from_utf8_lossy(word(command, index)).into_owned();
        let mut request = MigrateRequest {
            host: text(1),
            port: text(2),
            database: 0,
            timeout_ms: 0,
            copy: false,
            replace: false,
            credentials: Vec::new(),
            keys: vec![Bytes::from(word(command, 3))],
        };
        let mut index = 6;
        while index < command.len() {
            let left = command.len() - index - 1;
            let several = |count: usize| (index + 1..=index + count).map(|at| Bytes::from(word(command, at)));
            if command.is(index, "copy") {
                request.copy = true;
            } else if command.is(index, "replace") {
                request.replace = true;
            } else if command.is(index, "auth") && left >= 1 {
                request.credentials = several(1).collect();
                index += 1;
            } else if command.is(index, "auth2") && left >= 2 {
                request.credentials = several(2).collect();
                index += 2;
            } else if command.is(index, "keys") {
                if !word(command, 3).is_empty() {
                    return Err(Reply::err(
                        "When using MIGRATE KEYS option, the key argument must be set to the empty string",
                    ));
                }
                request.keys = several(left).collect();
                break;
            } else {
                return Err(Reply::err("syntax error"));
            }
            index += 1;
        }
        // The time comes behind the database, and Redis reads it first.
        request.timeout_ms = number(command, 5)?;
        request.database = number(command, 4)?;
        if request.timeout_ms <= 0 {
            request.timeout_ms = DEFAULT_TIMEOUT_MS;
        }
        Ok(request)
    }
}

fn word(command: &Command, index: usize) -> &[u8] {
    command.word(index).unwrap_or_default()
}

fn number(command: &Command, index: usize) -> Result<i64, Reply> {
    let text = std::str::from_utf8(word(command, index)).unwrap_or_default();
    let number = text.parse().ok().filter(|number: &i64| number.to_string() == text);
    number.ok_or_else(|| Reply::err("value is not an integer or out of range"))
}
