//! What the two endpoints answer.

use std::time::Duration;

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

use crate::{sts::IssuedToken, upstream::Failure};

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
    error_message: &'static str,
    request_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<u64>,
}

impl ErrorReply {
    pub(super) fn new(status: StatusCode, code: &str, message: &'static str) -> Self {
        Self {
            status_code: status.as_u16(),
            error_code: code.to_owned(),
            error_message: message,
            request_id: own_request_id(),
            retry_after_seconds: None,
        }
    }

    /// 429, with the wait in whole seconds, rounded up.
    pub(super) fn throttled(code: &str, message: &'static str, wait: Duration) -> Self {
        let seconds = wait.as_millis().div_ceil(1_000).clamp(1, 3_600);
        let retry_after_seconds = u64::try_from(seconds).ok();
        Self { retry_after_seconds, ..Self::new(StatusCode::TOO_MANY_REQUESTS, code, message) }
    }

    /// What the user's page is told of a failure between this server and the cloud.
    pub(super) fn of(failure: &Failure) -> Self {
        let reply = match failure {
            Failure::Throttled { code, retry_after, .. } => {
                // The wait of the crowd is spread, so that it does not come back as one.
                let spread = Duration::from_millis(rand::random_range(1_000..=3_000));
                Self::throttled(
                    code,
                    "the cloud asks for fewer requests",
                    retry_after.unwrap_or(spread),
                )
            }
            Failure::Refused { status, code, .. } => {
                let (status, message) = refused(*status, code);
                Self::new(status, code, message)
            }
            Failure::Unreachable => Self::new(
                StatusCode::BAD_GATEWAY,
                "Upstream.Unreachable",
                "the cloud cannot be reached",
            ),
            Failure::TimedOut => Self::new(
                StatusCode::GATEWAY_TIMEOUT,
                "Upstream.Timeout",
                "the cloud did not answer in time",
            ),
            Failure::Unusable { .. } => Self::new(
                StatusCode::BAD_GATEWAY,
                "Upstream.InvalidAnswer",
                "the cloud's answer is unusable",
            ),
        };
        match failure.request_id() {
            Some(id) => Self { request_id: id.to_owned(), ..reply },
            None => reply,
        }
    }
}

/// Whose move it is: the page's (400, 404), the operator's (500) or the cloud's (502).
///
/// Never 401 or 403: those would tell the page that its *user* must sign in again.
fn refused(status: u16, code: &str) -> (StatusCode, &'static str) {
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| code.starts_with(prefix));
    if code == "InvalidVideo.NotFound" {
        (StatusCode::NOT_FOUND, "there is no such video")
    } else if starts(&[
        "InvalidFileName",
        "IllegalCharacters",
        "LengthExceededMax",
        "TagsExceededMax",
        "InvalidVideo",
        "InvalidImage",
        "RequestTooLarge",
    ]) {
        (StatusCode::BAD_REQUEST, "VOD does not accept a field of the request")
    } else if status >= 500 {
        (StatusCode::BAD_GATEWAY, "the cloud failed")
    } else {
        (
            StatusCode::INTERNAL_SERVER_ERROR,
            "the cloud refuses this server: its operator must look into it",
        )
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
        ErrorReply::of(&Failure::Refused { status, code: code.into(), request_id: None })
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
