//! The shell in a browser: requests, sources, timers, wakes, and the driver that runs them to completion.
//!
//! The same tests run in a page, in a dedicated worker and in a service worker, as the runner is told:
//! see the `wasm` suites in `scripts/lib/suites.mjs`.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]
#![allow(clippy::indexing_slicing, reason = "a test may panic")]

#[path = "web/manager.rs"]
mod manager;
#[path = "web/request.rs"]
mod request;
#[path = "web/rig.rs"]
mod rig;
#[path = "web/source.rs"]
mod source;
#[path = "web/timer.rs"]
mod timer;
#[path = "web/wake.rs"]
mod wake;
