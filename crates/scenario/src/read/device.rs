//! The network, the disks, the processes, and distributions of time.

use super::{Fields, Reading, pair};
use crate::code;
use crate::model::{DiskSpec, Distribution, NetworkSpec, ProcessSpec, Ratio, Span};
use crate::shape;
use crate::source::Node;
use crate::table::{BIMODAL, DISTRIBUTION, EXPONENTIAL};

impl<'a> Reading<'a> {
    /// Reads the network.
    pub(super) fn network(&mut self, fields: Fields<'a>) -> Option<NetworkSpec> {
        Some(NetworkSpec {
            latency: fields.read("latency", |node| self.distribution(node))?,
            loss: fields.quantity("loss")?,
            bandwidth: fields.quantity("bandwidth"),
        })
    }

    /// Reads the disks.
    pub(super) fn disk(&mut self, fields: Fields<'a>) -> Option<DiskSpec> {
        Some(DiskSpec { fsync: fields.read("fsync", |node| self.distribution(node))? })
    }

    /// Reads what takes processes long.
    pub(super) fn process(&mut self, fields: Fields<'a>) -> Option<ProcessSpec> {
        Some(ProcessSpec {
            fork_per_gib: fields.quantity("fork-per-gib")?,
            save_per_key: fields.quantity("save-per-key")?,
            load_per_key: fields.quantity("load-per-key")?,
        })
    }

    /// Reads a distribution; the smaller bound must come first.
    pub(super) fn distribution(&mut self, node: &Node) -> Option<Distribution> {
        if let Some(text) = node.text() {
            return text.parse().ok().map(Distribution::Constant);
        }
        let (tag, fields) = Fields::variant(node, &DISTRIBUTION)?;
        let value = fields.node(tag)?;
        match tag {
            "uniform" => {
                let (least, most) = self.ascending(value)?;
                Some(Distribution::Uniform(least, most))
            }
            "exponential" => self.exponential(value),
            "bimodal" => {
                let fields = Fields::of(Some(value), &BIMODAL);
                let usual = self.distribution(fields.node("usual")?).map(Box::new);
                let other = self.distribution(fields.node("other")?).map(Box::new);
                let share: Ratio = fields.quantity("share")?;
                Some(Distribution::Bimodal { usual: usual?, other: other?, share })
            }
            _ => shape::quantiles(value).map(Distribution::Quantiles),
        }
    }

    fn exponential(&mut self, node: &Node) -> Option<Distribution> {
        let fields = Fields::of(Some(node), &EXPONENTIAL);
        let (mean, min): (Span, Span) = (fields.quantity("mean")?, fields.quantity("min")?);
        if mean < min {
            self.reversed(node, &format!("the mean {mean} is below the least value {min}"));
        }
        Some(Distribution::Exponential { mean, min })
    }

    /// Two durations of which the first is not the larger.
    pub(super) fn ascending(&mut self, node: &Node) -> Option<(Span, Span)> {
        let (least, most) = pair::<Span>(node)?;
        if least > most {
            self.reversed(node, &format!("{least} is more than {most}"));
        }
        Some((least, most))
    }

    fn reversed(&mut self, node: &Node, message: &str) {
        let error = self.diagnostics.error(code::ENDS_FIRST, node.place, message.to_owned());
        error.at(&node.pointer).help("the smaller one comes first");
    }
}
