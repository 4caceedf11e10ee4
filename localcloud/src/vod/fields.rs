//! What VOD thinks of the parameters of an upload.

use serde_json::Value;

use crate::{error::ServiceError, rpc::call::Call, state::Cloud};

/// Extensions of videos and audio that VOD takes.
const EXTENSIONS: [&str; 44] = [
    "3gp", "aac", "ac3", "acm", "amr", "ape", "asf", "avi", "caf", "dat", "dv", "f4v", "flac",
    "flv", "gif", "m2t", "m2ts", "m3u8", "m4a", "m4v", "mj2", "mjpeg", "mkv", "mov", "mp3", "mp4",
    "mpe", "mpeg", "mpg", "mts", "mxf", "ogg", "qt", "ra", "rm", "rmvb", "swf", "ts", "vob", "wav",
    "webm", "wma", "wmv", "wv",
];
/// Longest `UserData`, in bytes.
const LONGEST_USER_DATA: usize = 1_024;

/// The extension of a video's file name.
pub(crate) fn extension(file_name: &str) -> Result<&str, ServiceError> {
    let extension = file_name.rsplit_once('.').map(|(_, extension)| extension);
    let known =
        |extension: &&str| EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(extension));
    extension.filter(known).ok_or_else(|| {
        ServiceError::new(
            400,
            "InvalidFileName.Extension",
            "The specified FileName's extension is illegal.",
        )
    })
}

/// Checks all that is common to videos, images and attached media.
pub(crate) fn check(cloud: &Cloud, call: &Call<'_>) -> Result<(), ServiceError> {
    check_texts(call)?;
    if call.get("FileSize").is_some_and(|size| size.parse::<u64>().is_err()) {
        return Err(invalid("FileSize"));
    }
    if let Some(data) = call.get("UserData") {
        let is_object = serde_json::from_str::<Value>(data).is_ok_and(|data| data.is_object());
        if data.len() > LONGEST_USER_DATA || !is_object {
            return Err(invalid("UserData"));
        }
    }
    let config = &cloud.config;
    for (name, known) in [
        ("TemplateGroupId", &config.template_groups),
        ("WorkflowId", &config.workflows),
        ("AppId", &config.apps),
        ("CateId", &config.categories),
    ] {
        if call.get(name).is_some_and(|id| !known.iter().any(|known| known == id)) {
            let message = format!("The {name} does not exist.");
            return Err(ServiceError::new(404, format!("Invalid{name}.NotFound"), message));
        }
    }
    match call.get("StorageLocation") {
        Some(location) if !location.starts_with(&format!("{}.", config.vod_bucket)) => {
            let message = "The StorageLocation does not exist.";
            Err(ServiceError::new(404, "InvalidStorage.NotFound", message))
        }
        _ => Ok(()),
    }
}

fn check_texts(call: &Call<'_>) -> Result<(), ServiceError> {
    for name in ["FileName", "Title", "Description", "Tags"] {
        let odd = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
        let text = call.get(name).unwrap_or_default();
        if text.contains(odd) || (name == "FileName" && text.contains(char::is_control)) {
            let message = format!("The specified {name} contains illegal characters.");
            return Err(ServiceError::new(400, "IllegalCharacters", message));
        }
    }
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

/// A parameter that is not what it must be.
pub(crate) fn invalid(name: &str) -> ServiceError {
    ServiceError::new(
        400,
        "InvalidParameter",
        format!("The specified parameter \"{name}\" is not valid."),
    )
}
