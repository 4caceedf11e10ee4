//! What is checked before either endpoint is reached, and what every answer carries.

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{ConnectInfo, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{ALLOW, CACHE_CONTROL, ORIGIN, PRAGMA, USER_AGENT, X_CONTENT_TYPE_OPTIONS},
    request::Parts,
};
use http_body_util::{BodyExt, Limited};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use super::{reply::ErrorReply, state::Api};
use crate::{
    auth::{Caller, User},
    limit::Rate,
    origin::{self, Page},
    peer::Peer,
};

/// How much of a refused request's body is read, so that its sender is still there to read the answer.
const DRAINED: usize = 64 << 10;
/// How long.
const DRAINED_FOR: Duration = Duration::from_secs(2);
/// Longest text of a stranger in the log.
const LONGEST_WORD: usize = 200;

/// Checks method, page, address, user and rate, in this order, and adds the headers that every answer needs.
pub(super) async fn guard(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let path = if request.uri().path() == "/api/sts" { "/api/sts" } else { "/api/upload-auth" };
    let page = api.origins.judge(request.headers());
    let peer = request.extensions().get::<ConnectInfo<Peer>>().map_or(Peer::Unix, |peer| peer.0);
    let client = api.proxies.client(peer, request.headers());
    let mut response = if is_preflight(&request, &page) {
        let mut response = StatusCode::NO_CONTENT.into_response();
        origin::allow_preflight(response.headers_mut());
        response
    } else {
        let seen = Seen::new(path, peer, client, request.headers());
        let from = Sender { page: &page, peer, client };
        let (user, mut response) = answer(&api, from, request, next).await;
        if let Some(refusal) = response.extensions_mut().remove::<ErrorReply>() {
            log(&api, seen, user, &refusal);
        }
        response
    };
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
    }
    let headers = response.headers_mut();
    // A stored answer is a stored credential, and one replayed later looks younger than it is.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    origin::allow(headers, &page);
    api.metrics.answered(path, response.status().as_u16(), began.elapsed());
    response
}

fn is_preflight(request: &Request, page: &Page) -> bool {
    request.method() == Method::OPTIONS && matches!(page, Page::Listed(_))
}

/// From where a request comes.
#[derive(Clone, Copy)]
struct Sender<'a> {
    page: &'a Page,
    /// Who is at the other end of the connection.
    peer: Peer,
    /// Whose request it is, where a proxy is trusted to say so.
    client: Option<IpAddr>,
}

async fn answer(
    api: &Api,
    from: Sender<'_>,
    request: Request,
    next: Next,
) -> (Option<User>, Response) {
    let (mut head, body) = request.into_parts();
    let user = match admit(api, from, &head).await {
        Ok(user) => user,
        Err(refusal) => {
            drain(body).await;
            return (None, refusal.into_response());
        }
    };
    if let Err(refusal) = take(api, &user, head.uri.path()).await {
        drain(body).await;
        return (Some(user), refusal.into_response());
    }
    head.extensions.insert(user.clone());
    (Some(user), next.run(Request::from_parts(head, body)).await)
}

/// The user who asks, if there is one and the page may ask.
///
/// An address whose requests were refused too often is not looked at any more: guessing is cheap, answering is not.
async fn admit(api: &Api, from: Sender<'_>, head: &Parts) -> Result<User, ErrorReply> {
    let Sender { page, peer, client } = from;
    let bucket = client.map(|client| client.to_string());
    if let Some(bucket) = &bucket {
        api.addresses.look(bucket).map_err(|wait| {
            ErrorReply::throttled("Throttling.Address", "this address asks too often", wait)
        })?;
    }
    let admitted = match judge(page, &head.method) {
        Ok(()) => {
            let caller = Caller { headers: &head.headers, peer };
            api.auth.authenticate(caller).await.map_err(ErrorReply::denied)
        }
        Err(refusal) => Err(refusal),
    };
    if let (Err(_), Some(bucket)) = (&admitted, &bucket) {
        // Nobody waits for it: the next request finds the bucket as this one left it.
        let _ = api.addresses.take_now(bucket, api.limits.refusals, 0);
    }
    admitted
}

fn judge(page: &Page, method: &Method) -> Result<(), ErrorReply> {
    if *method != Method::POST {
        let status = StatusCode::METHOD_NOT_ALLOWED;
        return Err(ErrorReply::new(status, "MethodNotAllowed", "ask with POST"));
    }
    match page {
        Page::Own | Page::Listed(_) => Ok(()),
        Page::Foreign => Err(ErrorReply::new(
            StatusCode::FORBIDDEN,
            "ForeignOrigin",
            "this page's origin is not on the list",
        )),
        Page::Misdirected => Err(ErrorReply::new(
            StatusCode::MISDIRECTED_REQUEST,
            "UnknownHost",
            "this server does not know the name that it was asked under",
        )
        .because("the request's Host is not in UPLOAD_TOKEN_PUBLIC_ORIGINS")),
    }
}

/// Takes one request of the user's.
async fn take(api: &Api, user: &User, path: &str) -> Result<(), ErrorReply> {
    let (kind, rate) = match path {
        "/api/sts" => ("sts", api.limits.tokens),
        _ => ("upload-auth", api.limits.uploads),
    };
    let name = format!("user:{kind}:{}", user.id);
    api.limiter
        .take(&name, rate, 0)
        .await
        .map_err(|wait| ErrorReply::throttled("Throttling.User", "this user asks too often", wait))
}

/// Reads a little of what is still coming. A connection that is closed under its sender's hands takes the answer along.
async fn drain(body: Body) {
    let _ = timeout(DRAINED_FOR, Limited::new(body, DRAINED).collect()).await;
}

/// What the log says of a request that was refused.
struct Seen {
    path: &'static str,
    peer: Option<String>,
    client: Option<IpAddr>,
    origin: Option<String>,
    agent: Option<String>,
}

impl Seen {
    fn new(path: &'static str, peer: Peer, client: Option<IpAddr>, headers: &HeaderMap) -> Self {
        let peer = match peer {
            Peer::Tcp(address) => Some(address.to_string()),
            Peer::Unix => None,
        };
        Self {
            path,
            peer,
            client,
            origin: word(headers, &ORIGIN),
            agent: word(headers, &USER_AGENT),
        }
    }
}

fn word(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?;
    Some(text.chars().take(LONGEST_WORD).collect())
}

fn log(api: &Api, seen: Seen, user: Option<User>, refusal: &ErrorReply) {
    // One line a minute says that an address is no longer looked at; the metrics say how often it came.
    if refusal.error_code == "Throttling.Address" {
        api.metrics.unlogged_refusals.count();
        let address = seen.client.map_or_else(String::new, |client| client.to_string());
        if api.addresses.take_now(&format!("line:{address}"), Rate::per_minute(1), 0).is_err() {
            return;
        }
    }
    let mut entry = json!({
        "event": "refused",
        "path": seen.path,
        "user": user.map(|user| user.id),
        "reply": serde_json::to_value(refusal).unwrap_or_default(),
        "peer": seen.peer,
        "client": seen.client.map(|client| client.to_string()),
        "origin": seen.origin,
        "userAgent": seen.agent,
    });
    if let (Some(cause), Value::Object(fields)) = (&refusal.cause, &mut entry) {
        fields.insert(String::from("cause"), json!(cause));
    }
    api.log.write(entry);
}
