//! What several instances share, in Redis or Valkey.

pub mod link;
mod owners;
mod place;
mod rates;
mod tokens;
pub mod vault;

use std::fmt;

pub use self::{owners::StoredOwners, rates::StoredRates, tokens::StoredTokens};

/// What is shared cannot be reached now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unavailable;

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the store that the instances share cannot be reached")
    }
}

impl std::error::Error for Unavailable {}
