//! What a function of the page resolved with that is no answer but a client's report of a failure.

use super::{
    Parse,
    client::{is_angular, is_error, object, says_unreached, status, unparsed, unreached},
    failure::is_success,
    members::{Members, member},
    search::{self, Tree},
    thrown::{answered, read_thrown},
    words::read_words,
};
use crate::{error::Error, json::Json};

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
            r#"{"code":401,"msg":"Upload failed, please sign in"}"#,
            r#"{"code":-1,"msg":"Upload failed: daily quota exceeded"}"#,
            r#"{"code":"NoPermission","message":"network connection: You are not authorized"}"#,
            r#"{"success":false,"message":"Download failed"}"#,
            r#"{"code":401,"msg":"timeout of session"}"#,
            r#"{"msg":"Upload failed: no more space"}"#,
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
