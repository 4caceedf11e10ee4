//! What a load balancer and an operator's tools ask.

use std::sync::Arc;

use axum::{Router, extract::State, response::IntoResponse, routing::get};
use http::{StatusCode, header::CONTENT_TYPE};

use crate::{cache::TokenCache, connections::Connections, metrics::Metrics};

/// Prometheus' text format.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// `/healthz`: the process answers. `/readyz`: it may be given requests.
pub fn router(connections: Connections) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .with_state(connections)
}

async fn ready(State(connections): State<Connections>) -> impl IntoResponse {
    if connections.are_leaving() {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
    } else {
        (StatusCode::OK, "ok\n")
    }
}

/// `/metrics`, for an address of its own: what it tells is nobody else's business.
pub fn metrics(metrics: Arc<Metrics>, tokens: TokenCache) -> Router {
    Router::new().route(
        "/metrics",
        get(move || async move { ([(CONTENT_TYPE, TEXT)], metrics.text(tokens.grants())) }),
    )
}
