//! Tokens that may be handed out again: one request to STS a grant, however many ask.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::{BoxFuture, FutureExt, Shared};
use tokio::time::Instant;

use crate::{
    limit::Bucket,
    sts::{Grant, IssuedToken, TokenIssuer},
    sync::lock,
    upstream::Failure,
};

/// How long a refusal that only the operator can mend is answered without asking STS again.
const REFUSAL_KEPT: Duration = Duration::from_secs(30);
/// Grants above which the dead ones are thrown out.
const LARGE: usize = 4_096;

type Issued = Result<Arc<IssuedToken>, Failure>;
type Flight = Shared<BoxFuture<'static, Issued>>;

/// Serves tokens from memory where a client can still make good use of them.
///
/// A cached token is served in the first half of its life only. Clients ask for the next token in
/// the second half, and one that got the same token again would have to take that for a failure.
///
/// Requests for one grant that overlap share one AssumeRole and its outcome, good or bad. It runs to
/// its end even if they all go away.
#[derive(Clone)]
pub struct TokenCache(Arc<Inner>);

struct Inner {
    issuer: Arc<dyn TokenIssuer>,
    pace: Bucket,
    keep: bool,
    entries: Mutex<HashMap<Grant, Entry>>,
}

enum Entry {
    Flight(Flight),
    Token(Arc<IssuedToken>),
    Refusal { failure: Failure, until: Instant },
}

impl Entry {
    fn is_of_use(&self) -> bool {
        match self {
            // One that has landed and is still here was stopped by a panic.
            Self::Flight(flight) => flight.peek().is_none(),
            Self::Token(token) => token.issued.elapsed() < token.life() / 2,
            Self::Refusal { until, .. } => Instant::now() < *until,
        }
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache")
            .field("grants", &lock(&self.0.entries).len())
            .finish_non_exhaustive()
    }
}

impl TokenCache {
    /// Tokens of `issuer`, at most `per_second` of them. With `keep` false nothing is handed out twice.
    pub fn new(issuer: Arc<dyn TokenIssuer>, per_second: u32, keep: bool) -> Self {
        let pace = Bucket::new(per_second, Duration::from_secs(1));
        Self(Arc::new(Inner { issuer, pace, keep, entries: Mutex::default() }))
    }

    /// A token for `grant`, from memory or from STS.
    ///
    /// # Errors
    ///
    /// Why STS issued none, or [`Failure::Throttled`] before it is asked.
    pub async fn token(&self, grant: Grant) -> Issued {
        if !self.0.keep {
            return self.0.issue(grant).await;
        }
        let flight = {
            let mut entries = lock(&self.0.entries);
            match entries.get(&grant).filter(|entry| entry.is_of_use()) {
                Some(Entry::Token(token)) => return Ok(Arc::clone(token)),
                Some(Entry::Refusal { failure, .. }) => return Err(failure.clone()),
                Some(Entry::Flight(flight)) => flight.clone(),
                None => self.take_off(&mut entries, grant),
            }
        };
        flight.await
    }

    /// Forgets the token of `grant`, if it is `access_key_id`: a server refused it.
    ///
    /// A newer one stays, so that many late refusals of one token cause one AssumeRole.
    pub fn forget(&self, grant: &Grant, access_key_id: &str) {
        let mut entries = lock(&self.0.entries);
        if matches!(entries.get(grant), Some(Entry::Token(token)) if token.token.access_key_id == access_key_id)
        {
            entries.remove(grant);
        }
    }

    /// Forgets all tokens and refusals. Requests under way keep their outcome.
    pub fn clear(&self) {
        lock(&self.0.entries).retain(|_, entry| matches!(entry, Entry::Flight(_)));
    }

    fn take_off(&self, entries: &mut HashMap<Grant, Entry>, grant: Grant) -> Flight {
        if entries.len() >= LARGE {
            entries.retain(|_, entry| entry.is_of_use());
        }
        let inner = Arc::clone(&self.0);
        let key = grant.clone();
        let landing = tokio::spawn(async move {
            let issued = inner.issue(grant.clone()).await;
            inner.land(grant, &issued);
            issued
        });
        let stopped = Failure::Unusable { reason: "the request for it was stopped" };
        let flight = landing.map(move |issued| issued.unwrap_or(Err(stopped))).boxed().shared();
        entries.insert(key, Entry::Flight(flight.clone()));
        flight
    }
}

impl Inner {
    async fn issue(&self, grant: Grant) -> Issued {
        self.pace.take().map_err(|wait| Failure::Throttled {
            code: String::from("Throttling.AppServer"),
            retry_after: Some(wait),
            request_id: None,
        })?;
        self.issuer.issue(grant).await.map(Arc::new)
    }

    fn land(&self, grant: Grant, issued: &Issued) {
        let mut entries = lock(&self.entries);
        match issued {
            Ok(token) => {
                entries.insert(grant, Entry::Token(Arc::clone(token)));
            }
            Err(failure) if lasts(failure) => {
                let until = Instant::now() + REFUSAL_KEPT;
                entries.insert(grant, Entry::Refusal { failure: failure.clone(), until });
            }
            Err(_) => {
                entries.remove(&grant);
            }
        }
    }
}

/// Whether asking again at once cannot help: the key or the role must be mended first.
fn lasts(failure: &Failure) -> bool {
    matches!(failure, Failure::Refused { code, .. }
        if code == "NoPermission" || code.starts_with("InvalidAccessKeyId") || code == "EntityNotExist.Role")
}
