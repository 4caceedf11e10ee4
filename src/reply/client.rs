//! What clients of HTTP report of their own: that nobody answered, or that they could not parse what was answered.
//! Those are no words of a server, whatever they look like.

use super::{
    Meta, Parse,
    failure::is_success,
    read, read_failure, read_thrown, read_words,
    search::{self, Members, Tree, member, number, text},
    thrown::{HEADERS, STATUSES, answered, is_error},
};
use crate::{error::Error, json::Json, text::contains};

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

/// What a function resolved with, if that is a client's report of a failure and no body of a server:
///
/// ```text
/// { error: { status: "FETCH_ERROR", error: "TypeError: Failed to fetch" } }    RTK Query
/// { error: { … }, response: <a Response with 401> }                            openapi-fetch
/// { errMsg: "request:fail" }                                                   mini programs
/// ```
///
/// `result` holds the same as what [`read_thrown`] is given. `None` if it is a body, or may be one.
#[must_use]
pub fn read_result(result: &Json, parse: Parse<'_>) -> Option<Error> {
    let Json::Object(members) = result else { return None };
    let answer = member(members, &["response"]).and_then(|(_, answer)| object(answer));
    if answer.and_then(status).is_some_and(|status| !is_success(status)) || is_angular(members) {
        return answered(result, members, parse).or(Some(Error::Network));
    }
    let inner = member(members, &["error", "err", "reason"]).map(|(_, error)| error);
    match inner {
        Some(Json::Object(error)) => of_error(inner?, error, parse),
        Some(Json::String(text)) if says_unreached(text) => Some(Error::Network),
        _ => None,
    }
    .or_else(|| unparsed(members, parse))
    .or_else(|| {
        let holds_none = || search::first_credentials(&Tree::new(result)).is_none();
        (unreached(members) && holds_none()).then_some(Error::Network)
    })
}

/// What the error beside no data tells, unless it is what a server calls its own: `{"error":{"code":401}}`.
fn of_error(error: &Json, members: &Members, parse: Parse<'_>) -> Option<Error> {
    if unreached(members) {
        return Some(Error::Network);
    }
    // A server may name its errors so, too; but it has no stack to show.
    let is_error = is_error(members) && member(members, &["stack"]).is_some();
    let is_answer = status(members).is_some() && member(members, &["data"]).is_some();
    if is_error || is_answer {
        let read = read_thrown(error, parse).or_else(|| read_words(error, parse));
        return read.or_else(|| is_error.then_some(Error::Source));
    }
    unparsed(members, parse)
}

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
        || words().any(|(_, words)| says_unreached(words))
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
fn says_unreached(text: &str) -> bool {
    let said = text.to_ascii_lowercase();
    UNREACHED.iter().any(|words| contains(&said, words))
        || ["aborterror", "timeouterror"].iter().any(|name| said.starts_with(name))
}

fn is_angular(members: &Members) -> bool {
    text(members, &["name"]).is_some_and(|(_, name)| name == OF_ANGULAR)
}

fn status(members: &Members) -> Option<u16> {
    let status = number(member(members, STATUSES)?.1)?;
    (100.0..600.0).contains(&status).then_some(status as u16)
}

fn object(json: &Json) -> Option<&Members> {
    match json {
        Json::Object(members) => Some(members),
        _ => None,
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<Json> {
        serde_json::from_str(text).ok()
    }

    #[test]
    fn what_a_server_may_have_said_is_its_body() {
        for body in [
            r#"{"error":{"code":401,"message":"sign in"}}"#,
            r#"{"error":{"name":"ValidationError","message":"bad"}}"#,
            r#"{"error":"Forbidden","message":"no"}"#,
            r#"{"status":0,"info":"请先登录"}"#,
            r#"{"code":-1,"msg":"this network is not allowed"}"#,
            r#"{"AccessKeyId":"STS.a","AccessKeySecret":"b","message":"network error before"}"#,
            r#"{"response":{"status":200},"data":{}}"#,
            r#"[{"errMsg":"request:fail"}]"#,
            "null",
        ] {
            assert_eq!(read_result(&parse(body).unwrap(), &parse), None, "{body}");
        }
    }

    #[test]
    fn a_report_that_nobody_answered_is_no_body() {
        for report in [
            r#"{"error":{"status":"FETCH_ERROR","error":"TypeError: no"}}"#,
            r#"{"error":"TypeError: Failed to fetch"}"#,
            r#"{"status":0,"statusText":"error","readyState":0}"#,
            r#"{"errMsg":"uploadFile:fail"}"#,
            r#"{"name":"HttpErrorResponse","status":0,"headers":{},"error":{"isTrusted":true}}"#,
        ] {
            assert_eq!(
                read_result(&parse(report).unwrap(), &parse),
                Some(Error::Network),
                "{report}"
            );
        }
    }
}
