//! Temporary keys that somebody on this machine lends, in place of a long-lived one.

use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::Request;
use jiff::Timestamp;
use serde::Deserialize;
use tokio::time::Instant;
use upload_token::secret::Secret;

use super::{AccessKey, KeySource};
use crate::{
    attempts::Attempts,
    report::Reports,
    sync::lock,
    upstream::{Answer, Failure, Upstream},
};

/// A key with less life than this is exchanged; it signs meanwhile, and while that fails.
const MARGIN: Duration = Duration::from_secs(300);
/// Pause after an exchange, so that a lender that is down is not asked by every request.
const PAUSE: Duration = Duration::from_secs(5);
/// Pause after one that failed while there is no key: nobody can be served until another succeeds.
const RETRY: Duration = Duration::from_secs(1);

/// Who lends keys.
pub trait Lender: fmt::Debug + Send + Sync + 'static {
    /// A fresh one: JSON with `AccessKeyId`, `AccessKeySecret`, `SecurityToken` and `Expiration`.
    fn lend(&self) -> BoxFuture<'_, Result<Answer, Failure>>;
}

/// The key that was lent last, exchanged in good time, and by no request that can do without.
pub struct LentKeys<L> {
    kept: Arc<Kept<L>>,
    exchanges: Arc<Attempts>,
}

struct Kept<L> {
    lender: L,
    held: Mutex<Held>,
    reports: Reports,
}

#[derive(Default)]
struct Held {
    key: Option<Lent>,
    /// How the last exchange failed, if it did.
    failure: Option<Failure>,
}

struct Lent {
    key: AccessKey,
    dead: Instant,
}

impl<L: fmt::Debug> fmt::Debug for LentKeys<L> {
    /// Whose they are, as an operator's log says it: what is held changes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LentKeys").field(&self.kept.lender).finish()
    }
}

impl<L: Lender> LentKeys<L> {
    /// Keys of `lender`. What fails is told to `reports`.
    #[must_use]
    pub fn new(lender: L, reports: Reports) -> Self {
        let kept = Kept { lender, held: Mutex::default(), reports };
        Self { kept: Arc::new(kept), exchanges: Arc::default() }
    }

    async fn current(&self) -> Result<AccessKey, Failure> {
        let left = self.kept.left();
        if left <= MARGIN {
            let exchange = self.exchanges.begin(Arc::clone(&self.kept).exchange());
            if left.is_zero()
                && let Some(exchange) = exchange
            {
                exchange.await;
            }
        }
        self.kept.outcome()
    }
}

impl<L: Lender> Kept<L> {
    /// The life that the key has left; none if there is no key.
    fn left(&self) -> Duration {
        lock(&self.held).left()
    }

    fn outcome(&self) -> Result<AccessKey, Failure> {
        let held = lock(&self.held);
        let living = held.key.as_ref().filter(|_| !held.left().is_zero());
        let stopped = Failure::Unusable { reason: "the key that was lent is dead" };
        living.map(|lent| lent.key.clone()).ok_or_else(|| held.failure.clone().unwrap_or(stopped))
    }

    /// Has another key lent, and says how long nobody is to do so again.
    async fn exchange(self: Arc<Self>) -> Duration {
        let lent = self.lender.lend().await.and_then(|answer| read(&answer));
        let mut held = lock(&self.held);
        match lent {
            Ok(lent) => *held = Held { key: Some(lent), failure: None },
            Err(failure) => {
                self.reports.failed("keyNotLent", &format!("{:?}", self.lender), &failure);
                held.failure = Some(failure);
            }
        }
        match held.left() {
            Duration::ZERO => RETRY,
            left => left.min(PAUSE),
        }
    }
}

impl Held {
    fn left(&self) -> Duration {
        let dead = self.key.as_ref().map(|lent| lent.dead);
        dead.map_or(Duration::ZERO, |dead| dead.saturating_duration_since(Instant::now()))
    }
}

impl<L: Lender> KeySource for LentKeys<L> {
    fn key(&self) -> BoxFuture<'_, Result<AccessKey, Failure>> {
        Box::pin(self.current())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Credentials {
    code: Option<String>,
    access_key_id: String,
    access_key_secret: String,
    security_token: String,
    expiration: String,
}

fn read(answer: &Answer) -> Result<Lent, Failure> {
    let unusable = |reason| Failure::Unusable { reason };
    let given: Credentials = serde_json::from_slice(&answer.body.0)
        .map_err(|_| unusable("the credentials that were to be lent cannot be read"))?;
    if given.code.is_some_and(|code| code != "Success") {
        return Err(unusable("no credentials were lent: its Code is not Success"));
    }
    let parts = [&given.access_key_id, &given.access_key_secret, &given.security_token];
    if parts.iter().any(|part| part.is_empty()) {
        return Err(unusable("a part of the credentials that were lent is missing"));
    }
    let end: Timestamp =
        given.expiration.parse().map_err(|_| unusable("its Expiration is no instant"))?;
    let life = Duration::try_from(end.duration_since(Timestamp::now())).map_err(|_| {
        unusable("the credentials that were lent are dead: is this machine's clock right?")
    })?;
    let key = AccessKey {
        id: given.access_key_id,
        secret: Secret::new(given.access_key_secret),
        token: Some(Secret::new(given.security_token)),
    };
    Ok(Lent { key, dead: Instant::now() + life })
}

/// A program beside this one that answers a key to whoever asks: `ALIBABA_CLOUD_CREDENTIALS_URI`.
pub struct UriLender {
    uri: String,
    upstream: Upstream,
}

impl fmt::Debug for UriLender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UriLender").field(&host(&self.uri)).finish()
    }
}

impl UriLender {
    /// At `uri`.
    ///
    /// # Errors
    ///
    /// If the HTTP client cannot be set up.
    pub fn new(uri: String) -> Result<Self, reqwest::Error> {
        // Nobody else's proxy is told a key.
        Ok(Self { uri, upstream: Upstream::direct()? })
    }
}

impl Lender for UriLender {
    fn lend(&self) -> BoxFuture<'_, Result<Answer, Failure>> {
        Box::pin(async { self.upstream.send(get(&self.uri)?).await })
    }
}

pub(super) fn get(uri: &str) -> Result<Request<Bytes>, Failure> {
    let request = Request::get(uri).body(Bytes::new());
    request.map_err(|_| Failure::Unusable { reason: "the address of the lender is no URI" })
}

/// What may be shown of a lender's address, whose path and query may prove to it who asks.
pub(super) fn host(uri: &str) -> String {
    let url = reqwest::Url::parse(uri);
    url.map_or_else(|_| String::from("?"), |url| url.origin().ascii_serialization())
}

/// Whether `text` is an address of a lender: plain HTTP, which is what they speak, on this machine or next to it.
///
/// # Errors
///
/// What it must be instead.
pub fn checked_uri(text: &str) -> Result<String, &'static str> {
    let url = reqwest::Url::parse(text).map_err(|_| "must be an absolute URL")?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.host_str().is_some();
    let is_named = !url.username().is_empty() || url.password().is_some();
    if !is_web || is_named || url.fragment().is_some() {
        return Err("must be an http:// or https:// URL without user and fragment");
    }
    Ok(url.into())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use jiff::SignedDuration;
    use serde_json::json;
    use tokio::time::{advance, sleep};

    use super::*;
    use crate::upstream::Body;

    /// Lends numbered keys of a life in seconds; by their number, some calls hang until they are given up.
    #[derive(Debug)]
    struct Numbered {
        calls: AtomicU64,
        life: i64,
        failing: std::ops::Range<u64>,
    }

    impl Lender for Numbered {
        fn lend(&self) -> BoxFuture<'_, Result<Answer, Failure>> {
            let number = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
            let end = Timestamp::now() + SignedDuration::from_secs(self.life);
            let body = json!({ "Code": "Success", "AccessKeyId": format!("STS.{number}"),
                "AccessKeySecret": "s", "SecurityToken": "t", "Expiration": end.to_string() });
            let answer =
                Answer { headers: http::HeaderMap::new(), body: Body(body.to_string().into()) };
            let fails = self.failing.contains(&number);
            Box::pin(async move {
                if fails {
                    sleep(Duration::from_secs(5)).await;
                    return Err(Failure::TimedOut);
                }
                Ok(answer)
            })
        }
    }

    fn keys(life: i64, failing: std::ops::Range<u64>) -> LentKeys<Numbered> {
        let lender = Numbered { calls: AtomicU64::new(0), life, failing };
        LentKeys::new(lender, Reports::default())
    }

    async fn id(keys: &LentKeys<Numbered>) -> Result<String, Failure> {
        keys.key().await.map(|key| key.id)
    }

    fn calls(keys: &LentKeys<Numbered>) -> u64 {
        keys.kept.lender.calls.load(Ordering::Relaxed)
    }

    /// What runs beside this goes on.
    async fn meanwhile() {
        sleep(Duration::from_millis(1)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_is_exchanged_before_it_dies() {
        let keys = keys(3_600, 0..0);
        assert_eq!((id(&keys).await, id(&keys).await), (Ok("STS.1".into()), Ok("STS.1".into())));
        advance(Duration::from_secs(3_290)).await;
        assert_eq!(id(&keys).await, Ok("STS.1".into()));
        meanwhile().await;
        assert_eq!(calls(&keys), 1);
        advance(Duration::from_secs(20)).await;
        assert_eq!(id(&keys).await, Ok("STS.1".into()), "it lives, and nobody waits");
        meanwhile().await;
        assert_eq!(id(&keys).await, Ok("STS.2".into()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_that_lives_signs_at_once_while_its_lender_hangs() {
        let keys = keys(3_600, 2..1_000);
        assert_eq!(id(&keys).await, Ok("STS.1".into()));
        advance(Duration::from_secs(3_320)).await;
        for _ in 0..4 {
            let before = Instant::now();
            assert_eq!(id(&keys).await, Ok("STS.1".into()));
            assert_eq!(before, Instant::now(), "without a wait");
            meanwhile().await;
        }
        assert_eq!(calls(&keys), 2, "one is under way");
        sleep(Duration::from_secs(6)).await;
        assert_eq!(id(&keys).await, Ok("STS.1".into()));
        meanwhile().await;
        assert_eq!(calls(&keys), 2, "the pause counts from its end");
        advance(PAUSE).await;
        assert_eq!(id(&keys).await, Ok("STS.1".into()));
        meanwhile().await;
        assert_eq!(calls(&keys), 3);
        sleep(Duration::from_secs(300)).await;
        assert_eq!(id(&keys).await, Err(Failure::TimedOut), "now it is dead");
    }

    #[tokio::test(start_paused = true)]
    async fn users_who_wait_for_a_first_key_share_one_failure() {
        let keys = keys(3_600, 1..2);
        let before = Instant::now();
        let asked = futures_util::future::join_all((0..9).map(|_| id(&keys))).await;
        assert!(asked.iter().all(|outcome| *outcome == Err(Failure::TimedOut)));
        assert_eq!((before.elapsed(), calls(&keys)), (Duration::from_secs(5), 1));
        assert_eq!(id(&keys).await, Err(Failure::TimedOut), "not asked at once");
        advance(RETRY).await;
        assert_eq!(id(&keys).await, Ok("STS.2".into()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_of_a_short_life_is_followed_by_another() {
        let keys = keys(3, 0..0);
        for number in 1..5 {
            assert_eq!(id(&keys).await, Ok(format!("STS.{number}")));
            advance(Duration::from_secs(3)).await;
        }
    }

    #[test]
    fn what_is_no_temporary_key_is_not_lent() {
        let end = (Timestamp::now() + SignedDuration::from_secs(60)).to_string();
        let good = json!({ "AccessKeyId": "STS.x", "AccessKeySecret": "s", "SecurityToken": "t", "Expiration": end });
        let read = |body: serde_json::Value| {
            read(&Answer { headers: http::HeaderMap::new(), body: Body(body.to_string().into()) })
        };
        assert!(read(good.clone()).is_ok());
        for (name, value) in [
            ("Code", json!("Failed")),
            ("SecurityToken", json!("")),
            ("AccessKeyId", json!(null)),
            ("Expiration", json!("2020-01-01T00:00:00Z")),
            ("Expiration", json!("soon")),
        ] {
            let mut bad = good.clone();
            bad[name] = value;
            assert!(read(bad).is_err(), "{name}");
        }
    }
}
