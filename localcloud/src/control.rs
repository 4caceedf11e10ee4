//! The control interface, `/__control/…`: JSON in and out, no secret in any answer.

use std::sync::Arc;

use axum::{
    body::to_bytes,
    extract::Request,
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use md5::Md5;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{faults::Fault, sign::hex, state::Cloud, store::Object, sync::lock};

/// Longest body of a control request.
const MAX_BODY: usize = 16 << 20;

/// One stored object, as `GET /__control/objects` shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StoredObject {
    bucket: String,
    key: String,
    size: u64,
    md5: String,
    sha256: String,
    video_id: Option<String>,
    image_id: Option<String>,
    media_id: Option<String>,
}

/// Answers `/__control/<path>`.
pub(crate) async fn serve(cloud: &Arc<Cloud>, path: &str, request: Request) -> Response {
    // A page elsewhere must not be able to steer a cloud on this machine.
    if request.headers().get("sec-fetch-site").is_some_and(|site| site == "cross-site") {
        return refuse(
            StatusCode::FORBIDDEN,
            "the control interface is not for other sites' pages",
        );
    }
    let method = request.method().clone();
    let query: Vec<(String, String)> =
        form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect();
    let Ok(body) = to_bytes(request.into_body(), MAX_BODY).await else {
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, "the request is too long");
    };
    let result = match (&method, path) {
        (&Method::GET, "log") => Ok(json(&cloud.log.entries())),
        (&Method::DELETE, "log") => {
            cloud.log.clear();
            Ok(json(&json!([])))
        }
        (&Method::GET, "config") => Ok(json(&cloud.settings())),
        (&Method::POST, "config") => configure(cloud, &body),
        (&Method::GET, "faults") => Ok(json(&cloud.faults.pending())),
        (&Method::POST, "faults") => plan(cloud, &body),
        (&Method::DELETE, "faults") => {
            cloud.faults.clear();
            Ok(json(&json!([])))
        }
        (&Method::GET, "objects") => Ok(json(&objects(cloud))),
        (&Method::GET, "object") => return object(cloud, &query),
        (&Method::POST, "reset") => {
            cloud.reset();
            Ok(json(&cloud.settings()))
        }
        _ => return refuse(StatusCode::NOT_FOUND, "no such control"),
    };
    result.unwrap_or_else(|message| refuse(StatusCode::BAD_REQUEST, &message))
}

fn configure(cloud: &Cloud, body: &[u8]) -> Result<Response, String> {
    let patch: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let settings = cloud.settings().merged(&patch)?;
    cloud.set_settings(settings);
    Ok(json(&cloud.settings()))
}

fn plan(cloud: &Cloud, body: &[u8]) -> Result<Response, String> {
    // In two steps: an untagged enum would not say which member is wrong.
    let value: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let faults: Result<Vec<Fault>, _> = match value {
        Value::Array(_) => serde_json::from_value(value),
        one => serde_json::from_value(one).map(|fault| vec![fault]),
    };
    cloud.faults.plan(faults.map_err(|error| error.to_string())?);
    Ok(json(&cloud.faults.pending()))
}

fn objects(cloud: &Cloud) -> Vec<StoredObject> {
    let stored: Vec<((String, String), Arc<Object>)> = lock(&cloud.store)
        .objects
        .iter()
        .map(|(name, object)| (name.clone(), Arc::clone(object)))
        .collect();
    let media = lock(&cloud.media);
    stored
        .into_iter()
        .map(|((bucket, key), object)| {
            let (mut md5, mut sha256) = (Md5::new(), Sha256::new());
            for blob in &object.blobs {
                md5.update(&blob.bytes);
                sha256.update(&blob.bytes);
            }
            StoredObject {
                video_id: media.video_of(&bucket, &key),
                image_id: media.image_of(&bucket, &key),
                media_id: media.attached_of(&bucket, &key),
                size: object.size,
                md5: hex(&md5.finalize()),
                sha256: hex(&sha256.finalize()),
                bucket,
                key,
            }
        })
        .collect()
}

fn object(cloud: &Cloud, query: &[(String, String)]) -> Response {
    let named = |name: &str| {
        query.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    };
    let found = lock(&cloud.store).object(named("bucket"), named("key"));
    match found {
        Some(object) => {
            let content_type = [(header::CONTENT_TYPE, "application/octet-stream")];
            (content_type, object.bytes(0..object.size)).into_response()
        }
        None => refuse(StatusCode::NOT_FOUND, "no such object"),
    }
}

fn json(value: &impl Serialize) -> Response {
    match serde_json::to_string(value) {
        Ok(text) => {
            let headers =
                [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
            (headers, text).into_response()
        }
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

fn refuse(status: StatusCode, message: &str) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], json!({ "error": message }).to_string())
        .into_response()
}
