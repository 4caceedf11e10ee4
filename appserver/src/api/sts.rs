//! `POST /api/sts`.

use std::sync::Arc;

use axum::{Extension, body::Body, extract::State, response::Response};
use http::StatusCode;
use serde_json::json;

use super::{
    body,
    reply::{self, ErrorReply},
    state::Api,
};
use crate::{
    auth::User,
    authorise::Wish,
    session::session_name,
    sts::{Grant, IssuedToken},
};

/// Longest scope, in bytes.
const LONGEST_SCOPE: usize = 64;

/// Answers an STS token of the signed-in user.
///
/// Tokens of different `scope`s are different tokens: one a file, if the page wants that. `rejected` is the AccessKeyId
/// of a token that a server of the cloud refused: it will not be answered again.
pub(super) async fn answer(
    State(api): State<Arc<Api>>,
    Extension(user): Extension<User>,
    body: Body,
) -> Result<Response, ErrorReply> {
    let wishes = body::read(body).await?;
    let scope = body::text(&wishes, "scope")?.unwrap_or_default();
    if scope.len() > LONGEST_SCOPE {
        let message = "a scope has at most 64 bytes";
        return Err(ErrorReply::new(StatusCode::BAD_REQUEST, "InvalidScope", message));
    }
    let wish = Wish::Token { scope: &scope };
    let role = api.authorise.authorise(&user, wish).await.map_err(ErrorReply::denied)?;
    let grant = Grant { session: session_name(&user.id), scope, role };
    if let Some(rejected) = body::text(&wishes, "rejected")? {
        api.tokens.forget(&grant, &rejected).await;
    }
    let session = grant.session.clone();
    let issued = api.tokens.token(grant).await.map_err(|failure| ErrorReply::of_sts(&failure))?;
    log(&api, &user, &session, &issued);
    Ok(reply::token(&issued))
}

fn log(api: &Api, user: &User, session: &str, issued: &Arc<IssuedToken>) {
    api.log.write(json!({
        "event": "token",
        "user": user.id,
        "session": session,
        "accessKeyId": issued.token.access_key_id,
        "expiration": reply::expiration(issued.expiration),
        "ageSeconds": issued.issued.elapsed().as_secs(),
        "requestId": issued.request_id,
    }));
}
