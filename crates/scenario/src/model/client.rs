//! The clients of a scenario: what they do, how often, and how patient they are.

use super::{Rate, Ratio, Span};

/// One cluster-aware client and its load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientSpec {
    /// Its name; never the name of a node.
    pub name: String,
    /// What it does.
    pub workload: Workload,
    /// How often it starts an operation; an operation that is due while another one runs waits for its end.
    pub rate: Rate,
    /// How many keys it uses; at least 1.
    pub keys: u32,
    /// The share of reads among its operations.
    pub reads: Ratio,
    /// The node on whose side of a partition it stands, unless the partition names the client itself.
    pub near: Option<String>,
    /// How long it waits for one reply before it calls the outcome unknown.
    pub timeout: Span,
    /// How often it tries again after a redirection, an error that may pass, or a broken connection.
    pub retries: u32,
    /// The least pause between a reply and the next operation.
    pub think: Span,
}

/// What a client does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Workload {
    /// SET and GET of single keys; every written value is unique, so that each read names its write.
    #[default]
    Registers,
}

impl ClientSpec {
    /// A client with every default: 200 operations a second over 100 keys, half of them reads.
    pub fn named(name: &str) -> ClientSpec {
        ClientSpec {
            name: name.to_owned(),
            workload: Workload::Registers,
            rate: Rate { count: 200, per: Span::from_secs(1) },
            keys: 100,
            reads: Ratio { numerator: 1, denominator: 2 },
            near: None,
            timeout: Span::from_secs(1),
            retries: 5,
            think: Span::ZERO,
        }
    }
}
