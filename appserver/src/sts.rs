//! Issuing STS tokens by AssumeRole.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use reqsign_aliyun_oss::{
    AssumeRoleGrant, AssumeRoleGranter, Credential, StaticCredentialProvider,
};
use reqsign_core::{Context, Granter, HttpSend};
use serde::Deserialize;
use tokio::time::Instant;
use upload_token::{secret::Secret, token::StsToken};

use crate::{
    sync::lock,
    upstream::{Endpoint, Failure, Upstream},
};

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
}

/// A future that can be sent between threads.
pub type Pending<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Issues STS tokens. Each call is one request to STS; [`crate::cache`] stands in front.
pub trait TokenIssuer: Send + Sync + 'static {
    /// Issues one token.
    fn issue(&self, grant: Grant) -> Pending<Result<IssuedToken, Failure>>;
}

/// What every AssumeRole of this server has in common.
#[derive(Clone, Debug)]
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

/// The key of the RAM user who assumes the role.
#[derive(Clone, Debug)]
pub struct AccessKey {
    /// `LTAI…`; not a secret.
    pub id: String,
    /// Signs the request.
    pub secret: Secret<String>,
}

/// AssumeRole through `reqsign-aliyun-oss` (signature version 1.0, GET).
#[derive(Clone, Debug)]
pub struct AssumeRole {
    endpoint: Endpoint,
    upstream: Upstream,
    key: AccessKey,
    role: Role,
}

impl AssumeRole {
    /// Assumes `role` at `endpoint` with `key`.
    ///
    /// # Errors
    ///
    /// If the TLS roots cannot be set up.
    pub fn new(endpoint: Endpoint, key: AccessKey, role: Role) -> Result<Self, reqwest::Error> {
        let upstream = Upstream::new(&endpoint)?;
        Ok(Self { endpoint, upstream, key, role })
    }

    async fn assume(self, session: String) -> Result<IssuedToken, Failure> {
        let exchange = Exchange { upstream: self.upstream, seen: Arc::default() };
        let seen = Arc::clone(&exchange.seen);
        let mut grant = AssumeRoleGrant::new(self.role.arn).with_role_session_name(session);
        if let Some(policy) = self.role.policy {
            grant = grant.with_policy(policy);
        }
        if let Some(external_id) = self.role.external_id {
            grant = grant.with_external_id(external_id);
        }
        let source = StaticCredentialProvider::new(&self.key.id, self.key.secret.expose());
        let granter = AssumeRoleGranter::new(grant).with_sts_endpoint(self.endpoint.as_str());
        let granter = Granter::new(Context::new().with_http_send(exchange), source, granter);
        let granted =
            granter.grant(Some(Duration::from_secs(u64::from(self.role.duration_seconds)))).await;
        let seen = std::mem::take(&mut *lock(&seen));
        match (granted, seen) {
            (Ok(credential), Seen::Answer { request_id, at, when }) => {
                accept(credential, request_id, at, when)
            }
            (_, Seen::Failure(failure)) => Err(failure),
            (Err(_), _) => Err(Failure::Unusable { reason: "it holds no token that is valid now" }),
            (Ok(_), Seen::Nothing) => Err(Failure::Unusable { reason: "it did not come from STS" }),
        }
    }
}

impl TokenIssuer for AssumeRole {
    fn issue(&self, grant: Grant) -> Pending<Result<IssuedToken, Failure>> {
        Box::pin(self.clone().assume(grant.session))
    }
}

/// Checks what no SDK checks: that the answer is a temporary credential, whole and alive.
fn accept(
    credential: Credential,
    request_id: String,
    issued_at: Timestamp,
    issued: Instant,
) -> Result<IssuedToken, Failure> {
    let security_token = credential.security_token.unwrap_or_default();
    if credential.access_key_id.is_empty()
        || credential.access_key_secret.is_empty()
        || security_token.is_empty()
    {
        return Err(Failure::Unusable { reason: "a part of the token is missing" });
    }
    if credential.access_key_id.starts_with("LTAI") {
        return Err(Failure::Unusable { reason: "it holds a long-lived key" });
    }
    let expiration = credential
        .expires_in
        .and_then(|expires| Timestamp::from_second(expires.as_second()).ok())
        .filter(|expiration| *expiration > issued_at)
        .ok_or(Failure::Unusable { reason: "its Expiration is not in the future" })?;
    let token = StsToken {
        access_key_id: credential.access_key_id,
        access_key_secret: Secret::new(credential.access_key_secret),
        security_token: Secret::new(security_token),
    };
    Ok(IssuedToken { token, expiration, request_id, issued, issued_at })
}

/// One exchange with STS. reqsign flattens refusals to text and drops the RequestId, so both are kept here.
#[derive(Clone)]
struct Exchange {
    upstream: Upstream,
    seen: Arc<Mutex<Seen>>,
}

/// What came of an exchange.
#[derive(Default)]
enum Seen {
    #[default]
    Nothing,
    Answer {
        request_id: String,
        at: Timestamp,
        when: Instant,
    },
    Failure(Failure),
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exchange")
    }
}

#[derive(Deserialize)]
struct RequestId {
    #[serde(rename = "RequestId", default)]
    id: String,
}

impl HttpSend for Exchange {
    async fn http_send(
        &self,
        request: http::Request<Bytes>,
    ) -> reqsign_core::Result<http::Response<Bytes>> {
        match self.upstream.send(request).await {
            Ok(answer) => {
                let request_id = serde_json::from_slice(&answer.body.0)
                    .map_or_else(|_| String::new(), |RequestId { id }| id);
                let at = clock_of(&answer.headers, Timestamp::now());
                *lock(&self.seen) = Seen::Answer { request_id, at, when: Instant::now() };
                Ok(http::Response::new(answer.body.0))
            }
            Err(failure) => {
                *lock(&self.seen) = Seen::Failure(failure);
                Err(reqsign_core::Error::unexpected("STS issued no token"))
            }
        }
    }
}

/// STS's clock when it answered. Our own has milliseconds and is believed while `Date` agrees with
/// it; otherwise it is wrong, and `Date` counts, to the end of the second that it names.
fn clock_of(headers: &http::HeaderMap, own: Timestamp) -> Timestamp {
    let agreement = SignedDuration::from_secs(2);
    let date = headers
        .get(http::header::DATE)
        .and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok())
        .and_then(|date| Timestamp::try_from(date).ok());
    match date {
        Some(date) if own.duration_since(date).abs() > agreement => {
            date.saturating_add(SignedDuration::from_secs(1)).unwrap_or(date)
        }
        _ => own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(date: &str) -> http::HeaderMap {
        http::HeaderMap::from_iter([(http::header::DATE, date.parse().unwrap())])
    }

    #[test]
    fn the_clock_is_our_own_unless_sts_disagrees() {
        let own: Timestamp = "2026-01-01T00:00:00.250Z".parse().unwrap();
        assert_eq!(clock_of(&http::HeaderMap::new(), own), own);
        assert_eq!(clock_of(&headers("Thu, 01 Jan 2026 00:00:00 GMT"), own), own);
        assert_eq!(clock_of(&headers("nonsense"), own), own);
        let ahead = clock_of(&headers("Thu, 01 Jan 2026 01:00:00 GMT"), own);
        assert_eq!(ahead.to_string(), "2026-01-01T01:00:01Z");
    }

    #[test]
    fn a_long_lived_key_or_a_dead_token_is_not_passed_on() {
        let now = Timestamp::now();
        let good = Credential {
            access_key_id: "STS.x".into(),
            access_key_secret: "s".into(),
            security_token: Some("t".into()),
            expires_in: reqsign_core::time::Timestamp::from_second(now.as_second() + 60).ok(),
        };
        let check = |credential| accept(credential, String::new(), now, Instant::now());
        assert!(check(good.clone()).is_ok());
        assert!(check(Credential { access_key_id: "LTAI5t".into(), ..good.clone() }).is_err());
        assert!(check(Credential { security_token: None, ..good.clone() }).is_err());
        assert!(check(Credential { expires_in: None, ..good.clone() }).is_err());
        assert!(
            check(Credential {
                expires_in: reqsign_core::time::Timestamp::from_second(now.as_second() - 1).ok(),
                ..good
            })
            .is_err()
        );
    }
}
