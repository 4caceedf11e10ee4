//! Errors of this package, which a function throws that asks another manager.

use super::members::{Members, member, number};
use crate::error::{Answered, Error};

/// Whether an error is one of this package.
pub(super) fn is_ours(members: &Members) -> bool {
    member(members, &["name"]).is_some_and(|(_, name)| name.as_str() == Some("UploadTokenError"))
}

/// What it says: a source may be another manager. `None`: a mistake in what the function itself calls.
pub(super) fn ours(members: &Members) -> Option<Error> {
    let text = |name| member(members, &[name]).and_then(|(_, value)| value.as_str());
    let status = member(members, &["status"]).and_then(|(_, status)| number(status));
    let answered = Answered {
        code: text("servercode").map(Into::into),
        message: text("servermessage").map(Into::into),
        request_id: text("requestid").map(Into::into),
        ..Answered::status(status.unwrap_or_default() as u16)
    };
    let wait = member(members, &["retryafter"]).and_then(|(_, wait)| number(wait));
    Some(match text("code")? {
        "closed" => Error::Closed,
        "timeout" => Error::Timeout { after: 0 },
        "network" | "aborted" => Error::Network,
        "http" => Error::Http(answered),
        "throttled" => Error::Throttled { answered, retry_after: wait.map(|wait| wait as u64) },
        "unauthenticated" => Error::Unauthenticated(answered),
        "forbidden" => Error::Forbidden(answered),
        "invalid_response" => {
            Error::InvalidResponse { reason: "the other manager's answer held no usable token" }
        }
        "long_lived_key" => Error::LongLivedKey,
        "expired_on_arrival" => Error::ExpiredOnArrival,
        "rejected" => Error::Rejected,
        "reset" => Error::Reset,
        _ => return None,
    })
}
