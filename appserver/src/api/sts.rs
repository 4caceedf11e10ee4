//! `POST /api/sts`.

use std::sync::Arc;

use axum::{Extension, body::Body, extract::State, response::Response};
use http::StatusCode;
use serde::Serialize;

use super::{
    body,
    reply::{self, ErrorReply},
    state::Api,
};
use crate::{
    auth::User,
    authorise::Operation,
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
    let fields = body::read(body).await?;
    let scope = body::text(&fields, "scope")?.unwrap_or_default();
    if scope.len() > LONGEST_SCOPE {
        let message = "a scope has at most 64 bytes";
        return Err(ErrorReply::new(StatusCode::BAD_REQUEST, "InvalidScope", message));
    }
    let operation = Operation::Token { scope: &scope };
    let role = api.authorise.authorise(&user, operation).await.map_err(ErrorReply::denied)?;
    let grant = Grant { session: session_name(&user.id), scope, role };
    if let Some(rejected) = body::text(&fields, "rejected")? {
        api.tokens.forget(&grant, &rejected).await;
    }
    let session = grant.session.clone();
    let issued = api.tokens.token(grant).await.map_err(|failure| ErrorReply::of_sts(&failure))?;
    log(&api, &user, &session, &issued);
    Ok(reply::token(&issued))
}

/// What the log says of a token that was handed out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    event: &'static str,
    user: &'a str,
    session: &'a str,
    access_key_id: &'a str,
    expiration: String,
    age_seconds: u64,
    request_id: &'a str,
}

fn log(api: &Api, user: &User, session: &str, issued: &IssuedToken) {
    api.log.write(Entry {
        event: "token",
        user: &user.id,
        session,
        access_key_id: &issued.token.access_key_id,
        expiration: reply::expiration(issued.expiration),
        age_seconds: issued.issued.elapsed().as_secs(),
        request_id: &issued.request_id,
    });
}
