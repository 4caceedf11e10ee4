//! `POST /api/upload-auth`: the UploadAuth mode, in which no page ever holds a token for the VOD API.

use std::{sync::Arc, time::Duration};

use axum::{Extension, body::Body, extract::State, response::Response};
use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::{
    body,
    reply::{self, ErrorReply},
    state::Api,
};
use crate::{
    auth::User,
    authorise::Operation,
    session::session_name,
    sts::{Grant, Role},
    ticket::Verdict,
    upstream::Failure,
    vod::{Call, Upload},
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UploadReply<'a> {
    upload_auth: &'a str,
    upload_address: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    video_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_id: Option<&'a str>,
    #[serde(rename = "imageURL", skip_serializing_if = "Option::is_none")]
    image_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_id: Option<&'a str>,
    #[serde(rename = "mediaURL", skip_serializing_if = "Option::is_none")]
    media_url: Option<&'a str>,
    #[serde(rename = "fileURL", skip_serializing_if = "Option::is_none")]
    file_url: Option<&'a str>,
    request_id: &'a str,
    server_time: String,
}

/// Answers an UploadAuth to the signed-in user: for a media file to be created, or for a video that was given to this
/// user before, as its `ticket` says.
pub(super) async fn answer(
    State(api): State<Arc<Api>>,
    Extension(user): Extension<User>,
    body: Body,
) -> Result<Response, ErrorReply> {
    let fields = body::read(body).await?;
    let call = api
        .media
        .call(&fields)
        .map_err(|bad| ErrorReply::new(StatusCode::BAD_REQUEST, bad.code, bad.message))?;
    if let Call::Refresh { video_id } = &call {
        let ticket = body::text(&fields, "ticket")?.unwrap_or_default();
        check_owner(&api, &user, video_id, &ticket).await?;
    }
    let operation = Operation::Upload(&call);
    let role = api.authorise.authorise(&user, operation).await.map_err(ErrorReply::denied)?;
    let upload =
        ask(&api, &user, role, &call).await.map_err(|failure| ErrorReply::of_vod(&failure))?;
    let renewed = match &call {
        Call::Refresh { video_id } => Some(video_id.as_str()),
        Call::CreateVideo(_) | Call::CreateImage(_) | Call::CreateAttachedMedia(_) => None,
    };
    let video_id = upload.video_id.as_deref().or(renewed);
    if let Some(id) = video_id {
        // The ticket says the same, if this cannot be told.
        let _ = api.owners.record(&user.id, id).await;
    }
    api.log.write(json!({
        "event": "uploadAuth",
        "user": user.id,
        "action": call.action(),
        "videoId": video_id,
        "imageId": upload.image_id,
        "mediaId": upload.media_id,
        "requestId": upload.request_id,
    }));
    let now = Timestamp::now();
    let ticket = video_id.and_then(|id| api.tickets.issue(&user.id, id, now));
    Ok(reply::json(
        StatusCode::OK,
        &UploadReply {
            upload_auth: upload.upload_auth.expose(),
            upload_address: &upload.upload_address,
            video_id,
            ticket: ticket.as_deref(),
            image_id: upload.image_id.as_deref(),
            image_url: upload.image_url.as_deref(),
            media_id: upload.media_id.as_deref(),
            media_url: upload.media_url.as_deref(),
            file_url: upload.file_url.as_deref(),
            request_id: &upload.request_id,
            server_time: reply::instant(now),
        },
    ))
}

/// Whether `user` was given `video_id`: its ticket says so, or else what this server remembers.
async fn check_owner(
    api: &Api,
    user: &User,
    video_id: &str,
    ticket: &str,
) -> Result<(), ErrorReply> {
    let verdict = api.tickets.verify(ticket, &user.id, video_id, Timestamp::now());
    if verdict == Verdict::Good {
        return Ok(());
    }
    match api.owners.owns(&user.id, video_id).await {
        Ok(true) => Ok(()),
        // The words of a video that does not exist: nobody learns which ids do.
        Ok(false) => Err(ErrorReply::new(
            StatusCode::NOT_FOUND,
            "InvalidVideo.NotFound",
            "there is no such video",
        )
        .because(match (verdict, ticket) {
            (Verdict::Expired, _) => "the ticket has expired",
            (_, "") => {
                "the request has no ticket, and this server was not the one that created the video"
            }
            _ => "the ticket was made for another user or video, or with a key that is gone",
        })),
        Err(_) => Err(ErrorReply::unavailable(
            "whose video this is cannot be found out now",
            Duration::from_secs(2),
        )),
    }
}

/// Calls VOD with the user's own token, so that the call stands in ActionTrail under the user's name
/// and the long-lived key needs no right but to assume the role.
async fn ask(api: &Api, user: &User, role: Arc<Role>, call: &Call) -> Result<Upload, Failure> {
    let grant = Grant { session: session_name(&user.id), scope: String::new(), role };
    let mut again = true;
    loop {
        let issued = api.tokens.token(grant.clone()).await?;
        api.limiter.take("vod", api.limits.vod, 0).await.map_err(Failure::own_limit)?;
        let outcome = api.vod.call(call, &issued.token).await;
        let code = outcome.as_ref().err().map_or("OK", Failure::label);
        api.metrics.called(call.action(), code);
        match outcome {
            Err(failure) if again && is_rejection(&failure) => {
                again = false;
                api.tokens.forget(&grant, &issued.token.access_key_id).await;
            }
            outcome => return outcome,
        }
    }
}

/// Whether VOD refused the token, and not the request.
fn is_rejection(failure: &Failure) -> bool {
    failure.code().is_some_and(|code| {
        code.starts_with("InvalidSecurityToken") || code.starts_with("InvalidAccessKeyId")
    })
}
