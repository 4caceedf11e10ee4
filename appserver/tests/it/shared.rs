//! Tokens that instances share, over a store that a test commands.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::future::{BoxFuture, join_all};
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep};
use upload_token::{secret::Secret, token::StsToken};
use upload_token_appserver::{
    cache::TokenCache,
    limit::Rate,
    limiter::Limiter,
    shared::{Claim, Lease, Settled, SharedTokens},
    sts::{Grant, IssuedToken, Role, TokenIssuer},
    unavailable::Unavailable,
    upstream::Failure,
};

/// What instances share here, in this process. It may be gone for a while, and forgets nothing by that.
#[derive(Debug, Default)]
struct Store {
    gone: AtomicBool,
    tokens: Mutex<HashMap<String, Option<IssuedToken>>>,
}

impl Store {
    fn ask<T>(
        &self,
        what: impl FnOnce(&mut HashMap<String, Option<IssuedToken>>) -> T,
    ) -> Result<T, Unavailable> {
        if self.gone.load(Ordering::Relaxed) {
            return Err(Unavailable);
        }
        Ok(what(&mut self.tokens.lock().unwrap()))
    }
}

impl SharedTokens for Store {
    fn claim<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<Claim, Unavailable>> {
        let claim = self.ask(|tokens| match tokens.get(&grant.session) {
            Some(Some(token)) => Claim::Token(token.clone()),
            Some(None) => Claim::Wait,
            None => {
                tokens.insert(grant.session.clone(), None);
                Claim::Lease(Lease(String::new()))
            }
        });
        Box::pin(async move { claim })
    }

    fn settle<'a>(
        &'a self,
        grant: &'a Grant,
        _: Lease,
        settled: Settled<'a>,
    ) -> BoxFuture<'a, Result<(), Unavailable>> {
        let settled = self.ask(|tokens| match settled {
            Settled::Token(token) => {
                tokens.insert(grant.session.clone(), Some(token.clone()));
            }
            Settled::Refused { .. } | Settled::Nothing => {
                tokens.remove(&grant.session);
            }
        });
        Box::pin(async move { settled })
    }

    fn reject<'a>(
        &'a self,
        grant: &'a Grant,
        access_key_id: &'a str,
    ) -> BoxFuture<'a, Result<(), Unavailable>> {
        let rejected = self.ask(|tokens| {
            tokens.retain(|session, token| {
                let is = |token: &IssuedToken| token.token.access_key_id == access_key_id;
                *session != grant.session || !token.as_ref().is_some_and(is)
            });
        });
        Box::pin(async move { rejected })
    }
}

/// Issues numbered tokens after a second; the first calls fail.
struct Issuer {
    calls: AtomicU64,
    failing: u64,
}

impl TokenIssuer for Issuer {
    fn issue(&self, _: Grant) -> BoxFuture<'static, Result<IssuedToken, Failure>> {
        let number = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let fails = number <= self.failing;
        Box::pin(async move {
            sleep(Duration::from_secs(1)).await;
            if fails { Err(Failure::TimedOut) } else { Ok(token(number)) }
        })
    }
}

fn token(number: u64) -> IssuedToken {
    IssuedToken {
        token: StsToken {
            access_key_id: format!("STS.{number}"),
            access_key_secret: Secret::new(String::from("secret")),
            security_token: Secret::new(String::from("token")),
        },
        expiration: Timestamp::UNIX_EPOCH + SignedDuration::from_secs(900),
        request_id: String::from("R"),
        issued: Instant::now(),
        issued_at: Timestamp::UNIX_EPOCH,
    }
}

fn instances(failing: u64) -> ([TokenCache; 2], Arc<Store>, Arc<Issuer>) {
    let store = Arc::new(Store::default());
    let issuer = Arc::new(Issuer { calls: AtomicU64::new(0), failing });
    let instance = || {
        let shared: Arc<dyn SharedTokens> = Arc::<Store>::clone(&store);
        let asked: Arc<dyn TokenIssuer> = Arc::<Issuer>::clone(&issuer);
        TokenCache::new(asked, Some(shared), Limiter::own(), Rate::per_second(50), true)
    };
    ([instance(), instance()], store, issuer)
}

fn alice() -> Grant {
    let arn = String::from("acs:ram::1:role/r");
    let role = Role { arn, duration_seconds: 900, policy: None, external_id: None };
    Grant { session: String::from("alice"), scope: String::new(), role: Arc::new(role) }
}

async fn id(cache: &TokenCache) -> String {
    cache.token(alice()).await.unwrap().token.access_key_id.clone()
}

#[tokio::test(start_paused = true)]
async fn all_instances_together_ask_once() {
    let ([one, other], _, issuer) = instances(0);
    let asks = (0..20).map(|number| id(if number % 2 == 0 { &one } else { &other }));
    assert!(join_all(asks).await.iter().all(|id| id == "STS.1"));
    assert_eq!(issuer.calls.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_one_instance_lets_the_next_one_ask() {
    let ([one, other], _, issuer) = instances(1);
    let (first, second) = tokio::join!(one.token(alice()), other.token(alice()));
    assert_eq!(first.unwrap_err(), Failure::TimedOut);
    assert_eq!(second.unwrap().token.access_key_id, "STS.2");
    assert_eq!(issuer.calls.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn what_was_rejected_while_the_store_was_gone_does_not_come_back_with_it() {
    let ([one, other], store, _) = instances(0);
    assert_eq!((id(&one).await.as_str(), id(&other).await.as_str()), ("STS.1", "STS.1"));
    store.gone.store(true, Ordering::Relaxed);
    one.forget(&alice(), "STS.1").await;
    assert_eq!(id(&one).await, "STS.2");
    assert_eq!(id(&other).await, "STS.1", "from its memory: nobody could tell it");
    store.gone.store(false, Ordering::Relaxed);
    let (mine, theirs) = (id(&one).await, id(&other).await);
    assert_eq!((mine.as_str(), theirs.as_str()), ("STS.3", "STS.3"));
}

#[tokio::test(start_paused = true)]
async fn a_request_under_way_brings_no_token_that_was_rejected_meanwhile() {
    let ([one, other], _, _) = instances(0);
    let asked = tokio::spawn(async move { id(&one).await });
    sleep(Duration::from_millis(500)).await;
    other.forget(&alice(), "STS.1").await;
    assert_eq!(id(&other).await, "STS.2", "it was told before there was such a token");
    assert_eq!(asked.await.unwrap(), "STS.1");
}
