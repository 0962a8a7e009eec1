//! The nemesis.

use super::{Fields, Reading};
use crate::code;
use crate::model::{Nemesis, NemesisFault, Span};
use crate::source::Node;
use crate::table::{NEMESIS, NEMESIS_FAULTS};

impl<'a> Reading<'a> {
    /// Reads the nemesis of a run that ends at `until`.
    pub(super) fn nemesis(&mut self, node: &'a Node, until: Option<Span>) -> Option<Nemesis> {
        let fields = Fields::of(Some(node), &NEMESIS);
        let (from, until): (Span, Span) = (fields.quantity("from")?, until?);
        let two_thirds = Span::from_nanos(until.as_nanos() / 3 * 2);
        let to = match fields.node("to") {
            Some(_) => fields.quantity("to")?,
            None => two_thirds,
        };
        self.check_window(node, fields, from, to, until);
        let faults = self.weights(fields.node("faults")?)?;
        let gap = fields.read("gap", |node| self.ascending(node))?;
        let length = fields.read("length", |node| self.ascending(node))?;
        let at_most_at_once = fields.whole("at-most-at-once")?;
        Some(Nemesis {
            from,
            to,
            faults,
            gap,
            length,
            at_most_at_once,
            keep_majority: fields.flag("keep-majority"),
        })
    }

    fn check_window(&mut self, node: &Node, fields: Fields<'_>, from: Span, to: Span, until: Span) {
        let place = fields.node("to").or(fields.node("from")).unwrap_or(node);
        if to > until {
            let message = format!("the nemesis ends at {to}, but the run ends at {until}");
            let error = self.diagnostics.error(code::AFTER_END, place.place, message).at(&place.pointer);
            error.help("leave time to recover after \"to\", or set a later \"until\"");
        } else if from >= to {
            let message = format!("the nemesis ends at {to}, before it begins at {from}");
            let error = self.diagnostics.error(code::ENDS_FIRST, place.place, message).at(&place.pointer);
            error.help("set an earlier \"from\", a later \"to\", or a later \"until\"");
        }
    }

    fn weights(&mut self, node: &Node) -> Option<Vec<(NemesisFault, u32)>> {
        let fields = Fields::of(Some(node), &NEMESIS_FAULTS);
        let weight = |fault: NemesisFault| Some((fault, fields.whole::<u32>(fault.word())?));
        let all = NemesisFault::ALL.into_iter().map(weight).collect::<Option<Vec<_>>>()?;
        let faults: Vec<_> = all.into_iter().filter(|(_, weight)| *weight > 0).collect();
        if faults.is_empty() {
            let message = "every family of faults has weight 0".to_owned();
            let error = self.diagnostics.error(code::MISSING_KEY, node.place, message).at(&node.pointer);
            error.help("add a weight, as in { \"crash\": 1 }");
        }
        Some(faults)
    }
}
