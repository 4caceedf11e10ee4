//! The two endpoints.

mod body;
mod guard;
mod reply;
pub mod state;
mod sts;
mod upload_auth;

use std::sync::Arc;

use axum::{Router, middleware, response::IntoResponse, routing::any};
use http::StatusCode;

use self::{reply::ErrorReply, state::Api};

/// The endpoints that are asked for, with their checks.
pub fn router(api: Api) -> Router {
    let api = Arc::new(api);
    let sts = if api.endpoints.sts { any(sts::answer) } else { any(off) };
    let upload_auth = if api.endpoints.upload_auth { any(upload_auth::answer) } else { any(off) };
    Router::new()
        .route("/api/sts", sts)
        .route("/api/upload-auth", upload_auth)
        // Methods are the guard's business, so that a 405 has its headers too.
        .route_layer(middleware::from_fn_with_state(Arc::clone(&api), guard::guard))
        .with_state(api)
}

async fn off() -> impl IntoResponse {
    let message = "this AppServer does not serve this mode";
    ErrorReply::new(StatusCode::NOT_FOUND, "EndpointOff", message)
        .because("it is not in UPLOAD_TOKEN_ENDPOINTS")
}
