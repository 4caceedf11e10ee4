//! Tokens that may be handed out again: one request to STS a grant, however many ask.

use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::FutureExt;
use tokio::time::{Instant, sleep};

use crate::{
    limit::Rate,
    limiter::Limiter,
    recent::Recent,
    shared::{Claim, Settled, SharedTokens},
    shelves::{Flight, Issued, Kept, Shelves},
    sts::{Grant, IssuedToken, TokenIssuer},
    sync::lock,
    upstream::Failure,
};

/// How long a refusal that only the operator can mend is answered without asking STS again.
const REFUSAL_KEPT: Duration = Duration::from_secs(30);
/// Rejected tokens that are remembered, with their users.
const REJECTED: usize = 65_536;
/// Longest AccessKey id, in bytes.
const LONGEST_ID: usize = 128;
/// How long another instance's answer is waited for. Its lease ends before that.
const PATIENCE: Duration = Duration::from_secs(8);
/// How long an instance waits before it looks again, in milliseconds; not all at once.
const LOOK: std::ops::Range<u64> = 30..120;

/// Serves tokens from memory where a client can still make good use of them.
///
/// A cached token is served in the first half of its life only. Clients ask for the next token in
/// the second half, and one that got the same token again would have to take that for a failure.
///
/// Requests for one grant that overlap share one AssumeRole and its outcome, good or bad. It runs to
/// its end even if they all go away. Where instances share their tokens, what they share counts, and this
/// process's memory only while it cannot be asked.
#[derive(Clone)]
pub struct TokenCache(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    issuer: Arc<dyn TokenIssuer>,
    shared: Option<Arc<dyn SharedTokens>>,
    limiter: Limiter,
    pace: Rate,
    keep: bool,
    memory: Arc<Memory>,
    era: u64,
}

/// Grants say all that their tokens depend on, so it may outlive the cache: the era says which one has it now.
struct Memory {
    shelves: Mutex<Shelves>,
    rejected: Mutex<Recent<(String, String)>>,
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache").field("grants", &self.grants()).finish_non_exhaustive()
    }
}

impl TokenCache {
    /// Tokens of `issuer`, at `pace`. With `keep` false nothing is handed out twice, nor shared.
    #[must_use]
    pub fn new(
        issuer: Arc<dyn TokenIssuer>,
        shared: Option<Arc<dyn SharedTokens>>,
        limiter: Limiter,
        pace: Rate,
        keep: bool,
    ) -> Self {
        let rejected = Mutex::new(Recent::new(REJECTED));
        let memory = Arc::new(Memory { shelves: Mutex::default(), rejected });
        Self(Arc::new(Inner { issuer, shared, limiter, pace, keep, memory, era: 0 }))
    }

    /// This cache with the tokens of `before`. Its refusals are forgotten, also those that are still to come: what they
    /// are about may have been mended.
    #[must_use]
    pub fn after(self, before: &Self) -> Self {
        let memory = Arc::clone(&before.0.memory);
        let era = lock(&memory.shelves).begin_era();
        Self(Arc::new(Inner { memory, era, ..Inner::clone(&self.0) }))
    }

    /// A token for `grant`, from memory, from another instance or from STS.
    ///
    /// # Errors
    ///
    /// Why STS issued none, or [`Failure::Throttled`] before it is asked.
    pub async fn token(&self, grant: Grant) -> Issued {
        if !self.0.keep {
            return self.0.issue(&grant, false).await;
        }
        // A flight may have found a token that was rejected only then.
        for _ in 0..3 {
            let flight = {
                let mut shelves = lock(&self.0.memory.shelves);
                let entry = shelves.find(&grant);
                match entry.and_then(|entry| entry.flight()) {
                    Some(flight) => flight.clone(),
                    None => match entry.and_then(|entry| entry.kept()) {
                        Some(kept) if self.0.shared.is_none() => return kept.outcome(),
                        _ => self.take_off(&mut shelves, &grant)?,
                    },
                }
            };
            let issued = flight.await;
            match &issued {
                Ok(token) if self.0.is_rejected(&grant, token) => {}
                _ => return issued,
            }
        }
        Err(Failure::Unusable { reason: "it was rejected before" })
    }

    /// Forgets the token of `grant`, if it is `access_key_id`: a server refused it.
    ///
    /// A newer one stays, so that many late refusals of one token cause one AssumeRole.
    pub async fn forget(&self, grant: &Grant, access_key_id: &str) {
        if access_key_id.len() > LONGEST_ID {
            return;
        }
        lock(&self.0.memory.shelves).reject(grant, access_key_id);
        if let Some(shared) = &self.0.shared {
            let rejected = (grant.session.clone(), access_key_id.to_owned());
            lock(&self.0.memory.rejected).insert(rejected);
            // If it cannot be told now: a token that comes from there is looked up here.
            let _ = shared.reject(grant, access_key_id).await;
        }
    }

    /// Forgets all tokens and refusals. Requests under way keep their outcome.
    pub fn clear(&self) {
        lock(&self.0.memory.shelves).clear();
    }

    /// How many grants are kept.
    #[must_use]
    pub fn grants(&self) -> usize {
        lock(&self.0.memory.shelves).grants()
    }

    fn take_off(&self, shelves: &mut Shelves, grant: &Grant) -> Result<Flight, Failure> {
        if !shelves.has_room(grant) {
            return Err(Failure::own_limit(Duration::from_secs(1)));
        }
        let inner = Arc::clone(&self.0);
        let (key, known) = (grant.clone(), shelves.has_token(&grant.session));
        let landing = tokio::spawn(async move {
            let issued = inner.fetch(&key, known).await;
            inner.land(key, &issued);
            issued
        });
        let stopped = Failure::Unusable { reason: "the request for it was stopped" };
        let flight = landing.map(move |issued| issued.unwrap_or(Err(stopped)));
        let flight = flight.boxed().shared();
        if shelves.era() == self.0.era {
            shelves.take_off(grant.clone(), flight.clone());
        }
        Ok(flight)
    }
}

impl Inner {
    async fn fetch(&self, grant: &Grant, known: bool) -> Issued {
        let Some(shared) = &self.shared else { return self.issue(grant, known).await };
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            match shared.claim(grant).await {
                Ok(Claim::Token(token)) if self.is_rejected(grant, &token) => {
                    // Told while the store was gone.
                    if shared.reject(grant, &token.token.access_key_id).await.is_err() {
                        break;
                    }
                }
                Ok(Claim::Token(token)) => return Ok(Arc::new(token)),
                Ok(Claim::Refused(failure)) => return Err(failure),
                Ok(Claim::Lease(lease)) => {
                    let issued = self.issue(grant, known).await;
                    // If it cannot be told, the lease ends by itself.
                    let _ = shared.settle(grant, lease, settled(&issued)).await;
                    return issued;
                }
                Ok(Claim::Wait) => {
                    sleep(Duration::from_millis(rand::random_range(LOOK))).await;
                }
                Err(_) => break,
            }
        }
        match self.remembered(grant) {
            Some(kept) => kept,
            None => self.issue(grant, known).await,
        }
    }

    fn remembered(&self, grant: &Grant) -> Option<Issued> {
        lock(&self.memory.shelves).find(grant)?.kept().map(Kept::outcome)
    }

    /// A user who has a token leaves a quarter of the pace to those who have none.
    async fn issue(&self, grant: &Grant, known: bool) -> Issued {
        let keep = if known { self.pace.burst / 4 } else { 0 };
        self.limiter.take("sts", self.pace, keep).await.map_err(Failure::own_limit)?;
        self.issuer.issue(grant.clone()).await.map(Arc::new)
    }

    fn land(&self, grant: Grant, issued: &Issued) {
        let kept = match issued {
            Ok(token) => Some(Kept::Token(Arc::clone(token))),
            Err(failure) if lasts(failure) => Some(Kept::Refusal {
                failure: failure.clone(),
                until: Instant::now() + REFUSAL_KEPT,
            }),
            Err(_) => None,
        };
        let mut shelves = lock(&self.memory.shelves);
        if shelves.era() == self.era {
            shelves.land(grant, kept);
        }
    }

    fn is_rejected(&self, grant: &Grant, token: &IssuedToken) -> bool {
        let id = token.token.access_key_id.clone();
        lock(&self.memory.rejected).contains(&(grant.session.clone(), id))
    }
}

/// What other instances may know of an outcome.
fn settled(issued: &Issued) -> Settled<'_> {
    match issued {
        Ok(token) => Settled::Token(token),
        Err(failure @ Failure::Refused { status, code, .. }) if lasts(failure) => {
            Settled::Refused { status: *status, code, keep: REFUSAL_KEPT }
        }
        Err(_) => Settled::Nothing,
    }
}

/// Whether asking again at once cannot help: the key or the role must be mended first.
fn lasts(failure: &Failure) -> bool {
    matches!(failure, Failure::Refused { code, .. }
        if code == "NoPermission" || code.starts_with("InvalidAccessKeyId") || code == "EntityNotExist.Role")
}
