//! All objects of the table, in the order in which a reader meets them.

use super::{Key, Kind, Object, SCENARIO, Union};

/// An object, or one of several objects.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    Object(&'static Object),
    Union(&'static Union),
}

impl Part {
    /// What messages and the documentation call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Part::Object(object) => object.name,
            Part::Union(union) => union.name,
        }
    }

    fn kinds(self) -> Vec<&'static Kind> {
        let keys: Vec<&'static Key> = match self {
            Part::Object(object) => object.keys.iter().collect(),
            Part::Union(union) => {
                union.common.iter().chain(union.variants.iter().flat_map(|one| one.keys)).collect()
            }
        };
        keys.into_iter().map(|key| &key.kind).collect()
    }
}

/// Every object and union that the scenario can hold, each once, the scenario first.
pub(crate) fn parts() -> Vec<Part> {
    let mut parts = vec![Part::Object(&SCENARIO)];
    let mut index = 0;
    while let Some(part) = parts.get(index) {
        let mut found = Vec::new();
        part.kinds().into_iter().for_each(|kind| collect(kind, &mut found));
        for part in found {
            if !parts.iter().any(|known| known.name() == part.name()) {
                parts.push(part);
            }
        }
        index += 1;
    }
    parts
}

fn collect(kind: &'static Kind, found: &mut Vec<Part>) {
    match kind {
        Kind::Object(object) => found.push(Part::Object(object)),
        Kind::Union(union) => found.push(Part::Union(union)),
        Kind::List(_, of) | Kind::Pair(of) => collect(of, found),
        Kind::Or(plain, other) => {
            collect(plain, found);
            collect(other, found);
        }
        _ => (),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_as_the_schema_needs_them() {
        let parts = parts();
        for kind in parts.iter().flat_map(|part| part.kinds()) {
            let mut found = Vec::new();
            collect(kind, &mut found);
            for part in found {
                let same = parts.iter().filter(|known| known.name() == part.name());
                let is_it = |known: &Part| match (known, part) {
                    (Part::Object(one), Part::Object(other)) => std::ptr::eq(*one, other),
                    (Part::Union(one), Part::Union(other)) => std::ptr::eq(*one, other),
                    _ => false,
                };
                assert!(same.copied().all(|known| is_it(&known)), "two parts are called {}", part.name());
            }
        }
    }
}
