//! The harness of `tests/fuzz.rs`, for cargo-fuzz.

#[path = "../../tests/fuzzing/mod.rs"]
pub mod fuzzing;
#[path = "../../tests/machine/mod.rs"]
pub mod machine;
