//! Keeps the short-lived credentials of a web upload to Alibaba Cloud fresh.
//!
//! The core is pure: it has no clock, no I/O and no browser types, builds for any target, and is
//! driven by its caller. Data goes one way: an AppServer's JSON → [`reply`] → [`token`] →
//! [`lifecycle`] → effects, which `wasm::driver` carries out in a browser or in Node.
//!
//! # A run loop
//!
//! A [`lifecycle::Slot`] keeps one credential fresh. Its caller owns the clocks, the timer and the requests, and
//! feeds what happens:
//!
//! ```
//! use upload_token::{
//!     clock::Clock,
//!     context::Context,
//!     lifecycle::{Effect, Input, Slot},
//!     policy::{Budget, Jitter, Policy},
//!     time::{Now, UnixMillis},
//!     token::Expiry,
//! };
//!
//! let policy = Policy::default();
//! let mut budget = Budget::new(&policy, 0);
//! let mut clock = Clock::default();
//! let mut jitter = Jitter::new(7);
//! let mut slot: Slot<&str> = Slot::default();
//!
//! // What has happened and is still to be fed; here a caller has come.
//! let mut inbox = vec![Input::Wanted { waiter: 1, least: 0, waited: 0 }];
//! let mut now = Now { mono: 0, wall: UnixMillis(1_767_225_600_000) };
//! // The AppServer is down at first.
//! let mut down = true;
//! let mut served = None;
//!
//! while served.is_none() {
//!     let time = clock.look(&policy, now, jitter.draw());
//!     let input = inbox.pop().unwrap_or(Input::Timeout);
//!     let mut effects = Vec::new();
//!     let mut cx = Context { policy: &policy, budget: &mut budget, time: &time, out: &mut effects };
//!     slot.step(&mut cx, input);
//!
//!     for effect in effects {
//!         match effect {
//!             Effect::Fetch { fetch, .. } if std::mem::take(&mut down) => {
//!                 let error = upload_token::error::Error::Network;
//!                 inbox.push(Input::Failed { fetch, error });
//!             }
//!             Effect::Fetch { fetch, .. } => {
//!                 let expiry = Expiry { left: Some(3_600_000), ..Expiry::default() };
//!                 inbox.push(Input::Fetched { fetch, value: "token", expiry });
//!             }
//!             Effect::Resolve { token, .. } => served = Some(token.value),
//!             Effect::Reject { error, .. } => panic!("{error}"),
//!             // Give a request up; tell listeners.
//!             Effect::Abort { .. } | Effect::Emit(_) => {}
//!         }
//!     }
//!
//!     // Sleep until something can happen by itself.
//!     if inbox.is_empty() && served.is_none() {
//!         let next = slot.next_timeout(&policy, &budget, &time).expect("a caller waits");
//!         now = Now { mono: next, wall: now.wall.plus(next - now.mono) };
//!     }
//! }
//! assert_eq!(served, Some("token"));
//! ```

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
