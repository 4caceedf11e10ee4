//! `npm test -- rust` runs this: the server as its callers and its operator see it: the whole program, over connections, beside the local cloud.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test may panic")]

mod attack;
mod cache;
mod check;
mod cloud_failures;
mod config;
mod deadline;
mod grants;
mod jwt;
mod lent_keys;
mod origins;
mod ownership;
mod process;
mod reload;
mod secrets;
mod shared;
mod sts;
mod support;
mod upload_auth;
mod users;
mod warnings;
