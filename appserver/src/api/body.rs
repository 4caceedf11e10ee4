//! Reading a request's body.

use axum::body::Body;
use http::StatusCode;
use http_body_util::{BodyExt, Limited};
use serde::de::DeserializeOwned;

use super::reply::ErrorReply;

/// Largest body read, in bytes: a title, a description and sixteen tags.
const LARGEST: usize = 64 << 10;

/// Reads a JSON body; an empty one is the default.
///
/// The `Content-Type` is not looked at: a page that posts a plain object is understood too, and
/// [`crate::origin`] has already settled which pages may post at all.
///
/// # Errors
///
/// 413 or 400.
pub(super) async fn read<T: DeserializeOwned + Default>(body: Body) -> Result<T, ErrorReply> {
    let bytes = Limited::new(body, LARGEST)
        .collect()
        .await
        .map_err(|_| {
            ErrorReply::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "InvalidBody",
                "the body is too large or broke off",
            )
        })?
        .to_bytes();
    if bytes.is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(&bytes).map_err(|_| {
        ErrorReply::new(
            StatusCode::BAD_REQUEST,
            "InvalidBody",
            "the body must be a JSON object with the documented fields",
        )
    })
}
