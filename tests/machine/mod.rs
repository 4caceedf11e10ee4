//! What the tests of the machine share: the machine as a page runs it, what must hold of it, and a
//! world with clocks to run it in.
//!
//! Each test file is a crate of its own and uses its part of this.
#![allow(dead_code, unused_imports, unreachable_pub, reason = "each test file uses its own part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

pub mod defect;
pub mod oracle;
pub mod rig;
pub mod sim;

pub use oracle::{Oracle, Violation};
pub use rig::{Rig, Stamp, Token};
pub use sim::{Answer, Sim};
