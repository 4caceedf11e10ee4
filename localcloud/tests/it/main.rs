//! `npm test -- rust` runs this: the cloud as its clients see it: requests in, answers out, in this process unless a test is about
//! connections.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

mod client;
mod connections;
mod control;
mod cors;
mod identity;
mod oss;
mod oss_request;
mod platform;
mod refusals;
mod sts;
mod vod;
