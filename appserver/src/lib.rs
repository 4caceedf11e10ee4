//! Reference AppServer: the part of a site that holds the long-lived key and hands short-lived
//! upload credentials to signed-in users.
//!
//! `POST /api/sts` answers an STS token, `POST /api/upload-auth` an UploadAuth; `docs/appserver.md`
//! is the contract, which a server in any language can serve.
//!
//! A request goes [`dispatch`] → [`origin`] → [`auth`] → [`limit`] → [`cache`] → [`sts`] → [`upstream`].

pub mod api;
pub mod auth;
pub mod cache;
pub mod config;
pub mod dispatch;
pub mod limit;
pub mod listen;
pub mod log;
pub mod origin;
pub mod owners;
pub mod serve;
pub mod session;
pub mod site;
pub mod stand_in;
pub mod sts;
pub mod sync;
pub mod tls;
pub mod upstream;
pub mod vod;
