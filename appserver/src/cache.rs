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
    limit::{Rate, Rates},
    sts::{Grant, IssuedToken, TokenIssuer},
    sync::lock,
    upstream::Failure,
};

/// How long a refusal that only the operator can mend is answered without asking STS again.
const REFUSAL_KEPT: Duration = Duration::from_secs(30);
/// Grants of one user that are kept; the one not asked for longest goes first.
const GRANTS_A_USER: usize = 16;
/// Grants of all users that are kept: some 200 MB of tokens.
const GRANTS: usize = 65_536;

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
    rates: Arc<dyn Rates>,
    pace: Rate,
    keep: bool,
    shelves: Mutex<Shelves>,
}

/// Entries by session name, those of one user in the order in which they were last asked for.
#[derive(Default)]
struct Shelves {
    users: HashMap<String, Vec<(Grant, Entry)>>,
    grants: usize,
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

    const fn is_flight(&self) -> bool {
        matches!(self, Self::Flight(_))
    }
}

impl Shelves {
    /// What is kept for `grant`, which counts as asked for now.
    fn find(&mut self, grant: &Grant) -> Option<&Entry> {
        let shelf = self.users.get_mut(&grant.session)?;
        let at = shelf.iter().position(|(kept, _)| kept == grant)?;
        shelf.get_mut(at..)?.rotate_left(1);
        shelf.last().map(|(_, entry)| entry)
    }

    fn has_token(&self, session: &str) -> bool {
        let is_token =
            |(_, entry): &(_, Entry)| matches!(entry, Entry::Token(_)) && entry.is_of_use();
        self.users.get(session).is_some_and(|shelf| shelf.iter().any(is_token))
    }

    /// Not while all that the user has are requests under way.
    fn has_room(&self, grant: &Grant) -> bool {
        self.users.get(&grant.session).is_none_or(|shelf| {
            shelf.len() < GRANTS_A_USER || shelf.iter().any(|(_, entry)| !entry.is_flight())
        })
    }

    fn insert(&mut self, grant: Grant, entry: Entry) {
        self.remove(&grant);
        if self.grants >= GRANTS {
            self.thin();
        }
        let shelf = self.users.entry(grant.session.clone()).or_default();
        if shelf.len() >= GRANTS_A_USER
            && let Some(oldest) = shelf.iter().position(|(_, entry)| !entry.is_flight())
        {
            shelf.remove(oldest);
            self.grants -= 1;
        }
        shelf.push((grant, entry));
        self.grants += 1;
    }

    fn remove(&mut self, grant: &Grant) {
        self.retain_of(&grant.session, |(kept, _)| kept != grant);
    }

    fn retain_of(&mut self, session: &str, keep: impl FnMut(&(Grant, Entry)) -> bool) {
        let Some(shelf) = self.users.get_mut(session) else { return };
        let before = shelf.len();
        shelf.retain(keep);
        self.grants -= before - shelf.len();
        if shelf.is_empty() {
            self.users.remove(session);
        }
    }

    fn retain(&mut self, mut keep: impl FnMut(&Entry) -> bool) {
        self.users.retain(|_, shelf| {
            shelf.retain(|(_, entry)| keep(entry));
            !shelf.is_empty()
        });
        self.grants = self.users.values().map(Vec::len).sum();
    }

    /// Throws out what is of no use, and if that is too little, whatever comes first: an AssumeRole more is no harm.
    fn thin(&mut self) {
        self.retain(Entry::is_of_use);
        let mut surplus = self.grants.saturating_sub(GRANTS / 8 * 7);
        self.retain(|entry| {
            let goes = surplus > 0 && !entry.is_flight();
            surplus -= usize::from(goes);
            !goes
        });
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache").field("grants", &self.grants()).finish_non_exhaustive()
    }
}

impl TokenCache {
    /// Tokens of `issuer`, at `pace`. With `keep` false nothing is handed out twice.
    pub fn new(
        issuer: Arc<dyn TokenIssuer>,
        rates: Arc<dyn Rates>,
        pace: Rate,
        keep: bool,
    ) -> Self {
        Self(Arc::new(Inner { issuer, rates, pace, keep, shelves: Mutex::default() }))
    }

    /// A token for `grant`, from memory or from STS.
    ///
    /// # Errors
    ///
    /// Why STS issued none, or [`Failure::Throttled`] before it is asked.
    pub async fn token(&self, grant: Grant) -> Issued {
        if !self.0.keep {
            return self.0.issue(grant, false).await;
        }
        let flight = {
            let mut shelves = lock(&self.0.shelves);
            match shelves.find(&grant).filter(|entry| entry.is_of_use()) {
                Some(Entry::Token(token)) => return Ok(Arc::clone(token)),
                Some(Entry::Refusal { failure, .. }) => return Err(failure.clone()),
                Some(Entry::Flight(flight)) => flight.clone(),
                None => self.take_off(&mut shelves, grant)?,
            }
        };
        flight.await
    }

    /// Forgets the token of `grant`, if it is `access_key_id`: a server refused it.
    ///
    /// A newer one stays, so that many late refusals of one token cause one AssumeRole.
    pub fn forget(&self, grant: &Grant, access_key_id: &str) {
        let refused = |entry: &Entry| matches!(entry, Entry::Token(token) if token.token.access_key_id == access_key_id);
        lock(&self.0.shelves)
            .retain_of(&grant.session, |(kept, entry)| kept != grant || !refused(entry));
    }

    /// Forgets all tokens and refusals. Requests under way keep their outcome.
    pub fn clear(&self) {
        lock(&self.0.shelves).retain(Entry::is_flight);
    }

    /// How many grants are kept.
    #[must_use]
    pub fn grants(&self) -> usize {
        lock(&self.0.shelves).grants
    }

    fn take_off(&self, shelves: &mut Shelves, grant: Grant) -> Result<Flight, Failure> {
        if !shelves.has_room(&grant) {
            return Err(Failure::own_limit(Duration::from_secs(1)));
        }
        let inner = Arc::clone(&self.0);
        let (key, known) = (grant.clone(), shelves.has_token(&grant.session));
        let landing = tokio::spawn(async move {
            let issued = inner.issue(grant.clone(), known).await;
            inner.land(grant, &issued);
            issued
        });
        let stopped = Failure::Unusable { reason: "the request for it was stopped" };
        let flight = landing.map(move |issued| issued.unwrap_or(Err(stopped)));
        let flight = flight.boxed().shared();
        shelves.insert(key, Entry::Flight(flight.clone()));
        Ok(flight)
    }
}

impl Inner {
    /// A user who has a token leaves a quarter of the pace to those who have none.
    async fn issue(&self, grant: Grant, known: bool) -> Issued {
        let keep = if known { self.pace.burst / 4 } else { 0 };
        let taken = self.rates.take("sts", self.pace, keep).await;
        // A store that cannot be asked stops nobody: each instance still has a pace of its own.
        taken.unwrap_or(Ok(())).map_err(Failure::own_limit)?;
        self.issuer.issue(grant).await.map(Arc::new)
    }

    fn land(&self, grant: Grant, issued: &Issued) {
        let mut shelves = lock(&self.shelves);
        shelves.remove(&grant);
        let entry = match issued {
            Ok(token) => Entry::Token(Arc::clone(token)),
            Err(failure) if lasts(failure) => {
                Entry::Refusal { failure: failure.clone(), until: Instant::now() + REFUSAL_KEPT }
            }
            Err(_) => return,
        };
        shelves.insert(grant, entry);
    }
}

/// Whether asking again at once cannot help: the key or the role must be mended first.
fn lasts(failure: &Failure) -> bool {
    matches!(failure, Failure::Refused { code, .. }
        if code == "NoPermission" || code.starts_with("InvalidAccessKeyId") || code == "EntityNotExist.Role")
}
