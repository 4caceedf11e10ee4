//! Validated credentials.

use crate::{secret::Secret, time::UnixMillis};

/// Temporary credentials from STS (`AssumeRole`), complete and plausible.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StsToken {
    /// `STS.…`; not a secret, it identifies the token.
    pub access_key_id: String,
    /// Signs requests.
    pub access_key_secret: Secret<String>,
    /// Travels with each request.
    pub security_token: Secret<String>,
}

/// What VOD returns for writing one media file to OSS; also temporary credentials, with their address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UploadAuth {
    /// The credentials inside, for a live client.
    pub token: StsToken,
    /// The UploadAuth as VOD sent it (base64 JSON), for the SDK.
    pub upload_auth: Secret<String>,
    /// The UploadAddress as VOD sent it (base64 JSON: endpoint, bucket, object key); empty if a refresh sent none.
    pub upload_address: String,
    /// VOD's id of a video; `None` for an image.
    pub video_id: Option<String>,
    /// VOD's id of an image.
    pub image_id: Option<String>,
}

/// What an answer says about its token's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Expiry {
    /// The instant, on the server's clock.
    pub at: Option<UnixMillis>,
    /// The life left when the answer was made.
    pub left: Option<crate::time::Millis>,
}
