//! The `rcsim` command as people and scripts use it: the built binary, its output, its exit codes.
//!
//! | room | what it asks |
//! |---|---|
//! | `running` | `rcsim run`: formats, options, seeds, the reproduction line, standard input, broken pipes |
//! | `judging` | one exit code after the other, each by a small scenario |
//! | `looking_up` | `check`, `plan`, `list`, `schema`, `bench`, `completions`, `man` |
//! | `binary` | the binary, and where its files go |

mod binary;
mod judging;
mod looking_up;
mod running;
