//! The shell: what only a browser or Node can do.
//!
//! It reads clocks, arms timers, asks the AppServer, and settles promises, as the machines tell it
//! to. It decides nothing about tokens.

mod convert;
mod driver;
mod exports;
mod platform;
mod shared;
mod source;
mod upload;

pub use exports::{Out, TokenCore};
pub use platform::{Answer, Failure, Heard, Platform};
