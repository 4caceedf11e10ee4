//! The two endpoints, and what is checked before either is reached.

mod body;
mod reply;
mod sts;
mod upload_auth;

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::{ConnectInfo, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::any,
};
use http::{
    HeaderValue, Method, StatusCode,
    header::{ALLOW, CACHE_CONTROL, PRAGMA, X_CONTENT_TYPE_OPTIONS},
};
use serde_json::json;

use self::reply::ErrorReply;
use crate::{
    auth::{Authenticate, User},
    cache::TokenCache,
    limit::{Bucket, UserLimit},
    listen::Peer,
    log::Log,
    origin::{self, Origins, Page},
    owners::Owners,
    vod::Vod,
};

/// What the endpoints need. Clones share it.
#[derive(Clone, Debug)]
pub struct Api {
    /// Who is asking.
    pub auth: Arc<dyn Authenticate>,
    /// Which pages may.
    pub origins: Origins,
    /// How often a user may.
    pub users: Arc<UserLimit>,
    /// STS tokens.
    pub tokens: TokenCache,
    /// UploadAuths.
    pub vod: Vod,
    /// Calls to VOD a second.
    pub vod_pace: Arc<Bucket>,
    /// Whose a video is.
    pub owners: Arc<dyn Owners>,
    /// The audit log.
    pub log: Log,
}

impl Api {
    /// Both endpoints, with their checks.
    pub fn router(self) -> Router {
        Router::new()
            .route("/api/sts", any(sts::answer))
            .route("/api/upload-auth", any(upload_auth::answer))
            // Methods are the guard's business, so that a 405 has its headers too.
            .route_layer(middleware::from_fn_with_state(self.clone(), guard))
            .with_state(self)
    }

    /// Logs a refusal and turns it into the answer.
    fn refuse(&self, path: &str, user: Option<&User>, reply: ErrorReply) -> Response {
        let refused = json!({
            "event": "refused",
            "path": path,
            "user": user.map(|user| user.id.as_str()),
            "reply": serde_json::to_value(&reply).unwrap_or_default(),
        });
        self.log.write(refused);
        reply.into_response()
    }
}

/// Checks method, page, user and rate, in this order, and adds the headers that every answer needs.
async fn guard(State(api): State<Api>, request: Request, next: Next) -> Response {
    let page = api.origins.judge(request.headers());
    let mut response = admit(&api, &page, request, next).await;
    let headers = response.headers_mut();
    // A stored answer is a stored credential, and one replayed later looks younger than it is.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    origin::allow(headers, &page);
    response
}

async fn admit(api: &Api, page: &Page, mut request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    if request.method() == Method::OPTIONS && matches!(page, Page::Listed(_)) {
        let mut response = StatusCode::NO_CONTENT.into_response();
        origin::allow_preflight(response.headers_mut());
        return response;
    }
    if request.method() != Method::POST {
        let refusal =
            ErrorReply::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", "ask with POST");
        let mut response = api.refuse(&path, None, refusal);
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        return response;
    }
    if *page == Page::Foreign {
        let refusal = ErrorReply::new(
            StatusCode::FORBIDDEN,
            "ForeignOrigin",
            "this page's origin is not on the list",
        );
        return api.refuse(&path, None, refusal);
    }
    let peer: Option<SocketAddr> =
        request.extensions().get::<ConnectInfo<Peer>>().map(|peer| peer.0.0);
    let Ok(user) = api.auth.authenticate(request.headers(), peer) else {
        let refusal = ErrorReply::new(StatusCode::UNAUTHORIZED, "NotSignedIn", "sign in first");
        return api.refuse(&path, None, refusal);
    };
    if let Err(wait) = api.users.take(&user.id) {
        let refusal = ErrorReply::throttled("Throttling.User", "this user asks too often", wait);
        return api.refuse(&path, Some(&user), refusal);
    }
    request.extensions_mut().insert(user);
    next.run(request).await
}
