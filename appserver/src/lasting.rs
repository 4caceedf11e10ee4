//! What outlives a change of the configuration: memory, counters, connections, and the link to the store.

use std::sync::{Arc, Mutex};

use crate::{
    cache::TokenCache,
    config::Config,
    connections::Connections,
    endpoint::Endpoint,
    limit::{LocalRates, Rates},
    limiter::Limiter,
    log::Log,
    metrics::Metrics,
    owners::{InMemoryOwners, OwnFirst, Owners},
    shared::{Shared, SharedTokens},
    store::{StoredOwners, StoredRates, StoredTokens, link::Link, vault::Vault},
    sync::lock,
};

/// What outlives a change of the configuration.
#[derive(Clone, Debug)]
pub(crate) struct Lasting {
    shared: Shared,
    link: Option<Link>,
    pub(crate) limiter: Limiter,
    pub(crate) lines: Arc<LocalRates>,
    pub(crate) owners: Arc<dyn Owners>,
    /// What was issued last, and where.
    tokens: Arc<Mutex<Option<(Endpoint, TokenCache)>>>,
    /// Held while one configuration takes another's place.
    pub(crate) changing: Arc<Mutex<()>>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) log: Log,
    pub(crate) connections: Connections,
}

impl Lasting {
    pub(crate) async fn new(
        config: &Config,
        shared: Shared,
        metrics: Arc<Metrics>,
        log: Log,
        connections: Connections,
    ) -> Self {
        let (mut link, mut instances) = (None, 1);
        if let Some(store) = &config.store {
            let address = store.address.clone();
            link = Some(Link::open(address, Arc::clone(&metrics), log.clone()).await);
            instances = store.instances;
        }
        let rates = link.clone().map(|link| Arc::new(StoredRates::new(link)) as Arc<dyn Rates>);
        let limiter = match shared.rates.clone().or(rates) {
            Some(rates) => Limiter::of(rates, instances),
            None => Limiter::own(),
        };
        let owners = link.clone().map(|link| Arc::new(StoredOwners::new(link)) as Arc<dyn Owners>);
        let owners = match shared.owners.clone().or(owners) {
            Some(owners) => Arc::new(OwnFirst::new(owners)) as Arc<dyn Owners>,
            None => Arc::new(InMemoryOwners::default()),
        };
        Self {
            shared,
            link,
            limiter,
            lines: Arc::default(),
            owners,
            tokens: Arc::default(),
            changing: Arc::default(),
            metrics,
            log,
            connections,
        }
    }

    /// The tokens that instances share, sealed by the keys of `config`.
    pub(crate) fn tokens(&self, config: &Config) -> Option<Arc<dyn SharedTokens>> {
        let stored = || {
            let (link, store) = (self.link.clone()?, config.store.as_ref()?);
            let vault = Vault::new(store.keys.clone());
            Some(Arc::new(StoredTokens::new(link, vault)) as Arc<dyn SharedTokens>)
        };
        self.shared.tokens.clone().or_else(stored)
    }

    /// `fresh`, with the memory of the cache before it, if both are of the same `sts`.
    pub(crate) fn carry_on(&self, sts: Endpoint, fresh: TokenCache) -> TokenCache {
        let mut last = lock(&self.tokens);
        let tokens = match last.take() {
            Some((at, before)) if at == sts => fresh.after(&before),
            _ => fresh,
        };
        *last = Some((sts, tokens.clone()));
        tokens
    }
}
