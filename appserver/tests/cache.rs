//! The token cache, on a clock that the test turns and with an issuer that it commands.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may panic")]
#![allow(clippy::panic, reason = "one issuer here panics on purpose")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, advance, sleep};
use upload_token::{secret::Secret, token::StsToken};
use upload_token_appserver::{
    cache::TokenCache,
    sts::{Grant, IssuedToken, Pending, TokenIssuer},
    upstream::Failure,
};

const LIFE: Duration = Duration::from_secs(900);

/// Issues numbered tokens after a second, unless `plan` says otherwise.
struct Issuer {
    calls: AtomicU64,
    plan: Box<dyn Fn(u64) -> Option<Failure> + Send + Sync>,
}

impl TokenIssuer for Issuer {
    fn issue(&self, _: Grant) -> Pending<Result<IssuedToken, Failure>> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let outcome = (self.plan)(call);
        Box::pin(async move {
            sleep(Duration::from_secs(1)).await;
            outcome.map_or_else(|| Ok(token(call)), Err)
        })
    }
}

fn token(number: u64) -> IssuedToken {
    let issued_at = Timestamp::UNIX_EPOCH;
    IssuedToken {
        token: StsToken {
            access_key_id: format!("STS.{number}"),
            access_key_secret: Secret::new(String::from("secret")),
            security_token: Secret::new(String::from("token")),
        },
        expiration: issued_at + SignedDuration::try_from(LIFE).unwrap(),
        request_id: String::from("R"),
        issued: Instant::now(),
        issued_at,
    }
}

fn cache(
    plan: impl Fn(u64) -> Option<Failure> + Send + Sync + 'static,
    per_second: u32,
    keep: bool,
) -> (TokenCache, Arc<Issuer>) {
    let issuer = Arc::new(Issuer { calls: AtomicU64::new(0), plan: Box::new(plan) });
    (TokenCache::new(Arc::clone(&issuer) as Arc<dyn TokenIssuer>, per_second, keep), issuer)
}

fn alice() -> Grant {
    Grant { session: String::from("alice"), scope: String::new() }
}

fn refused(code: &str) -> Failure {
    Failure::Refused { status: 403, code: code.into(), request_id: None }
}

async fn id(cache: &TokenCache) -> String {
    cache.token(alice()).await.unwrap().token.access_key_id.clone()
}

#[tokio::test(start_paused = true)]
async fn callers_that_overlap_share_one_request_and_its_failure() {
    let (cache, issuer) = cache(|call| (call == 1).then(|| refused("InternalError")), 50, true);
    let first = futures_util::future::join_all((0..50).map(|_| cache.token(alice()))).await;
    assert!(first.iter().all(|issued| {
        issued.as_ref().is_err_and(|failure| failure.code() == Some("InternalError"))
    }));
    let second = futures_util::future::join_all((0..50).map(|_| cache.token(alice()))).await;
    assert!(
        second
            .iter()
            .all(|issued| issued.as_ref().is_ok_and(|token| token.token.access_key_id == "STS.2"))
    );
    assert_eq!(issuer.calls.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_served_in_the_first_half_of_its_life() {
    let (cache, _) = cache(|_| None, 50, true);
    assert_eq!(id(&cache).await, "STS.1");
    advance(LIFE / 2 - Duration::from_millis(1)).await;
    assert_eq!(id(&cache).await, "STS.1");
    advance(Duration::from_millis(1)).await;
    assert_eq!(id(&cache).await, "STS.2");
}

#[tokio::test(start_paused = true)]
async fn server_time_goes_on_while_a_token_is_kept() {
    let (cache, _) = cache(|_| None, 50, true);
    let issued = cache.token(alice()).await.unwrap();
    let before = issued.server_time();
    advance(Duration::from_secs(100)).await;
    assert_eq!(issued.server_time().duration_since(before), SignedDuration::from_secs(100));
}

#[tokio::test(start_paused = true)]
async fn other_grants_have_other_tokens() {
    let (cache, _) = cache(|_| None, 50, true);
    let bob = Grant { session: String::from("bob"), scope: String::new() };
    let file = Grant { scope: String::from("file"), ..alice() };
    assert_eq!(id(&cache).await, "STS.1");
    assert_eq!(cache.token(bob).await.unwrap().token.access_key_id, "STS.2");
    assert_eq!(cache.token(file).await.unwrap().token.access_key_id, "STS.3");
}

#[tokio::test(start_paused = true)]
async fn a_request_outlives_the_callers_who_left() {
    let (cache, issuer) = cache(|_| None, 50, true);
    let left = tokio::time::timeout(Duration::from_millis(1), cache.token(alice())).await;
    assert!(left.is_err());
    assert_eq!(id(&cache).await, "STS.1");
    assert_eq!(issuer.calls.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_the_key_is_kept_for_half_a_minute() {
    for code in [
        "NoPermission",
        "InvalidAccessKeyId.NotFound",
        "InvalidAccessKeyId.Inactive",
        "EntityNotExist.Role",
    ] {
        let (cache, issuer) = cache(move |call| (call == 1).then(|| refused(code)), 50, true);
        for _ in 0..3 {
            assert_eq!(cache.token(alice()).await.unwrap_err().code(), Some(code));
        }
        assert_eq!(issuer.calls.load(Ordering::Relaxed), 1, "{code}");
        advance(Duration::from_secs(30)).await;
        assert_eq!(id(&cache).await, "STS.2", "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_panics_is_asked_again() {
    let (cache, _) = cache(|call| if call == 1 { panic!("a defect") } else { None }, 50, true);
    assert!(matches!(cache.token(alice()).await, Err(Failure::Unusable { .. })));
    assert_eq!(id(&cache).await, "STS.2");
}

#[tokio::test(start_paused = true)]
async fn only_the_very_token_that_was_refused_is_forgotten() {
    let (cache, _) = cache(|_| None, 50, true);
    assert_eq!(id(&cache).await, "STS.1");
    cache.forget(&alice(), "STS.0");
    assert_eq!(id(&cache).await, "STS.1");
    cache.forget(&alice(), "STS.1");
    assert_eq!(id(&cache).await, "STS.2");
    cache.forget(&alice(), "STS.1");
    assert_eq!(id(&cache).await, "STS.2");
}

#[tokio::test(start_paused = true)]
async fn sts_is_asked_no_faster_than_allowed() {
    let (cache, issuer) = cache(|_| None, 10, false);
    let burst = futures_util::future::join_all((0..15).map(|_| cache.token(alice()))).await;
    let throttled: Vec<_> = burst.into_iter().filter_map(Result::err).collect();
    assert_eq!(throttled.len(), 5);
    assert!(
        throttled.iter().all(|failure| matches!(failure,
        Failure::Throttled { retry_after: Some(wait), .. } if *wait <= Duration::from_millis(100)))
    );
    assert_eq!(issuer.calls.load(Ordering::Relaxed), 10);
}
