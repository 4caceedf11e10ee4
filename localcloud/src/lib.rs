//! Stand-in for STS, VOD and OSS, for a machine without an account: on loopback, or within a page's worker.
//!
//! It checks every signature, nonce, clock and credential as the cloud does, so that what works here
//! works there: a credential of one file cannot write another, an object key is not a VideoId, a
//! preflight is answered by rule, and a dead token is refused with the cloud's own words.
//!
//! [`LocalCloud::router`] serves all hosts of the cloud by their `Host` header; the path prefix
//! `/__cloud/<host>/` stands for a host where that header cannot be chosen; `/__control/` reads the
//! request log and sets lives, delays and faults while the cloud runs.
//!
//! Everything is kept in memory: objects up to [`Config::max_stored_bytes`], of the request log what fits in 64 MiB, and
//! of the videos, images and attached media that VOD was told of what fits in 32 MiB each.
//!
//! The cloud is a pure library: time, randomness and sleep come from a [`Platform`], and sockets are whoever's that
//! serves the router. The feature `server`, on by default, has the platform of a process; without it the crate compiles
//! for a page's worker.

mod app;
mod clock;
mod cloud;
mod config;
mod control;
mod cors;
mod credentials;
mod error;
mod exchange;
mod faults;
mod gateway;
mod host;
mod limits;
mod log;
mod media;
mod nonces;
mod oss;
mod page;
mod platform;
mod policy;
mod rpc;
mod secret;
#[cfg(feature = "server")]
mod server;
mod settings;
mod sign;
mod state;
mod store;
mod sts;
mod sync;
mod vod;

pub use app::observe_app;
pub use cloud::LocalCloud;
pub use config::{AccessKey, Config, NotAKey, Role};
pub use faults::Fault;
pub use platform::{Platform, Sleep};
pub use secret::Secret;
