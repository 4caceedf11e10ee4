//! Whose keys this server reads: who lends the key that it signs with, and which issuer publishes those of users.
//!
//! A configuration that is read again and names them again goes on with what they gave: a key that works does not become
//! one that must be read anew, at a moment when it may not be had.

use std::{fmt, sync::Arc};

use crate::{
    endpoint::Endpoint,
    jwt::PublishedKeys,
    keys::{InstanceRole, KeySource, LentKeys, UriLender},
    report::Reports,
};

/// Who lends a key, as the operator names them.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Lending {
    /// A program at this address, whose path may be a secret.
    Uri(String),
    /// The metadata service of the machine.
    Instance {
        /// The role, if it is not the one that the machine has.
        role: Option<String>,
        /// Where the service is, if it is not where it always is.
        at: Option<String>,
    },
}

/// Sources that one configuration names, with what they gave so far. Clones share that.
#[derive(Clone, Default)]
pub struct Sources {
    lender: Named<Lending, dyn KeySource>,
    issuer: Named<Endpoint, PublishedKeys>,
    /// Where their failures are told.
    pub reports: Reports,
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sources")
    }
}

/// A source that this configuration names, and the one that the configuration before it named.
struct Named<N, S: ?Sized> {
    now: Option<(N, Arc<S>)>,
    before: Option<(N, Arc<S>)>,
}

impl Sources {
    /// For the configuration that takes the place of the one of these.
    #[must_use]
    pub(crate) fn next(&self) -> Self {
        let (lender, issuer) = (self.lender.next(), self.issuer.next());
        Self { lender, issuer, reports: self.reports.clone() }
    }

    /// Keys of `lending`.
    ///
    /// # Errors
    ///
    /// If the HTTP client cannot be set up.
    pub(crate) fn lender(
        &mut self,
        lending: Lending,
    ) -> Result<Arc<dyn KeySource>, reqwest::Error> {
        let reports = self.reports.clone();
        self.lender.find(lending, |lending| {
            Ok(match lending.clone() {
                Lending::Uri(uri) => Arc::new(LentKeys::new(UriLender::new(uri)?, reports)),
                Lending::Instance { role, at } => {
                    Arc::new(LentKeys::new(InstanceRole::new(role, at)?, reports))
                }
            })
        })
    }

    /// Keys that are published at `at`.
    ///
    /// # Errors
    ///
    /// If the HTTP client cannot be set up.
    pub(crate) fn issuer(&mut self, at: Endpoint) -> Result<Arc<PublishedKeys>, reqwest::Error> {
        let reports = self.reports.clone();
        self.issuer.find(at, |at| Ok(Arc::new(PublishedKeys::new(at.clone(), reports)?)))
    }

    /// The issuer that is named, if one is.
    #[must_use]
    pub(crate) fn known_issuer(&self) -> Option<&PublishedKeys> {
        self.issuer.now.as_ref().map(|(_, keys)| keys.as_ref())
    }
}

impl<N: Clone + PartialEq, S: ?Sized> Named<N, S> {
    fn next(&self) -> Self {
        Self { now: None, before: self.now.clone() }
    }

    fn find<E>(
        &mut self,
        name: N,
        make: impl FnOnce(&N) -> Result<Arc<S>, E>,
    ) -> Result<Arc<S>, E> {
        let known = self.before.as_ref().filter(|(known, _)| *known == name);
        let source = match known {
            Some((_, source)) => Arc::clone(source),
            None => make(&name)?,
        };
        self.now = Some((name, Arc::clone(&source)));
        Ok(source)
    }
}

impl<N, S: ?Sized> Default for Named<N, S> {
    fn default() -> Self {
        Self { now: None, before: None }
    }
}

impl<N: Clone, S: ?Sized> Clone for Named<N, S> {
    fn clone(&self) -> Self {
        Self { now: self.now.clone(), before: self.before.clone() }
    }
}
