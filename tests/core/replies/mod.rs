//! Answers of AppServers, in every shape known: the same fixtures, read as the module reads and as the host does.

#[cfg(target_arch = "wasm32")]
mod browser;
#[cfg(not(target_arch = "wasm32"))]
mod ends;
mod fixtures;
#[cfg(not(target_arch = "wasm32"))]
mod host;
mod listed;
