//! What several subjects share. `fuzz/` makes a library of this file, so nothing here names what is outside it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

pub mod fuzzing;
pub mod machine;
