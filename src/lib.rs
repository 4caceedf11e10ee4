//! Keeps the short-lived credentials of a web upload to Alibaba Cloud fresh.
//!
//! The core is pure: it has no clock, no I/O and no browser types, builds for any target, and is
//! driven by its caller. Data goes one way: an AppServer's JSON → [`reply`] → [`token`] →
//! [`lifecycle`] → effects, which `wasm::driver` carries out in a browser or in Node.

extern crate alloc;

pub mod clock;
pub mod context;
pub mod error;
pub mod json;
pub mod lifecycle;
pub mod policy;
pub mod reply;
pub mod secret;
pub mod time;
pub mod token;
pub mod upload;
pub mod vault;
pub mod vod;

/// The shell, for this repository's own tests: TypeScript has its exports from wasm-bindgen.
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod wasm;
