//! The token cache, on a clock that the test turns and with an issuer that it commands.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, advance, sleep};
use upload_token::{secret::Secret, token::StsToken};
use upload_token_appserver::{
    cache::TokenCache,
    limit::Rate,
    limiter::Limiter,
    sts::{Grant, IssuedToken, Role, TokenIssuer},
    upstream::Failure,
};

const LIFE: Duration = Duration::from_secs(900);

/// Issues numbered tokens after a second, unless `plan` says otherwise.
struct Issuer {
    calls: AtomicU64,
    plan: Box<dyn Fn(u64) -> Option<Failure> + Send + Sync>,
}

impl TokenIssuer for Issuer {
    fn issue(&self, _: Grant) -> BoxFuture<'static, Result<IssuedToken, Failure>> {
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
    let (pace, asked) = (Rate::per_second(per_second), Arc::clone(&issuer));
    (TokenCache::new(asked, None, Limiter::own(), pace, keep), issuer)
}

fn grant(session: &str, scope: &str) -> Grant {
    let arn = String::from("acs:ram::1:role/r");
    let role = Role { arn, duration_seconds: 900, policy: None, external_id: None };
    Grant { session: session.to_owned(), scope: scope.to_owned(), role: Arc::new(role) }
}

fn alice() -> Grant {
    grant("alice", "")
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
    let (bob, file) = (grant("bob", ""), grant("alice", "file"));
    let narrow = Role { policy: Some(String::from("p")), ..alice().role.as_ref().clone() };
    let narrow = Grant { role: Arc::new(narrow), ..alice() };
    assert_eq!(id(&cache).await, "STS.1");
    assert_eq!(cache.token(bob).await.unwrap().token.access_key_id, "STS.2");
    assert_eq!(cache.token(file).await.unwrap().token.access_key_id, "STS.3");
    assert_eq!(cache.token(narrow).await.unwrap().token.access_key_id, "STS.4");
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
    cache.forget(&alice(), "STS.0").await;
    assert_eq!(id(&cache).await, "STS.1");
    cache.forget(&alice(), "STS.1").await;
    assert_eq!(id(&cache).await, "STS.2");
    cache.forget(&alice(), "STS.1").await;
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

#[tokio::test(start_paused = true)]
async fn a_user_with_many_scopes_keeps_the_last_sixteen() {
    let (cache, issuer) = cache(|_| None, 99, true);
    let ask = async |scope: usize| {
        cache.token(grant("alice", &scope.to_string())).await.unwrap().token.access_key_id.clone()
    };
    for scope in 0..20 {
        ask(scope).await;
        // Asked for all the time, so it stays.
        assert_eq!(ask(0).await, "STS.1");
    }
    assert_eq!(cache.grants(), 16);
    assert_eq!(issuer.calls.load(Ordering::Relaxed), 20);
    assert_eq!(ask(19).await, "STS.20");
    assert_eq!(ask(1).await, "STS.21", "the one not asked for longest has gone");
}

#[tokio::test(start_paused = true)]
async fn requests_under_way_have_an_end_too() {
    let (cache, issuer) = cache(|_| None, 99, true);
    let scopes = (0..40).map(|scope| cache.token(grant("alice", &format!("{scope}"))));
    let outcomes = futures_util::future::join_all(scopes).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 16);
    assert_eq!(issuer.calls.load(Ordering::Relaxed), 16);
    assert!(
        outcomes
            .iter()
            .filter_map(|outcome| outcome.as_ref().err())
            .all(|failure| { matches!(failure, Failure::Throttled { retry_after: Some(_), .. }) })
    );
}

#[tokio::test(start_paused = true)]
async fn users_with_a_token_leave_a_quarter_of_the_pace_to_those_without() {
    let (cache, _) = cache(|_| None, 8, true);
    cache.token(alice()).await.unwrap();
    advance(Duration::from_secs(10)).await;
    let greedy = (0..12).map(|scope| cache.token(grant("alice", &format!("{scope}"))));
    let greedy = futures_util::future::join_all(greedy);
    let newcomers = (0..2).map(|user| cache.token(grant(&format!("user {user}"), "")));
    let newcomers = futures_util::future::join_all(newcomers);
    let (greedy, newcomers) = futures_util::future::join(greedy, newcomers).await;
    assert_eq!(greedy.iter().filter(|outcome| outcome.is_ok()).count(), 6);
    assert!(newcomers.iter().all(Result::is_ok));
}
