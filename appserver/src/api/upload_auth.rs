//! `POST /api/upload-auth`: the UploadAuth mode, in which no page ever holds a token for the VOD API.

use axum::{Extension, body::Body, extract::State, response::Response};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Api, body,
    reply::{self, ErrorReply},
};
use crate::{
    auth::User,
    session::session_name,
    sts::Grant,
    upstream::Failure,
    vod::{Call, Upload},
};

/// A media file to be uploaded, or a video whose UploadAuth is to be renewed.
///
/// Names are VOD's own, beginning in lower case; unknown fields are ignored.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Wishes {
    /// Renews this video's UploadAuth; all other fields are ignored.
    video_id: Option<String>,
    /// Makes the media file an image.
    image: Option<Image>,
    title: Option<String>,
    file_name: Option<String>,
    file_size: Option<u64>,
    description: Option<String>,
    cate_id: Option<u64>,
    tags: Option<String>,
    #[serde(rename = "coverURL")]
    cover_url: Option<String>,
    template_group_id: Option<String>,
    workflow_id: Option<String>,
    storage_location: Option<String>,
    app_id: Option<String>,
    /// An object, or its JSON text.
    user_data: Option<Value>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Image {
    image_type: Option<String>,
    image_ext: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UploadReply<'a> {
    upload_auth: &'a str,
    upload_address: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    video_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_id: Option<&'a str>,
    request_id: &'a str,
    server_time: String,
}

/// Answers an UploadAuth to the signed-in user.
pub(super) async fn answer(
    State(api): State<Api>,
    Extension(user): Extension<User>,
    body: Body,
) -> Result<Response, ErrorReply> {
    let call = body::read::<Wishes>(body).await?.call()?;
    if let Call::Refresh { video_id } = &call
        && !api.owners.owns(&user.id, video_id)
    {
        // The words of a video that does not exist: nobody learns which ids do.
        return Err(ErrorReply::new(
            StatusCode::NOT_FOUND,
            "InvalidVideo.NotFound",
            "there is no such video",
        ));
    }
    let upload = ask(&api, &user, &call).await.map_err(|failure| ErrorReply::of(&failure))?;
    if let Some(id) = &upload.video_id {
        api.owners.record(&user.id, id);
    }
    api.log.write(json!({
        "event": "uploadAuth",
        "user": user.id,
        "action": call.action(),
        "videoId": upload.video_id,
        "imageId": upload.image_id,
        "requestId": upload.request_id,
    }));
    let renewed = match &call {
        Call::Refresh { video_id } => Some(video_id.as_str()),
        Call::CreateVideo(_) | Call::CreateImage(_) => None,
    };
    Ok(reply::json(
        StatusCode::OK,
        &UploadReply {
            upload_auth: upload.upload_auth.expose(),
            upload_address: &upload.upload_address,
            video_id: upload.video_id.as_deref().or(renewed),
            image_id: upload.image_id.as_deref(),
            request_id: &upload.request_id,
            server_time: reply::instant(Timestamp::now()),
        },
    ))
}

/// Calls VOD with the user's own token, so that the call stands in ActionTrail under the user's name
/// and the long-lived key needs no right but to assume the role.
async fn ask(api: &Api, user: &User, call: &Call) -> Result<Upload, Failure> {
    let grant = Grant { session: session_name(&user.id), scope: String::new() };
    let mut again = true;
    loop {
        let issued = api.tokens.token(grant.clone()).await?;
        api.vod_pace.take().map_err(|wait| Failure::Throttled {
            code: String::from("Throttling.AppServer"),
            retry_after: Some(wait),
            request_id: None,
        })?;
        match api.vod.call(call, &issued.token).await {
            Err(failure) if again && is_rejection(&failure) => {
                again = false;
                api.tokens.forget(&grant, &issued.token.access_key_id);
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

impl Wishes {
    fn call(self) -> Result<Call, ErrorReply> {
        if let Some(video_id) = self.video_id {
            return Ok(Call::Refresh { video_id });
        }
        if let Some(image) = self.image {
            return Ok(Call::CreateImage(given([
                ("ImageType", Some(image.image_type.unwrap_or_else(|| String::from("default")))),
                ("ImageExt", image.image_ext),
                ("Title", self.title.or(self.file_name)),
                ("Description", self.description),
                ("CateId", self.cate_id.map(|id| id.to_string())),
                ("Tags", self.tags),
                ("StorageLocation", self.storage_location),
                ("AppId", self.app_id),
                ("UserData", self.user_data.map(text)),
            ])));
        }
        let Some(file_name) = self.file_name.filter(|name| !name.is_empty()) else {
            return Err(ErrorReply::new(
                StatusCode::BAD_REQUEST,
                "MissingFileName",
                "a video needs its fileName, with the extension",
            ));
        };
        Ok(Call::CreateVideo(given([
            ("Title", Some(self.title.unwrap_or_else(|| file_name.clone()))),
            ("FileName", Some(file_name)),
            ("FileSize", self.file_size.map(|size| size.to_string())),
            ("Description", self.description),
            ("CateId", self.cate_id.map(|id| id.to_string())),
            ("Tags", self.tags),
            ("CoverURL", self.cover_url),
            ("TemplateGroupId", self.template_group_id),
            ("WorkflowId", self.workflow_id),
            ("StorageLocation", self.storage_location),
            ("AppId", self.app_id),
            ("UserData", self.user_data.map(text)),
        ])))
    }
}

fn given<const N: usize>(
    params: [(&'static str, Option<String>); N],
) -> Vec<(&'static str, String)> {
    params
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)))
        .collect()
}

fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(wishes: Value) -> Result<Call, ErrorReply> {
        serde_json::from_value::<Wishes>(wishes).unwrap().call()
    }

    #[test]
    fn a_video_is_created_with_what_was_given() {
        let made = call(
            json!({ "fileName": "a.mp4", "fileSize": 7, "userData": { "k": 1 }, "unknown": true }),
        );
        let params = vec![
            ("Title", String::from("a.mp4")),
            ("FileName", String::from("a.mp4")),
            ("FileSize", String::from("7")),
            ("UserData", String::from(r#"{"k":1}"#)),
        ];
        assert_eq!(made, Ok(Call::CreateVideo(params)));
    }

    #[test]
    fn an_image_has_a_type_and_a_known_video_is_renewed() {
        let made = call(json!({ "image": {}, "title": "t" }));
        assert_eq!(
            made,
            Ok(Call::CreateImage(vec![("ImageType", "default".into()), ("Title", "t".into())]))
        );
        assert_eq!(
            call(json!({ "videoId": "v", "title": "t" })),
            Ok(Call::Refresh { video_id: "v".into() })
        );
    }

    #[test]
    fn a_video_without_a_name_is_refused() {
        assert_eq!(call(json!({ "title": "t" })).unwrap_err().error_code, "MissingFileName");
    }
}
