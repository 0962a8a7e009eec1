//! How much may pile up for a client before it is closed (rule RP-22): `client-output-buffer-limit`.

use super::Reason;
use super::directive::Directive;
use super::value::{Value, memory};

/// The limits of one class of clients; 0 is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutputLimit {
    /// With so many bytes a client is closed at once.
    pub hard: u64,
    /// With so many bytes for a while, too.
    pub soft: u64,
    /// That while, in seconds.
    pub soft_seconds: i64,
}

/// The limits of all classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutputLimits {
    /// Of plain clients.
    pub normal: OutputLimit,
    /// Of replicas.
    pub replica: OutputLimit,
    /// Of subscribers.
    pub pubsub: OutputLimit,
}

impl Value for OutputLimits {
    /// Classes that are not named keep their defaults.
    fn parse(directive: &Directive, text: &str) -> Result<OutputLimits, Reason> {
        let mut limits = OutputLimits::default();
        if text != directive.default {
            limits = OutputLimits::parse(directive, directive.default)?;
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        let (groups, []) = words.as_chunks::<4>() else { return Err(Reason::NotOutputLimits) };
        for [class, hard, soft, seconds] in groups {
            let bytes = |text| memory(text).map_err(|_| Reason::NotALimit);
            let soft_seconds =
                seconds.parse().ok().filter(|seconds| *seconds >= 0).ok_or(Reason::NotALimit)?;
            let limit = OutputLimit { hard: bytes(hard)?, soft: bytes(soft)?, soft_seconds };
            match class.to_ascii_lowercase().as_str() {
                "normal" => limits.normal = limit,
                "slave" | "replica" => limits.replica = limit,
                "pubsub" => limits.pubsub = limit,
                _ => return Err(Reason::NotAClass),
            }
        }
        Ok(limits)
    }

    fn print(&self) -> String {
        let class =
            |name, limit: OutputLimit| format!("{name} {} {} {}", limit.hard, limit.soft, limit.soft_seconds);
        let classes = [("normal", self.normal), ("slave", self.replica), ("pubsub", self.pubsub)];
        classes.map(|(name, limit)| class(name, limit)).join(" ")
    }
}
