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
}

/// Checks method, page, user and rate, in this order, and adds the headers that every answer needs.
async fn guard(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let page = api.origins.judge(request.headers());
    let (user, mut response) = if is_preflight(&request, &page) {
        let mut response = StatusCode::NO_CONTENT.into_response();
        origin::allow_preflight(response.headers_mut());
        (None, response)
    } else {
        match admit(&api, &page, &request) {
            Ok(user) => {
                request.extensions_mut().insert(user.clone());
                let response = match api.users.take(&user.id) {
                    Ok(()) => next.run(request).await,
                    Err(wait) => {
                        ErrorReply::throttled("Throttling.User", "this user asks too often", wait)
                            .into_response()
                    }
                };
                (Some(user), response)
            }
            Err(refusal) => (None, refusal.into_response()),
        }
    };
    if let Some(refusal) = response.extensions_mut().remove::<ErrorReply>() {
        let user = user.map(|user| user.id);
        let reply = serde_json::to_value(&refusal).unwrap_or_default();
        api.log.write(json!({ "event": "refused", "path": path, "user": user, "reply": reply }));
    }
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
    }
    let headers = response.headers_mut();
    // A stored answer is a stored credential, and one replayed later looks younger than it is.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    origin::allow(headers, &page);
    response
}

fn is_preflight(request: &Request, page: &Page) -> bool {
    request.method() == Method::OPTIONS && matches!(page, Page::Listed(_))
}

/// The user who asks, if there is one and the page may ask.
fn admit(api: &Api, page: &Page, request: &Request) -> Result<User, ErrorReply> {
    if request.method() != Method::POST {
        return Err(ErrorReply::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "MethodNotAllowed",
            "ask with POST",
        ));
    }
    if *page == Page::Foreign {
        return Err(ErrorReply::new(
            StatusCode::FORBIDDEN,
            "ForeignOrigin",
            "this page's origin is not on the list",
        ));
    }
    let peer: Option<SocketAddr> =
        request.extensions().get::<ConnectInfo<Peer>>().map(|peer| peer.0.0);
    api.auth
        .authenticate(request.headers(), peer)
        .map_err(|_| ErrorReply::new(StatusCode::UNAUTHORIZED, "NotSignedIn", "sign in first"))
}
