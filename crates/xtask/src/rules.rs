//! `rules`: which rule of `docs/rules` is cited where.

/// The page.
pub(crate) fn page() -> String {
    String::new()
}
