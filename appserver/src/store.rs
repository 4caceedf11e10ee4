//! What several instances share, in Redis or Valkey.

pub mod link;
mod owners;
mod place;
mod rates;
mod tokens;
pub mod vault;

pub use self::{owners::StoredOwners, rates::StoredRates, tokens::StoredTokens};
