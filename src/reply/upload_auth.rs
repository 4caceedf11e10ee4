//! VOD's UploadAuth and UploadAddress: base64 of JSON.
//!
//! ```json
//! { "AccessKeyId": "STS.…", "AccessKeySecret": "…", "SecurityToken": "…",
//!   "ExpireUTCTime": "2026-01-01T01:00:00Z", "Expiration": "3000", "Region": "cn-shanghai" }
//! { "Endpoint": "https://oss-cn-shanghai.aliyuncs.com", "Bucket": "outin-…", "FileName": "sv/….mp4" }
//! ```

use base64ct::{Base64Unpadded, Encoding};

use super::{
    Parse,
    search::{Members, credentials, text},
    token_of,
};
use crate::{
    error::Error,
    json::Json,
    token::{StsToken, UploadAddress},
};

/// The longest UploadAuth or UploadAddress accepted, in bytes. VOD's have about 1,800 and 250.
const TEXT_MAX: usize = 64 * 1024;

/// The content of an UploadAuth or UploadAddress.
fn decode(base64: &str, parse: Parse<'_>) -> Option<Json> {
    if base64.len() > TEXT_MAX {
        return None;
    }
    // Padding is optional and encoders that break lines are common; the alphabet is always the standard one.
    let bare: String = base64.chars().filter(|c| !c.is_ascii_whitespace() && *c != '=').collect();
    let bytes = Base64Unpadded::decode_vec(&bare).ok()?;
    parse(core::str::from_utf8(&bytes).ok()?)
}

/// The content of an UploadAuth, which also holds its expiry, and its credentials.
pub(super) fn read_auth(
    upload_auth: &str,
    parse: Parse<'_>,
) -> Result<(Vec<(String, Json)>, StsToken), Error> {
    let invalid = |reason| Error::InvalidResponse { reason };
    let Some(Json::Object(members)) = decode(upload_auth, parse) else {
        return Err(invalid("UploadAuth is not the base64 of a JSON object"));
    };
    let found = credentials(&members).ok_or_else(|| invalid("UploadAuth holds no credentials"))?;
    let token = token_of(&found)?;
    Ok((members, token))
}

/// Reads an UploadAddress, as base64 of JSON.
///
/// # Errors
///
/// [`Error::InvalidResponse`] if it is not that, or names no endpoint, bucket or object.
pub fn read_upload_address(upload_address: &str, parse: Parse<'_>) -> Result<UploadAddress, Error> {
    let invalid = |reason| Error::InvalidResponse { reason };
    let Some(Json::Object(members)) = decode(upload_address, parse) else {
        return Err(invalid("UploadAddress is not the base64 of a JSON object"));
    };
    let field = |name: &str, reason| match text(&members, &[name]) {
        Some((_, text)) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        _ => Err(invalid(reason)),
    };
    Ok(UploadAddress {
        endpoint: field("endpoint", "UploadAddress has no Endpoint")?,
        bucket: field("bucket", "UploadAddress has no Bucket")?,
        file_name: field("filename", "UploadAddress has no FileName")?,
    })
}

/// VOD's id of a media file: as long and as plain as an id is, else it is taken for none.
pub(super) fn id(path: &[&Members], name: &str) -> Option<String> {
    let (_, id) = path.iter().find_map(|members| text(members, &[name]))?;
    let id = id.trim();
    let plain = (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    plain.then(|| id.to_owned())
}
