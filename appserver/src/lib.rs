//! Reference AppServer: the part of a site that holds the long-lived key and hands short-lived
//! upload credentials to signed-in users.
//!
//! `POST /api/sts` answers an STS token, `POST /api/upload-auth` an UploadAuth; `docs/appserver.md`
//! is the contract, which a server in any language can serve.
//!
//! A request goes [`listen`] → [`connections`] → [`api`] → [`cache`] → [`sts`], [`vod`] → [`rpc`] → [`upstream`].

pub mod api;
mod attempts;
pub mod auth;
pub mod authorise;
pub mod cache;
pub mod check;
pub mod config;
pub mod connections;
pub mod dispatch;
pub mod endpoint;
pub mod fields;
pub mod grants;
pub mod health;
pub mod hosts;
pub mod identity;
pub mod jwt;
pub mod keys;
mod lasting;
pub mod limit;
pub mod limiter;
pub mod listen;
pub mod log;
pub mod media;
pub mod metrics;
pub mod origin;
pub mod owners;
pub mod patience;
pub mod peer;
pub mod recent;
pub mod report;
pub mod rpc;
pub mod serve;
pub mod session;
pub mod shared;
mod shelves;
pub mod site;
pub mod sources;
pub mod stand_in;
pub mod store;
pub mod sts;
pub mod sync;
pub mod ticket;
pub mod tls;
pub mod unavailable;
mod unseen;
pub mod upstream;
pub mod vod;
