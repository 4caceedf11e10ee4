//! One request to Alibaba Cloud, and why it may fail.
//!
//! Redirects are never followed: STS answers some throttling with `302`, and a followed redirect
//! comes back as a misleading signature error. Messages of the cloud are dropped here, because a
//! `SignatureDoesNotMatch` quotes the signed request.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Request, StatusCode};
use serde::Deserialize;

use crate::endpoint::Endpoint;

/// Time to reach the server.
const CONNECT: Duration = Duration::from_secs(3);
/// Time for the whole exchange: less than the 10 s that a page waits for us.
const TOTAL: Duration = Duration::from_secs(5);
/// Largest answer read. A token has about 2,000 bytes.
const LARGEST: usize = 256 << 10;

/// The code of our own limit in front of the cloud.
pub const OWN_LIMIT: &str = "Throttling.AppServer";

/// Why a service of the cloud gave no usable answer. Holds no message of the cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The cloud, or our own limit in front of it, asks for fewer requests.
    Throttled {
        /// `Throttling*`, also where the cloud only answered 302.
        code: String,
        /// When to come back, if the cloud said so.
        retry_after: Option<Duration>,
        /// The cloud's id of the request.
        request_id: Option<String>,
    },
    /// The cloud refused the request and named a code.
    Refused {
        /// HTTP status of its answer.
        status: u16,
        /// Its code, such as `NoPermission`.
        code: String,
        /// Its id of the request.
        request_id: Option<String>,
    },
    /// No connection, or none that survived.
    Unreachable {
        /// What the network said, for the operator.
        cause: String,
    },
    /// No whole answer within 5 s.
    TimedOut,
    /// An error without a code: whoever answered is not the API.
    Unexplained {
        /// HTTP status of the answer.
        status: u16,
    },
    /// An answer that is not what the API promises.
    Unusable {
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl Failure {
    /// This server's own limit in front of the cloud; one is free after `wait`.
    #[must_use]
    pub fn own_limit(wait: Duration) -> Self {
        let code = String::from(OWN_LIMIT);
        Self::Throttled { code, retry_after: Some(wait), request_id: None }
    }

    /// The cloud's code, if it named one.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Throttled { code, .. } | Self::Refused { code, .. } => Some(code),
            Self::Unreachable { .. }
            | Self::TimedOut
            | Self::Unexplained { .. }
            | Self::Unusable { .. } => None,
        }
    }

    /// One word for what happened, for counting.
    #[must_use]
    pub fn label(&self) -> &str {
        match self {
            Self::Throttled { code, .. } | Self::Refused { code, .. } => code,
            Self::Unreachable { .. } => "Unreachable",
            Self::TimedOut => "TimedOut",
            Self::Unexplained { .. } | Self::Unusable { .. } => "Unusable",
        }
    }

    /// The cloud's id of the request, if it answered.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Throttled { request_id, .. } | Self::Refused { request_id, .. } => {
                request_id.as_deref()
            }
            Self::Unreachable { .. }
            | Self::TimedOut
            | Self::Unexplained { .. }
            | Self::Unusable { .. } => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Throttled { code, .. } => write!(f, "the cloud asks for fewer requests ({code})"),
            Self::Refused { status, code, .. } => {
                write!(f, "the cloud refused with {status} {code}{}", hint(code))
            }
            Self::Unreachable { cause } => write!(f, "the cloud cannot be reached: {cause}"),
            Self::TimedOut => f.write_str("the cloud did not answer in time"),
            Self::Unexplained { status } => {
                write!(f, "the cloud's answer is unusable: it is a {status} without a code")
            }
            Self::Unusable { reason } => write!(f, "the cloud's answer is unusable: {reason}"),
        }
    }
}

/// What to look at first.
fn hint(code: &str) -> &'static str {
    match code {
        "InvalidTimeStamp.Expired" => ": this machine's clock is wrong",
        "SignatureDoesNotMatch" => ": the AccessKey secret does not belong to the AccessKey id",
        "NoPermission" => {
            ": the RAM user may not assume the role (AliyunSTSAssumeRoleAccess), or the role does not trust it"
        }
        "InvalidAccessKeyId.NotFound" => ": there is no such AccessKey",
        "InvalidAccessKeyId.Inactive" => ": the AccessKey is disabled",
        "Forbidden.RAM" | "Forbidden" => {
            ": the role or the session policy does not allow the action"
        }
        _ => "",
    }
}

impl std::error::Error for Failure {}

/// An HTTP client for one endpoint.
#[derive(Clone)]
pub struct Upstream {
    client: reqwest::Client,
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Upstream")
    }
}

/// A 200, read to its end.
#[derive(Debug)]
pub struct Answer {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body; holds credentials.
    pub body: Body,
}

/// A body that may hold credentials: `Debug` shows its length.
pub struct Body(pub Bytes);

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.0.len())
    }
}

impl Upstream {
    /// A client for `endpoint`. Proxies of the environment are used, except to loopback.
    ///
    /// # Errors
    ///
    /// If the TLS roots cannot be set up.
    pub fn new(endpoint: &Endpoint) -> Result<Self, reqwest::Error> {
        if endpoint.is_loopback() {
            return Self::direct();
        }
        Ok(Self { client: client().build()? })
    }

    /// A client that goes through no proxy.
    ///
    /// # Errors
    ///
    /// If the TLS roots cannot be set up.
    pub fn direct() -> Result<Self, reqwest::Error> {
        Ok(Self { client: client().no_proxy().build()? })
    }

    /// Sends `request` and returns a 200.
    ///
    /// # Errors
    ///
    /// Any [`Failure`]: every other status is one.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Answer, Failure> {
        let (parts, body) = request.into_parts();
        let response = self
            .client
            .request(parts.method, parts.uri.to_string())
            .headers(parts.headers)
            .body(body)
            .send()
            .await
            .map_err(|error| failed(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read(response).await?;
        if status == StatusCode::OK {
            Ok(Answer { headers, body: Body(body) })
        } else {
            Err(refusal(status, &headers, &body))
        }
    }
}

fn client() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .timeout(TOTAL)
}

fn failed(error: &reqwest::Error) -> Failure {
    if error.is_timeout() {
        Failure::TimedOut
    } else {
        Failure::Unreachable { cause: cause(error) }
    }
}

/// The innermost reason, such as "Connection refused": the outer ones name the address, which is ours.
fn cause(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string().chars().filter(|letter| !letter.is_control()).take(200).collect()
}

async fn read(mut response: reqwest::Response) -> Result<Bytes, Failure> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error))? {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST {
            return Err(Failure::Unusable { reason: "it is too large" });
        }
    }
    Ok(body.freeze())
}

/// What the cloud says of itself, in JSON as in the RPC APIs.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ErrorBody {
    code: String,
    request_id: Option<String>,
}

/// Reads an answer that is not a 200.
fn refusal(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Failure {
    let told: Option<ErrorBody> = serde_json::from_slice(body).ok();
    let request_id = told
        .as_ref()
        .and_then(|told| told.request_id.as_deref())
        .filter(|id| is_plain(id))
        .map(str::to_owned);
    let code = told.map(|told| told.code).filter(|code| is_plain(code));
    let throttled = code.as_deref().map_or_else(
        || matches!(status, StatusCode::FOUND | StatusCode::TOO_MANY_REQUESTS),
        |code| code.starts_with("Throttling"),
    );
    if throttled {
        let code = code.unwrap_or_else(|| String::from("Throttling"));
        return Failure::Throttled { code, retry_after: retry_after(headers), request_id };
    }
    match code {
        Some(code) => Failure::Refused { status: status.as_u16(), code, request_id },
        None if status.is_server_error() => Failure::Refused {
            status: status.as_u16(),
            code: String::from("InternalError"),
            request_id,
        },
        None => Failure::Unexplained { status: status.as_u16() },
    }
}

/// Whether a word of the cloud is fit to be repeated: the alphabet of its codes and ids.
fn is_plain(word: &str) -> bool {
    (1..=64).contains(&word.len())
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// In seconds, or as a date by the cloud's own clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| Some(headers.get(name)?.to_str().ok()?.trim());
    let wait = text(http::header::RETRY_AFTER)?;
    wait.parse().map(Duration::from_secs).ok().or_else(|| {
        let at = httpdate::parse_http_date(wait).ok()?;
        let now = text(http::header::DATE)
            .and_then(|date| httpdate::parse_http_date(date).ok())
            .unwrap_or_else(SystemTime::now);
        at.duration_since(now).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_302_and_each_throttling_code_ask_for_fewer_requests() {
        let none = HeaderMap::new();
        let body = br#"{"Code":"Throttling.User","Message":"m","RequestId":"R-1"}"#;
        for (status, body) in [(302, b"".as_slice()), (429, b"<html>"), (400, body), (503, body)] {
            let failure = refusal(StatusCode::from_u16(status).unwrap(), &none, body);
            assert!(matches!(failure, Failure::Throttled { .. }), "{status}: {failure:?}");
        }
    }

    #[test]
    fn an_error_without_a_code_is_told_by_its_status() {
        let failure = refusal(StatusCode::NOT_FOUND, &HeaderMap::new(), b"<html>canary");
        assert_eq!(failure, Failure::Unexplained { status: 404 });
        assert!(failure.to_string().contains("404"), "{failure}");
    }

    #[test]
    fn a_wait_is_a_number_of_seconds_or_a_date() {
        let wait = |pairs: &[(&'static str, &'static str)]| {
            let headers = pairs.iter().map(|(name, value)| {
                (name.parse::<http::HeaderName>().unwrap(), value.parse().unwrap())
            });
            retry_after(&headers.collect())
        };
        let date = ("date", "Thu, 01 Jan 2026 00:00:00 GMT");
        assert_eq!(wait(&[("retry-after", "7")]), Some(Duration::from_secs(7)));
        let later = ("retry-after", "Thu, 01 Jan 2026 00:00:09 GMT");
        assert_eq!(wait(&[date, later]), Some(Duration::from_secs(9)));
        assert_eq!(wait(&[date, ("retry-after", "soon")]), None);
        assert_eq!(wait(&[]), None);
    }

    #[test]
    fn a_code_beats_the_status_and_a_message_is_never_kept() {
        let body = br#"{"Code":"SignatureDoesNotMatch","Message":"server string to sign is:GET&canary","RequestId":"R-1"}"#;
        let failure = refusal(StatusCode::BAD_REQUEST, &HeaderMap::new(), body);
        assert_eq!(
            failure,
            Failure::Refused {
                status: 400,
                code: "SignatureDoesNotMatch".into(),
                request_id: Some("R-1".into())
            }
        );
        let odd = br#"{"Code":"has spaces canary","RequestId":"<b>"}"#;
        let failure = refusal(StatusCode::BAD_REQUEST, &HeaderMap::new(), odd);
        assert!(!format!("{failure:?}").contains("canary"), "{failure:?}");
    }
}
