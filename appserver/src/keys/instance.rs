//! The role of the machine this runs on, as the metadata service of ECS lends it (in its hardened mode).

use std::{fmt, sync::Mutex};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::Request;
use jiff::Timestamp;
use upload_token::secret::Secret;

use super::lent::{Lender, get, host};
use crate::{
    sync::lock,
    upstream::{Answer, Failure, Upstream},
};

/// Where every ECS instance finds it.
const METADATA: &str = "http://100.100.100.200";
/// Life that is asked for the session with the service, in seconds.
const SESSION: i64 = 21_600;
const TTL: &str = "X-aliyun-ecs-metadata-token-ttl-seconds";
const TOKEN: &str = "X-aliyun-ecs-metadata-token";

/// Lends the key of an instance's role.
pub struct InstanceRole {
    at: String,
    role: Option<String>,
    upstream: Upstream,
    session: Mutex<Option<Session>>,
}

/// Proves to the service that whoever asks could send a PUT, which somebody who only can make this server fetch a URL cannot.
#[derive(Clone, Debug)]
struct Session {
    token: Secret<String>,
    ends: Timestamp,
}

impl fmt::Debug for InstanceRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("InstanceRole");
        shown.field("at", &host(&self.at)).field("role", &self.role).finish_non_exhaustive()
    }
}

impl InstanceRole {
    /// The role `role`, or the one that the instance has. `at` is where the service is, if it is not where it always is.
    ///
    /// # Errors
    ///
    /// If the HTTP client cannot be set up.
    pub fn new(role: Option<String>, at: Option<String>) -> Result<Self, reqwest::Error> {
        let at = at.unwrap_or_else(|| String::from(METADATA));
        let at = at.trim_end_matches('/').to_owned();
        Ok(Self { at, role, upstream: Upstream::direct()?, session: Mutex::default() })
    }

    async fn ask(&self, path: &str) -> Result<Answer, Failure> {
        let token = self.session().await?;
        let mut request = get(&format!("{}{path}", self.at))?;
        let token = token.expose().parse().map_err(|_| Failure::Unusable {
            reason: "the metadata service's token is no header",
        })?;
        request.headers_mut().insert(TOKEN, token);
        let answer = self.upstream.send(request).await;
        if answer.is_err() {
            // The service may have forgotten the session.
            *lock(&self.session) = None;
        }
        answer
    }

    async fn session(&self) -> Result<Secret<String>, Failure> {
        let now = Timestamp::now();
        let held = lock(&self.session).clone().filter(|session| session.ends > now);
        if let Some(session) = held {
            return Ok(session.token);
        }
        let request = Request::put(format!("{}/latest/api/token", self.at))
            .header(TTL, SESSION)
            .body(Bytes::new())
            .map_err(|_| Failure::Unusable {
                reason: "the metadata service's address is no URI",
            })?;
        let answer = self.upstream.send(request).await?;
        let token = Secret::new(text(&answer)?);
        let ends = now.saturating_add(jiff::SignedDuration::from_secs(SESSION - 60));
        let ends = ends.unwrap_or(now);
        *lock(&self.session) = Some(Session { token: token.clone(), ends });
        Ok(token)
    }

    async fn lend_once(&self) -> Result<Answer, Failure> {
        const ROLES: &str = "/latest/meta-data/ram/security-credentials/";
        let role = match &self.role {
            Some(role) => role.clone(),
            None => text(&self.ask(ROLES).await?)?,
        };
        if !role.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".@_-".contains(&byte)) {
            return Err(Failure::Unusable { reason: "the metadata service names no role" });
        }
        self.ask(&format!("{ROLES}{role}")).await
    }
}

impl Lender for InstanceRole {
    fn lend(&self) -> BoxFuture<'_, Result<Answer, Failure>> {
        Box::pin(self.lend_once())
    }
}

fn text(answer: &Answer) -> Result<String, Failure> {
    std::str::from_utf8(&answer.body.0)
        .map(|text| text.trim().to_owned())
        .ok()
        .filter(|text| !text.is_empty() && text.len() < 1_024)
        .ok_or(Failure::Unusable { reason: "the metadata service's answer is no text" })
}
