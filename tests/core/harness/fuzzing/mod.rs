//! What fuzzing does with its bytes: the same for cargo-fuzz (`fuzz/`) and for the short run of `tests/core/fuzz.rs`.

pub mod answers;
pub mod schedules;
pub mod seeds;
