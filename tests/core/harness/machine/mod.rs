//! What the tests of the machine share: the machine as a page runs it, what must hold of it, and a
//! world with clocks to run it in.

pub mod answers;
pub mod defect;
pub mod oracle;
pub mod rig;
pub mod sim;

pub use oracle::{Oracle, Violation};
pub use rig::{Moment, Rig, Stamp, Token};
