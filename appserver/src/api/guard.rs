//! What is checked before either endpoint is reached, and what every answer carries.

use std::{future::Future, net::IpAddr, sync::Arc, time::Duration};

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
use tokio::{
    task::JoinHandle,
    time::{Instant, timeout_at},
};

use super::{reply::ErrorReply, state::Api};
use crate::{
    auth::{Caller, User},
    connections::Held,
    limit::Rate,
    origin::{self, Page},
    peer::{self, Peer},
};

/// How long an answer takes at most: less than the 10 s that a page waits for it, and would learn nothing from.
const MOST: Duration = Duration::from_secs(9);
/// How much of a refused request's body is read, so that its sender is still there to read the answer.
const DRAINED: usize = 64 << 10;
/// How long.
const DRAINED_FOR: Duration = Duration::from_secs(2);
/// Longest text of a stranger in the log.
const LONGEST_WORD: usize = 200;

/// How often the operator is told that a proxy is not believed.
const REMINDER: Rate = Rate { burst: 1, period: Duration::from_secs(3_600) };

/// Answers a request in a task of its own: what the cloud did for a page that has hung up is logged and counted too.
pub(super) async fn guard(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let held = request.extensions().get::<Held>().cloned();
    let handled = in_task(held, handle(api, request, next));
    handled.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

/// Runs `work` for `request` to its end, for which a server that is to stop waits, whoever still waits for its outcome.
fn in_task<T: Send + 'static>(
    held: Option<Held>,
    work: impl Future<Output = T> + Send + 'static,
) -> JoinHandle<T> {
    tokio::spawn(async move {
        let _held = held;
        work.await
    })
}

/// Checks method, page, user and rate, in this order, and adds the headers that every answer needs.
async fn handle(api: Arc<Api>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let path = if request.uri().path() == "/api/sts" { "/api/sts" } else { "/api/upload-auth" };
    let page = api.origins.judge(request.headers());
    let peer = request.extensions().get::<ConnectInfo<Peer>>().map_or(Peer::Unix, |peer| peer.0);
    let client = api.proxies.client(peer, request.headers());
    if api.proxies.is_untrusted_proxy(peer, request.headers()) {
        remind(&api, peer);
    }
    let mut response = if is_preflight(&request, &page) {
        let mut response = StatusCode::NO_CONTENT.into_response();
        origin::allow_preflight(response.headers_mut());
        response
    } else {
        let seen = Seen::new(path, peer, client, request.headers());
        let from = Sender { page: &page, peer, began };
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

/// From where a request comes, and when.
#[derive(Clone, Copy)]
struct Sender<'a> {
    page: &'a Page,
    /// Who is at the other end of the connection.
    peer: Peer,
    /// When the request came.
    began: Instant,
}

async fn answer(
    api: &Api,
    from: Sender<'_>,
    request: Request,
    next: Next,
) -> (Option<User>, Response) {
    let end = from.began + MOST;
    let (mut head, body) = request.into_parts();
    let user = match by(end, admit(api, from, &head)).await {
        Ok(user) => user,
        Err(refusal) => {
            drain(body, end).await;
            return (None, refusal.into_response());
        }
    };
    if let Err(refusal) = by(end, take(api, &user, head.uri.path())).await {
        drain(body, end).await;
        return (Some(user), refusal.into_response());
    }
    head.extensions.insert(user.clone());
    let held = head.extensions.get::<Held>().cloned();
    let request = Request::from_parts(head, body);
    let work = in_task(held, async move { next.run(request).await });
    let response = match timeout_at(end, work).await {
        Ok(done) => done.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response()),
        Err(_) => late().into_response(),
    };
    (Some(user), response)
}

/// The outcome of `step`, if it is there by `end`. The site's own sessions and store may take any time.
async fn by<T>(
    end: Instant,
    step: impl Future<Output = Result<T, ErrorReply>>,
) -> Result<T, ErrorReply> {
    timeout_at(end, step).await.unwrap_or_else(|_| Err(late()))
}

/// What the cloud and the store took too long for is there soon: a token for the next request, for example.
fn late() -> ErrorReply {
    let message = "this takes longer than a page waits: it goes on, so ask again";
    ErrorReply::unavailable(message, Duration::from_secs(1))
        .because("sessions, store, cloud and client took too long together")
}

/// The user who asks, if there is one and the page may ask.
///
/// Whoever proves to be a user is one, whatever else came from the same address: an address is shared by an office, by
/// a proxy's users and by the pages that they visit, so that anybody could have it locked.
async fn admit(api: &Api, from: Sender<'_>, head: &Parts) -> Result<User, ErrorReply> {
    judge(from.page, &head.method)?;
    let caller = Caller { headers: &head.headers, peer: from.peer };
    api.auth.authenticate(caller).await.map_err(ErrorReply::denied)
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
async fn drain(body: Body, end: Instant) {
    let end = end.min(Instant::now() + DRAINED_FOR);
    let _ = timeout_at(end, Limited::new(body, DRAINED).collect()).await;
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

/// Whose lines they are: a user's, or those of all machines that a stranger may have.
fn source(user: Option<&User>, client: Option<IpAddr>) -> String {
    match (user, client) {
        (Some(user), _) => format!("user:{}", user.id),
        (None, Some(client)) => format!("client:{}", peer::network(client)),
        (None, None) => String::from("client:unknown"),
    }
}

fn log(api: &Api, seen: Seen, user: Option<User>, refusal: &ErrorReply) {
    let source = source(user.as_ref(), seen.client);
    // To ask costs nothing, and a disk is soon full: the rest is counted, and one line a minute says whose it is.
    if api.lines.take_now(&source, api.limits.refusals, 0).is_err() {
        api.metrics.unlogged_refusals.count();
        let more = format!("more:{source}");
        if api.lines.take_now(&more, Rate::per_minute(1), 0).is_ok() {
            api.log.write(json!({
                "event": "refusalsUnlogged",
                "user": user.map(|user| user.id),
                "client": seen.client.map(|client| client.to_string()),
            }));
        }
        return;
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

/// Tells the operator that the clients in the log are a proxy.
fn remind(api: &Api, peer: Peer) {
    let Peer::Tcp(address) = peer else { return };
    if api.lines.take_now("proxyNotTrusted", REMINDER, 0).is_ok() {
        api.log.write(json!({
            "event": "proxyNotTrusted",
            "peer": address.to_string(),
            "cause": "it sends X-Forwarded-For and is not in UPLOAD_TOKEN_TRUSTED_PROXIES, so it is taken for the client",
        }));
    }
}
