//! What the two endpoints answer.

use std::{borrow::Cow, time::Duration};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{
    HeaderValue, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    auth::Denied,
    sts::IssuedToken,
    upstream::{Failure, OWN_LIMIT},
};

/// An instant with milliseconds: `2026-01-01T00:00:00.250Z`.
pub(super) fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// An instant in whole seconds, as STS prints it.
pub(super) fn expiration(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// An STS token in a shape that readers of the common AppServer samples understand.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TokenReply<'a> {
    status_code: u16,
    code: &'static str,
    access_key_id: &'a str,
    access_key_secret: &'a str,
    security_token: &'a str,
    expiration: String,
    server_time: String,
    request_id: &'a str,
}

pub(super) fn token(issued: &IssuedToken) -> Response {
    json(
        StatusCode::OK,
        &TokenReply {
            status_code: 200,
            code: "Success",
            access_key_id: &issued.token.access_key_id,
            access_key_secret: issued.token.access_key_secret.expose(),
            security_token: issued.token.security_token.expose(),
            expiration: expiration(issued.expiration),
            server_time: instant(issued.server_time()),
            request_id: &issued.request_id,
        },
    )
}

/// A refusal: what went wrong and, if waiting helps, for how long. Holds no message of the cloud.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ErrorReply {
    status_code: u16,
    pub(super) error_code: String,
    error_message: Cow<'static, str>,
    request_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<u64>,
    /// What the operator's log says beside it.
    #[serde(skip)]
    pub(super) cause: Option<String>,
}

impl ErrorReply {
    pub(super) fn new(
        status: StatusCode,
        code: &str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status_code: status.as_u16(),
            error_code: code.to_owned(),
            error_message: message.into(),
            request_id: own_request_id(),
            retry_after_seconds: None,
            cause: None,
        }
    }

    /// With what the operator must know, and the page must not.
    #[must_use]
    pub(super) fn because(self, cause: impl Into<String>) -> Self {
        Self { cause: Some(cause.into()), ..self }
    }

    /// 429, with the wait in whole seconds, rounded up.
    pub(super) fn throttled(code: &str, message: &'static str, wait: Duration) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, code, message).after(wait)
    }

    /// 503: waiting may help.
    pub(super) fn unavailable(message: &'static str, wait: Duration) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message).after(wait)
    }

    fn after(self, wait: Duration) -> Self {
        let seconds = wait.as_millis().div_ceil(1_000).clamp(1, 3_600);
        Self { retry_after_seconds: u64::try_from(seconds).ok(), ..self }
    }

    /// What somebody is told who is not believed, or may not.
    pub(super) fn denied(denied: Denied) -> Self {
        match denied {
            Denied::NotSignedIn(reason) => {
                Self::new(StatusCode::UNAUTHORIZED, "NotSignedIn", "sign in first").because(reason)
            }
            Denied::Forbidden(reason) => {
                Self::new(StatusCode::FORBIDDEN, "Forbidden", "this user may not upload")
                    .because(reason)
            }
            Denied::Unavailable(reason) => {
                let message = "who is asking cannot be found out now";
                Self::unavailable(message, Duration::from_secs(2)).because(reason)
            }
        }
    }

    /// What the user's page is told of a failure between this server and STS.
    pub(super) fn of_sts(failure: &Failure) -> Self {
        Self::of(failure, refused_by_sts)
    }

    /// What it is told of one between this server and VOD, or STS before it.
    pub(super) fn of_vod(failure: &Failure) -> Self {
        Self::of(failure, refused_by_vod)
    }

    fn of(failure: &Failure, refused: fn(u16, &str) -> (StatusCode, &'static str)) -> Self {
        let reply = match failure {
            Failure::Throttled { code, retry_after, .. } => {
                // The wait of the crowd is spread, so that it does not come back as one.
                let spread = Duration::from_millis(rand::random_range(1_000..=3_000));
                let message = if code == OWN_LIMIT {
                    "this server keeps below the limits of its account"
                } else {
                    "the cloud asks for fewer requests"
                };
                Self::throttled(code, message, retry_after.unwrap_or(spread))
            }
            Failure::Refused { status, code, .. } => {
                let (status, message) = refused(*status, code);
                Self::new(status, code, message)
            }
            Failure::Unreachable { .. } => Self::new(
                StatusCode::BAD_GATEWAY,
                "Upstream.Unreachable",
                "the cloud cannot be reached",
            ),
            Failure::TimedOut => Self::new(
                StatusCode::GATEWAY_TIMEOUT,
                "Upstream.Timeout",
                "the cloud did not answer in time",
            ),
            Failure::Unexplained { .. } | Failure::Unusable { .. } => Self::new(
                StatusCode::BAD_GATEWAY,
                "Upstream.InvalidAnswer",
                "the cloud's answer is unusable",
            ),
        };
        let reply = match failure.request_id() {
            Some(id) => Self { request_id: id.to_owned(), ..reply },
            None => reply,
        };
        reply.because(failure.to_string())
    }
}

/// The operator's move (500) or the cloud's (502).
///
/// Never 401 or 403: those would tell the page that its *user* must sign in again.
fn refused_by_sts(status: u16, _: &str) -> (StatusCode, &'static str) {
    if status >= 500 {
        (StatusCode::BAD_GATEWAY, "the cloud failed")
    } else {
        let message = "the cloud refuses this server: its operator must look into it";
        (StatusCode::INTERNAL_SERVER_ERROR, message)
    }
}

/// The page's move too: 404, or 400 for what VOD finds wrong with a field.
fn refused_by_vod(status: u16, code: &str) -> (StatusCode, &'static str) {
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| code.starts_with(prefix));
    let about_the_caller = starts(&[
        "InvalidAccessKeyId",
        "InvalidSecurityToken",
        "InvalidTimeStamp",
        "InvalidAction",
        "InvalidVersion",
        "MissingAccessKeyId",
        "MissingSecurityToken",
        "MissingSignature",
        "InvalidParameter.RoleArn",
        "InvalidParameter.RoleSessionName",
        "InvalidParameter.Policy",
        "InvalidParameter.DurationSeconds",
        "InvalidParameter.ExternalId",
    ]);
    let about_a_field = starts(&[
        "Invalid",
        "Missing",
        "IllegalCharacters",
        "LengthExceededMax",
        "TagsExceededMax",
        "RequestTooLarge",
    ]);
    if code == "InvalidVideo.NotFound" {
        (StatusCode::NOT_FOUND, "there is no such video")
    } else if about_a_field && !about_the_caller {
        (StatusCode::BAD_REQUEST, "VOD does not accept a field of the request")
    } else {
        refused_by_sts(status, code)
    }
}

/// Ids of answers that the cloud had no part in.
fn own_request_id() -> String {
    format!("A-{:032X}", rand::random::<u128>())
}

impl IntoResponse for ErrorReply {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.status_code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = json(status, &self);
        if let Some(seconds) = self.retry_after_seconds {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        // For the audit log, which is written where the user is known.
        response.extensions_mut().insert(self);
        response
    }
}

pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let Ok(body) = serde_json::to_vec(body) else {
        // Every body here is a struct of texts and numbers.
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(status: u16, code: &str) -> u16 {
        ErrorReply::of_vod(&Failure::Refused { status, code: code.into(), request_id: None })
            .status_code
    }

    #[test]
    fn a_refusal_of_this_server_never_looks_like_a_refusal_of_the_user() {
        for (from, code, to) in [
            (403, "NoPermission", 500),
            (404, "EntityNotExist.Role", 500),
            (404, "InvalidAccessKeyId.NotFound", 500),
            (400, "SignatureDoesNotMatch", 500),
            (403, "Forbidden", 500),
            (500, "InternalError", 502),
            (503, "ServiceUnAvailable", 502),
            (404, "InvalidVideo.NotFound", 404),
            (400, "InvalidFileName.Extension", 400),
            (404, "InvalidTemplateGroupId.NotFound", 400),
            (404, "InvalidStorage.NotFound", 400),
            (400, "MissingTitle", 400),
            (403, "OperationDenied.Suspended", 500),
            (403, "InvalidSecurityToken.Expired", 500),
            (400, "InvalidParameter.PolicyGrammar", 500),
        ] {
            assert_eq!(status(from, code), to, "{code}");
        }
    }

    #[test]
    fn a_wait_is_rounded_up_to_whole_seconds() {
        let seconds = |millis| {
            ErrorReply::throttled("c", "m", Duration::from_millis(millis)).retry_after_seconds
        };
        assert_eq!((seconds(0), seconds(1_000), seconds(1_001)), (Some(1), Some(1), Some(2)));
    }

    #[test]
    fn times_are_utc_with_a_literal_z() {
        let at: Timestamp = "2026-01-01T00:00:00.25Z".parse().unwrap();
        assert_eq!(instant(at), "2026-01-01T00:00:00.250Z");
        assert_eq!(expiration(at), "2026-01-01T00:00:00Z");
    }
}
