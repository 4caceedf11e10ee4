//! Answers of AppServers, in every shape known: the same fixtures, read by either deserializer.

#[cfg(target_arch = "wasm32")]
mod browser;
mod fixtures;
#[cfg(not(target_arch = "wasm32"))]
mod host;
mod listed;
