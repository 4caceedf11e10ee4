//! What a refusal of VOD means.

use crate::{
    error::{Answered, Error, Party, is_dead_token_code},
    json::Json,
};

/// VOD's code for a video that it does not know, or no longer.
const UNKNOWN_VIDEO: &str = "InvalidVideo.NotFound";

/// Whether an AppServer's error passes on that VOD does not know the video.
#[must_use]
pub fn is_unknown_video(error: &Error) -> bool {
    error.answered().and_then(|answered| answered.code.as_deref()) == Some(UNKNOWN_VIDEO)
}

/// A call that VOD did not grant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Refused {
    /// What can be done about it.
    pub refusal: Refusal,
    /// The same for whoever waits. It names VOD's code and never its message, which may quote the signed request.
    pub error: Error,
}

/// What can be done about a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The STS token is dead, whatever its expiry says: take another one.
    Token,
    /// The nonce was seen before: a browser repeats a request whose connection broke.
    Nonce,
    /// There is no such video, or no longer.
    UnknownVideo,
    /// Nothing at once; the error's class says whether waiting helps.
    Other,
}

/// The longest code VOD is believed to have.
const CODE_MAX: usize = 64;

/// Reads an answer whose status is not 200, or that grants nothing.
///
/// `json` is its body, if that was JSON: `{"RequestId", "HostId", "Code", "Message", "Recommend"}`.
/// The code decides and not the status, which differs between VOD's gateways. When to come back VOD says nowhere.
#[must_use]
pub fn refused(status: u16, json: Option<&Json>) -> Refused {
    let code = json
        .and_then(|json| json.get("Code"))
        .and_then(Json::as_str)
        .filter(|code| plausible(code));
    let request_id = json.and_then(|json| json.get("RequestId")).and_then(Json::as_str);
    let answered = Answered {
        code: code.map(str::to_owned),
        request_id: request_id.filter(|id| plausible(id)).map(str::to_owned),
        ..Answered::status(status).by(Party::Vod)
    };
    let error = match (code, status) {
        (Some(code), _) if code.starts_with("Throttling") => {
            Error::Throttled { answered, retry_after: None }
        }
        (None, 302 | 429) => Error::Throttled { answered, retry_after: None },
        (None, 200) => Error::InvalidResponse { reason: "it is not what this call answers" },
        _ => Error::Http(answered),
    };
    let refusal = match code {
        Some(code) if is_dead_token_code(code) => Refusal::Token,
        Some("SignatureNonceUsed") => Refusal::Nonce,
        Some(UNKNOWN_VIDEO) => Refusal::UnknownVideo,
        _ => Refusal::Other,
    };
    Refused { refusal, error }
}

/// Whether `code` looks like a code: nothing else of a server's answer may reach an error.
fn plausible(code: &str) -> bool {
    !code.is_empty()
        && code.len() <= CODE_MAX
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}
