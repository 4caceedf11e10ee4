//! What STS and VOD have in common: how a call is read, its sender known, and its answer written.

pub(crate) mod answer;
pub(crate) mod auth;
pub(crate) mod call;
