//! The shell: what only a browser or Node can do.
//!
//! It reads clocks, arms timers, asks the AppServer, and settles promises, as the machines tell it
//! to. It decides nothing about tokens.

mod convert;
mod driver;
mod exchange;
mod exports;
mod shared;
mod source;
mod timer;
mod upload;
mod wake;

pub use exports::{Out, TokenCore};
pub use timer::Timer;
pub use wake::Wakes;
