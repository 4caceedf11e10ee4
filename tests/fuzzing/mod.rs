//! What fuzzing does with its bytes: the same for cargo-fuzz (`fuzz/`) and for the short run of `tests/fuzz.rs`.
#![allow(dead_code, unreachable_pub, reason = "each user takes its own part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

pub mod answers;
pub mod schedules;
pub mod seeds;

use crate::machine::defect::Defect;

/// Reads `data` as an AppServer's answer, see [`answers`].
///
/// # Panics
///
/// If what comes out is no sound token and no silent error.
pub fn reply(data: &[u8]) {
    answers::run(data);
}

/// Runs `data` as a schedule of what happens to a page, see [`schedules`].
///
/// # Panics
///
/// If the machine breaks an invariant.
pub fn machine(data: &[u8]) {
    schedules::run(data, Defect::None);
}
