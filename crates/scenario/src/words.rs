//! Words of the format that are more than plain text: names, targets, anchors, slots. Syntax only; whether a
//! name exists is a matter of references.

use rcsim_protocol::SLOT_COUNT;

use crate::model::{ActionKind, Anchor, Edge, FaultRef, QuantityError, SlotRange, SlotRef, Target};

/// The target words that stand alone.
pub(crate) const TARGET_WORDS: [(&str, Target); 8] = [
    ("one", Target::One),
    ("minority", Target::Minority),
    ("majority", Target::Majority),
    ("masters", Target::Masters),
    ("replicas", Target::Replicas),
    ("all", Target::All),
    ("*", Target::Rest),
    ("it", Target::It),
];

/// Whether a text can be a name: letters, digits, `-` and `_`, beginning with a letter, and no target word.
pub(crate) fn is_name(text: &str) -> bool {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    text.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && text.chars().all(allowed)
        && !TARGET_WORDS.iter().any(|(word, _)| *word == text)
}

/// Reads one target. Names become [`Target::Node`]; which of them are clients is found out later.
pub(crate) fn target(text: &str) -> Result<Target, QuantityError> {
    if let Some((_, target)) = TARGET_WORDS.iter().find(|(word, _)| *word == text) {
        return Ok(target.clone());
    }
    if let Some(rest) = text.strip_prefix("master-of:") {
        return master_of(text, rest);
    }
    if let Some(rest) = text.strip_prefix("replica-of:") {
        return Ok(Target::ReplicaOf(Box::new(single(text, rest)?)));
    }
    match is_name(text) {
        true => Ok(Target::Node(text.to_owned())),
        false => Err(refusal(text)),
    }
}

fn master_of(text: &str, rest: &str) -> Result<Target, QuantityError> {
    if rest.contains('{') {
        return Ok(Target::MasterOf(SlotRef::Key(rest.to_owned())));
    }
    if rest.starts_with(|letter: char| letter.is_ascii_digit()) {
        let slot = rest.parse::<u16>().ok().filter(|slot| *slot < SLOT_COUNT);
        return slot.map(|slot| Target::MasterOf(SlotRef::Slot(slot))).ok_or_else(|| refusal(text));
    }
    Ok(Target::MasterOfNode(Box::new(single(text, rest)?)))
}

/// A target inside another one: it must mean a single node.
fn single(whole: &str, text: &str) -> Result<Target, QuantityError> {
    let inner = target(text).map_err(|_| refusal(whole))?;
    match inner {
        Target::Node(_)
        | Target::MasterOf(_)
        | Target::MasterOfNode(_)
        | Target::ReplicaOf(_)
        | Target::It => Ok(inner),
        _ => Err(refusal(whole)),
    }
}

fn refusal(text: &str) -> QuantityError {
    QuantityError {
        message: format!("cannot read \"{text}\" as a target"),
        help: "a target is a name (\"n1\"), one, minority, majority, masters, replicas, all, *, it, \
               \"master-of:{user42}\", \"master-of:5460\", \"master-of:n4\", \"replica-of:n1\", or a list \
               of these"
            .to_owned(),
    }
}

/// Reads what a bound counts from. What is no action word is taken for an id.
pub(crate) fn anchor(text: &str) -> Result<Anchor, QuantityError> {
    let (edge, word) = match text.strip_prefix("end-of:") {
        Some(word) => (Edge::End, word),
        None => (Edge::Begin, text),
    };
    let fault = match ActionKind::from_word(word) {
        Some(kind) => FaultRef::Kind(kind),
        None if is_name(word) => FaultRef::Id(word.to_owned()),
        None => {
            let message = format!("cannot read \"{text}\" as a fault");
            let help =
                "it is an action word, the id of an entry, or \"end-of:\" and one of the two".to_owned();
            return Err(QuantityError { message, help });
        }
    };
    Ok(Anchor { fault, edge })
}

/// Reads slots and ranges of slots joined by commas; they must ascend.
pub(crate) fn slots(text: &str) -> Result<Vec<SlotRange>, QuantityError> {
    let ranges = text.split(',').map(|part| part.trim().parse()).collect::<Result<Vec<SlotRange>, _>>()?;
    if ranges.windows(2).any(|pair| pair[1].first <= pair[0].last) {
        let message = format!("the ranges in \"{text}\" do not ascend");
        let help = "write them in ascending order, without overlap: \"0-5460,7000\"".to_owned();
        return Err(QuantityError { message, help });
    }
    Ok(ranges)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_nest_where_they_mean_one_node() {
        let master = Target::MasterOf(SlotRef::Key("{user42}".to_owned()));
        assert_eq!(target("master-of:{user42}"), Ok(master.clone()));
        assert_eq!(target("replica-of:master-of:{user42}"), Ok(Target::ReplicaOf(Box::new(master))));
        assert_eq!(target("master-of:5460"), Ok(Target::MasterOf(SlotRef::Slot(5_460))));
        for text in ["replica-of:all", "master-of:16384", "n 1", "", "replica-of:", "-1"] {
            assert!(target(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_target_is_read_back_as_it_is_written() {
        let texts =
            ["n1", "one", "*", "it", "master-of:{a}b", "master-of:0", "master-of:n4", "replica-of:it"];
        for text in texts {
            assert_eq!(target(text).map(|target| target.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn an_anchor_is_a_word_or_an_id() {
        let end = Anchor { fault: FaultRef::Kind(ActionKind::Partition), edge: Edge::End };
        assert_eq!(anchor("end-of:partition"), Ok(end));
        assert_eq!(
            anchor("cut-2"),
            Ok(Anchor { fault: FaultRef::Id("cut-2".to_owned()), edge: Edge::Begin })
        );
        assert!(anchor("end-of:").is_err());
    }
}
