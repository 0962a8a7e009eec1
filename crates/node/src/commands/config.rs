//! CONFIG: GET, SET, RESETSTAT, REWRITE.
//!
//! Rules: CF-3 … CF-26, BS-6, FL-10, HS-10. What a directive means is declared in `settings`; here is what a
//! change sets off at once. Deviations: a listening port cannot be changed at run time, and a backlog keeps
//! the size that it was made with. A node has no redis.conf that it could rewrite.

use rcsim_protocol::{Command, Reply, Settings};

use super::Answer;
use super::table::{Declaration, server};
use super::text::text;
use crate::node::Node;
use crate::outside::Outside;
use crate::stats::Stats;

/// The subcommands of CONFIG.
pub(super) const SUBCOMMANDS: &[Declaration] = &[
    server("config|get", -3, "admin noscript loading stale", Node::config_get),
    server("config|help", 2, "loading stale", Node::config_help),
    server("config|resetstat", 2, "admin noscript loading stale", Node::config_resetstat),
    server("config|rewrite", 2, "admin noscript loading stale", Node::config_rewrite),
    server("config|set", -4, "admin noscript loading stale", Node::config_set)
        .tips("request_policy:all_nodes response_policy:all_succeeded"),
];

const HELP: &[&str] = &[
    "CONFIG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "GET <pattern>",
    "    Return parameters matching the glob-like <pattern> and their values.",
    "SET <directive> <value>",
    "    Set the configuration <directive> to <value>.",
    "RESETSTAT",
    "    Reset statistics reported by the INFO command.",
    "REWRITE",
    "    Rewrite the configuration file.",
    "HELP",
    "    Prints this help.",
];

/// The ports on which a process listens; it does not move to another one.
const LISTENING_PORTS: [&str; 2] = ["port", "tls-port"];

impl Node {
    pub(super) fn config_help(&mut self, _: &Command, _: &mut Outside<'_>) -> Answer {
        Ok(Reply::Array(HELP.iter().map(|line| Reply::simple(*line)).collect()))
    }

    /// Names and patterns: a plain name is shown as it was asked for, a pattern finds names and aliases.
    pub(super) fn config_get(&mut self, command: &Command, _: &mut Outside<'_>) -> Answer {
        let mut found: Vec<(String, String)> = Vec::new();
        for index in 2..command.len() {
            let pattern = text(command, index);
            let names = if pattern.contains(['*', '?', '[']) { matching(&pattern) } else { vec![pattern] };
            for name in names {
                let known = found.iter().any(|(other, _)| other.eq_ignore_ascii_case(&name));
                if let Some(value) = self.settings.get(&name).filter(|_| !known) {
                    found.push((name, value));
                }
            }
        }
        let pair = |(name, value)| (Reply::bulk(name), Reply::bulk(value));
        Ok(Reply::Map(found.into_iter().map(pair).collect()))
    }

    pub(super) fn config_set(&mut self, command: &Command, out: &mut Outside<'_>) -> Answer {
        if !command.len().is_multiple_of(2) {
            return Err(Reply::err("syntax error"));
        }
        let words: Vec<String> = (2..command.len()).map(|index| text(command, index)).collect();
        let pairs: Vec<(&str, &str)> =
            words.as_chunks::<2>().0.iter().map(|[name, value]| (name.as_str(), value.as_str())).collect();
        let mut changed = self.settings.clone();
        changed.change(&pairs).map_err(Reply::err)?;
        for name in LISTENING_PORTS {
            if changed.get(name) != self.settings.get(name) {
                let why = "Unable to listen on this port. Check server logs.";
                return Err(Reply::err(format_args!(
                    "CONFIG SET failed (possibly related to argument '{name}') - {why}"
                )));
            }
        }
        let before = std::mem::replace(&mut self.settings, changed);
        self.apply_settings(&before, out);
        Ok(Reply::ok())
    }

    fn config_resetstat(&mut self, _: &Command, _: &mut Outside<'_>) -> Answer {
        self.stats = Stats::default();
        Ok(Reply::ok())
    }

    fn config_rewrite(&mut self, _: &Command, _: &mut Outside<'_>) -> Answer {
        Err(Reply::err("The server is running without a config file"))
    }

    /// What a change sets off at once.
    fn apply_settings(&mut self, before: &Settings, out: &mut Outside<'_>) {
        self.take_configured_no_failover();
        self.take_configured_ports(out);
        let ip = self.settings.cluster_announce_ip;
        if ip != before.cluster_announce_ip {
            self.take_configured_ip(ip, out);
        }
        match (before.appendonly, self.settings.appendonly) {
            (false, true) => self.start_log(out),
            (true, false) => self.stop_log(out),
            (true, true) | (false, false) => {}
        }
        if self.settings.cluster_announce_hostname != before.cluster_announce_hostname {
            self.deferred.save();
        }
    }
}

/// The names and aliases of all directives that a pattern matches, in the order of the table.
fn matching(pattern: &str) -> Vec<String> {
    let names = Settings::names().flat_map(|directive| [Some(directive.name), directive.alias]);
    let pattern = pattern.to_ascii_lowercase();
    let fits = |name: &&str| matches(pattern.as_bytes(), name.as_bytes());
    names.flatten().filter(fits).map(ToOwned::to_owned).collect()
}

/// Whether a glob pattern matches: `*`, `?`, `[a-z]`, `[^a]`, and `\` before a character that means itself.
pub(super) fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (Some((&first, rest)), following) = (pattern.split_first(), name.split_first()) else {
        return name.is_empty();
    };
    match (first, following) {
        (b'*', None) => matches(rest, name),
        (b'*', Some((_, others))) => matches(rest, name) || matches(pattern, others),
        (_, None) => false,
        (b'?', Some((_, others))) => matches(rest, others),
        (b'[', Some((character, others))) => {
            let (hit, rest) = class(rest, *character);
            hit && matches(rest, others)
        }
        (first, Some((character, others))) => {
            let (wanted, rest) = match (first, rest.split_first()) {
                (b'\\', Some((escaped, rest))) => (*escaped, rest),
                _ => (first, rest),
            };
            wanted == *character && matches(rest, others)
        }
    }
}

/// Whether a character is in the class that the pattern stands in, and the pattern behind the class. A class
/// that is not closed ends with the pattern.
fn class(pattern: &[u8], character: u8) -> (bool, &[u8]) {
    let (negated, mut rest) = match pattern.strip_prefix(b"^") {
        Some(rest) => (true, rest),
        None => (false, pattern),
    };
    let mut hit = false;
    loop {
        rest = match rest {
            [] => return (hit != negated, rest),
            [b']', rest @ ..] => return (hit != negated, rest),
            [b'\\', escaped, rest @ ..] => {
                hit |= *escaped == character;
                rest
            }
            [first, b'-', last, rest @ ..] => {
                hit |= (*first.min(last)..=*first.max(last)).contains(&character);
                rest
            }
            [one, rest @ ..] => {
                hit |= *one == character;
                rest
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_redis() {
        for pattern in [
            "*",
            "cluster-p*",
            "clu*port",
            "cluster-por?",
            "[c]luster-p[a-p]rt",
            "[^x]luster*",
            "c\\luster-port",
        ] {
            assert!(matches(pattern.as_bytes(), b"cluster-port"), "{pattern}");
        }
        for pattern in ["", "cluster", "*x", "cluster-port?", "[^c]*", "[x]luster-port"] {
            assert!(!matches(pattern.as_bytes(), b"cluster-port"), "{pattern}");
        }
    }
}
