//! `npm test -- rust` runs this: the core, on the host and on simulated clocks, a file a subject.
//!
//! Of it, only [`replies`] is for browsers too (`npm test -- wasm`): they read JSON in their own way.
#![allow(unreachable_pub, reason = "a test is a crate of its own")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

#[cfg(not(target_arch = "wasm32"))]
mod clock;
#[cfg(not(target_arch = "wasm32"))]
mod errors;
#[cfg(not(target_arch = "wasm32"))]
mod fuzz;
#[cfg(not(target_arch = "wasm32"))]
mod harness;
#[cfg(not(target_arch = "wasm32"))]
mod lifecycle;
#[cfg(not(target_arch = "wasm32"))]
mod model;
#[cfg(not(target_arch = "wasm32"))]
mod policy;
#[cfg(not(target_arch = "wasm32"))]
mod properties;
mod replies;
#[cfg(not(target_arch = "wasm32"))]
mod secrets;
#[cfg(not(target_arch = "wasm32"))]
mod upload;
#[cfg(not(target_arch = "wasm32"))]
mod vectors;
#[cfg(not(target_arch = "wasm32"))]
mod vod;
