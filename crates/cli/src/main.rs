//! The `rcsim` command.

fn main() {}
