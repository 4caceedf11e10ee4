//! What an AppServer answers, and what a page makes of it.

use super::rig::Stamp;
use upload_token::{
    error::Error,
    time::{Millis, UnixMillis},
    token::Expiry,
};

/// What the AppServer answers from now on.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A new token with this life.
    Token(Millis),
    /// The token it gave last, as an AppServer with a cache does.
    Again,
    /// The first token it ever gave, as a replica that lags behind does.
    First,
    /// No token.
    Fail(Error),
    /// Nothing, for ever.
    Never,
}

/// What an answer says about its token's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `Expiration` and `ServerTime`.
    Full,
    /// `Expiration`, with a readable `Date` header.
    Date,
    /// `Expiration` alone.
    Instant,
    /// Seconds left alone.
    Duration,
    /// Nothing at all.
    Silent,
}

impl Shape {
    /// What it says of a token that ends at `named` and had `left` when it was made.
    pub fn expiry(self, named: UnixMillis, left: Millis) -> Expiry {
        match self {
            Self::Full | Self::Date | Self::Instant => {
                Expiry { at: Some(named), ..Expiry::default() }
            }
            Self::Duration => Expiry { left: Some(left), ..Expiry::default() },
            Self::Silent => Expiry::default(),
        }
    }

    /// What it says of the server's clock, if it was made when that showed `server`.
    pub fn stamp(self, server: UnixMillis) -> Option<Stamp> {
        match self {
            Self::Full => Some(Stamp { at: server, granularity: 0 }),
            Self::Date => {
                let at = UnixMillis(server.0 - server.0.rem_euclid(1_000));
                Some(Stamp { at, granularity: 1_000 })
            }
            Self::Instant | Self::Duration | Self::Silent => None,
        }
    }
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With the token of this serial number.
    Served(u32),
    /// With this error.
    Failed(Error),
}

impl Outcome {
    /// The error's code, or "" for a token.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Served(_) => "",
            Self::Failed(error) => error.code(),
        }
    }
}
