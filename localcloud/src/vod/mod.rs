//! VOD: creating and refreshing uploads, API version 2017-03-21.

pub(crate) mod media;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use self::media::Place;
use crate::{
    clock::iso_seconds,
    cloud::Cloud,
    config,
    credentials::{Credential, Grant},
    error::ServiceError,
    rpc::{Call, require_permission, unknown_action},
    secret::Secret,
    sync::lock,
};

/// The life of an UploadAuth where the settings name no other.
const UPLOAD_AUTH_LIFE_MS: u64 = 3_000_000;

/// Whether `action` is answered without credentials: the SDK's progress reports are.
pub(crate) fn is_open(action: &str) -> bool {
    matches!(action, "GetUploadProgress" | "ReportUploadProgress")
}

/// Answers a progress call. Nothing is kept: an upload is resumed from the page's own checkpoint.
pub(crate) fn progress(action: &str, request_id: &str) -> Value {
    match action {
        "GetUploadProgress" => {
            json!({ "RequestId": request_id, "UploadProgress": { "UploadProgressList": [] } })
        }
        _ => json!({ "RequestId": request_id }),
    }
}

/// Carries out a call by `caller`.
pub(crate) fn call(
    cloud: &Cloud,
    call: &Call<'_>,
    caller: &Credential,
    region: &str,
) -> Result<Value, ServiceError> {
    let act = match call.action.as_str() {
        "CreateUploadVideo" => create_upload_video,
        "RefreshUploadVideo" => refresh_upload_video,
        "CreateUploadImage" => create_upload_image,
        _ => return Err(unknown_action()),
    };
    require_permission(caller, &format!("vod:{}", call.action))?;
    if !cloud.vod_rate.admit() {
        let message = "Request was denied due to user flow control.";
        return Err(ServiceError::new(400, "Throttling.User", message));
    }
    act(cloud, call, region)
}

fn create_upload_video(
    cloud: &Cloud,
    call: &Call<'_>,
    region: &str,
) -> Result<Value, ServiceError> {
    let file_name = call.require("FileName")?;
    let extension = extension(file_name)?;
    call.require("Title")?;
    check_texts(call)?;
    if let Some(group) = call.get("TemplateGroupId")
        && !cloud.config.template_groups.iter().any(|known| known == group)
    {
        let message = "The TemplateGroupId does not exist.";
        return Err(ServiceError::new(404, "InvalidTemplateGroupId.NotFound", message));
    }
    check_storage(cloud, call)?;

    let id = config::hex(32);
    let stem = format!("{}-{}", config::hex(8), config::hex(11));
    let place = Place {
        region: region.to_owned(),
        bucket: cloud.config.vod_bucket.clone(),
        key: format!("sv/{stem}/{stem}.{extension}"),
    };
    lock(&cloud.media).videos.insert(id.clone(), place.clone());
    Ok(json!({
        "RequestId": call.request_id,
        "VideoId": id,
        "UploadAddress": upload_address(cloud, &place),
        "UploadAuth": upload_auth(cloud, &place),
    }))
}

fn refresh_upload_video(
    cloud: &Cloud,
    call: &Call<'_>,
    _region: &str,
) -> Result<Value, ServiceError> {
    let id = call.require("VideoId")?;
    let place =
        lock(&cloud.media).videos.get(id).cloned().ok_or_else(|| {
            ServiceError::new(404, "InvalidVideo.NotFound", "The video not exist.")
        })?;
    Ok(json!({
        "RequestId": call.request_id,
        "VideoId": id,
        "UploadAddress": upload_address(cloud, &place),
        "UploadAuth": upload_auth(cloud, &place),
    }))
}

fn create_upload_image(
    cloud: &Cloud,
    call: &Call<'_>,
    region: &str,
) -> Result<Value, ServiceError> {
    let kind = call.require("ImageType")?;
    if !matches!(kind, "default" | "cover") {
        return Err(invalid("ImageType"));
    }
    let extension = match call.get("ImageExt") {
        None => "png",
        Some(extension @ ("png" | "jpg" | "jpeg" | "gif")) => extension,
        Some(_) => return Err(invalid("ImageExt")),
    };
    check_texts(call)?;
    check_storage(cloud, call)?;

    let id = config::hex(32).to_uppercase();
    let place = Place {
        region: region.to_owned(),
        bucket: cloud.config.vod_bucket.clone(),
        key: format!("image/{kind}/{id}-6-2.{extension}"),
    };
    lock(&cloud.media).images.insert(id.clone(), place.clone());
    let url = format!("https://{}.oss-{}.aliyuncs.com/{}", place.bucket, place.region, place.key);
    Ok(json!({
        "RequestId": call.request_id,
        "ImageId": id,
        "ImageURL": url,
        "FileURL": url,
        "UploadAddress": upload_address(cloud, &place),
        "UploadAuth": upload_auth(cloud, &place),
    }))
}

fn upload_address(cloud: &Cloud, place: &Place) -> String {
    let endpoint = match &cloud.config.upload_endpoint {
        Some(endpoint) => endpoint.clone(),
        None => format!("https://oss-{}.aliyuncs.com", place.region),
    };
    let address = json!({ "Endpoint": endpoint, "Bucket": place.bucket, "FileName": place.key });
    STANDARD.encode(address.to_string())
}

/// A fresh credential that can write this place and nothing else.
fn upload_auth(cloud: &Cloud, place: &Place) -> String {
    let life = cloud.settings().upload_auth_life_ms.unwrap_or(UPLOAD_AUTH_LIFE_MS);
    let grant = Grant::Upload { bucket: place.bucket.clone(), key: place.key.clone() };
    let issued = lock(&cloud.credentials).issue(grant, cloud.clock.now(), life);
    let auth = json!({
        "SecurityToken": issued.token.as_ref().map(Secret::expose),
        "AccessKeyId": issued.id,
        "AccessKeySecret": issued.secret.expose(),
        "ExpireUTCTime": issued.expires.map(iso_seconds),
        // A number of seconds here, where STS has an instant under the same name.
        "Expiration": life.div_ceil(1000).to_string(),
        "Region": place.region,
    });
    STANDARD.encode(auth.to_string())
}

fn extension(file_name: &str) -> Result<&str, ServiceError> {
    let extension =
        file_name.rsplit_once('.').map(|(_, extension)| extension).filter(|extension| {
            (1..=10).contains(&extension.len())
                && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
    extension.ok_or_else(|| {
        ServiceError::new(
            400,
            "InvalidFileName.Extension",
            "The specified FileName's extension is illegal.",
        )
    })
}

fn check_texts(call: &Call<'_>) -> Result<(), ServiceError> {
    for (name, most) in [("Title", 128), ("Description", 1024)] {
        if call.get(name).is_some_and(|text| text.chars().count() > most) {
            let message = format!("The length of {name} exceeds the maximum of {most} characters.");
            return Err(ServiceError::new(400, "LengthExceededMax", message));
        }
    }
    let tags: Vec<&str> =
        call.get("Tags").map(|tags| tags.split(',').collect()).unwrap_or_default();
    if tags.len() > 16 || tags.iter().any(|tag| tag.chars().count() > 32) {
        let message = "The tags exceed the maximum of 16 tags of 32 characters.";
        return Err(ServiceError::new(400, "TagsExceededMax", message));
    }
    Ok(())
}

fn check_storage(cloud: &Cloud, call: &Call<'_>) -> Result<(), ServiceError> {
    match call.get("StorageLocation") {
        Some(location) if !location.starts_with(&format!("{}.", cloud.config.vod_bucket)) => {
            Err(ServiceError::new(
                404,
                "InvalidStorage.NotFound",
                "The StorageLocation does not exist.",
            ))
        }
        _ => Ok(()),
    }
}

fn invalid(name: &str) -> ServiceError {
    ServiceError::new(
        400,
        "InvalidParameter",
        format!("The specified parameter \"{name}\" is not valid."),
    )
}
