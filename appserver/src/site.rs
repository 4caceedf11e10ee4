//! The demo page, the built package and the vendor's SDK, as files.

use std::path::PathBuf;

use axum::{Router, middleware, response::Response};
use http::{
    HeaderName, HeaderValue,
    header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS},
};
use tower_http::services::{ServeDir, ServeFile};

/// Where the files are.
#[derive(Clone, Debug)]
pub struct Files {
    /// Served at `/`.
    pub www: Option<PathBuf>,
    /// Served at `/dist/`.
    pub dist: Option<PathBuf>,
    /// Served as `/vendor/aliyun-upload-vod.js`.
    pub vendor_upload_vod: PathBuf,
    /// Served as `/vendor/aliyun-oss-sdk.js`.
    pub vendor_oss_sdk: PathBuf,
}

/// Serves `files`. What is missing answers 404; nothing is read before it is asked for.
pub fn router(files: &Files) -> Router {
    let mut router = Router::new()
        .route_service("/vendor/aliyun-upload-vod.js", ServeFile::new(&files.vendor_upload_vod))
        .route_service("/vendor/aliyun-oss-sdk.js", ServeFile::new(&files.vendor_oss_sdk));
    if let Some(dist) = &files.dist {
        router = router.nest_service("/dist", ServeDir::new(dist));
    }
    if let Some(www) = &files.www {
        router = router.fallback_service(ServeDir::new(www));
    }
    router.layer(middleware::map_response(finish))
}

async fn finish(mut response: Response) -> Response {
    let headers = response.headers_mut();
    // Asked for again each time: a page must not run yesterday's build.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // A worker under any path may serve the whole site.
    headers
        .insert(HeaderName::from_static("service-worker-allowed"), HeaderValue::from_static("/"));
    response
}
