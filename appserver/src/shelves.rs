//! What this process remembers of tokens, by user.

use std::{collections::HashMap, sync::Arc};

use futures_util::future::{BoxFuture, Shared};
use tokio::time::Instant;

use crate::{
    sts::{Grant, IssuedToken},
    upstream::Failure,
};

/// Grants of one user that are kept; the one not asked for longest goes first.
const GRANTS_A_USER: usize = 16;
/// Grants of all users that are kept: some 200 MB of tokens.
const GRANTS: usize = 65_536;

/// A token, or why there is none.
pub(crate) type Issued = Result<Arc<IssuedToken>, Failure>;
/// A request for one that is under way.
pub(crate) type Flight = Shared<BoxFuture<'static, Issued>>;

/// Entries by session name, those of one user in the order in which they were last asked for.
#[derive(Default)]
pub(crate) struct Shelves {
    users: HashMap<String, Vec<(Grant, Entry)>>,
    grants: usize,
    era: u64,
}

/// What is remembered of one grant.
#[derive(Default)]
pub(crate) struct Entry {
    flight: Option<Flight>,
    kept: Option<Kept>,
}

/// How a request ended that others need not repeat.
pub(crate) enum Kept {
    Token(Arc<IssuedToken>),
    Refusal { failure: Failure, until: Instant },
}

impl Kept {
    pub(crate) fn outcome(&self) -> Issued {
        match self {
            Self::Token(token) => Ok(Arc::clone(token)),
            Self::Refusal { failure, .. } => Err(failure.clone()),
        }
    }

    fn is_of_use(&self) -> bool {
        match self {
            Self::Token(token) => token.issued.elapsed() < token.life() / 2,
            Self::Refusal { until, .. } => Instant::now() < *until,
        }
    }
}

impl Entry {
    /// The request under way. One that has landed and is still here was stopped by a panic.
    pub(crate) fn flight(&self) -> Option<&Flight> {
        self.flight.as_ref().filter(|flight| flight.peek().is_none())
    }

    pub(crate) fn kept(&self) -> Option<&Kept> {
        self.kept.as_ref().filter(|kept| kept.is_of_use())
    }

    fn is_of_use(&self) -> bool {
        self.flight().is_some() || self.kept().is_some()
    }
}

impl Shelves {
    /// What is kept for `grant`, which counts as asked for now.
    pub(crate) fn find(&mut self, grant: &Grant) -> Option<&Entry> {
        let shelf = self.users.get_mut(&grant.session)?;
        let at = shelf.iter().position(|(kept, _)| kept == grant)?;
        shelf.get_mut(at..)?.rotate_left(1);
        shelf.last().map(|(_, entry)| entry)
    }

    pub(crate) fn has_token(&self, session: &str) -> bool {
        let is_token = |(_, entry): &(_, Entry)| matches!(entry.kept(), Some(Kept::Token(_)));
        self.users.get(session).is_some_and(|shelf| shelf.iter().any(is_token))
    }

    /// Not while all that the user has are requests under way.
    pub(crate) fn has_room(&self, grant: &Grant) -> bool {
        self.users.get(&grant.session).is_none_or(|shelf| {
            let has = |(kept, entry): &(Grant, Entry)| kept == grant || entry.flight().is_none();
            shelf.len() < GRANTS_A_USER || shelf.iter().any(has)
        })
    }

    /// `flight` is under way for `grant`.
    pub(crate) fn take_off(&mut self, grant: Grant, flight: Flight) {
        let entry = self.remove(&grant).unwrap_or_default();
        self.insert(grant, Entry { flight: Some(flight), ..entry });
    }

    /// The request for `grant` has ended so.
    pub(crate) fn land(&mut self, grant: Grant, kept: Option<Kept>) {
        self.remove(&grant);
        if kept.is_some() {
            self.insert(grant, Entry { flight: None, kept });
        }
    }

    /// Forgets the token of `grant`, if it is `access_key_id`.
    pub(crate) fn reject(&mut self, grant: &Grant, access_key_id: &str) {
        let Some(mut entry) = self.remove(grant) else { return };
        entry.kept.take_if(
            |kept| matches!(kept, Kept::Token(token) if token.token.access_key_id == access_key_id),
        );
        if entry.is_of_use() {
            self.insert(grant.clone(), entry);
        }
    }

    /// Forgets all but the requests under way.
    pub(crate) fn clear(&mut self) {
        self.retain(|entry| {
            entry.kept = None;
            entry.flight().is_some()
        });
    }

    /// Forgets all but the tokens. Whoever asked for one before this must not tell what came of it.
    pub(crate) fn begin_era(&mut self) -> u64 {
        self.retain(|entry| {
            entry.flight = None;
            entry.kept.take_if(|kept| matches!(kept, Kept::Refusal { .. }));
            entry.is_of_use()
        });
        self.era += 1;
        self.era
    }

    pub(crate) const fn era(&self) -> u64 {
        self.era
    }

    pub(crate) const fn grants(&self) -> usize {
        self.grants
    }

    fn insert(&mut self, grant: Grant, entry: Entry) {
        if self.grants >= GRANTS {
            self.thin();
        }
        let shelf = self.users.entry(grant.session.clone()).or_default();
        if shelf.len() >= GRANTS_A_USER
            && let Some(oldest) = shelf.iter().position(|(_, entry)| entry.flight().is_none())
        {
            shelf.remove(oldest);
            self.grants -= 1;
        }
        shelf.push((grant, entry));
        self.grants += 1;
    }

    fn remove(&mut self, grant: &Grant) -> Option<Entry> {
        let shelf = self.users.get_mut(&grant.session)?;
        let at = shelf.iter().position(|(kept, _)| kept == grant)?;
        let (_, entry) = shelf.remove(at);
        self.grants -= 1;
        if shelf.is_empty() {
            self.users.remove(&grant.session);
        }
        Some(entry)
    }

    fn retain(&mut self, mut keep: impl FnMut(&mut Entry) -> bool) {
        self.users.retain(|_, shelf| {
            shelf.retain_mut(|(_, entry)| keep(entry));
            !shelf.is_empty()
        });
        self.grants = self.users.values().map(Vec::len).sum();
    }

    /// Throws out what is of no use, and if that is too little, whatever comes first: an AssumeRole more is no harm.
    fn thin(&mut self) {
        self.retain(|entry| entry.is_of_use());
        let mut surplus = self.grants.saturating_sub(GRANTS / 8 * 7);
        self.retain(|entry| {
            let goes = surplus > 0 && entry.flight().is_none();
            surplus -= usize::from(goes);
            !goes
        });
    }
}
