//! What several instances share, and how: a site may put a store of its own behind each of these.

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;

use crate::{
    limit::Rates,
    owners::Owners,
    sts::{Grant, IssuedToken},
    unavailable::Unavailable,
    upstream::Failure,
};

/// What is shared; what is not there, each instance has alone.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    /// STS tokens.
    pub tokens: Option<Arc<dyn SharedTokens>>,
    /// Owners of videos.
    pub owners: Option<Arc<dyn Owners>>,
    /// Buckets of users and of the cloud.
    pub rates: Option<Arc<dyn Rates>>,
}

/// What an instance learns that wants a token.
#[derive(Debug)]
pub enum Claim {
    /// There is one, in the first half of its life.
    Token(IssuedToken),
    /// STS refuses, as somebody found out a short while ago.
    Refused(Failure),
    /// There is none, and it is this instance that asks STS; then it [settles](SharedTokens::settle).
    Lease(Lease),
    /// Another instance is asking.
    Wait,
}

/// The right to ask STS for a grant. It ends by itself, so that an instance that dies with it holds up nobody for long.
#[derive(Debug)]
pub struct Lease(pub String);

/// What came of a lease.
#[derive(Clone, Copy, Debug)]
pub enum Settled<'a> {
    /// A token, for everybody.
    Token(&'a IssuedToken),
    /// A refusal that lasts.
    Refused {
        /// HTTP status of STS's answer.
        status: u16,
        /// Its code.
        code: &'a str,
        /// For how long nobody asks again.
        keep: Duration,
    },
    /// Nothing that others could use: the next one asks.
    Nothing,
}

/// Tokens of all instances.
///
/// Of those that want a token for one grant at the same time, at most one holds a lease. A token that was rejected is
/// claimed by nobody any more, nor is one in the second half of its life.
pub trait SharedTokens: std::fmt::Debug + Send + Sync + 'static {
    /// The token of `grant`, or who gets one.
    fn claim<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<Claim, Unavailable>>;

    /// Tells the others what came of `lease`.
    fn settle<'a>(
        &'a self,
        grant: &'a Grant,
        lease: Lease,
        settled: Settled<'a>,
    ) -> BoxFuture<'a, Result<(), Unavailable>>;

    /// A server of the cloud refused the token `access_key_id` of `grant`.
    fn reject<'a>(
        &'a self,
        grant: &'a Grant,
        access_key_id: &'a str,
    ) -> BoxFuture<'a, Result<(), Unavailable>>;
}
