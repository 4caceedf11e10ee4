//! The script by which a page in an ordinary browser uses the cloud.

use axum::{
    http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName},
    response::{IntoResponse, Response},
};

/// Where it is, below `/__cloud/`.
pub(crate) const PATH: &str = "page.js";

const SCRIPT: &str = include_str!("page.js");

pub(crate) fn serve() -> Response {
    let headers = [
        (CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (CACHE_CONTROL, "no-cache"),
        // A service worker sees the pages beside its script, unless its server says this.
        (HeaderName::from_static("service-worker-allowed"), "/"),
    ];
    (headers, SCRIPT).into_response()
}
