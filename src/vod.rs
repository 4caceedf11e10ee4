//! Calls to the VOD API: signing them, reading their answers, and what to do when one is refused.
//!
//! VOD issues the *UploadAuth*, the credential that writes one media file to OSS. In STS mode this
//! module asks for it with the STS token ([`Exchange`]); in UploadAuth mode the AppServer does, and
//! only the reading of its answer is shared. Nothing here reads a clock: VOD checks no timestamp of ours.

mod exchange;
mod refusal;
mod sign;

pub use exchange::{Exchange, Next};
pub use refusal::{Refusal, Refused, is_unknown_video, refused};
pub use sign::{Params, encode};

use crate::token::StsToken;

/// What a media file is for VOD. An image has no VideoId, and its UploadAuth cannot be refreshed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Created once, refreshed as often as needed.
    Video,
    /// Each issue is another object.
    Image,
}

impl Kind {
    /// What the file really is. `sdk_says_image` is the SDK's own guess, which takes any name that
    /// contains `png`, `jpg` or `jpeg` after the first letter for an image: `apng-demo.mp4` too.
    #[must_use]
    pub fn of(file_name: &str, mime: &str, sdk_says_image: bool) -> Self {
        let image = if mime.is_empty() {
            let dot = file_name.bytes().rposition(|byte| byte == b'.');
            let extension = dot.and_then(|dot| file_name.get(dot + 1..)).unwrap_or_default();
            ["jpg", "jpeg", "png"].iter().any(|known| extension.eq_ignore_ascii_case(known))
        } else {
            mime.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("image/"))
        };
        if sdk_says_image && image { Self::Image } else { Self::Video }
    }
}

/// A media file as VOD is told about it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Media {
    /// Video or image.
    pub kind: Kind,
    /// Name of the file, with its extension.
    pub file_name: String,
    /// What the page gave as `paramData.Vod`: VOD's own parameter names and their values as text.
    pub fields: Vec<(String, String)>,
}

/// One call to the VOD API.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    /// `CreateUploadVideo` or `CreateUploadImage`, by the file's kind.
    Create,
    /// `RefreshUploadVideo`.
    Refresh {
        /// The video's id, as VOD gave it. An object key is not one.
        video_id: String,
    },
}

/// Parameters that no page may set: they belong to the protocol.
const RESERVED: [&str; 13] = [
    "AccessKeyId",
    "Action",
    "Format",
    "RegionId",
    "RequestId",
    "SecurityToken",
    "Signature",
    "SignatureMethod",
    "SignatureNonce",
    "SignatureType",
    "SignatureVersion",
    "Timestamp",
    "Version",
];
/// What describes a video only, or an image only.
const VIDEO_ONLY: [&str; 6] =
    ["FileName", "FileSize", "CoverURL", "TemplateGroupId", "TransCodeMode", "VideoId"];
const IMAGE_ONLY: [&str; 2] = ["ImageType", "ImageExt"];

impl Call {
    /// Name of the action.
    #[must_use]
    pub const fn action(&self, kind: Kind) -> &'static str {
        match (self, kind) {
            (Self::Refresh { .. }, _) => "RefreshUploadVideo",
            (Self::Create, Kind::Video) => "CreateUploadVideo",
            (Self::Create, Kind::Image) => "CreateUploadImage",
        }
    }

    /// The signed query of this call about `media`. `nonce` must never have been used before.
    ///
    /// The parameters are those that the SDK sends, and any other the page gave: VOD gains new ones.
    /// `Title` is the file's name, cut to what VOD takes, unless the page set it. There is no `Timestamp`, as in the SDK: the
    /// device's clock may be wrong, and VOD accepts the call without.
    #[must_use]
    pub fn query(&self, media: &Media, token: &StsToken, nonce: &str) -> String {
        let mut params = Params::default();
        for (name, value) in [
            ("AccessKeyId", &*token.access_key_id),
            ("SecurityToken", token.security_token.expose()),
            ("Action", self.action(media.kind)),
            ("Version", "2017-03-21"),
            ("Format", "JSON"),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureVersion", "1.0"),
            ("SignatureNonce", nonce),
        ] {
            params.add(name, value);
        }
        match self {
            Self::Refresh { video_id } => params.add("VideoId", video_id),
            Self::Create => media.describe(&mut params),
        }
        params.signed(token.access_key_secret.expose())
    }
}

impl Media {
    fn describe<'a>(&'a self, params: &mut Params<'a>) {
        let (other, default) = match self.kind {
            Kind::Video => (IMAGE_ONLY.as_slice(), ("FileName", self.file_name.as_str())),
            Kind::Image => (VIDEO_ONLY.as_slice(), ("ImageType", "default")),
        };
        for (name, value) in &self.fields {
            if !value.is_empty()
                && !RESERVED.contains(&name.as_str())
                && !other.contains(&name.as_str())
            {
                params.add(name, value);
            }
        }
        for (name, value) in [default, ("Title", title(&self.file_name))] {
            params.add(name, value);
        }
    }
}

/// The longest `Title` that VOD takes. Counted as JavaScript counts, which is never less than VOD's characters.
const TITLE_MAX: usize = 128;

/// The start of `name` that is short enough for a title, in whole characters.
fn title(name: &str) -> &str {
    let mut units = 0;
    let end = name.char_indices().find(|(_, char)| {
        units += char.len_utf16();
        units > TITLE_MAX
    });
    end.and_then(|(at, _)| name.get(..at)).unwrap_or(name)
}
