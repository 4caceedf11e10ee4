//! `POST /api/sts`.

use axum::{Extension, body::Body, extract::State, response::Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::{
    Api, body,
    reply::{self, ErrorReply},
};
use crate::{auth::User, session::session_name, sts::Grant};

/// Longest scope, in bytes.
const LONGEST_SCOPE: usize = 64;

/// What a page may say; all of it may be left out, and unknown fields are ignored.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Wishes {
    /// Tokens of different scopes are different tokens: one a file, if the page wants that.
    scope: String,
    /// AccessKeyId of a token that a server refused: it will not be answered again.
    rejected: String,
}

/// Answers an STS token of the signed-in user.
pub(super) async fn answer(
    State(api): State<Api>,
    Extension(user): Extension<User>,
    body: Body,
) -> Result<Response, ErrorReply> {
    let wishes: Wishes = body::read(body).await?;
    if wishes.scope.len() > LONGEST_SCOPE {
        return Err(ErrorReply::new(
            StatusCode::BAD_REQUEST,
            "InvalidScope",
            "a scope has at most 64 bytes",
        ));
    }
    let grant = Grant { session: session_name(&user.id), scope: wishes.scope };
    api.tokens.forget(&grant, &wishes.rejected);
    let issued =
        api.tokens.token(grant.clone()).await.map_err(|failure| ErrorReply::of(&failure))?;
    api.log.write(json!({
        "event": "token",
        "user": user.id,
        "session": grant.session,
        "accessKeyId": issued.token.access_key_id,
        "expiration": reply::expiration(issued.expiration),
        "ageSeconds": issued.issued.elapsed().as_secs(),
        "requestId": issued.request_id,
    }));
    Ok(reply::token(&issued))
}
