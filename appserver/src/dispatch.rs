//! Which part of this process a request is for.

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{Method, header::HOST};
use tower::ServiceExt;
use upload_token_localcloud::LocalCloud;

use crate::cache::TokenCache;

#[derive(Clone)]
struct Parts {
    cloud: LocalCloud,
    cloud_router: Router,
    app: Router,
    tokens: TokenCache,
}

/// Puts the local cloud in front of `app`: it gets its hosts by their `Host` header, `/__cloud/` and `/__control/`.
pub fn with_cloud(app: Router, cloud: &LocalCloud, tokens: TokenCache) -> Router {
    let parts = Parts { cloud: cloud.clone(), cloud_router: cloud.router(), app, tokens };
    Router::new().fallback(dispatch).with_state(parts)
}

async fn dispatch(State(parts): State<Parts>, request: Request) -> Response {
    let authority = request.uri().authority().map(http::uri::Authority::as_str);
    let host = authority.or_else(|| request.headers().get(HOST)?.to_str().ok()).unwrap_or_default();
    let path = request.uri().path();
    let controls = path.starts_with("/__control/");
    let router = if parts.cloud.owns_host(host) || controls || path.starts_with("/__cloud/") {
        // Other lives are wanted from now on, or all credentials are gone: tokens issued before must not come back.
        if controls && request.method() != Method::GET {
            parts.tokens.clear();
        }
        parts.cloud_router
    } else {
        parts.app
    };
    router.oneshot(request).await.into_response()
}
