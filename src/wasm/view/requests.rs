//! What a source is asked for.

use js_sys::Number;
use serde::Serialize;

use crate::{
    json::Json,
    lifecycle::Reason,
    vod::{Kind, Media},
};

/// What a source of STS tokens is asked for.
#[derive(Serialize)]
pub(crate) struct TokenRequest<'a> {
    pub(crate) reason: &'static str,
    pub(crate) scope: &'a str,
    /// AccessKeyId of the token that a server refused, for an AppServer that keeps tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rejected: Option<&'a str>,
}

/// Why a source is asked.
pub(crate) const fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::Initial => "initial",
        Reason::Refresh => "refresh",
        Reason::Rejected => "rejected",
        Reason::Prefetch => "prefetch",
    }
}

/// What an AppServer, or a function of the page, is asked for an UploadAuth: VOD's parameters, by their names with a
/// small first letter.
pub(crate) struct UploadRequest<'a> {
    pub(crate) media: &'a Media,
    pub(crate) video_id: Option<&'a str>,
    pub(crate) ticket: Option<&'a str>,
    /// For a function.
    pub(crate) reason: Option<&'static str>,
}

/// Parameters that are numbers in JSON.
const NUMBERS: [&str; 2] = ["fileSize", "cateId"];

impl UploadRequest<'_> {
    /// As a plain object. What the page gave counts, and so comes later.
    pub(crate) fn json(&self) -> Json {
        let Self { media, video_id, ticket, reason } = *self;
        let text = |name: &str, text: &str| (name.to_owned(), Json::String(text.to_owned()));
        let mut members = vec![text("title", &media.file_name), text("fileName", &media.file_name)];
        if let Some(video_id) = video_id {
            members.push(text("videoId", video_id));
            members.extend(ticket.map(|ticket| text("ticket", ticket)));
        }
        let given = media.fields.iter().map(|(name, value)| parameter(name, value));
        let (of_image, others): (Vec<_>, Vec<_>) =
            given.partition(|(name, _)| name.starts_with("image"));
        members.extend(others);
        if media.kind == Kind::Image {
            members.push(("image".to_owned(), Json::Object(of_image)));
        }
        members.extend(reason.map(|reason| text("reason", reason)));
        Json::Object(members)
    }
}

/// What the page gave as one of VOD's parameters.
fn parameter(name: &str, value: &str) -> (String, Json) {
    let mut name = name.to_owned();
    // VOD's names are ASCII.
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    // As a page would read it.
    let number = Number::parse_float(value);
    let value = if NUMBERS.contains(&&*name) && number.is_finite() {
        Json::Number(number)
    } else {
        Json::String(value.to_owned())
    };
    (name, value)
}
