//! Reading a request's body.

use std::time::Duration;

use axum::body::Body;
use http::StatusCode;
use http_body_util::{BodyExt, Limited};
use serde_json::{Map, Value};
use tokio::time::timeout;

use super::reply::ErrorReply;

/// Largest body read, in bytes: a title, a description and sixteen tags.
const LARGEST: usize = 64 << 10;
/// How long it may take to come: so much less than an answer that its sender is told why there is none.
const PATIENCE: Duration = Duration::from_secs(8);

/// Reads a JSON object; an empty body is an empty one.
///
/// The `Content-Type` is not looked at: a page that posts a plain object is understood too, and
/// [`crate::origin`] has already settled which pages may post at all.
///
/// # Errors
///
/// 408, 413 or 400.
pub(super) async fn read(body: Body) -> Result<Map<String, Value>, ErrorReply> {
    let refusal = |status, message| ErrorReply::new(status, "InvalidBody", message);
    let bytes = timeout(PATIENCE, Limited::new(body, LARGEST).collect())
        .await
        .map_err(|_| refusal(StatusCode::REQUEST_TIMEOUT, "the body did not come in time"))?
        .map_err(|_| refusal(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large or broke off"))?
        .to_bytes();
    if bytes.is_empty() {
        return Ok(Map::new());
    }
    serde_json::from_slice(&bytes)
        .map_err(|_| refusal(StatusCode::BAD_REQUEST, "the body must be a JSON object"))
}

/// The text `name` of `fields`; `null` is as good as none.
///
/// # Errors
///
/// 400, if it is no text.
pub(super) fn text(fields: &Map<String, Value>, name: &str) -> Result<Option<String>, ErrorReply> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(ErrorReply::new(
            StatusCode::BAD_REQUEST,
            "InvalidBody",
            format!("{name} must be a text"),
        )),
    }
}
