//! The package exists for its test binary, `suite`.
