//! What clients of HTTP report of their own: that nobody answered, or that they could not parse what was answered.
//! Those are no words of a server, whatever they look like.

use super::{
    Meta, Parse,
    failure::is_success,
    members::{Members, member, number, text},
    read, read_failure,
    session_codes::is_session_code,
};
use crate::{
    error::{Error, is_cloud_code},
    json::Json,
};

/// Where clients have the status and the headers of an answer.
pub(super) const STATUSES: &[&str] = &["status", "statuscode"];
pub(super) const HEADERS: &[&str] = &["headers", "header"];

/// What JavaScript itself throws.
pub(super) const OF_LANGUAGE: [&str; 6] =
    ["ReferenceError", "TypeError", "SyntaxError", "RangeError", "EvalError", "URIError"];

/// What Angular calls its report of a request, which has no body if nobody answered.
const OF_ANGULAR: &str = "HttpErrorResponse";

/// Members of what an `XMLHttpRequest` and its wrappers say of an answer.
const OF_REQUEST: &[&str] = &["readystate", "statustext"];

/// Where a report has its words.
const WORDS: [&str; 5] = ["error", "message", "errormessage", "errmsg", "msg"];

/// What platforms, clients and mini programs say where nobody answered.
const UNREACHED: [&str; 13] = [
    "failed to fetch",
    "fetch failed",
    "network error",
    "networkerror",
    "network request failed",
    "network connection",
    "load failed",
    "net::err_",
    "timeout of ",
    "request timed out",
    "signal is aborted",
    "request:fail",
    "file:fail",
];

/// Why a body that a client could not parse is none.
const UNPARSED: Error = Error::InvalidResponse {
    reason: "its client could not parse it, as if it were the page of a sign-in or of a proxy",
};

/// Whether an object reports that nobody answered.
pub(super) fn unreached(members: &Members) -> bool {
    let kind = text(members, &["status"]).map(|(_, kind)| kind);
    let of_request = is_angular(members)
        || [HEADERS, OF_REQUEST].iter().any(|names| member(members, names).is_some());
    let zero = member(members, STATUSES).and_then(|(_, status)| number(status)) == Some(0.0);
    let words = || WORDS.iter().filter_map(|name| text(members, &[name]));
    // RTK Query's; what an XMLHttpRequest has; what mini programs and other clients say.
    matches!(kind, Some("FETCH_ERROR" | "TIMEOUT_ERROR"))
        || zero && of_request
        || words().any(|(_, words)| of_mini_program(words))
        || !has_own_code(members) && words().any(|(_, words)| says_unreached(words))
}

/// Whether a server has given the object a code of its own: then its words are a server's, too.
fn has_own_code(members: &Members) -> bool {
    let code = member(members, &["code", "errcode", "errorcode"]).map(|(_, code)| code);
    let named = code.and_then(Json::as_str);
    code.is_some_and(|code| number(code).is_some())
        || named.is_some_and(|code| is_cloud_code(code) || is_session_code(code, false))
}

/// What mini programs call each failure, whatever number they give it.
fn of_mini_program(text: &str) -> bool {
    ["request:fail", "uploadFile:fail", "downloadFile:fail"]
        .iter()
        .any(|name| text.starts_with(name))
}

/// The answer that a client says it could not parse.
pub(super) fn unparsed(members: &Members, parse: Parse<'_>) -> Option<Error> {
    if text(members, &["status"]).is_some_and(|(_, kind)| kind == "PARSING_ERROR") {
        let (_, status) = member(members, &["originalstatus"])?;
        let body = member(members, &["data"]).map(|(_, body)| body);
        return Some(match number(status)? as u16 {
            status if is_success(status) => of_text(body, parse),
            status => read_failure(status, body.cloned(), &Meta::default(), parse),
        });
    }
    let wrapped = member(members, &["error"]).filter(|_| is_angular(members));
    let body = member(object(wrapped?.1)?, &["text"])?.1;
    status(members).is_some_and(is_success).then(|| of_text(Some(body), parse))
}

fn of_text(body: Option<&Json>, parse: Parse<'_>) -> Error {
    body.and_then(|body| read(body.clone(), &Meta::default(), parse).err()).unwrap_or(UNPARSED)
}

/// Whether a text is what a platform or a client says where nobody answered.
pub(super) fn says_unreached(text: &str) -> bool {
    let said = text.to_ascii_lowercase();
    let begins_word = |at: usize| {
        !said.get(..at).is_some_and(|before| before.ends_with(|char: char| char.is_alphanumeric()))
    };
    // "Upload failed" is no "load failed".
    UNREACHED.iter().any(|words| said.match_indices(words).any(|(at, _)| begins_word(at)))
        || ["aborterror", "timeouterror"].iter().any(|name| said.starts_with(name))
}

pub(super) fn is_angular(members: &Members) -> bool {
    text(members, &["name"]).is_some_and(|(_, name)| name == OF_ANGULAR)
}

pub(super) fn status(members: &Members) -> Option<u16> {
    let status = number(member(members, STATUSES)?.1)?;
    (100.0..600.0).contains(&status).then_some(status as u16)
}

pub(super) fn object(json: &Json) -> Option<&Members> {
    match json {
        Json::Object(members) => Some(members),
        _ => None,
    }
}

/// Whether it is an error of a library, or of the page.
pub(super) fn is_error(members: &Members) -> bool {
    let name = member(members, &["name"]).and_then(|(_, name)| name.as_str()).unwrap_or_default();
    ["Error", "Errors", "Exception", "ErrorResponse"].iter().any(|end| name.ends_with(end))
        || members.iter().any(|(name, value)| name == "stack" && *value == Json::Bool(true))
}
