//! What a caller can get wrong.

use std::fmt;

use rcsim_protocol::settings::SettingError;
use rcsim_scenario::{Colour, Diagnostics};

/// What a caller got wrong.
#[derive(Clone, Debug)]
pub enum Error {
    /// There is no node of this name.
    UnknownNode {
        /// The name.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// There is no such setting, or it cannot have this value.
    Setting(SettingError),
    /// A cluster has 1 to 1000 masters and as many nodes in all as fit into 16 bits.
    Size {
        /// Masters that were asked for.
        masters: u16,
        /// Replicas of each.
        replicas: u16,
    },
    /// A scenario is not well formed.
    Scenario(Diagnostics),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::UnknownNode { name, known } => {
                write!(formatter, "there is no node {name:?}; the nodes are {}", known.join(", "))
            }
            Error::Setting(error) => error.fmt(formatter),
            Error::Size { masters, replicas } => write!(
                formatter,
                "a cluster cannot have {masters} masters with {replicas} replicas each; it has 1 to 1000 masters and \
                 at most 65535 nodes"
            ),
            Error::Scenario(diagnostics) => formatter.write_str(diagnostics.render(Colour::Plain).trim_end()),
        }
    }
}

impl std::error::Error for Error {}
