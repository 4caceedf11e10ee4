//! VOD: creating and refreshing uploads, API version 2017-03-21.

mod fields;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use crate::{
    clock::iso_seconds,
    credentials::{Credential, Grant},
    error::ServiceError,
    media::{Place, Video},
    rpc::{
        auth::require_permission,
        call::{Call, unknown_action},
    },
    secret::Secret,
    state::Cloud,
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
        "CreateUploadAttachedMedia" => create_upload_attached_media,
        "GetVideoInfo" => get_video_info,
        _ => return Err(unknown_action()),
    };
    require_permission(caller, &format!("vod:{}", call.action), cloud.clock.now())?;
    if !cloud.vod_rate.admit(&call.action) {
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
    let extension = fields::extension(file_name)?;
    call.require("Title")?;
    fields::check(cloud, call)?;
    let reference = call.get("ReferenceId").map(str::to_owned);
    let mut media = lock(&cloud.media);
    if reference.as_deref().is_some_and(|id| media.referenced(id).is_some()) {
        let message = "The specified ReferenceId is used by another media file.";
        return Err(ServiceError::new(400, "InvalidReferenceId.Duplicate", message));
    }
    let id = cloud.platform.hex(32);
    let stem = format!("{}-{}", cloud.platform.hex(8), cloud.platform.hex(11));
    let place = Place {
        region: region.to_owned(),
        bucket: cloud.config.vod_bucket.clone(),
        key: format!("sv/{stem}/{stem}.{extension}"),
    };
    let told = call.told();
    media.videos.add(id.clone(), Video { place: place.clone(), reference, told });
    drop(media);
    Ok(json!({
        "RequestId": call.request_id,
        "VideoId": id,
        "UploadAddress": upload_address(cloud, &place),
        "UploadAuth": upload_auth(cloud, &place),
    }))
}

/// The video that a call means, if it is one of `region`.
fn video(cloud: &Cloud, call: &Call<'_>, region: &str) -> Result<(String, Video), ServiceError> {
    let media = lock(&cloud.media);
    let id = match (call.get("VideoId"), call.get("ReferenceId")) {
        (None, Some(reference)) => media.referenced(reference).unwrap_or_default(),
        _ => call.require("VideoId")?.to_owned(),
    };
    let found = media.videos.get(&id).filter(|video| video.place.region == region).cloned();
    found
        .map(|video| (id, video))
        .ok_or_else(|| ServiceError::new(404, "InvalidVideo.NotFound", "The video not exist."))
}

fn refresh_upload_video(
    cloud: &Cloud,
    call: &Call<'_>,
    region: &str,
) -> Result<Value, ServiceError> {
    let (id, Video { place, .. }) = video(cloud, call, region)?;
    Ok(json!({
        "RequestId": call.request_id,
        "VideoId": id,
        "UploadAddress": upload_address(cloud, &place),
        "UploadAuth": upload_auth(cloud, &place),
    }))
}

/// What VOD was told when the video was created, and whether its bytes are there.
fn get_video_info(cloud: &Cloud, call: &Call<'_>, region: &str) -> Result<Value, ServiceError> {
    let (id, Video { place, told, .. }) = video(cloud, call, region)?;
    let stored = lock(&cloud.store).object(&place.bucket, &place.key);
    let mut info: Map<String, Value> =
        told.into_iter().map(|(name, value)| (name, json!(value))).collect();
    info.insert(String::from("VideoId"), json!(id));
    info.insert(String::from("Size"), json!(stored.as_ref().map_or(0, |object| object.size)));
    info.insert(
        String::from("Status"),
        json!(if stored.is_some() { "UploadSucc" } else { "Uploading" }),
    );
    Ok(json!({ "RequestId": call.request_id, "Video": info }))
}

fn create_upload_image(
    cloud: &Cloud,
    call: &Call<'_>,
    region: &str,
) -> Result<Value, ServiceError> {
    let kind = call.require("ImageType")?;
    if !matches!(kind, "default" | "cover") {
        return Err(fields::invalid("ImageType"));
    }
    let extension = match call.get("ImageExt") {
        None => "png",
        Some(extension @ ("png" | "jpg" | "jpeg" | "gif")) => extension,
        Some(_) => return Err(fields::invalid("ImageExt")),
    };
    fields::check(cloud, call)?;
    let id = cloud.platform.hex(32).to_uppercase();
    let place = Place {
        region: region.to_owned(),
        bucket: cloud.config.vod_bucket.clone(),
        key: format!("image/{kind}/{id}-6-2.{extension}"),
    };
    lock(&cloud.media).images.add(id.clone(), place.clone());
    Ok(json!({
        "RequestId": call.request_id,
        "ImageId": id,
        "ImageURL": url(&place),
        "FileURL": url(&place),
        "UploadAddress": upload_address(cloud, &place),
        "UploadAuth": upload_auth(cloud, &place),
    }))
}

fn create_upload_attached_media(
    cloud: &Cloud,
    call: &Call<'_>,
    region: &str,
) -> Result<Value, ServiceError> {
    let kind = call.require("BusinessType")?;
    let known: &[&str] = match kind {
        "watermark" => &["png", "gif", "apng", "mov"],
        "subtitle" => &["ass", "srt", "ssa", "ttml", "vtt"],
        "material" => &["jpg", "gif", "png", "mp4", "mat", "zip", "apk"],
        _ => return Err(fields::invalid("BusinessType")),
    };
    let extension = match call.get("MediaExt") {
        None => known.first().copied().unwrap_or_default(),
        Some(extension) if known.contains(&extension) => extension,
        Some(_) => return Err(fields::invalid("MediaExt")),
    };
    fields::check(cloud, call)?;
    let id = cloud.platform.hex(32);
    let place = Place {
        region: region.to_owned(),
        bucket: cloud.config.vod_bucket.clone(),
        key: format!("{kind}/{id}.{extension}"),
    };
    lock(&cloud.media).attached.add(id.clone(), place.clone());
    Ok(json!({
        "RequestId": call.request_id,
        "MediaId": id,
        "MediaURL": url(&place),
        "FileURL": url(&place),
        "UploadAddress": upload_address(cloud, &place),
        "UploadAuth": upload_auth(cloud, &place),
    }))
}

fn url(place: &Place) -> String {
    format!("https://{}.oss-{}.aliyuncs.com/{}", place.bucket, place.region, place.key)
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
    let issued = lock(&cloud.credentials).issue(&*cloud.platform, grant, cloud.clock.now(), life);
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
