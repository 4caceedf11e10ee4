//! Calling the VOD API, version 2017-03-21, for UploadAuths.

use std::fmt;

use serde::Deserialize;
use upload_token::{secret::Secret, token::StsToken};

use crate::{
    endpoint::Endpoint,
    rpc::{self, Signer},
    upstream::{Failure, Upstream},
};

/// A call for the right to upload one media file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// CreateUploadVideo with these parameters.
    CreateVideo(Params),
    /// CreateUploadImage with these parameters. An image cannot be refreshed: each call is a new image.
    CreateImage(Params),
    /// CreateUploadAttachedMedia with these parameters: a watermark, a subtitle or material. Not to be refreshed either.
    CreateAttachedMedia(Params),
    /// RefreshUploadVideo: another UploadAuth for the same video.
    Refresh {
        /// The id that CreateUploadVideo gave.
        video_id: String,
    },
}

/// Parameters of a call, by VOD's names.
pub type Params = Vec<(&'static str, String)>;

impl Call {
    /// Name of the action.
    #[must_use]
    pub const fn action(&self) -> &'static str {
        match self {
            Self::CreateVideo(_) => "CreateUploadVideo",
            Self::CreateImage(_) => "CreateUploadImage",
            Self::CreateAttachedMedia(_) => "CreateUploadAttachedMedia",
            Self::Refresh { .. } => "RefreshUploadVideo",
        }
    }

    fn params(&self) -> Vec<(&str, &str)> {
        match self {
            Self::CreateVideo(params)
            | Self::CreateImage(params)
            | Self::CreateAttachedMedia(params) => {
                params.iter().map(|(name, value)| (*name, value.as_str())).collect()
            }
            Self::Refresh { video_id } => vec![("VideoId", video_id)],
        }
    }
}

/// VOD's answer: where one media file goes, and the credential that may write it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Upload {
    /// VOD's id of the request.
    pub request_id: String,
    /// Id of a video.
    pub video_id: Option<String>,
    /// Id of an image.
    pub image_id: Option<String>,
    /// Where an image will be found.
    #[serde(rename = "ImageURL")]
    pub image_url: Option<String>,
    /// Id of attached media.
    pub media_id: Option<String>,
    /// Where attached media will be found.
    #[serde(rename = "MediaURL")]
    pub media_url: Option<String>,
    /// Where the stored file itself will be found: of images and attached media.
    #[serde(rename = "FileURL")]
    pub file_url: Option<String>,
    /// Base64 JSON: endpoint, bucket, object key.
    pub upload_address: String,
    /// Base64 JSON: temporary credentials for that object.
    #[serde(deserialize_with = "secret")]
    pub upload_auth: Secret<String>,
}

fn secret<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Secret<String>, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}

/// The VOD API of one region.
#[derive(Clone)]
pub struct Vod {
    endpoint: Endpoint,
    upstream: Upstream,
}

impl fmt::Debug for Vod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vod").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl Vod {
    /// The API at `endpoint`.
    ///
    /// # Errors
    ///
    /// If the TLS roots cannot be set up.
    pub fn new(endpoint: Endpoint) -> Result<Self, reqwest::Error> {
        Ok(Self { upstream: Upstream::new(&endpoint)?, endpoint })
    }

    /// Makes `call`, signed with `token`.
    ///
    /// # Errors
    ///
    /// Any [`Failure`].
    pub async fn call(&self, call: &Call, token: &StsToken) -> Result<Upload, Failure> {
        let signer = Signer {
            access_key_id: &token.access_key_id,
            access_key_secret: &token.access_key_secret,
            security_token: Some(&token.security_token),
        };
        let action = (call.action(), "2017-03-21");
        let request = rpc::request(&self.endpoint, action, &call.params(), signer)?;
        let answer = self.upstream.send(request).await?;
        let upload: Upload = serde_json::from_slice(&answer.body.0)
            .map_err(|_| Failure::Unusable { reason: "it holds no UploadAuth" })?;
        let named = match call {
            Call::CreateVideo(_) => upload.video_id.is_some(),
            Call::CreateImage(_) => upload.image_id.is_some(),
            Call::CreateAttachedMedia(_) => upload.media_id.is_some(),
            Call::Refresh { .. } => true,
        };
        if named {
            Ok(upload)
        } else {
            Err(Failure::Unusable { reason: "it does not name the media file" })
        }
    }
}
