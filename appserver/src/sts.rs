//! Issuing STS tokens by AssumeRole.

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use tokio::time::Instant;
use upload_token::{secret::Secret, token::StsToken};

use crate::{
    endpoint::Endpoint,
    keys::{AccessKey, KeySource},
    metrics::Metrics,
    rpc::{self, Signer},
    upstream::{Answer, Failure, Upstream},
};

/// How much longer than asked for a token may seem to live: clocks differ, and `Date` has whole seconds.
const SLACK: SignedDuration = SignedDuration::from_secs(60);

/// A token that STS has just issued, with all that is needed to say how long it still lives.
#[derive(Clone, Debug)]
pub struct IssuedToken {
    /// The credentials.
    pub token: StsToken,
    /// When it dies, on STS's clock, as STS printed it.
    pub expiration: Timestamp,
    /// STS's id of the request that issued it.
    pub request_id: String,
    /// When it came.
    pub issued: Instant,
    /// STS's clock at that moment.
    pub issued_at: Timestamp,
}

impl IssuedToken {
    /// STS's clock now. Counted on from the answer, so that an AppServer whose own clock is wrong
    /// still tells pages the right life.
    #[must_use]
    pub fn server_time(&self) -> Timestamp {
        let since = SignedDuration::try_from(self.issued.elapsed()).unwrap_or(SignedDuration::MAX);
        self.issued_at.saturating_add(since).unwrap_or(Timestamp::MAX)
    }

    /// The whole life it had when it came.
    #[must_use]
    pub fn life(&self) -> Duration {
        Duration::try_from(self.expiration.duration_since(self.issued_at)).unwrap_or(Duration::ZERO)
    }
}

/// What a token is issued for. Two requests with the same grant may share a token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Grant {
    /// `RoleSessionName`, of [`crate::session::session_name`].
    pub session: String,
    /// Keeps apart the tokens of one user, if a page asks for one a file. Not sent to STS.
    pub scope: String,
    /// What it allows.
    pub role: Arc<Role>,
}

/// Which role is assumed, and how much of it is given away.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Role {
    /// `acs:ram::<account>:role/<name>`.
    pub arn: String,
    /// Life asked for, in seconds: 900 to the role's maximum.
    pub duration_seconds: u32,
    /// Session policy, at most 2,048 characters; `None` is all that the role may do.
    pub policy: Option<String>,
    /// What the role's trust policy asks for, if it does.
    pub external_id: Option<String>,
}

/// Issues STS tokens. Each call is one request to STS; [`crate::cache`] stands in front.
pub trait TokenIssuer: Send + Sync + 'static {
    /// Issues one token.
    fn issue(&self, grant: Grant) -> BoxFuture<'static, Result<IssuedToken, Failure>>;
}

/// AssumeRole, API version 2015-04-01.
#[derive(Clone, Debug)]
pub struct AssumeRole {
    endpoint: Endpoint,
    upstream: Upstream,
    keys: Arc<dyn KeySource>,
    metrics: Arc<Metrics>,
}

impl AssumeRole {
    /// Assumes roles at `endpoint` with the key that `keys` has at the moment.
    ///
    /// # Errors
    ///
    /// If the TLS roots cannot be set up.
    pub fn new(
        endpoint: Endpoint,
        keys: Arc<dyn KeySource>,
        metrics: Arc<Metrics>,
    ) -> Result<Self, reqwest::Error> {
        let upstream = Upstream::new(&endpoint)?;
        Ok(Self { endpoint, upstream, keys, metrics })
    }

    async fn assume(&self, key: &AccessKey, grant: Grant) -> Result<IssuedToken, Failure> {
        let duration = grant.role.duration_seconds.to_string();
        let mut params = vec![
            ("RoleArn", grant.role.arn.as_str()),
            ("RoleSessionName", grant.session.as_str()),
            ("DurationSeconds", duration.as_str()),
        ];
        params.extend(grant.role.policy.as_deref().map(|policy| ("Policy", policy)));
        params.extend(grant.role.external_id.as_deref().map(|id| ("ExternalId", id)));
        let signer = Signer {
            access_key_id: &key.id,
            access_key_secret: &key.secret,
            security_token: key.token.as_ref(),
        };
        let request = rpc::request(&self.endpoint, ("AssumeRole", "2015-04-01"), &params, signer)?;
        let answer = self.upstream.send(request).await?;
        accept(&answer, grant.role.duration_seconds, Timestamp::now(), Instant::now())
    }
}

impl TokenIssuer for AssumeRole {
    fn issue(&self, grant: Grant) -> BoxFuture<'static, Result<IssuedToken, Failure>> {
        let this = self.clone();
        Box::pin(async move {
            // Without a key nothing is asked of STS, and nothing counted.
            let key = this.keys.key().await?;
            let issued = this.assume(&key, grant).await;
            this.metrics.called("AssumeRole", issued.as_ref().err().map_or("OK", Failure::label));
            issued
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AssumedRole {
    #[serde(default)]
    request_id: String,
    credentials: Credentials,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Credentials {
    access_key_id: String,
    access_key_secret: String,
    security_token: String,
    expiration: String,
}

/// Checks what no SDK checks: that the answer is a temporary credential, whole and alive.
fn accept(
    answer: &Answer,
    asked_seconds: u32,
    own_clock: Timestamp,
    issued: Instant,
) -> Result<IssuedToken, Failure> {
    let unusable = |reason| Failure::Unusable { reason };
    let AssumedRole { request_id, credentials } =
        serde_json::from_slice(&answer.body.0).map_err(|_| unusable("it holds no token"))?;
    let given =
        [&credentials.access_key_id, &credentials.access_key_secret, &credentials.security_token];
    if given.iter().any(|part| part.is_empty()) {
        return Err(unusable("a part of the token is missing"));
    }
    if credentials.access_key_id.starts_with("LTAI") {
        return Err(unusable("it holds a long-lived key"));
    }
    let expiration: Timestamp =
        credentials.expiration.parse().map_err(|_| unusable("its Expiration is no instant"))?;
    let longest = SignedDuration::from_secs(i64::from(asked_seconds)) + SLACK;
    let issued_at = clock_of(&answer.headers, own_clock, expiration, longest);
    if expiration <= issued_at {
        return Err(unusable("its Expiration is not in the future"));
    }
    let token = StsToken {
        access_key_id: credentials.access_key_id,
        access_key_secret: Secret::new(credentials.access_key_secret),
        security_token: Secret::new(credentials.security_token),
    };
    Ok(IssuedToken { token, expiration, request_id, issued, issued_at })
}

/// STS's clock when it answered.
///
/// Our own has milliseconds, and is believed while `Date` agrees with it. Where they differ, ours is wrong, and `Date`
/// counts, to the end of the second that it names; unless by it the token is dead already, or outlives what was asked for
/// (servers with a `Date` of 1970 exist). Then ours counts after all, if the token does not outlive what was asked for by
/// ours either. If it does, the token has just begun that life.
fn clock_of(
    headers: &http::HeaderMap,
    own: Timestamp,
    expiration: Timestamp,
    longest: SignedDuration,
) -> Timestamp {
    let plausible = |at: &Timestamp| expiration.duration_since(*at) <= longest;
    let lives = |at: &Timestamp| expiration > *at && plausible(at);
    let agreement = SignedDuration::from_secs(2);
    let date = headers
        .get(http::header::DATE)
        .and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok())
        .and_then(|date| Timestamp::try_from(date).ok())
        .filter(|date| own.duration_since(*date).abs() > agreement)
        .and_then(|date| date.saturating_add(SignedDuration::from_secs(1)).ok());
    date.filter(lives)
        .or_else(|| Some(own).filter(plausible))
        .or_else(|| expiration.checked_sub(longest).ok())
        .unwrap_or(own)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::upstream::Body;

    fn headers(date: &str) -> http::HeaderMap {
        http::HeaderMap::from_iter([(http::header::DATE, date.parse().unwrap())])
    }

    fn clock(headers: &http::HeaderMap) -> String {
        let own: Timestamp = "2026-01-01T00:00:00.250Z".parse().unwrap();
        let expiration = "2026-01-01T00:15:00Z".parse().unwrap();
        clock_of(headers, own, expiration, SignedDuration::from_secs(960)).to_string()
    }

    #[test]
    fn the_clock_is_our_own_unless_sts_disagrees() {
        let own = "2026-01-01T00:00:00.25Z";
        assert_eq!(clock(&http::HeaderMap::new()), own);
        assert_eq!(clock(&headers("Thu, 01 Jan 2026 00:00:00 GMT")), own);
        assert_eq!(clock(&headers("nonsense")), own);
        assert_eq!(clock(&headers("Thu, 01 Jan 2026 00:10:00 GMT")), "2026-01-01T00:10:01Z");
    }

    #[test]
    fn no_date_makes_a_token_live_longer_than_was_asked_for() {
        assert_eq!(clock(&headers("Thu, 01 Jan 1970 00:00:00 GMT")), "2026-01-01T00:00:00.25Z");
        assert_eq!(clock(&headers("Thu, 01 Jan 2099 00:00:00 GMT")), "2026-01-01T00:00:00.25Z");
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let far = json!({ "AccessKeyId": "STS.x", "AccessKeySecret": "s", "SecurityToken": "t",
            "Expiration": "2099-01-01T00:00:00Z" });
        let issued = accepted(far, now).unwrap();
        assert_eq!(issued.life(), Duration::from_secs(960));
    }

    /// A lender that is down.
    #[derive(Debug)]
    struct Nobody;

    impl KeySource for Nobody {
        fn key(&self) -> BoxFuture<'_, Result<AccessKey, Failure>> {
            Box::pin(async { Err(Failure::TimedOut) })
        }
    }

    #[tokio::test]
    async fn what_sts_was_not_asked_is_not_counted() {
        let endpoint = Endpoint::parse("http://127.0.0.1:9").unwrap();
        let metrics = Arc::new(Metrics::default());
        let sts = AssumeRole::new(endpoint, Arc::new(Nobody), Arc::clone(&metrics)).unwrap();
        let (arn, session) = (String::from("acs:ram::1:role/a"), String::from("alice"));
        let role = Role { arn, duration_seconds: 900, policy: None, external_id: None };
        let grant = Grant { session, scope: String::new(), role: Arc::new(role) };
        assert_eq!(sts.issue(grant).await.unwrap_err(), Failure::TimedOut);
        assert!(!metrics.text(0).contains("AssumeRole"));
    }

    fn accepted(credentials: Value, now: Timestamp) -> Result<IssuedToken, Failure> {
        let body = json!({ "RequestId": "R", "Credentials": credentials }).to_string();
        let answer = Answer { headers: http::HeaderMap::new(), body: Body(body.into()) };
        accept(&answer, 900, now, Instant::now())
    }

    #[test]
    fn a_long_lived_key_or_a_dead_token_is_not_passed_on() {
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let good = json!({ "AccessKeyId": "STS.x", "AccessKeySecret": "s", "SecurityToken": "t",
            "Expiration": "2026-01-01T00:15:00Z" });
        assert!(accepted(good.clone(), now).is_ok());
        for (name, value) in [
            ("AccessKeyId", json!("LTAI5t")),
            ("AccessKeyId", json!("")),
            ("SecurityToken", json!(null)),
            ("AccessKeySecret", json!("")),
            ("Expiration", json!("soon")),
            ("Expiration", json!("2025-12-31T23:59:59Z")),
        ] {
            let mut bad = good.clone();
            bad[name] = value;
            assert!(accepted(bad, now).is_err(), "{name}");
        }
    }
}
