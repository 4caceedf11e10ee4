//! `npm test -- wasm worker service-worker` runs this: the shell in a browser, a file a subject.
//!
//! Requests, sources, timers, wakes, and the driver that runs them to completion: the same tests in a page, in a
//! dedicated worker and in a service worker, as the runner is told.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod manager;
mod request;
mod rig;
mod source;
mod timer;
mod uploads;
mod wake;
