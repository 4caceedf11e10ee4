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
    members::{Members, text},
    search::credentials,
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
    let bytes = (base64.len() <= TEXT_MAX).then(|| base64_bytes(base64))??;
    parse(core::str::from_utf8(&bytes).ok()?)
}

/// Base64 in the standard alphabet. Padding is optional, and line breaks, which some encoders add, are skipped.
fn base64_bytes(text: &str) -> Option<Vec<u8>> {
    let bare = text.replace(['=', '\r', '\n'], "");
    Base64Unpadded::decode_vec(&bare).ok()
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
        Some((_, text)) if !text.trim_ascii().is_empty() => Ok(text.trim_ascii().to_owned()),
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
    word(path, name, 128)
}

/// What the AppServer wants to see again; it may be as long as a signed token.
pub(super) fn ticket(path: &[&Members]) -> Option<String> {
    word(path, "ticket", 512)
}

fn word(path: &[&Members], name: &str, longest: usize) -> Option<String> {
    let (_, word) = path.iter().find_map(|members| text(members, &[name]))?;
    let word = word.trim_ascii();
    let fits = (1..=longest).contains(&word.len());
    (fits && word.bytes().all(|byte| byte.is_ascii_graphic())).then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_bounded() {
        let length =
            |len: usize| decode(&"A".repeat(len), &|text| Some(Json::Number(text.len() as f64)));
        assert!(length(65_536) == Some(Json::Number(49_152.0)));
        assert!(length(65_540).is_none());
    }

    #[test]
    fn base64_is_read() {
        let cases: [(&str, Option<&[u8]>); 13] = [
            ("", Some(b"")),
            ("Zg==", Some(b"f")),
            ("Zg", Some(b"f")),
            ("Zm8=", Some(b"fo")),
            ("Zm9v", Some(b"foo")),
            ("Zm9v\r\nYmFy\n", Some(b"foobar")),
            ("+/+/AZaz0w", Some(&[0xfb, 0xff, 0xbf, 0x01, 0x96, 0xb3, 0xd3])),
            ("Z", None),
            ("Zm9vY", None),
            ("Zm-v", None),
            ("Zm_v", None),
            ("Zm9 v", None),
            // Bits that belong to no byte.
            ("Zh", None),
        ];
        for (text, bytes) in cases {
            assert_eq!(base64_bytes(text).as_deref(), bytes, "{text:?}");
        }
    }
}
