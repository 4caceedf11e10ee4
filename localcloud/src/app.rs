//! The AppServer's own requests, logged and struck by faults like the cloud's.

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{Method, header},
    middleware::Next,
    response::Response,
};
use serde_json::json;

use crate::{
    cloud::LocalCloud,
    exchange::{Passage, answer, set},
    faults::Fault,
    log::{Entry, ServiceName},
};

/// Longest request body that is held back while a fault decides.
const MAX_BODY: usize = 1 << 20;

/// Middleware for an AppServer beside the cloud: logs each request under the service `app`, with its
/// path as the action, and carries out the delays and faults planned for it.
///
/// ```no_run
/// # use axum::{Router, middleware::from_fn_with_state};
/// # use upload_token_localcloud::{Config, LocalCloud, observe_app};
/// # let api: Router = Router::new();
/// let cloud = LocalCloud::new(Config::default());
/// let api = api.layer(from_fn_with_state(cloud.clone(), observe_app));
/// ```
pub async fn observe_app(
    State(local): State<LocalCloud>,
    request: Request,
    next: Next,
) -> Response {
    let cloud = &local.cloud;
    let path = request.uri().path().to_owned();
    let host =
        request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let preflight = request.method() == Method::OPTIONS;
    let action = if preflight { "Preflight" } else { path.as_str() };
    let mut entry =
        Entry::new(ServiceName::App, cloud.clock.now(), host, request.method().as_str(), action);
    entry.preflight = preflight;
    let ticket = cloud.log.open(entry);

    let fault = cloud.faults.take(ServiceName::App, action, None);
    // The body is read first: a server that has not done so does not notice that its client went.
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        ticket.close(413, None);
        return answer(413, cloud.clock.now(), [], "");
    };
    ticket.note(|entry| entry.bytes = body.len() as u64);
    let response = match cloud.pass(ServiceName::App, fault, &ticket).await {
        Passage::Through => next.run(Request::from_parts(parts, Body::from(body))).await,
        Passage::Refused(fault) => refusal(&fault, cloud.clock.now()),
        Passage::Closed(response) => return response,
    };
    ticket.note(|entry| entry.status = Some(response.status().as_u16()));
    response
}

fn refusal(fault: &Fault, now: i64) -> Response {
    let error = fault.error();
    let (status, body) = fault.raw_body().unwrap_or_else(|| {
        let body = json!({ "StatusCode": error.status, "ErrorCode": error.code, "ErrorMessage": error.message });
        (error.status, body.to_string())
    });
    let headers = [
        ("content-type", String::from("application/json")),
        ("cache-control", String::from("no-store")),
    ];
    let mut response = answer(status, now, headers, body);
    for (name, value) in &fault.headers {
        set(response.headers_mut(), name, value);
    }
    response
}
