//! Temporary keys that somebody on this machine lends, in place of a long-lived one.

use std::{fmt, time::Duration};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::Request;
use jiff::Timestamp;
use serde::Deserialize;
use tokio::{sync::Mutex, time::Instant};
use upload_token::secret::Secret;

use super::{AccessKey, KeySource};
use crate::upstream::{Answer, Failure, Upstream};

/// A key with less life than this is exchanged; it still signs while that fails.
const MARGIN: Duration = Duration::from_secs(300);
/// Pause after a failure, so that a lender that is down is not asked by every request.
const PAUSE: Duration = Duration::from_secs(5);

/// Who lends keys.
pub trait Lender: fmt::Debug + Send + Sync + 'static {
    /// A fresh one: JSON with `AccessKeyId`, `AccessKeySecret`, `SecurityToken` and `Expiration`.
    fn lend(&self) -> BoxFuture<'_, Result<Answer, Failure>>;
}

/// The key that was lent last, exchanged in good time.
#[derive(Debug)]
pub struct LentKeys<L> {
    lender: L,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    key: Option<Lent>,
    /// Until then a key that still lives is not exchanged.
    patient_until: Option<Instant>,
}

#[derive(Debug)]
struct Lent {
    key: AccessKey,
    dead: Instant,
}

impl<L: Lender> LentKeys<L> {
    /// Keys of `lender`.
    #[must_use]
    pub fn new(lender: L) -> Self {
        Self { lender, held: Mutex::default() }
    }

    async fn current(&self) -> Result<AccessKey, Failure> {
        let mut held = self.held.lock().await;
        let now = Instant::now();
        let living = held.key.as_ref().filter(|lent| lent.dead > now);
        let is_patient = held.patient_until.is_some_and(|until| until > now);
        if let Some(lent) = living
            && (is_patient || lent.dead.saturating_duration_since(now) > MARGIN)
        {
            return Ok(lent.key.clone());
        }
        match self.lender.lend().await.and_then(|answer| read(&answer)) {
            Ok(lent) => {
                let key = lent.key.clone();
                *held = Held { key: Some(lent), patient_until: Some(now + PAUSE) };
                Ok(key)
            }
            Err(failure) => {
                held.patient_until = Some(now + PAUSE);
                living_key(&held, now).ok_or(failure)
            }
        }
    }
}

fn living_key(held: &Held, now: Instant) -> Option<AccessKey> {
    held.key.as_ref().filter(|lent| lent.dead > now).map(|lent| lent.key.clone())
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

    use super::*;
    use crate::upstream::Body;

    /// Lends numbered keys of a life in seconds; by their number, some calls fail.
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
            Box::pin(async move { if fails { Err(Failure::TimedOut) } else { Ok(answer) } })
        }
    }

    fn keys(life: i64, failing: std::ops::Range<u64>) -> LentKeys<Numbered> {
        LentKeys::new(Numbered { calls: AtomicU64::new(0), life, failing })
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_is_exchanged_before_it_dies() {
        let keys = keys(3_600, 0..0);
        let id = async || keys.key().await.unwrap().id;
        assert_eq!((id().await, id().await), ("STS.1".into(), "STS.1".into()));
        tokio::time::advance(Duration::from_secs(3_290)).await;
        assert_eq!(id().await, "STS.1");
        tokio::time::advance(Duration::from_secs(20)).await;
        assert_eq!(id().await, "STS.2");
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_that_lives_signs_while_no_other_is_lent() {
        let keys = keys(3_600, 2..4);
        let id = async || keys.key().await.map(|key| key.id);
        assert_eq!(id().await, Ok("STS.1".into()));
        tokio::time::advance(Duration::from_secs(3_400)).await;
        assert_eq!(id().await, Ok("STS.1".into()), "the exchange failed");
        assert_eq!(id().await, Ok("STS.1".into()), "and is not tried by each request");
        assert_eq!(keys.lender.calls.load(Ordering::Relaxed), 2);
        tokio::time::advance(Duration::from_secs(300)).await;
        assert_eq!(id().await, Err(Failure::TimedOut), "now it is dead");
        tokio::time::advance(Duration::from_secs(6)).await;
        assert_eq!(id().await, Ok("STS.4".into()));
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
